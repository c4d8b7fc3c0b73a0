/** Staff give and withdraw what one device may hear of another. */
import {
  type DeviceGrantList,
  type DeviceGrantView,
  NewDeviceGrant,
} from '@ausculta/contract/device-grants';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import { noteRead } from '../audit/noted-reads.ts';
import { viewing } from '../database/viewing.ts';
import { deviceOf } from '../devices/device-routes.ts';
import type { Registry } from '../devices/registry.ts';
import { malformed } from '../devices/routes.ts';
import { callerOf, ofEach, ofHouse } from '../people/access.ts';
import { refusalToPlace } from '../people/placing.ts';
import { sendFault } from '../people/problem.ts';
import type { DeviceGrants } from './grants.ts';
import type { GrantRow } from './store.ts';

/** Nobody remembers for longer why a pump listens. */
const GRANT_DAYS_MAX = 366;

export interface GrantRoutePorts {
  readonly grants: DeviceGrants;
  readonly registry: Registry;
  readonly nowMs: () => number;
}

const SEES_DEVICES = { config: ofHouse('read', 'devices') };
/** What is measured of whoever wears the first one goes to the second: whoever says what they wear says that. */
const PLACES_DEVICES = { config: ofEach('change', 'placement') };

export function deviceGrantRoutes(app: FastifyInstance, ports: GrantRoutePorts): void {
  const { grants, registry, nowMs } = ports;

  app.get<{ Params: { id: string } }>(
    '/api/devices/:id/grants',
    SEES_DEVICES,
    async (request, reply) => {
      const { organisationId } = callerOf(request);
      const device = deviceOf(registry, organisationId, request.params.id);
      if (device === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      const list: DeviceGrantList = { grants: grants.of(device.id).map(viewOf) };
      noteRead(
        request,
        list.grants.map(({ subjectId }) => subjectId),
      );
      return list;
    },
  );

  app.post<{ Params: { id: string } }>(
    '/api/devices/:id/grants',
    PLACES_DEVICES,
    async (request, reply) => {
      const { organisationId, accountId: actor } = callerOf(request);
      const body = NewDeviceGrant.safeParse(request.body);
      if (!body.success) return await sendFault(reply, malformed(body.error.issues));
      const { to: toId, data, until: untilMs } = body.data;
      const from = deviceOf(registry, organisationId, request.params.id);
      const to = deviceOf(registry, organisationId, toId);
      if (from === undefined || to === undefined)
        return await sendFault(reply, fail('NOT_FOUND').fault);
      const isInTime = untilMs > nowMs() && untilMs <= nowMs() + GRANT_DAYS_MAX * 24 * 3_600_000;
      if (from === to || !isInTime) return await sendFault(reply, WRONG);
      const subjectId = from.wearerNow(nowMs());
      if (subjectId === undefined) return await sendFault(reply, fail('DEVICE_UNASSIGNED').fault);
      const refusal = refusalToPlace(request, subjectId);
      if (refusal !== undefined) return await sendFault(reply, refusal);
      const row = await grants.give({ from, to, subjectId, data, untilMs, actor });
      return await reply.code(201).send(viewOf(row));
    },
  );

  app.post<{ Params: { id: string; grant: string } }>(
    '/api/devices/:id/grants/:grant/withdrawal',
    PLACES_DEVICES,
    async (request, reply) => {
      const { organisationId, accountId: actor } = callerOf(request);
      const device = deviceOf(registry, organisationId, request.params.id);
      const row = device && grants.of(device.id).find(({ id }) => id === request.params.grant);
      if (row === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      const refusal = refusalToPlace(request, row.subject_id);
      if (refusal !== undefined) return await sendFault(reply, refusal);
      await grants.withdraw(row, actor);
      return viewOf(row);
    },
  );
}

const WRONG = fail(
  'PAYLOAD_MALFORMED',
  `to, until: another device, and a time within ${GRANT_DAYS_MAX} days`,
).fault;

const iso = (atMs: number): string => new Date(atMs).toISOString();

function viewOf(row: GrantRow): DeviceGrantView {
  const { id, from_device: from, to_device: to } = row;
  // Who mends devices sees which hears which, and not of whom.
  const subjectId = (viewing()?.sees(row.subject_id) ?? true) ? row.subject_id : null;
  const data = [...row.data_classes];
  return { id, from, to, subjectId, data, since: iso(row.from_ms), until: iso(row.until_ms) };
}
