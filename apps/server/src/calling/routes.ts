/** Who is called, and what became of calls: what a house has written down, and what was sent of its alarms. */
import {
  CallAnswer,
  type CallAnswered,
  type CallingView,
  type CallLed,
  type CallTimeline,
  type PolicyWritten,
  type UntakenList,
} from '@ausculta/contract/calling';
import { isOwed } from '@ausculta/rules/alarm-life';
import { CallPolicy, type CallPolicyGiven } from '@ausculta/rules/calling/policy';
import { fail } from '@ausculta/vitals/fault';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AlarmBook } from '../alarms/book.ts';
import { noteRead } from '../audit/noted-reads.ts';
import type { InLane, Sql } from '../database/pool.ts';
import type { Registry } from '../devices/registry.ts';
import { malformed, subjectOf } from '../devices/routes.ts';
import { callerOf, ofEach, ofHouse, refusalOf, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { appendAudit } from '../vault/audit.ts';
import { type AnswerPorts, answerCall } from './answers.ts';
import type { Calling } from './calling.ts';
import { accountsIn, type PolicyAsked, policyDoubts, policyFault } from './policy-doubts.ts';
import type { Reach } from './reach.ts';
import { iso, isoOrNull, proofOf, toldView } from './told.ts';
import * as store from './view-store.ts';

export interface CallingRoutePorts extends AnswerPorts {
  readonly calling: Calling;
  readonly reach: Reach;
  readonly registry: Registry;
  readonly alarms: Pick<AlarmBook, 'openOf'>;
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly hasTimeZone: boolean;
  readonly nowMs: () => number;
}

const LISTED_MAX = 500;
const ID = /^[A-Za-z0-9_-]{32}$/;

export function callingRoutes(app: FastifyInstance, ports: CallingRoutePorts): void {
  policyRoutes(app, ports);
  timelineRoute(app, ports);
  linkRoutes(app, ports);
}

function policyRoutes(app: FastifyInstance, ports: CallingRoutePorts): void {
  const { calling, reach, sql } = ports;

  app.get(
    '/api/calling',
    { config: ofHouse('read', 'status') },
    async (request): Promise<CallingView> => {
      const { organisationId } = callerOf(request);
      const house = calling.policyOf(organisationId);
      const counts = await store.countsOf(sql, organisationId);
      const channels = channelsOf(ports, organisationId);
      if (house === undefined)
        return {
          ...{
            state: 'nobody',
            words: sentence(calling.whyNobody(organisationId)),
            version: null,
            policy: null,
          },
          ...{ channels, doubts: [], ...counts },
        };
      const { version, policy } = house;
      const row = await store.policyText(sql, organisationId, version);
      return {
        ...{ state: 'calling', words: 'Called by the policy of the house.', version },
        policy: JSON.parse(row ?? 'null'),
        channels,
        doubts: policyDoubts(policy, await askedOf(ports, organisationId, policy)),
        ...counts,
      };
    },
  );

  app.put(
    '/api/calling/policy',
    { config: ofHouse('administer', 'policy') },
    async (request, reply): Promise<PolicyWritten> => {
      const body = CallPolicy.safeParse(request.body);
      if (!body.success) return await sendFault(reply, malformed(body.error.issues));
      const { organisationId, accountId } = callerOf(request);
      const asked = await askedOf(ports, organisationId, body.data);
      const fault = policyFault(body.data, asked);
      if (fault !== undefined)
        return await sendFault(reply, fail('PAYLOAD_MALFORMED', fault).fault);
      const version = await writePolicy(ports, {
        ...{ organisationId, accountId, given: request.body as CallPolicyGiven },
      });
      await calling.refreshPolicies();
      return { version, doubts: policyDoubts(body.data, asked) };
    },
  );

  app.get(
    '/api/calls/untaken',
    { config: ofEach('read', 'alarms') },
    async (request): Promise<UntakenList> => {
      const { organisationId } = callerOf(request);
      const viewer = viewerOf(request);
      const rows = (await store.untaken(sql, organisationId, LISTED_MAX)).filter(({ subject_id }) =>
        viewer.seesAlarmsOf(subject_id),
      );
      noteRead(
        request,
        rows.map(({ subject_id }) => subject_id),
      );
      return { notifications: rows.map((row) => toldView(row, reach)) };
    },
  );
}

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;

interface Written {
  readonly organisationId: OrganisationId;
  readonly accountId: string | undefined;
  readonly given: CallPolicyGiven;
}

async function writePolicy(
  { inLane, nowMs }: CallingRoutePorts,
  { organisationId, accountId, given }: Written,
): Promise<number> {
  const atMs = nowMs();
  const row = { organisation_id: organisationId, policy: JSON.stringify(given) };
  return await inLane(async (tx) => {
    const version = await store.insertPolicy(tx, {
      ...row,
      made_by: accountId ?? null,
      made_ms: atMs,
    });
    const entry = { organisationId, actor: accountId, atMs } as const;
    const target = `organisation/${organisationId}` as const;
    await appendAudit(tx, { ...entry, act: 'call-policy-written', target });
    return version;
  });
}

async function askedOf(
  { sql, reach, hasTimeZone }: CallingRoutePorts,
  organisationId: OrganisationId,
  policy: CallPolicy,
): Promise<PolicyAsked> {
  const named = accountsIn(policy);
  const accounts = new Set<string>(await store.accountsInUse(sql, organisationId, named));
  const within = await reach.within(sql, organisationId, named);
  return { organisationId, reach, accounts, within, hasTimeZone };
}

function channelsOf({ reach }: CallingRoutePorts, organisationId: OrganisationId) {
  const names = ['mail', ...reach.gatewaysOf(organisationId).map(({ name }) => `gateway/${name}`)];
  return names.map((channel) => ({
    ...{ channel, proof: proofOf(reach, { organisation_id: organisationId, channel }) },
    whyNot: channel === 'mail' ? (reach.whyNoMail() ?? null) : null,
  }));
}

function timelineRoute(app: FastifyInstance, ports: CallingRoutePorts): void {
  const { registry, sql, reach, alarms } = ports;
  app.get<{ Params: { id: string }; Querystring: { subject?: string } }>(
    '/api/alarms/:id/calls',
    { config: ofEach('read', 'alarms') },
    async (request, reply): Promise<CallTimeline> => {
      const { organisationId } = callerOf(request);
      const subject = subjectOf(registry, organisationId, String(request.query.subject ?? ''));
      if (subject === undefined) return await notFound(reply);
      const asked = { action: 'read', dataClass: 'alarms', subjectId: subject.id } as const;
      const decision = viewerOf(request).decide(asked);
      if (!decision.isPermitted) return await sendFault(reply, refusalOf(decision));
      const key = { subject_id: subject.id, alarm_id: request.params.id };
      const life = await store.transitionsOf(sql, key, LISTED_MAX);
      // A moment ago it was raised, and is not durable yet.
      const known = alarms.openOf(subject.id).find(({ id }) => id === key.alarm_id);
      if (life.length === 0 && known === undefined) return await notFound(reply);
      noteRead(request, [subject.id]);
      const rows = await store.toldOf(sql, key, LISTED_MAX);
      const owed = await store.owedCall(sql, key);
      return {
        ...{
          alarmId: key.alarm_id,
          subjectId: subject.id,
          isOwed: known === undefined ? owed !== undefined : isOwed(known),
        },
        unreachedSince: isoOrNull(owed?.unreached_ms ?? null),
        life: life.map(({ what, at_ms }) => ({ what, at: iso(at_ms) })),
        notifications: rows.map((row) => toldView(row, reach)),
      };
    },
  );
}

interface OfCall {
  readonly Params: { readonly id: string };
}

const notFound = async (reply: FastifyReply): Promise<FastifyReply> =>
  await sendFault(reply, fail('NOT_FOUND').fault);

function linkRoutes(app: FastifyInstance, ports: CallingRoutePorts): void {
  const { sql, nowMs } = ports;

  app.post<OfCall>(
    '/api/calls/:id/opened',
    { config: ofEach('read', 'alarms') },
    async (request, reply): Promise<CallLed> => {
      const row = await callHere(request, ports);
      if (row === undefined) return await notFound(reply);
      const { accountId } = callerOf(request);
      if (row.recipient === `account/${accountId}`) await store.noteSeen(sql, row.id, nowMs());
      noteRead(request, [row.subject_id]);
      return { alarmId: row.alarm_id, subjectId: row.subject_id };
    },
  );

  // What is answered is known by the call's own token, which its gateway alone was told.
  app.post<OfCall>(
    '/api/calls/:id/answer',
    { config: { access: 'public' } },
    async (request, reply): Promise<CallAnswered> => {
      const body = CallAnswer.safeParse(request.body);
      if (!body.success) return await sendFault(reply, malformed(body.error.issues));
      const { id } = request.params;
      const answered = ID.test(id) ? await answerCall(ports, id, body.data.token) : undefined;
      return answered ?? (await sendFault(reply, fail('NOT_PERMITTED').fault));
    },
  );
}

/** Of a person whose alarms the caller sees; whatever else it is, it is not there. */
async function callHere(
  request: FastifyRequest<OfCall>,
  { sql, registry }: CallingRoutePorts,
): Promise<store.ToldRow | undefined> {
  const { id } = request.params;
  const row = ID.test(id) ? await store.toldById(sql, id) : undefined;
  const { organisationId } = callerOf(request);
  if (row?.organisation_id !== organisationId || !isThere(row.subject_id, registry))
    return undefined;
  return viewerOf(request).seesAlarmsOf(row.subject_id) ? row : undefined;
}

const isThere = (id: SubjectId, { subjects }: Pick<Registry, 'subjects'>): boolean =>
  subjects.has(id);
