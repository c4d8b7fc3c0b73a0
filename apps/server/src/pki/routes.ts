/** What staff do about a device's identity: a claim code, a look at its certificates, one taken back. */
import {
  CertificateRevocation,
  type CertificateView,
  type ClaimMade,
  type DeviceIdentityView,
  type IdentityEvent,
  NewClaim,
} from '@ausculta/contract/device-identity';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import type { Sql } from '../database/pool.ts';
import { deviceOf } from '../devices/device-routes.ts';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { Registry } from '../devices/registry.ts';
import { malformed } from '../devices/routes.ts';
import { callerOf, ofHouse } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { auditContext } from '../vault/audit.ts';
import { leavesOf, type ReadLeaf } from '../vault/audit-store.ts';
import type { Seal } from '../vault/seal.ts';
import type { Pki } from './open-pki.ts';
import type { CertificateRow } from './store.ts';

const HOUR_MS = 3_600_000;

/** Some weeks of a device that is well, some hours of one that somebody tries to be. */
const EVENTS_MAX = 50;

/** Of the acts of the audit, those about who a device is. */
const ACTS = [
  'device-claim-made',
  'device-certified',
  'device-certificate-revoked',
  'device-refused',
  'device-in-two-places',
] as const;

export interface IdentityRoutePorts {
  readonly pki: Pick<Pki, 'certificates' | 'claimCodes' | 'enrolment' | 'refusals'>;
  readonly registry: Registry;
  readonly sql: Sql;
  readonly organisationSeal: (organisationId: string) => Seal;
  readonly nowMs: () => number;
}

const KEEPS_IDENTITY = { config: ofHouse('administer', 'devices') };

export function identityRoutes(app: FastifyInstance, ports: IdentityRoutePorts): void {
  const { registry, pki, nowMs } = ports;

  app.post<{ Params: { id: string } }>(
    '/api/devices/:id/claim',
    KEEPS_IDENTITY,
    async (request, reply) => {
      const { organisationId, accountId: actor } = callerOf(request);
      const body = NewClaim.safeParse(request.body ?? {});
      if (!body.success) return await sendFault(reply, malformed(body.error.issues));
      const device = deviceOf(registry, organisationId, request.params.id);
      if (device === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      const lifeMs = body.data.hours * HOUR_MS;
      const { code, untilMs } = await pki.enrolment.makeClaim(device, { lifeMs, actor });
      const isWorn = device.wearerNow(nowMs()) !== undefined;
      const made: ClaimMade = { device: device.id, code, until: iso(untilMs), isWorn };
      return await reply.code(201).header('cache-control', 'no-store').send(made);
    },
  );

  app.get<{ Params: { id: string } }>(
    '/api/devices/:id/identity',
    KEEPS_IDENTITY,
    async (request, reply) => {
      const { organisationId } = callerOf(request);
      const device = deviceOf(registry, organisationId, request.params.id);
      if (device === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      return await viewOf(device, ports);
    },
  );

  app.post<{ Params: { id: string; serial: string } }>(
    '/api/devices/:id/certificates/:serial/revocation',
    KEEPS_IDENTITY,
    async (request, reply) => {
      const { organisationId, accountId: actor } = callerOf(request);
      const body = CertificateRevocation.safeParse(request.body);
      if (!body.success) return await sendFault(reply, malformed(body.error.issues));
      const device = deviceOf(registry, organisationId, request.params.id);
      const { serial } = request.params;
      const row = device && pki.certificates.of(device.id).find((one) => one.serial === serial);
      if (device === undefined || row === undefined)
        return await sendFault(reply, fail('NOT_FOUND').fault);
      const { because, wornBy } = body.data;
      // Who loses monitoring by it has to be seen first (safety S27).
      if (wornBy !== (device.wearerNow(nowMs()) ?? null))
        return await sendFault(reply, fail('SUBJECT_MONITORED', UNSEEN).fault);
      await pki.enrolment.revoke(device, { rows: [row], because, actor });
      return await viewOf(device, ports);
    },
  );
}

const UNSEEN = 'wornBy: not who wears the device now';

const iso = (atMs: number): string => new Date(atMs).toISOString();

async function viewOf(
  device: RegisteredDevice,
  { pki, sql, organisationSeal, nowMs }: IdentityRoutePorts,
): Promise<DeviceIdentityView> {
  const { id, organisationId } = device;
  const claimMs = pki.claimCodes.openUntilMs(id, nowMs());
  await pki.refusals.settle();
  const of = { organisationId, target: `device/${id}`, acts: ACTS, max: EVENTS_MAX };
  const leaves = await leavesOf(sql, of);
  const seal = organisationSeal(organisationId);
  return {
    device: id,
    certificates: pki.certificates.of(id).map(certificateView),
    claimUntil: claimMs === undefined ? null : iso(claimMs),
    events: leaves.map((leaf) => eventOf(leaf, device, seal)),
  };
}

function certificateView(row: CertificateRow): CertificateView {
  const { serial, made_by: madeBy, from_ms, until_ms, revoked_ms, revoked_because } = row;
  const fingerprint = Buffer.from(row.fingerprint).toString('hex');
  const isGood = revoked_ms === null || revoked_because === null;
  const revoked = isGood ? null : { at: iso(revoked_ms), because: revoked_because };
  return { serial, fingerprint, madeBy, from: iso(from_ms), until: iso(until_ms), revoked };
}

function eventOf(
  { at_ms: atMs, act, detail_sealed }: ReadLeaf,
  { id, organisationId }: RegisteredDevice,
  seal: Seal,
): IdentityEvent {
  const about = { at: iso(atMs), act };
  const known = ACTS.find((one) => one === act);
  if (detail_sealed === null || known === undefined) return { ...about, because: null, door: null };
  const place = { organisationId, act: known, target: `device/${id}`, atMs } as const;
  const opened = seal.open(detail_sealed, auditContext(place));
  if (!opened.ok) return { ...about, because: null, door: null };
  const { because, door } = JSON.parse(new TextDecoder().decode(opened.value)) as {
    because?: string;
    door?: string;
  };
  return { ...about, because: because ?? null, door: door ?? null };
}
