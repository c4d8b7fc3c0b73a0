import type { ParkedList } from '@ausculta/contract/parked';
import type { FastifyInstance } from 'fastify';
import { asOrganisation, type Sql } from '../database/pool.ts';
import { callerOf, ofHouse } from '../people/access.ts';
import { listParked } from './store.ts';

const LISTED_MAX = 500;

/** GET /api/parked: what could not be decoded or placed, newest first; never the bytes. */
export function parkedRoutes(app: FastifyInstance, people: Sql): void {
  app.get(
    '/api/parked',
    { config: ofHouse('search', 'fleet') },
    async (request): Promise<ParkedList> => {
      const { organisationId } = callerOf(request);
      const rows = await asOrganisation(
        people,
        organisationId,
        async (tx) => await listParked(tx, LISTED_MAX),
      );
      return {
        parked: rows.map((row) => ({
          id: row.id,
          door: row.door,
          device: row.device_id,
          fault: row.fault,
          detail: row.detail === '' ? null : row.detail,
          receivedAt: new Date(row.received_ms).toISOString(),
          bytes: row.bytes,
        })),
      };
    },
  );
}
