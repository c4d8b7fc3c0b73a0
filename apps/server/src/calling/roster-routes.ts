/** Who is on: "I am on", one tap, with a hand-over. */
import { NewTurn, type Roster, TurnEnd, type TurnView } from '@ausculta/contract/calling';
import { onDuty } from '@ausculta/rules/calling/callees';
import { fail } from '@ausculta/vitals/fault';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { FastifyInstance } from 'fastify';
import type { InLane, Sql, Transaction } from '../database/pool.ts';
import { malformed } from '../devices/routes.ts';
import { callerOf, ofHouse } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { Calling } from './calling.ts';
import { ANSWERING, type Me, meOf, note, SIGNED_IN } from './me.ts';
import { dutiesIn, isDutyReached } from './policy-doubts.ts';
import type { Reach } from './reach.ts';
import { iso, isoOrNull } from './told.ts';
import * as store from './view-store.ts';

export interface RosterRoutePorts {
  readonly calling: Pick<Calling, 'policyOf' | 'wake'>;
  readonly reach: Reach;
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly newId: () => string;
  readonly nowMs: () => number;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function rosterRoutes(app: FastifyInstance, ports: RosterRoutePorts): void {
  listRoute(app, ports);
  onRoute(app, ports);
  offRoute(app, ports);
}

function listRoute(app: FastifyInstance, ports: RosterRoutePorts): void {
  app.get(
    '/api/roster',
    { config: ofHouse('search', 'directory') },
    async (request): Promise<Roster> => {
      const { organisationId, accountId } = callerOf(request);
      const turns = await turnViews(ports, organisationId, accountId);
      const house = ports.calling.policyOf(organisationId);
      const duties = house === undefined ? [] : dutiesIn(house.policy);
      const empty = duties.filter((duty) => !turns.some((turn) => turn.duty === duty));
      return { turns, duties, empty };
    },
  );
}

async function turnViews(
  { calling, reach, sql, nowMs }: RosterRoutePorts,
  organisationId: OrganisationId,
  mine: string | undefined,
): Promise<TurnView[]> {
  const rows = await store.turnsAt(sql, organisationId, nowMs());
  const accounts = rows.map(({ account_id }) => account_id);
  const within = await reach.within(sql, organisationId, accounts);
  const policy = calling.policyOf(organisationId)?.policy;
  return rows.map(({ id, account_id: accountId, name, duty, unit, from_ms, until_ms }) => ({
    ...{ id, accountId, name, duty, unit, from: iso(from_ms), until: isoOrNull(until_ms) },
    isMine: accountId === mine,
    isReached: isDutyReached(policy, { duty, accountId }, within),
  }));
}

function onRoute(app: FastifyInstance, ports: RosterRoutePorts): void {
  const { inLane, newId, nowMs, calling } = ports;
  app.post('/api/roster', SIGNED_IN, async (request, reply): Promise<TurnView> => {
    const me = meOf(request);
    const mayAnswer = callerOf(request).roles.some((role) => ANSWERING.includes(role));
    if (me === undefined || !mayAnswer) return await sendFault(reply, fail('NOT_PERMITTED').fault);
    const body = NewTurn.safeParse(request.body);
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    const { duty, unit, until, after } = body.data;
    const atMs = nowMs();
    const untilMs = until === null ? null : Date.parse(until);
    if (untilMs !== null && untilMs <= atMs)
      return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'until: is over').fault);
    const id = newId();
    const turn = { duty, unit, id, from_ms: atMs, until_ms: untilMs, after_id: after ?? null };
    const begun = await inLane((tx) => begin(tx, me, turn));
    if (!begun) return await sendFault(reply, fail('NOT_FOUND', 'after').fault);
    calling.wake();
    const turns = await turnViews(ports, me.organisationId, me.accountId);
    const mine = turns.find((view) => view.id === id);
    if (mine === undefined) throw new Error('broken invariant: who is on stands on the roster');
    return await reply.code(201).send(mine);
  });
}

type BegunTurn = Omit<store.TurnRow, 'organisation_id' | 'account_id'>;

/** False where there is no such turn to take over. In one step: at no moment is nobody on. */
async function begin(tx: Transaction, me: Me, turn: BegunTurn): Promise<boolean> {
  const { organisationId, accountId } = me;
  const atMs = turn.from_ms;
  if (turn.after_id !== null) {
    const before = await store.holdTurn(tx, { organisationId, id: turn.after_id, atMs });
    if (before?.duty !== turn.duty) return false;
    await store.endTurn(tx, before.id, atMs);
    await note(tx, me, { act: 'duty-ended', of: before.account_id, atMs });
  }
  await store.insertTurn(tx, { ...turn, organisation_id: organisationId, account_id: accountId });
  await note(tx, me, { act: 'duty-begun', of: accountId, atMs });
  return true;
}

interface OfTurn {
  readonly Params: { readonly id: string };
}

function offRoute(app: FastifyInstance, { sql, inLane, nowMs }: RosterRoutePorts): void {
  app.post<OfTurn>('/api/roster/:id/end', SIGNED_IN, async (request, reply) => {
    const me = meOf(request);
    const body = TurnEnd.safeParse(request.body ?? {});
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    const { id } = request.params;
    const atMs = nowMs();
    if (me === undefined || !UUID.test(id)) return await sendFault(reply, fail('NOT_FOUND').fault);
    const rows = await store.turnsAt(sql, me.organisationId, atMs);
    const mine = rows.find((row) => row.id === id && row.account_id === me.accountId);
    if (mine === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
    const others = rows.filter((row) => row.id !== id).map(asTurn);
    const { duty, unit } = mine;
    const isLast =
      onDuty(duty, { turns: others, unit: unit ?? undefined, nowMs: atMs }).length === 0;
    if (isLast && body.data.even !== 'nobody')
      return await sendFault(reply, fail('DUTY_WOULD_BE_EMPTY').fault);
    await inLane(async (tx) => {
      if ((await store.holdTurn(tx, { ...me, id, atMs })) === undefined) return;
      await store.endTurn(tx, id, atMs);
      await note(tx, me, { act: 'duty-ended', of: me.accountId, atMs });
    });
    return await reply.code(204).send();
  });
}

const asTurn = (row: store.TurnRow) => ({
  ...{ accountId: row.account_id, duty: row.duty, unit: row.unit },
  ...{ fromMs: row.from_ms, untilMs: row.until_ms },
});
