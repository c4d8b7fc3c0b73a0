/**
 * How far the calling for one owed alarm is: (call, facts, now) → whom to call, and when to look again. While
 * an alarm is owed there is always a next look. A round has a number that is never given twice, so that nobody
 * is called twice by the same one, however often the same step is done.
 */
import type { CalledPriority, Tier } from './policy.ts';

export interface TierCalled {
  readonly startedMs: number;
  readonly rangMs: number;
  readonly times: number;
}

export interface Call {
  /** Since when the alarm has been owed, by this clock. */
  readonly sinceMs: number;
  readonly priority: CalledPriority;
  /** Of the policy; another one calls anew. */
  readonly version: number;
  readonly hours: 'cover' | 'outside';
  /** Rounds that were called, of all tiers. */
  readonly round: number;
  /** Whoever answers an earlier one answers what is no more so: it holds nothing. */
  readonly fromRound: number;
  readonly tiers: readonly TierCalled[];
  /** Somebody has answered a call: so long nobody else is called. */
  readonly heldUntilMs?: number;
  /** When it was looked at last: a clock that shows less than this was set back. */
  readonly lookedMs: number;
}

export interface CallFacts {
  /** Whether a person still has to do something. */
  readonly isOwed: boolean;
  readonly priority: CalledPriority;
  readonly version: number;
  readonly hours: 'cover' | 'outside';
  readonly tiers: readonly Tier[];
  readonly quietUntilMs: number | undefined;
  /** Tiers in which nobody can be reached: empty, or all that was sent has failed. */
  readonly unreached: ReadonlySet<number>;
}

/** A tier is called now, by this round. */
export interface Ring {
  readonly tier: number;
  readonly round: number;
}

export interface CallStep {
  readonly call: Call;
  readonly rings: readonly Ring[];
  /** Undefined: nothing is owed any more. */
  readonly dueMs: number | undefined;
}

interface NewCallAt {
  readonly sinceMs: number;
  readonly nowMs: number;
  /** Of calls that it made before it was answered. */
  readonly round?: number;
}

export function newCall(
  facts: Pick<CallFacts, 'priority' | 'version' | 'hours'>,
  { sinceMs, nowMs, round = 0 }: NewCallAt,
): Call {
  const { priority, version, hours } = facts;
  // An alarm of the future is an alarm of now: its clock was set back since.
  return {
    ...{ priority, version, hours },
    sinceMs: Math.min(sinceMs, nowMs),
    ...{ round, fromRound: round + 1 },
    tiers: [],
    lookedMs: nowMs,
  };
}

export interface Answered {
  readonly round: number;
  readonly nowMs: number;
  readonly holdMs: number;
}

/**
 * Whoever has answered has so long to be there: the alarm is still owed, and calls again (safety S10, S13). Undefined:
 * it holds nothing, because it was answered since, or the alarm has become more urgent.
 */
export function answered(call: Call, { round, nowMs, holdMs }: Answered): Call | undefined {
  if (round < call.fromRound) return undefined;
  return { ...call, fromRound: call.round + 1, heldUntilMs: nowMs + holdMs };
}

/** Hours, clocks and who is on change without a word: it is looked at again after this long at the latest. */
const LOOK_AGAIN_MS = 60_000;

export function stepCall(before: Call, facts: CallFacts, nowMs: number): CallStep {
  const { dueMs, ...step } = stepped(before, facts, nowMs);
  if (dueMs === undefined) return { ...step, dueMs };
  return { ...step, dueMs: Math.min(dueMs, nowMs + LOOK_AGAIN_MS) };
}

function stepped(before: Call, facts: CallFacts, nowMs: number): CallStep {
  if (!facts.isOwed) return { call: before, rings: [], dueMs: undefined };
  const known = renewed(inTime(before, nowMs), facts, nowMs);
  if (facts.quietUntilMs !== undefined && facts.priority !== 'high')
    // After quiet hours everybody is called anew, and not all tiers at once.
    return waiting({ ...known, tiers: [], sinceMs: facts.quietUntilMs }, facts.quietUntilMs);
  const { heldUntilMs, ...free } = known;
  if (heldUntilMs !== undefined && nowMs < heldUntilMs) return waiting(known, heldUntilMs);
  // Quiet hours may end before they were to: the clocks were changed, or the policy.
  return climbed({ ...free, sinceMs: Math.min(free.sinceMs, nowMs) }, facts, nowMs);
}

const waiting = (call: Call, dueMs: number): CallStep => ({ call, rings: [], dueMs });

/** A clock that was set back takes all times of the call with it: nobody waits for it to come round again. */
function inTime(call: Call, nowMs: number): Call {
  const byMs = nowMs - call.lookedMs;
  if (byMs >= 0) return { ...call, lookedMs: nowMs };
  const { heldUntilMs, tiers } = call;
  return {
    ...call,
    sinceMs: call.sinceMs + byMs,
    tiers: tiers.map(({ startedMs, rangMs, times }) => ({
      ...{ startedMs: startedMs + byMs, rangMs: rangMs + byMs, times },
    })),
    ...(heldUntilMs !== undefined && { heldUntilMs: heldUntilMs + byMs }),
    lookedMs: nowMs,
  };
}

/** More urgent, by another policy, or by the ladder of other hours: from the first tier on. */
function renewed(call: Call, { priority, version, hours }: CallFacts, nowMs: number): Call {
  const isSame = call.priority === priority && call.version === version && call.hours === hours;
  if (isSame) return call;
  const { heldUntilMs: _, ...rest } = call;
  const anew = { fromRound: call.round + 1, tiers: [], sinceMs: nowMs };
  return { ...rest, ...{ priority, version, hours }, ...anew };
}

function climbed(call: Call, facts: CallFacts, nowMs: number): CallStep {
  const { priority } = facts;
  const rings: Ring[] = [];
  const tiers: TierCalled[] = [];
  let round = call.round;
  let dueMs = Number.POSITIVE_INFINITY;
  let startMs = call.sinceMs;
  for (const [at, tier] of facts.tiers.entries()) {
    const isLast = at === facts.tiers.length - 1;
    const known = call.tiers[at];
    const startedMs = known?.startedMs ?? startMs + tier.afterSeconds[priority] * 1000;
    if (known === undefined && startedMs > nowMs) {
      dueMs = Math.min(dueMs, startedMs);
      break;
    }
    const repeatMs = tier.repeatSeconds[priority] * 1000;
    const isOver = known !== undefined && !isLast && known.times >= tier.rounds;
    const isDue = known === undefined || (!isOver && known.rangMs + repeatMs <= nowMs);
    if (isDue) {
      round += 1;
      rings.push({ tier: at, round });
    }
    const again = { startedMs, rangMs: nowMs, times: (known?.times ?? 0) + 1 };
    const called = known === undefined || isDue ? again : known;
    tiers.push(called);
    if (isLast || called.times < tier.rounds) dueMs = Math.min(dueMs, called.rangMs + repeatMs);
    // Nobody can be reached: whoever comes next is not waited for.
    startMs = facts.unreached.has(at) ? nowMs - waitOf(facts, at + 1) : startedMs;
  }
  return { call: { ...call, round, tiers }, rings, dueMs };
}

/** How long a tier would be waited for. */
function waitOf({ tiers, priority }: CallFacts, at: number): number {
  return (tiers[at]?.afterSeconds[priority] ?? 0) * 1000;
}
