/** What a step of a detector makes of its episode, of the composites it is part of, and what is told. */
import { type AlarmPriority, priorityRank } from '@ausculta/vitals/alarm';
import { expect } from '@ausculta/vitals/expect';
import { onPart } from '../detectors/composite.ts';
import { priorityOfScore } from '../detectors/score.ts';
import { foldEpisode } from '../episode.ts';
import type { LimitTransition } from '../limit.ts';
import { type Bedside, catchUp, type Watch, wait } from './bedside.ts';
import type { Told } from './monitor-input.ts';
import { explainRunning, onClock, type Stepped, stepped } from './running.ts';

export interface Now {
  readonly nowMs: number;
  readonly because?: Told['because'];
  readonly isDoubted?: true | undefined;
}

/** One turn: the patient's bedside, the moment, and what it has brought so far. */
export interface Turn {
  readonly bedside: Bedside;
  readonly now: Now;
  /** Whose episode is to be looked at when the turn is over: one reading is one call. */
  readonly touched: Watch[];
  readonly passed: { readonly watch: Watch; readonly sinceMs: number }[];
}

/** What is done in `body` is told as one. */
export function inTurn(
  bedside: Bedside,
  { now, told }: { readonly now: Now; readonly told: Told[] },
  body: (turn: Turn) => void,
): void {
  const turn: Turn = { bedside, now, touched: [], passed: [] };
  body(turn);
  for (const one of mostUrgent(turn.passed)) {
    const { watch, sinceMs } = one;
    tell(told, now, watch, { kind: 'passed', priority: watch.planned.rule.priority, sinceMs });
  }
  for (const watch of turn.touched) fold(told, now, watch);
}

export function apply(turn: Turn, watch: Watch, { running, transition }: Stepped): void {
  const before = watch.running.state;
  watch.running = running;
  const after = running.state;
  if (after === before && transition === undefined) return;
  wait(turn.bedside, watch);
  if (after.phase === 'quiet' && before.phase === 'quiet' && transition === undefined) return;
  if (transition?.kind === 'passed') turn.passed.push({ watch, sinceMs: transition.sinceMs });
  turn.touched.push(watch);
  const kind = transition?.kind ?? (before.phase === 'raised' ? endOf(after.phase) : undefined);
  if (kind !== undefined) feedComposites(turn, watch, { kind, atMs: transition?.atMs });
}

function endOf(phase: string): 'ended' | undefined {
  return phase === 'raised' ? undefined : 'ended';
}

/** One of each alarm and beginning. Only what is late and not critical stays silent (safety S5). */
function mostUrgent(passed: Turn['passed']): Turn['passed'] {
  const byAlarm = new Map<string, Turn['passed'][number]>();
  for (const one of passed) {
    const { priority } = one.watch.planned.rule;
    if (priority === 'low') continue;
    const key = `${one.watch.episode.key}@${one.sinceMs}`;
    const other = byAlarm.get(key)?.watch.planned.rule.priority;
    if (other === undefined || priorityRank(priority) < priorityRank(other)) byAlarm.set(key, one);
  }
  return [...byAlarm.values()];
}

function fold(told: Told[], now: Now, watch: Watch): void {
  const { episode: hold } = watch;
  const members = hold.watches.map((one) => {
    const { running, planned } = one;
    const ofScore =
      running.kind === 'score' ? priorityOfScore(running.state, running.settings) : undefined;
    const priority = ofScore ?? planned.rule.priority;
    return { seriesId: 0, priority, state: running.state, watch: one };
  });
  const before = hold.episode;
  const { episode, transition: kind } = foldEpisode(before, members);
  hold.episode = episode;
  if (kind === undefined) return;
  if (kind === 'ended') {
    const { priority, sinceMs } = before;
    tell(told, now, watch, { kind, priority, sinceMs });
    return;
  }
  const { priority, sinceMs } = episode;
  const by = members.find((one) => one.state.phase === 'raised' && one.priority === priority);
  tell(told, now, by?.watch ?? watch, { kind, priority, sinceMs });
}

function tell(
  told: Told[],
  now: Now,
  { planned: { rule }, episode: { alarm }, running }: Watch,
  what: { readonly kind: Told['kind']; readonly priority: AlarmPriority; readonly sinceMs: number },
): void {
  if (rule.role === 'part') return;
  const { nowMs, because, isDoubted } = now;
  const isOfNow = what.kind === 'raised' || what.kind === 'risen';
  told.push({
    ...what,
    alarm,
    rule: rule.key,
    atMs: nowMs,
    evidence: isOfNow ? explainRunning(running, nowMs).evidence : [],
    ...(rule.role === 'shadow' && { isShadow: true as const }),
    ...(isDoubted === true && { isDoubted }),
    ...(because !== undefined && what.kind === 'ended' && { because }),
  });
}

/** A part goes on while it is raised on any series. */
export function feedComposites(
  turn: Turn,
  { planned: { rule } }: Watch,
  what: { readonly kind: LimitTransition['kind']; readonly atMs: number | undefined },
): void {
  const { bedside, now } = turn;
  const all = [...bedside.watches.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  const isRaised = all.some(
    ({ planned, running }) => planned.rule.key === rule.key && running.state.phase === 'raised',
  );
  if (what.kind === 'ended' && isRaised) return;
  const { nowMs } = now;
  const change = { part: rule.key, kind: what.kind, atMs: what.atMs ?? nowMs, nowMs };
  for (const watch of all) {
    if (watch.running.kind !== 'composite') continue;
    const step = onPart(watch.running.state, change, watch.running.settings);
    apply(turn, watch, stepped(watch.running, step));
  }
}

/** The earliest first; of several at once in the order of their names, which a restart knows as well. */
export function fireDue(bedside: Bedside, nowMs: number, told: Told[]): void {
  while (bedside.nextDueMs <= nowMs) {
    const atMs = bedside.nextDueMs;
    const due = [...bedside.dues].filter(([, one]) => one === atMs).map(([watch]) => watch);
    due.sort((one, other) => (one.id < other.id ? -1 : 1));
    catchUp(bedside);
    // What was due before its reading was received is told at that receipt, and no sooner.
    const now = { nowMs: Math.max(atMs, bedside.heldMs) };
    inTurn(bedside, { now, told }, (turn) => {
      for (const watch of due) apply(turn, watch, onClock(watch.running, atMs));
    });
    expect(bedside.nextDueMs > atMs, 'what was due is done');
  }
}
