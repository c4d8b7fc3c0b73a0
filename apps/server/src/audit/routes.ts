/** GET /api/subjects/{id}/accesses: who has looked at a record, when and why. */
import type { AccessReport } from '@ausculta/contract/accesses';
import type { FastifyInstance } from 'fastify';
import type { ReadAs } from '../database/readers.ts';
import { callerOf, ofEach } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { accessReport } from './accesses.ts';
import type { Audit } from './audit.ts';
import { type OfRecord, recordAsked } from './record-asked.ts';

export interface AuditRoutePorts {
  readonly audit: Pick<Audit, 'rounds'>;
  readonly database: { readonly read: ReadAs };
  /** Of an organisation, erased or not. */
  readonly isSubject: (organisationId: string, id: string) => boolean;
}

export function auditRoutes(app: FastifyInstance, ports: AuditRoutePorts): void {
  const { audit, database, isSubject } = ports;
  app.get<OfRecord>(
    '/api/subjects/:id/accesses',
    { config: ofEach('read', 'disclosures') },
    async (request, reply): Promise<AccessReport> => {
      const { organisationId } = callerOf(request);
      const asked = recordAsked(request, isSubject);
      if (!asked.ok) return await sendFault(reply, asked.fault);
      const { subjectId, beforeMs: before } = asked.value;
      // What was answered before this was asked is in it.
      await audit.rounds.settled();
      return await database.read(organisationId, (sql) =>
        accessReport(sql, { organisationId, subjectId, before }),
      );
    },
  );
}
