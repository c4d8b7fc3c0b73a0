/** A device's life over HTTP, but for who wears it: list, look, a new token, out of use. */

import { DeviceAbout, type DeviceList, type DeviceSummary } from '@ausculta/contract/devices';
import type { DeviceCreated } from '@ausculta/contract/subjects';
import { isAssignedAt } from '@ausculta/vitals/device';
import { fail } from '@ausculta/vitals/fault';
import { type OrganisationId, parseDeviceId } from '@ausculta/vitals/identity';
import type { FastifyInstance } from 'fastify';
import { noteRead } from '../audit/noted-reads.ts';
import type { InLane } from '../database/pool.ts';
import { viewing } from '../database/viewing.ts';
import { callerOf, ofHouse } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { appendAudit } from '../vault/audit.ts';
import { describeDevice } from './describe.ts';
import { BY_TOKEN, type RegisteredDevice } from './known-device.ts';
import type { Registry } from './registry.ts';
import { malformed } from './routes.ts';
import { disableDevice, writeToken } from './store.ts';

export interface DeviceLifePorts {
  readonly inLane: InLane;
  readonly registry: Registry;
  readonly nowMs: () => number;
  readonly randomToken: () => string;
  readonly sha256: (text: string) => Uint8Array;
  /** Whoever is signed in with one of these credentials is not any more; without any, nobody is. */
  readonly endConnections: (deviceId: string, credentials?: readonly string[]) => void;
}

const KEEPS_DEVICES = { config: ofHouse('change', 'devices') };

export function deviceLifeRoutes(app: FastifyInstance, ports: DeviceLifePorts): void {
  const { registry, nowMs } = ports;

  app.get('/api/devices', { config: ofHouse('search', 'devices') }, (request): DeviceList => {
    const { organisationId } = callerOf(request);
    const own = [...registry.devices.values()].filter((d) => d.organisationId === organisationId);
    const devices = own.map((device) => summaryOf(device, nowMs()));
    noteRead(
      request,
      devices.map(({ wornBy }) => wornBy),
    );
    return { devices };
  });

  app.post<{ Params: { id: string } }>(
    '/api/devices/:id/token',
    KEEPS_DEVICES,
    async (request, reply) => {
      const { organisationId, accountId } = callerOf(request);
      const device = deviceOf(registry, organisationId, request.params.id);
      if (device === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      const token = ports.randomToken();
      await ports.inLane(async (tx) => {
        await writeToken(tx, device.id, ports.sha256(token));
        const target = `device/${device.id}` as const;
        const act = { act: 'device-token-renewed', target, atMs: nowMs() } as const;
        await appendAudit(tx, { organisationId, actor: accountId, ...act });
      });
      device.tokenHash = ports.sha256(token);
      device.isDisabled = false;
      ports.endConnections(device.id, [BY_TOKEN]);
      const created: DeviceCreated = { id: device.id, token };
      return created;
    },
  );

  aboutRoute(app, ports);

  app.post<{ Params: { id: string } }>(
    '/api/devices/:id/disable',
    KEEPS_DEVICES,
    async (request, reply) => {
      const { organisationId, accountId } = callerOf(request);
      const device = deviceOf(registry, organisationId, request.params.id);
      if (device === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      // Who loses monitoring by it has to be seen first (safety S27).
      if (device.wearerNow(nowMs()) !== undefined) {
        return await sendFault(reply, fail('SUBJECT_MONITORED', 'take it off first').fault);
      }
      await ports.inLane(async (tx) => {
        await disableDevice(tx, device.id, nowMs());
        const target = `device/${device.id}` as const;
        const act = { act: 'device-disabled', target, atMs: nowMs() } as const;
        await appendAudit(tx, { organisationId, actor: accountId, ...act });
      });
      device.isDisabled = true;
      ports.endConnections(device.id);
      return summaryOf(device, nowMs());
    },
  );
}

function aboutRoute(app: FastifyInstance, ports: DeviceLifePorts): void {
  const { registry, nowMs } = ports;
  app.post<{ Params: { id: string } }>(
    '/api/devices/:id/about',
    KEEPS_DEVICES,
    async (request, reply) => {
      const { organisationId, accountId } = callerOf(request);
      const about = DeviceAbout.safeParse(request.body);
      if (!about.success) return await sendFault(reply, malformed(about.error.issues));
      const device = deviceOf(registry, organisationId, request.params.id);
      if (device === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      await describeDevice(ports, device, { about: about.data, actor: accountId });
      return summaryOf(device, nowMs());
    },
  );
}

/** A device of the caller's organisation. What belongs to another does not exist. */
export function deviceOf(
  registry: Registry,
  organisationId: OrganisationId,
  text: string,
): RegisteredDevice | undefined {
  const id = parseDeviceId(text);
  const device = id === undefined ? undefined : registry.devices.get(id);
  return device?.organisationId === organisationId ? device : undefined;
}

export function summaryOf(device: RegisteredDevice, nowMs: number): DeviceSummary {
  const { id, model, isDisabled, about } = device;
  const assigned = device.wearers.find((one) => isAssignedAt(one, nowMs));
  // Who mends devices sees devices, and not who wears them.
  const worn = assigned && (viewing()?.sees(assigned.subjectId) ?? true) ? assigned : undefined;
  const wornSince = worn === undefined ? null : new Date(worn.fromMs).toISOString();
  const isWorn = assigned !== undefined;
  return { id, model, isDisabled, about, isWorn, wornBy: worn?.subjectId ?? null, wornSince };
}
