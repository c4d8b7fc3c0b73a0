/** Protocols of the house: their versions, and who has which. */
import {
  type AssignmentList,
  FollowedVersion,
  NewAssignment,
  NewProtocolVersion,
  type ProtocolList,
  type ProtocolVersion,
  type ProtocolView,
} from '@ausculta/contract/protocols';
import { namingProblems } from '@ausculta/rules/protocol/episode-names';
import { READY_PROTOCOLS } from '@ausculta/rules/protocol/library';
import { type Protocol, parseProtocol } from '@ausculta/rules/protocol/protocol';
import { expect } from '@ausculta/vitals/expect';
import { type Fault, fail } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import { malformed } from '../devices/routes.ts';
import { callerOf, ofHouse } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { ProtocolActs } from './acts.ts';
import type { PlanKeeper } from './keeper.ts';
import { isReady, type Library, type Shelf } from './library.ts';
import { assignmentView, protocolViews } from './plan-view.ts';

export interface ProtocolRoutePorts {
  readonly library: Library;
  readonly acts: ProtocolActs;
  readonly keeper: Pick<PlanKeeper, 'follow'>;
}

const READS = { config: ofHouse('search', 'protocol-library') };
const CHANGES = { config: ofHouse('change', 'protocol-library') };

const NO_PROTOCOL = fail('NOT_FOUND', 'protocol').fault;
const KEY_TAKEN = fail(
  'PAYLOAD_MALFORMED',
  'key: that of a ready protocol; write it under another one',
).fault;

export function protocolRoutes(app: FastifyInstance, ports: ProtocolRoutePorts): void {
  const { library, acts, keeper } = ports;

  app.get('/api/protocols', READS, (request): ProtocolList => {
    const { organisationId } = callerOf(request);
    return { protocols: protocolViews(library.shelves(organisationId)) };
  });

  app.get<{ Params: { key: string; version: string } }>(
    '/api/protocols/:key/versions/:version',
    READS,
    async (request, reply) => {
      const { organisationId } = callerOf(request);
      const { key, version } = request.params;
      const named = { key, version: Number(version) };
      const protocol =
        library.protocolOf(organisationId, named) ??
        READY_PROTOCOLS.find((one) => one.key === key && one.version === named.version);
      if (protocol === undefined) return await sendFault(reply, NO_PROTOCOL);
      return protocol satisfies ProtocolVersion;
    },
  );

  app.post<{ Params: { key: string } }>(
    '/api/protocols/:key/versions',
    CHANGES,
    async (request, reply) => {
      const body = NewProtocolVersion.safeParse(request.body);
      if (!body.success) return await sendFault(reply, malformed(body.error.issues));
      const { key } = request.params;
      const { categories, rules, reason } = body.data;
      if (isReady(key)) return await sendFault(reply, KEY_TAKEN);
      const parsed = parsedProtocol({ key, version: 1, categories, rules });
      if (!parsed.ok) return await sendFault(reply, parsed.fault);
      const shelf = await acts.write(callerOf(request), parsed.protocol, reason);
      await keeper.follow();
      return await reply.code(201).send(viewOf(shelf));
    },
  );

  app.post<{ Params: { key: string } }>(
    '/api/protocols/:key/followed',
    CHANGES,
    async (request, reply) => {
      const body = FollowedVersion.safeParse(request.body);
      if (!body.success) return await sendFault(reply, malformed(body.error.issues));
      const caller = callerOf(request);
      const { key } = request.params;
      const { version, reason } = body.data;
      if (library.protocolOf(caller.organisationId, { key, version }) === undefined)
        return await sendFault(reply, NO_PROTOCOL);
      const shelf = await acts.follow(caller, { key, version, reason });
      await keeper.follow();
      return viewOf(shelf);
    },
  );

  assignmentRoutes(app, ports);
}

function assignmentRoutes(
  app: FastifyInstance,
  { library, acts, keeper }: ProtocolRoutePorts,
): void {
  app.get('/api/protocol-assignments', READS, (request): AssignmentList => {
    const { organisationId } = callerOf(request);
    // Who has one of their own is told to whoever sees them.
    const all = library.assignments(organisationId).filter(({ subject_id }) => subject_id === null);
    return { assignments: all.map(assignmentView) };
  });

  app.post('/api/protocol-assignments', CHANGES, async (request, reply) => {
    const body = NewAssignment.safeParse(request.body);
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    const caller = callerOf(request);
    const { protocol: key, ward, category } = body.data;
    const to = ward === undefined ? { category: category ?? 'adult' } : { ward };
    if (!isKnown(library, caller.organisationId, key)) return await sendFault(reply, NO_PROTOCOL);
    const row = await acts.assign(caller, to, { key, spo2Scale: 1 });
    await keeper.follow();
    return await reply.code(201).send(assignmentView(row));
  });

  app.post<{ Params: { assignment: string } }>(
    '/api/protocol-assignments/:assignment/end',
    CHANGES,
    async (request, reply) => {
      const caller = callerOf(request);
      const row = library.assignment(request.params.assignment);
      const isOurs = row?.organisation_id === caller.organisationId && row.subject_id === null;
      if (row === undefined || !isOurs) return await sendFault(reply, fail('NOT_FOUND').fault);
      await acts.unassign(caller, row);
      await keeper.follow();
      return await reply.code(204).send();
    },
  );
}

/** One that somebody here has written, or a ready one. */
export function isKnown(
  library: Library,
  organisationId: Parameters<Library['shelfOf']>[0],
  key: string,
): boolean {
  return library.shelfOf(organisationId, key) !== undefined || isReady(key);
}

type Parsed =
  | { readonly ok: true; readonly protocol: Protocol }
  | { readonly ok: false; readonly fault: Fault };

/** Says where, and what is wrong: never a value. */
function parsedProtocol(given: unknown): Parsed {
  const parsed = parseProtocol(given);
  const problems = parsed.ok ? namingProblems(parsed.protocol) : parsed.problems;
  if (parsed.ok && problems.length === 0) return parsed;
  return { ok: false, fault: fail('PAYLOAD_MALFORMED', problems.slice(0, 5).join('; ')).fault };
}

function viewOf(shelf: Shelf | undefined): ProtocolView {
  expect(shelf !== undefined, 'what was written is there');
  const [view] = protocolViews([shelf]);
  expect(view !== undefined, 'a shelf has a view');
  return view;
}
