/**
 * Looks at calls that are due: in one transaction how far a call is, and what is to be sent by that step. All that
 * is asked for it is read there, so that a restart, or another server, goes on as if nothing had been.
 */
import { type CalleesAsked, waysOf } from '@ausculta/rules/calling/callees';
import { type HouseTime, inForce } from '@ausculta/rules/calling/hours';
import { type Call, type CallFacts, newCall, stepCall } from '@ausculta/rules/calling/ladder';
import { type CallPolicy, routeFor, type Tier } from '@ausculta/rules/calling/policy';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { InLane, Transaction } from '../database/pool.ts';
import type { Reach, Within } from './reach.ts';
import * as store from './store.ts';
import { turnsAt } from './view-store.ts';
import { notificationId } from './words.ts';

const CALLS_AT_ONCE = 100;

export interface HousePolicy {
  readonly organisationId: OrganisationId;
  readonly version: number;
  readonly madeMs: number;
  readonly policy: CallPolicy;
}

export interface SteppingPorts {
  readonly inLane: InLane;
  readonly reach: Pick<Reach, 'within'>;
  readonly unitOf: (subjectId: SubjectId) => string | undefined;
  readonly houseTime: (atMs: number) => HouseTime;
  readonly nowMs: () => number;
  readonly onProblem: (what: string, error: unknown) => void;
}

/** True where as many were looked at as fit, and some could be: there may be more. */
export async function stepCalls(
  ports: SteppingPorts,
  policies: ReadonlyMap<OrganisationId, HousePolicy>,
): Promise<boolean> {
  const nowMs = ports.nowMs();
  return await ports.inLane(async (tx) => {
    const due = await store.holdDueCalls(tx, [...policies.values()], {
      nowMs,
      limit: CALLS_AT_ONCE,
    });
    let stuck = 0;
    for (const row of due) {
      const house = policies.get(row.organisation_id);
      if (house === undefined) continue;
      // One that cannot be stepped keeps no other from being called.
      await tx
        .savepoint((own) => stepOne(own, row, { ports, house, nowMs }))
        .catch(async (error: unknown) => {
          stuck += 1;
          ports.onProblem('look at one call', error);
          await store.noteStuck(tx, row, { nowMs, version: house.version });
        });
    }
    return due.length === CALLS_AT_ONCE && stuck < due.length;
  });
}

interface Looking {
  readonly ports: SteppingPorts;
  readonly house: HousePolicy;
  readonly nowMs: number;
}

async function stepOne(tx: Transaction, row: store.CallRow, looking: Looking): Promise<void> {
  const { ports, house, nowMs } = looking;
  const { priority, organisation_id, subject_id, alarm_id } = row;
  const unit = ports.unitOf(subject_id);
  const route = routeFor(house.policy, unit);
  if (route === undefined) throw new Error('broken invariant: the last route is for everywhere');
  const { houseTime } = ports;
  const { hours, tiers, quietUntilMs } = inForce(route, { priority, nowMs, houseTime });
  const asked = await calleesAsked(tx, { row, tiers, unit }, looking);
  const ways = tiers.map((tier) => waysOf(tier, asked));
  // Who may not answer is called all the same, and can tell somebody; the next tier is not kept waiting by it.
  const answering: CalleesAsked = {
    ...asked,
    canReach: (id, channel) => asked.canReach(id, channel) && asked.mayAnswer(id, subject_id),
  };
  const empty = tiers.flatMap((tier, at) => (waysOf(tier, answering).length === 0 ? [at] : []));
  const facts: CallFacts = {
    ...{ isOwed: row.episode === 'raised', priority, version: house.version, hours, tiers },
    ...{ quietUntilMs, unreached: new Set([...empty, ...(await store.failedTiers(tx, row))]) },
  };
  const sinceMs = Math.max(row.since_ms, house.madeMs);
  const before = callOf(row) ?? newCall(facts, { sinceMs, nowMs, round: row.round });
  const { call, rings, dueMs } = stepCall(
    { ...before, round: row.round, lookedMs: row.looked_ms },
    facts,
    nowMs,
  );
  const told = rings.flatMap(({ tier, round }) =>
    (ways[tier] ?? []).map(({ recipient, channel }) => {
      const key = { subject_id, alarm_id, tier, round, recipient, channel };
      return { ...key, organisation_id, id: notificationId(key) };
    }),
  );
  await store.addNotifications(tx, told, nowMs);
  const { round } = call;
  const isUnreached = call.tiers.length > 0 && call.tiers.every((_, at) => facts.unreached.has(at));
  const written = { call: JSON.stringify(call), round, version: house.version, lookedMs: nowMs };
  await store.writeCall(tx, { subject_id, alarm_id, ...written, isUnreached, dueMs });
}

const callOf = ({ call }: store.CallRow): Call | undefined =>
  call === null ? undefined : (JSON.parse(call) as Call);

interface WhoAsked {
  readonly row: store.CallRow;
  readonly tiers: readonly Tier[];
  readonly unit: string | undefined;
}

async function calleesAsked(
  tx: Transaction,
  { row, tiers, unit }: WhoAsked,
  { ports, nowMs }: Looking,
): Promise<CalleesAsked & Within> {
  const house = row.organisation_id;
  const turns = (await turnsAt(tx, house, nowMs)).map((turn) => ({
    ...{ accountId: turn.account_id, duty: turn.duty, unit: turn.unit },
    ...{ fromMs: turn.from_ms, untilMs: turn.until_ms },
  }));
  const named = tiers.flatMap(({ who }) =>
    who.flatMap((callee) => (callee.kind === 'account' ? [callee.accountId] : [])),
  );
  const accounts = [...new Set([...turns.map(({ accountId }) => accountId), ...named])];
  const reach = await ports.reach.within(tx, house, accounts);
  return { turns, unit, nowMs, ...reach };
}
