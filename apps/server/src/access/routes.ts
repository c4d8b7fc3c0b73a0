/** Who stands how to whom, over HTTP: care teams, shifts, grants to other organisations, emergency access. */
import {
  type GrantList,
  NewGrant,
  NewRelation,
  NewShift,
  RELATION_KINDS,
  type Shift as ShiftView,
} from '@ausculta/contract/access';
import { ACTIONS, DATA_CLASSES, PURPOSES } from '@ausculta/policy/vocabulary';
import { fail } from '@ausculta/vitals/fault';
import {
  type AccountId,
  type OrganisationId,
  parseAccountId,
  parseSubjectId,
  type SubjectId,
} from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { malformed } from '../devices/routes.ts';
import { callerOf, ofEach, ofHouse, refusalOf, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { glassRoutes } from './glass-routes.ts';
import { ownAccessRoutes } from './own-access-routes.ts';
import { type AccessRoutePorts, iso, isoOrNull, type OfId } from './route-ports.ts';
import type { GrantRow, ShiftRow } from './standing.ts';
import * as store from './standing-store.ts';
import { grantViews, teamList } from './team-list.ts';

export function accessRoutes(app: FastifyInstance, ports: AccessRoutePorts): void {
  teamList(app, ports);
  teamRoutes(app, ports);
  endOfRelation(app, ports);
  shiftRoutes(app, ports);
  grantRoutes(app, ports);
  glassRoutes(app, ports);
  ownAccessRoutes(app, ports);
}

function teamRoutes(app: FastifyInstance, ports: AccessRoutePorts): void {
  const { sql, registry, acts, nowMs } = ports;

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
  const { sql, gate, acts } = ports;
  const config = ofHouse('administer', 'policy');

  app.get('/api/grants', { config }, async (request): Promise<GrantList> => {
    const { organisationId } = callerOf(request);
    const own = [...gate.standing.grants()].filter((row) => row.organisation_id === organisationId);
    return { grants: await grantViews(sql, own) };
  });

  app.post('/api/grants', { config }, async (request, reply) => {
    const body = NewGrant.safeParse(request.body);
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    const row = await rowOfGrant(request, body.data, ports);
    if (typeof row === 'string')
      return await sendFault(reply, fail('PAYLOAD_MALFORMED', row).fault);
    await acts.grant(callerOf(request), row);
    return await reply.code(201).send((await grantViews(sql, [row]))[0]);
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
