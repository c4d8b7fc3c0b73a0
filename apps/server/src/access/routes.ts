/** Who stands how to whom, over HTTP: care teams, shifts, grants to other organisations, emergency access. */
import {
  BreakGlass,
  type BrokenGlassList,
  type GrantList,
  type Grant as GrantView,
  NewGrant,
  NewRelation,
  NewShift,
  RELATION_KINDS,
  type RelationList,
  type Shift as ShiftView,
} from '@ausculta/contract/access';
import { BREAK_GLASS_MAX_MS } from '@ausculta/policy/request';
import { ACTIONS, DATA_CLASSES, PURPOSES } from '@ausculta/policy/vocabulary';
import { fail } from '@ausculta/vitals/fault';
import {
  type AccountId,
  type OrganisationId,
  parseAccountId,
  parseSubjectId,
  type SubjectId,
} from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Sql } from '../database/pool.ts';
import type { Registry } from '../devices/registry.ts';
import { malformed, subjectOf } from '../devices/routes.ts';
import { callerOf, ofEach, ofHouse, ofSubject, refusalOf, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import type { AccessActs } from './acts.ts';
import type { Gate } from './gate.ts';
import type { GrantRow, ShiftRow } from './standing.ts';
import * as store from './standing-store.ts';

export interface AccessRoutePorts {
  readonly sql: Sql;
  readonly registry: Registry;
  readonly gate: Gate;
  readonly acts: AccessActs;
  readonly keys: Pick<SubjectKeys, 'sealOf'>;
  /** When a stay was; undefined where there is no such stay of this person. */
  readonly stayOf: (
    organisationId: OrganisationId,
    stay: { readonly encounterId: string; readonly subjectId: SubjectId },
  ) => Promise<{ readonly fromMs: number; readonly untilMs: number | undefined } | undefined>;
  readonly newId: () => string;
  readonly nowMs: () => number;
}

interface OfId {
  Params: { id: string };
}

export function accessRoutes(app: FastifyInstance, ports: AccessRoutePorts): void {
  teamRoutes(app, ports);
  endOfRelation(app, ports);
  shiftRoutes(app, ports);
  grantRoutes(app, ports);
  glassRoutes(app, ports);
}

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

function teamRoutes(app: FastifyInstance, ports: AccessRoutePorts): void {
  const { sql, registry, gate, acts, nowMs } = ports;

  app.get<OfId>(
    '/api/subjects/:id/team',
    { config: ofSubject('read', 'placement') },
    async (request, reply): Promise<RelationList> => {
      const subject = subjectOf(registry, callerOf(request).organisationId, request.params.id);
      if (subject === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      const team = gate.standing.relationsTo(subject.id).map((row) => ({
        accountId: row.account_id,
        kind: row.kind,
        from: iso(row.from_ms),
        until: isoOrNull(row.until_ms),
      }));
      return { team };
    },
  );

  app.post<OfId>(
    '/api/subjects/:id/team',
    { config: ofEach('change', 'placement') },
    async (request, reply) => {
      const body = NewRelation.safeParse(request.body);
      if (!body.success) return await sendFault(reply, malformed(body.error.issues));
      const caller = callerOf(request);
      const subjectId = parseSubjectId(request.params.id);
      const subject = subjectId && registry.subjects.get(subjectId);
      if (subject?.organisationId !== caller.organisationId)
        return await sendFault(reply, fail('NOT_FOUND').fault);
      const refusal = refusalToRelate(request, subject.id, body.data.kind);
      if (refusal !== undefined) return await sendFault(reply, refusal);
      const accountId = body.data.accountId as AccountId;
      const organisation = await store.organisationOfAccount(sql, accountId);
      if (organisation === undefined)
        return await sendFault(reply, fail('NOT_FOUND', 'accountId').fault);
      const fromMs = nowMs();
      const untilMs = body.data.until ?? null;
      if (untilMs !== null && untilMs <= fromMs)
        return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'until: it is over').fault);
      await acts.relate(caller, {
        organisation_id: caller.organisationId,
        subject_id: subject.id,
        account_id: accountId,
        account_organisation_id: organisation,
        kind: body.data.kind,
        from_ms: fromMs,
        until_ms: untilMs,
      });
      return await reply.code(201).send({});
    },
  );
}

function endOfRelation(app: FastifyInstance, { gate, acts }: AccessRoutePorts): void {
  app.delete<{ Params: { id: string; account: string; kind: string } }>(
    '/api/subjects/:id/team/:account/:kind',
    { config: ofEach('change', 'placement') },
    async (request, reply) => {
      const { id, account, kind: text } = request.params;
      const kind = RELATION_KINDS.find((one) => one === text);
      const subjectId = parseSubjectId(id);
      const accountId = parseAccountId(account);
      const known = gate.standing
        .relationsOf(accountId ?? ('' as AccountId))
        .find((row) => row.subject_id === subjectId && row.kind === kind);
      if (known === undefined || known.organisation_id !== callerOf(request).organisationId)
        return await sendFault(reply, fail('NOT_FOUND').fault);
      const refusal = refusalToRelate(request, known.subject_id, known.kind);
      if (refusal !== undefined) return await sendFault(reply, refusal);
      await acts.unrelate(callerOf(request), known);
      return await reply.code(204).send();
    },
  );
}

/** Who treats somebody is said by who treats them; who somebody is, or speaks for, by who keeps the accounts. */
function refusalToRelate(request: FastifyRequest, subjectId: SubjectId, kind: store.RelationKind) {
  const isTreating = kind === 'care-team' || kind === 'programme';
  const viewer = viewerOf(request);
  const decision = isTreating
    ? viewer.decide({ action: 'change', dataClass: 'placement', subjectId })
    : viewer.decide({ action: 'administer', dataClass: 'policy' });
  return decision.isPermitted ? undefined : refusalOf(decision);
}

function shiftRoutes(app: FastifyInstance, ports: AccessRoutePorts): void {
  const { sql, gate, acts, newId, nowMs } = ports;
  const config = ofHouse('administer', 'policy');

  app.post('/api/shifts', { config }, async (request, reply) => {
    const body = NewShift.safeParse(request.body);
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    const { accountId, unit, from = nowMs(), until = null } = body.data;
    const caller = callerOf(request);
    const account = accountId as AccountId;
    if ((await store.organisationOfAccount(sql, account)) !== caller.organisationId)
      return await sendFault(reply, fail('NOT_FOUND', 'accountId').fault);
    if (until !== null && until <= from)
      return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'until: not after from').fault);
    const row: ShiftRow = {
      organisation_id: caller.organisationId,
      id: newId(),
      account_id: account,
      unit,
      from_ms: from,
      until_ms: until,
    };
    await acts.beginShift(caller, row);
    return await reply.code(201).send(shiftView(row));
  });

  app.get<{ Params: { account: string } }>(
    '/api/accounts/:account/shifts',
    { config },
    (request): { shifts: ShiftView[] } => {
      const { organisationId } = callerOf(request);
      const accountId = parseAccountId(request.params.account) ?? ('' as AccountId);
      const own = gate.standing
        .shiftsOf(accountId)
        .filter((row) => row.organisation_id === organisationId);
      return { shifts: own.map(shiftView) };
    },
  );

  app.post<{ Params: { account: string; shift: string } }>(
    '/api/accounts/:account/shifts/:shift/end',
    { config },
    async (request, reply) => {
      const accountId = parseAccountId(request.params.account) ?? ('' as AccountId);
      const row = gate.standing.shiftsOf(accountId).find(({ id }) => id === request.params.shift);
      if (row === undefined || row.organisation_id !== callerOf(request).organisationId)
        return await sendFault(reply, fail('NOT_FOUND').fault);
      return shiftView(await acts.endShift(callerOf(request), row));
    },
  );
}

function shiftView(row: ShiftRow): ShiftView {
  const { id, account_id: accountId, unit, from_ms, until_ms } = row;
  return { id, accountId, unit, from: iso(from_ms), until: isoOrNull(until_ms) };
}

function grantRoutes(app: FastifyInstance, ports: AccessRoutePorts): void {
  const { gate, acts } = ports;
  const config = ofHouse('administer', 'policy');

  app.get('/api/grants', { config }, (request): GrantList => {
    const { organisationId } = callerOf(request);
    const own = [...gate.standing.grants()].filter((row) => row.organisation_id === organisationId);
    return { grants: own.map(grantView) };
  });

  app.post('/api/grants', { config }, async (request, reply) => {
    const body = NewGrant.safeParse(request.body);
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    const row = await rowOfGrant(request, body.data, ports);
    if (typeof row === 'string')
      return await sendFault(reply, fail('PAYLOAD_MALFORMED', row).fault);
    await acts.grant(callerOf(request), row);
    return await reply.code(201).send(grantView(row));
  });

  app.post<OfId>('/api/grants/:id/withdrawal', { config }, async (request, reply) => {
    const row = gate.standing.grantOf(request.params.id);
    if (row === undefined || row.organisation_id !== callerOf(request).organisationId)
      return await sendFault(reply, fail('NOT_FOUND').fault);
    await acts.withdraw(callerOf(request), row);
    return await reply.code(204).send();
  });
}

/** A text where it cannot be given. */
async function rowOfGrant(
  request: FastifyRequest,
  asked: NewGrant,
  { sql, registry, stayOf, newId, nowMs }: AccessRoutePorts,
): Promise<GrantRow | string> {
  const { organisationId, accountId } = callerOf(request);
  const to = asked.organisationId as OrganisationId;
  const dataClasses = wordsOf(
    asked.dataClasses,
    Object.keys(DATA_CLASSES) as (keyof typeof DATA_CLASSES)[],
  );
  const actions = wordsOf(asked.actions, ACTIONS);
  const purposes = wordsOf(asked.purposes, Object.keys(PURPOSES) as (keyof typeof PURPOSES)[]);
  if (dataClasses === undefined) return 'dataClasses: a word of no list';
  if (actions === undefined) return 'actions: a word of no list';
  if (purposes === undefined) return 'purposes: a word of no list';
  if (to === organisationId || !(await store.isOrganisation(sql, to)))
    return 'organisationId: no other organisation';
  const subjectId = asked.subjectId as SubjectId | undefined;
  if (
    subjectId !== undefined &&
    registry.subjects.get(subjectId)?.organisationId !== organisationId
  )
    return 'subjectId: nobody here';
  const { encounterId } = asked;
  if (encounterId !== undefined && subjectId === undefined)
    return 'encounterId: say whose stay it is';
  const stay =
    encounterId === undefined || subjectId === undefined
      ? undefined
      : await stayOf(organisationId, { encounterId, subjectId });
  if (encounterId !== undefined && stay === undefined) return 'encounterId: no stay of this person';
  const from = asked.from ?? nowMs();
  if (asked.until <= from) return 'until: not after from';
  return {
    organisation_id: organisationId,
    id: newId(),
    to_organisation_id: to,
    to_account_id: (asked.accountId as AccountId | undefined) ?? null,
    subject_id: subjectId ?? null,
    data_classes: dataClasses,
    actions,
    purposes,
    from_ms: from,
    until_ms: asked.until,
    encounter_id: encounterId ?? null,
    data_from_ms: stay?.fromMs ?? null,
    data_until_ms: stay?.untilMs ?? null,
    onward: asked.onward,
    withdrawn_ms: null,
    given_by: accountId ?? null,
  };
}

/** Undefined where one of them is in no list. */
function wordsOf<Word extends string>(
  words: readonly string[],
  list: readonly Word[],
): Word[] | undefined {
  const known = words.flatMap((word) => list.find((one) => one === word) ?? []);
  return known.length === words.length ? known : undefined;
}

function grantView(row: GrantRow): GrantView {
  return {
    id: row.id,
    organisationId: row.to_organisation_id,
    accountId: row.to_account_id,
    subjectId: row.subject_id,
    encounterId: row.encounter_id,
    dataClasses: [...row.data_classes],
    actions: [...row.actions],
    purposes: [...row.purposes],
    from: iso(row.from_ms),
    until: iso(row.until_ms),
    onward: row.onward,
  };
}

const BROKEN_LISTED_MAX = 500;

function glassRoutes(app: FastifyInstance, ports: AccessRoutePorts): void {
  const { sql, registry, gate, acts, keys, newId, nowMs } = ports;

  app.post<OfId>(
    '/api/subjects/:id/break-glass',
    { config: { access: 'signed-in' } },
    async (request, reply) => {
      const body = BreakGlass.safeParse(request.body);
      if (!body.success) return await sendFault(reply, malformed(body.error.issues));
      const caller = callerOf(request);
      const { accountId } = caller;
      const subjectId = parseSubjectId(request.params.id);
      const subject = subjectId && registry.subjects.get(subjectId);
      const untilMs = nowMs() + Math.min(body.data.minutes * 60_000, BREAK_GLASS_MAX_MS);
      const { reason } = body.data;
      // A program stands at no bed, and nobody reaches over to another house without a grant.
      if (accountId === undefined || caller.organisationId !== caller.homeOrganisationId)
        return await sendFault(reply, fail('NOT_PERMITTED').fault);
      if (subject?.organisationId !== caller.organisationId)
        return await sendFault(reply, fail('NOT_FOUND').fault);
      const glass = { actorId: accountId, subjectId: subject.id, reason, fromMs: nowMs(), untilMs };
      const decision = gate.decideThroughGlass(caller, glass);
      if (!decision.isPermitted) return await sendFault(reply, refusalOf(decision));
      const seal = keys.sealOf(subject.id);
      if (seal === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      const row = await acts.breakGlass(
        { ...caller, accountId },
        { id: newId(), subjectId: subject.id, reason, untilMs, seal },
      );
      return await reply.code(201).send(glassView(row));
    },
  );

  app.get(
    '/api/broken-glass',
    { config: ofHouse('search', 'audit') },
    async (request): Promise<BrokenGlassList> => {
      const { organisationId } = callerOf(request);
      const rows = await store.listGlass(sql, organisationId, BROKEN_LISTED_MAX);
      return { broken: rows.map(glassView) };
    },
  );

  app.post<{ Params: { id: string; glass: string } }>(
    '/api/subjects/:id/break-glass/:glass/review',
    { config: ofHouse('search', 'audit') },
    (request, reply) => answerReview(request, reply, ports),
  );
}

async function answerReview(
  request: FastifyRequest<{ Params: { id: string; glass: string } }>,
  reply: FastifyReply,
  { registry, acts }: AccessRoutePorts,
): Promise<FastifyReply> {
  const caller = callerOf(request);
  const subjectId = parseSubjectId(request.params.id);
  const id = request.params.glass;
  const isHere =
    subjectId && registry.subjects.get(subjectId)?.organisationId === caller.organisationId;
  if (!isHere || !/^[0-9a-f-]{36}$/.test(id))
    return await sendFault(reply, fail('NOT_FOUND').fault);
  const isReviewed = await acts.review(caller, { id, subjectId });
  return isReviewed
    ? await reply.code(204).send()
    : await sendFault(reply, fail('NOT_FOUND').fault);
}

function glassView(row: store.GlassRow) {
  return {
    id: row.id,
    subjectId: row.subject_id,
    accountId: row.account_id,
    from: iso(row.from_ms),
    until: iso(row.until_ms),
    reviewed: row.reviewed_ms !== null,
  };
}
