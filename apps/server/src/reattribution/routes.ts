/**
 * Who wears a device, over HTTP. Whoever is at the bed sees that it is on the wrong patient, so every
 * clinician may say so; each act is in the audit, by name.
 */
import {
  DeviceAssignment,
  DeviceCorrection,
  DeviceUnassignment,
  type DeviceView,
  type ReattributionView,
} from '@ausculta/contract/devices';
import { type Fault, fail, type Result } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { noteRead } from '../audit/noted-reads.ts';
import type { Sql } from '../database/pool.ts';
import { viewAsPlatform, viewing } from '../database/viewing.ts';
import { deviceOf, summaryOf } from '../devices/device-routes.ts';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { Registry } from '../devices/registry.ts';
import { subjectOf } from '../devices/routes.ts';
import { callerOf, ofEach, ofHouse } from '../people/access.ts';
import { refusalToPlace } from '../people/placing.ts';
import { sendFault } from '../people/problem.ts';
import { type Acts, historyOf } from './acts.ts';
import { type OrderRow, readOrdersOf } from './store.ts';

/** Newer ones are told; the audit knows all. */
const ORDERS_MAX = 50;

/** No device measured before, and no plan reaches further. */
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const AHEAD_MAX_MS = 366 * 24 * 3_600_000;

export interface WearingRoutePorts {
  readonly sql: Sql;
  readonly registry: Registry;
  readonly acts: Acts;
  /** At which bed a device stands, and who was admitted there. */
  readonly standsAt: (device: RegisteredDevice) =>
    | {
        readonly bed: { readonly unit: string; readonly bed: string };
        readonly admitted: SubjectId | undefined;
      }
    | undefined;
  readonly nowMs: () => number;
}

const SEES_DEVICES = { config: ofHouse('read', 'devices') };
/** Of whoever wears it, and whoever is to: each of them is asked about. */
const PLACES_DEVICES = { config: ofEach('change', 'placement') };

type DeviceRequest = FastifyRequest<{ Params: { id: string } }>;

export function wearingRoutes(app: FastifyInstance, ports: WearingRoutePorts): void {
  const { registry, acts, nowMs } = ports;

  app.get<{ Params: { id: string } }>('/api/devices/:id', SEES_DEVICES, async (request, reply) => {
    const device = deviceOf(registry, callerOf(request).organisationId, request.params.id);
    if (device === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
    const view = await viewOf(device, ports);
    noteRead(
      request,
      view.worn.map(({ subjectId }) => subjectId),
    );
    return view;
  });

  const act = <T>(
    name: string,
    schema: z.ZodType<T>,
    perform: (request: DeviceRequest, device: RegisteredDevice, body: T) => Promise<Result<void>>,
  ): void => {
    app.post<{ Params: { id: string } }>(
      `/api/devices/:id/${name}`,
      PLACES_DEVICES,
      async (request, reply) => {
        const device = deviceOf(registry, callerOf(request).organisationId, request.params.id);
        if (device === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
        const body = schema.safeParse(request.body);
        if (!body.success) return await malformed(reply, body.error.issues[0]?.path.join('.'));
        const done = await perform(request, device, body.data);
        return done.ok ? await viewOf(device, ports) : await sendFault(reply, done.fault);
      },
    );
  };

  const wearer = (request: DeviceRequest, id: string) =>
    subjectOf(registry, callerOf(request).organisationId, id);

  act('assignment', DeviceAssignment, async (request, device, { subjectId, from }) => {
    const subject = wearer(request, subjectId);
    if (subject === undefined) return fail('NOT_FOUND', 'subjectId');
    const ofTime = faultOfTime('from', from, nowMs()) ?? refusalToTake(device, from ?? nowMs());
    const fault = ofTime ?? refusalToPlace(request, subject.id);
    if (fault !== undefined) return { ok: false, fault };
    const worn = { subjectId: subject.id, fromMs: from };
    return await viewAsPlatform(() => acts.assign(callerOf(request), device, worn));
  });

  act('unassignment', DeviceUnassignment, async (request, device, { at }) => {
    const fault =
      faultOfTime('at', at, nowMs()) ??
      refusalToPlace(request, device.wearerNow(nowMs())) ??
      refusalToTake(device, at ?? nowMs());
    if (fault !== undefined) return { ok: false, fault };
    return await viewAsPlatform(() => acts.takeOff(callerOf(request), device, at));
  });

  act('correction', DeviceCorrection, async (request, device, { subjectId, from, until }) => {
    const subject = subjectId === null ? undefined : wearer(request, subjectId);
    if (subjectId !== null && subject === undefined) return fail('NOT_FOUND', 'subjectId');
    const fault =
      faultOfTime('from', from, nowMs()) ??
      faultOfTime('until', until, nowMs()) ??
      refusalToPlace(request, subject?.id ?? device.wearerNow(nowMs())) ??
      refusalToTake(device, from, until ?? undefined);
    if (fault !== undefined) return { ok: false, fault };
    const untilMs = until ?? Number.POSITIVE_INFINITY;
    if (untilMs <= from) return fail('PAYLOAD_MALFORMED', 'until: not after from');
    const change = { fromMs: from, untilMs, subjectId: subject?.id };
    return await viewAsPlatform(() => acts.correct(callerOf(request), device, change));
  });
}

/** What was measured of somebody is taken from their record by those alone who may see whose it is. */
function refusalToTake(
  device: RegisteredDevice,
  fromMs: number,
  untilMs = Number.POSITIVE_INFINITY,
): Fault | undefined {
  const worn = historyOf(device).filter((one) => one.fromMs < untilMs && fromMs < one.untilMs);
  const isSeen = worn.every(({ subjectId }) => viewing()?.sees(subjectId) ?? true);
  return isSeen ? undefined : fail('NOT_PERMITTED').fault;
}

function faultOfTime(name: string, atMs: number | null | undefined, nowMs: number) {
  if (atMs === undefined || atMs === null) return undefined;
  if (atMs >= EARLIEST_MS && atMs <= nowMs + AHEAD_MAX_MS) return undefined;
  return fail('PAYLOAD_MALFORMED', `${name}: before 2000, or more than a year ahead`).fault;
}

async function malformed(reply: FastifyReply, where: string | undefined): Promise<FastifyReply> {
  const fault: Fault = fail('PAYLOAD_MALFORMED', where === '' ? undefined : where).fault;
  return await sendFault(reply, fault);
}

async function viewOf(device: RegisteredDevice, ports: WearingRoutePorts): Promise<DeviceView> {
  const orders = await readOrdersOf(ports.sql, device.id, ORDERS_MAX);
  const standing = ports.standsAt(device);
  return {
    ...summaryOf(device, ports.nowMs()),
    standsAt: standing
      ? {
          ward: standing.bed.unit,
          bed: standing.bed.bed,
          admitted: seen(standing.admitted),
        }
      : null,
    worn: historyOf(device)
      .filter(({ subjectId }) => seen(subjectId) !== null)
      .map(({ subjectId, fromMs, untilMs }) => ({
        subjectId,
        from: new Date(fromMs).toISOString(),
        until: Number.isFinite(untilMs) ? new Date(untilMs).toISOString() : null,
      })),
    reattributions: orders.map(orderView),
  };
}

/** Who mends devices sees devices, and not who wears them. */
function seen(subjectId: SubjectId | undefined): SubjectId | null {
  if (subjectId === undefined) return null;
  return (viewing()?.sees(subjectId) ?? true) ? subjectId : null;
}

function orderView(order: OrderRow): ReattributionView {
  return {
    id: order.id,
    device: order.device_id,
    fromSubjectId: seen(order.from_subject_id),
    toSubjectId: seen(order.to_subject_id),
    from: new Date(order.from_ms).toISOString(),
    until: order.until_ms === null ? null : new Date(order.until_ms).toISOString(),
    orderedAt: new Date(order.ordered_ms).toISOString(),
    stage: order.stage,
    valuesMoved: order.values_moved,
  };
}
