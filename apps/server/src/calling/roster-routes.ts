/** Who is on: "I am on", one tap, with a hand-over. */
import { NewTurn, type Roster, TurnEnd, type TurnView } from '@ausculta/contract/calling';
import type { DutyTurn } from '@ausculta/rules/calling/callees';
import { type Fault, fail } from '@ausculta/vitals/fault';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { FastifyInstance } from 'fastify';
import type { InLane, Sql, Transaction } from '../database/pool.ts';
import { malformed } from '../devices/routes.ts';
import { callerOf, ofHouse } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { Calling } from './calling.ts';
import { emptyPlaces, isStillCovered } from './cover.ts';
import { ANSWERING, type Me, meOf, note, SIGNED_IN } from './me.ts';
import { dutiesIn, dutyPlacesIn, isDutyReached } from './policy-doubts.ts';
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
      const rows = await store.turnsAt(ports.sql, organisationId, ports.nowMs());
      const places = house === undefined ? [] : dutyPlacesIn(house.policy);
      return { turns, duties, empty, emptyAt: emptyPlaces(places, rows.map(asTurn)) };
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
    hasShift: reach.hasShift(accountId, unit),
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
    const refusal = await inLane((tx) => begin(tx, { me, ports }, turn));
    if (refusal !== undefined) return await sendFault(reply, refusal);
    calling.wake();
    const turns = await turnViews(ports, me.organisationId, me.accountId);
    const mine = turns.find((view) => view.id === id);
    if (mine === undefined) throw new Error('broken invariant: who is on stands on the roster');
    return await reply.code(201).send(mine);
  });
}

type BegunTurn = Omit<store.TurnRow, 'organisation_id' | 'account_id'>;

interface Acting {
  readonly me: Me;
  readonly ports: RosterRoutePorts;
}

/** What refuses it. In one step: at no moment is nobody on. */
async function begin(
  tx: Transaction,
  { me, ports }: Acting,
  turn: BegunTurn,
): Promise<Fault | undefined> {
  const { organisationId, accountId } = me;
  const row = { ...turn, organisation_id: organisationId, account_id: accountId };
  const atMs = turn.from_ms;
  if (turn.after_id !== null) {
    const before = await store.holdTurn(tx, { organisationId, id: turn.after_id, atMs });
    if (before?.duty !== turn.duty) return fail('NOT_FOUND', 'after').fault;
    const others = (await store.turnsAt(tx, organisationId, atMs)).filter(
      ({ id }) => id !== before.id,
    );
    // Of their own turn somebody says that nobody is on; of another's they cannot.
    if (!(await isCovered(tx, { me, ports }, before, { others: [...others, row], asLong: true })))
      return fail('DUTY_WOULD_BE_EMPTY', TAKEN_IN_PART).fault;
    await store.endTurn(tx, before.id, atMs);
    await note(tx, me, { act: 'duty-ended', of: before.account_id, atMs });
  }
  await store.insertTurn(tx, row);
  await note(tx, me, { act: 'duty-begun', of: accountId, atMs });
  return undefined;
}

const TAKEN_IN_PART =
  'A turn is taken over as a whole: for the same ward or everywhere, for as long, and by somebody who can be reached.';

interface Left {
  readonly others: readonly store.TurnRow[];
  readonly asLong: boolean;
}

async function isCovered(
  tx: Transaction,
  { me, ports }: Acting,
  ended: store.TurnRow,
  { others, asLong }: Left,
): Promise<boolean> {
  const { organisationId } = me;
  const accounts = [ended, ...others].map(({ account_id }) => account_id);
  const within = await ports.reach.within(tx, organisationId, accounts);
  const policy = ports.calling.policyOf(organisationId)?.policy;
  const isReached = (turn: DutyTurn): boolean => isDutyReached(policy, turn, within);
  return isStillCovered(asTurn(ended), others.map(asTurn), { isReached, asLong });
}

interface OfTurn {
  readonly Params: { readonly id: string };
}

function offRoute(app: FastifyInstance, ports: RosterRoutePorts): void {
  const { inLane, nowMs, calling } = ports;
  app.post<OfTurn>('/api/roster/:id/end', SIGNED_IN, async (request, reply) => {
    const me = meOf(request);
    const body = TurnEnd.safeParse(request.body ?? {});
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    const { id } = request.params;
    if (me === undefined || !UUID.test(id)) return await sendFault(reply, fail('NOT_FOUND').fault);
    const leaving = { id, atMs: nowMs(), even: body.data.even };
    const refusal = await inLane((tx) => leave(tx, { me, ports }, leaving));
    if (refusal !== undefined) return await sendFault(reply, refusal);
    calling.wake();
    return await reply.code(204).send();
  });
}

interface Leaving extends TurnEnd {
  readonly id: string;
  readonly atMs: number;
}

async function leave(
  tx: Transaction,
  { me, ports }: Acting,
  { id, atMs, even }: Leaving,
): Promise<Fault | undefined> {
  const { organisationId, accountId } = me;
  const mine = await store.holdTurn(tx, { organisationId, id, atMs });
  if (mine?.account_id !== accountId) return fail('NOT_FOUND').fault;
  const others = (await store.turnsAt(tx, organisationId, atMs)).filter((row) => row.id !== id);
  const isLast = !(await isCovered(tx, { me, ports }, mine, { others, asLong: false }));
  if (isLast && even !== 'nobody') return fail('DUTY_WOULD_BE_EMPTY').fault;
  await store.endTurn(tx, id, atMs);
  await note(tx, me, { act: 'duty-ended', of: accountId, atMs });
  return undefined;
}

const asTurn = (row: store.TurnRow) => ({
  ...{ accountId: row.account_id, duty: row.duty, unit: row.unit },
  ...{ fromMs: row.from_ms, untilMs: row.until_ms },
});
