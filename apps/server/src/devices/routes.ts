/** Subjects and devices over HTTP: list, add, register with a token that is answered once. */
import {
  type DeviceCreated,
  NewDevice,
  NewSubject,
  type ReadingsMoved,
  type SubjectList,
  type SubjectView,
} from '@ausculta/contract/subjects';
import { expect } from '@ausculta/vitals/expect';
import { fail } from '@ausculta/vitals/fault';
import {
  type OrganisationId,
  parseDeviceId,
  parseSubjectId,
  type SubjectId,
} from '@ausculta/vitals/identity';
import type { SubjectIdentity } from '@ausculta/vitals/subject';
import type { FastifyInstance } from 'fastify';
import { noteRead } from '../audit/noted-reads.ts';
import { viewing } from '../database/viewing.ts';
import { callerOf, ofEach, ofHouse, ofSubject, refusalOf, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { RegisteredDevice } from './known-device.ts';
import type { RegisteredSubject, Registry } from './registry.ts';

/** A device is worn a little before somebody has registered it. */
const ASSIGNED_BEFORE_MS = 60_000;

/** Two patients of one number would be taken for each other. */
const NUMBER_TAKEN = 'identity.recordNumber: already that of another subject';
const ID_TAKEN = 'id: already taken by a device; choose another';

export interface DeviceRoutePorts {
  readonly registry: Registry;
  readonly nowMs: () => number;
  readonly newId: () => string;
  /** Whose number is whose is asked and answered by one act after the other. */
  readonly inTurn: <T>(act: () => Promise<T>) => Promise<T>;
  readonly randomToken: () => string;
  readonly sha256: (text: string) => Uint8Array;
  /** What of a subject's readings has changed hands lately. */
  readonly movedOf: (subjectId: SubjectId) => ReadingsMoved[];
  readonly presenceOf: (subjectId: SubjectId) => Pick<SubjectView, 'presence' | 'mergedInto'>;
  /** Whether anything would call at a bed. */
  readonly watchOf: (subjectId: SubjectId) => NonNullable<SubjectView['watch']>;
}

export function registryRoutes(app: FastifyInstance, ports: DeviceRoutePorts): void {
  const { registry, nowMs } = ports;

  listRoute(app, ports);

  app.get<{ Params: { id: string } }>(
    '/api/subjects/:id',
    { config: ofSubject('read', 'identity') },
    async (request, reply) => {
      const subject = subjectOf(registry, callerOf(request).organisationId, request.params.id);
      if (subject === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      return viewOf(subject, ports);
    },
  );

  app.post('/api/subjects', { config: ofHouse('create', 'identity') }, async (request, reply) => {
    const body = NewSubject.safeParse(request.body);
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    const { kind, category, paced, identity } = body.data;
    const id = parseSubjectId(ports.newId());
    expect(id !== undefined, 'a new id is well formed');
    const { organisationId } = callerOf(request);
    const known = completed(identity, ports.newId);
    const subject = await ports.inTurn(async () => {
      if (registry.subjectByNumber(organisationId, known.recordNumber) !== undefined) return;
      return await registry.addSubject({
        organisationId,
        id,
        kind,
        category,
        paced,
        identity: known,
      });
    });
    if (subject === undefined)
      return await sendFault(reply, fail('PAYLOAD_MALFORMED', NUMBER_TAKEN).fault);
    return await reply.code(201).send(viewOf(subject, ports));
  });

  app.post('/api/devices', { config: ofHouse('create', 'devices') }, async (request, reply) => {
    const body = NewDevice.safeParse(request.body);
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    const { organisationId } = callerOf(request);
    const id = parseDeviceId(body.data.id);
    if (id === undefined) {
      const why = 'id: 2 to 64 letters, digits, and . _ : - with a letter or digit first';
      return await sendFault(reply, fail('PAYLOAD_MALFORMED', why).fault);
    }
    const { subjectId, model, about = {} } = body.data;
    const wearer = subjectId === null ? undefined : subjectOf(registry, organisationId, subjectId);
    if (subjectId !== null && wearer === undefined)
      return await sendFault(reply, fail('NOT_FOUND', 'subjectId').fault);
    const asked = { action: 'create', dataClass: 'placement', subjectId: wearer?.id } as const;
    const decision = wearer && viewerOf(request).decide(asked);
    if (decision?.isPermitted === false) return await sendFault(reply, refusalOf(decision));
    const token = ports.randomToken();
    const tokenHash = ports.sha256(token);
    const device = new RegisteredDevice({ id, organisationId, model, about, tokenHash });
    const isNew = await registry.addDevice(device, wearer?.id, nowMs() - ASSIGNED_BEFORE_MS);
    if (!isNew) return await sendFault(reply, fail('PAYLOAD_MALFORMED', ID_TAKEN).fault);
    const created: DeviceCreated = { id, token };
    return await reply.code(201).send(created);
  });
}

function listRoute(app: FastifyInstance, ports: DeviceRoutePorts): void {
  const { registry } = ports;
  app.get('/api/subjects', { config: ofEach('read', 'identity') }, (request): SubjectList => {
    const { organisationId, session } = callerOf(request);
    // Nobody's name, where whoever may read it has left.
    const isLocked = session?.isLocked === true;
    const viewer = viewerOf(request);
    const own = [...registry.subjects.values()]
      .filter((one) => one.organisationId === organisationId)
      .filter(({ id }) => viewer.sees(id) || viewer.seesBedOf(id));
    const whose = own.map(({ id }) => id);
    noteRead(request, whose, { mayOwe: true });
    const told = own.map((subject) => {
      const view = viewOf(subject, ports);
      const isTold = viewer.sees(subject.id) && !isLocked;
      return isTold ? view : { ...bedOf(view), watch: ports.watchOf(subject.id) };
    });
    return { subjects: told };
  });
}

/** A subject of the caller's organisation, whom the caller may see. What belongs to another does not exist. */
export function subjectOf(
  registry: Registry,
  organisationId: OrganisationId,
  text: string,
): RegisteredSubject | undefined {
  const id = parseSubjectId(text);
  const subject = id === undefined ? undefined : registry.subjects.get(id);
  if (subject?.organisationId !== organisationId) return undefined;
  return (viewing()?.sees(subject.id) ?? true) ? subject : undefined;
}

function viewOf(
  subject: RegisteredSubject,
  { registry, nowMs, movedOf, presenceOf }: DeviceRoutePorts,
): SubjectView {
  const { id, kind, category, paced, identity } = subject;
  const devices = registry
    .devicesOf(id, nowMs())
    .map((device) => ({ id: device.id, model: device.model }));
  const readingsMoved = movedOf(id);
  return { id, kind, category, paced, identity, devices, readingsMoved, ...presenceOf(id) };
}

/** For a wall display, or a screen that is locked: where somebody lies, and nothing of who it is. */
function bedOf({ id, kind, presence, devices, identity: { ward, bed } }: SubjectView): SubjectView {
  const place = { ...(ward !== undefined && { ward }), ...(bed !== undefined && { bed }) };
  const familyName = bed === undefined ? 'No bed' : `Bed ${bed}`;
  const nobody = {
    isWithheld: true,
    familyName,
    givenName: '',
    sex: 'unknown',
    recordNumber: '',
  } as const;
  // Whether anything is worn, and not what.
  const worn = devices.map((_, index) => ({ id: String(index), model: '' }));
  return {
    ...{ id, kind, presence, devices: worn, readingsMoved: [] },
    ...{ category: 'unknown', paced: 'unknown' },
    identity: { ...nobody, ...place },
  };
}

/** A patient without a number gets one of ours: two identifiers, always. */
function completed(identity: NewSubject['identity'], newId: () => string): SubjectIdentity {
  const recordNumber = identity.recordNumber ?? `A-${newId().slice(0, 8).toUpperCase()}`;
  const { birthDate, ward, bed, invented, ...rest } = identity;
  return {
    ...rest,
    recordNumber,
    ...(birthDate === undefined ? {} : { birthDate }),
    ...(ward === undefined ? {} : { ward }),
    ...(bed === undefined ? {} : { bed }),
    ...(invented === undefined ? {} : { invented }),
  };
}

export function malformed(issues: readonly { path: PropertyKey[]; message: string }[]) {
  const [first] = issues;
  const where = first?.path.join('.') ?? '';
  return fail('PAYLOAD_MALFORMED', where === '' ? first?.message : `${where}: ${first?.message}`)
    .fault;
}
