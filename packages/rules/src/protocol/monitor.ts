/**
 * One patient under a plan: inputs in the order of receipt, findings out. A fold: the same inputs give the
 * same findings, from a snapshot as from the beginning. What the clock alone brings about is told before
 * the first input that is received after that moment: readings of one message speak first.
 */
import type { Why } from '../detectors/detection.ts';
import { onDeviceWord, type Word } from '../detectors/device-condition.ts';
import { onAnswer, onHappening } from '../detectors/event.ts';
import { type Episode, NO_EPISODE } from '../episode.ts';
import type { LimitPhase, LimitState } from '../limit.ts';
import {
  allRecords,
  type Bedside,
  catchUp,
  newBedside,
  recordOf,
  type Watch,
  wait,
  watchAt,
  watchesOf,
} from './bedside.ts';
import type {
  Explained,
  Happened,
  Input,
  MonitorReading,
  MonitorSnapshot,
  Told,
} from './monitor-input.ts';
import type { Plan, PlannedRule } from './plan.ts';
import { followPlan } from './plan-change.ts';
import { explainRunning, onReading, restored, stepped } from './running.ts';
import { passCalmly, settleCalm } from './series-record.ts';
import { setBack } from './set-back.ts';
import { takeAway } from './taken-away.ts';
import { apply, fireDue, inTurn, type Now, type Turn } from './telling.ts';

/** The reading changed nothing but what was read last: no detector has looked at it. */
export const NOTHING_TOLD: readonly Told[] = [];

export class Monitor {
  readonly #bedside: Bedside;

  constructor(plan: Plan, startedAtMs: number) {
    this.#bedside = newBedside(plan, startedAtMs);
  }

  /**
   * Goes on as the one would that the snapshot was taken of, with the plan of that moment: another plan is
   * an input like any other.
   */
  static restore(plan: Plan, snapshot: MonitorSnapshot): Monitor {
    const monitor = new Monitor(plan, snapshot.heldMs);
    remember(monitor.#bedside, snapshot);
    return monitor;
  }

  take(input: Input): readonly Told[] {
    const bedside = this.#bedside;
    const nowMs = input.receivedAtMs;
    if (input.kind === 'reading' && nowMs < bedside.nextDueMs) {
      const record = bedside.series.get(input.device)?.get(input.metric);
      if (record !== undefined && passCalmly(record, input)) {
        if (nowMs > bedside.heldMs) bedside.heldMs = nowMs;
        return NOTHING_TOLD;
      }
    }
    const told: Told[] = [];
    if (nowMs < bedside.heldMs) setBack(bedside, nowMs);
    if (input.kind === 'clock') fireDue(bedside, nowMs, told);
    else if (nowMs > bedside.heldMs) fireDue(bedside, nowMs - 1, told);
    bedside.heldMs = Math.max(bedside.heldMs, nowMs);
    inTurn(bedside, { now: nowOf(input), told }, (turn) => takeOne(turn, input));
    return told;
  }

  get plan(): Plan {
    return this.#bedside.plan;
  }

  /** When the last of what it has taken was received. */
  get heldMs(): number {
    return this.#bedside.heldMs;
  }

  /** Nothing changes by the clock alone before this. */
  get nextDueMs(): number {
    return this.#bedside.nextDueMs;
  }

  /** How far the alarm of this name has come: of several detectors the furthest. */
  phaseOf(alarm: string): LimitPhase {
    const phases = this.#watchesOf(alarm).map(({ running }) => running.state.phase);
    if (phases.includes('raised')) return 'raised';
    return phases.includes('pending') ? 'pending' : 'quiet';
  }

  episodeOf(alarm: string): Episode {
    return this.#bedside.episodes.get(alarm)?.episode ?? NO_EPISODE;
  }

  /** The alarms that last until a person has answered. */
  latched(): readonly string[] {
    const { watches } = this.#bedside;
    return [...watches.values()].flatMap(({ running, planned, episode }) => {
      const isLatched = running.kind === 'happening' && running.settings.latching;
      const isTold = planned.rule.role === 'alarm' && running.state.phase === 'raised';
      return isLatched && isTold ? [episode.alarm] : [];
    });
  }

  #watchesOf(alarm: string): readonly Watch[] {
    return this.#bedside.episodes.get(alarm)?.watches ?? [];
  }

  /** What a limit has come to where it watches: "rule#device/metric". */
  limitAt(name: string): LimitState | undefined {
    const watch = this.#bedside.watches.get(name);
    return watch?.running.kind === 'limit' ? watch.running.state : undefined;
  }

  /** Limits that are broken, or about to be, by the names that `limitAt` knows. */
  *brokenLimits(): Iterable<{
    readonly name: string;
    readonly metric: string;
    readonly value: number;
  }> {
    for (const { id, record, running } of this.#bedside.watches.values()) {
      if (running.kind !== 'limit' || running.state.phase === 'quiet') continue;
      const value = running.state.last?.value;
      if (record !== undefined && value !== undefined)
        yield { name: id, metric: record.metric.key, value };
    }
  }

  /** Why a rule is, or is not, in alarm, at each place where it watches. */
  explain(ruleKey: string, nowMs: number): readonly Explained[] {
    const bedside = this.#bedside;
    catchUp(bedside);
    const { plan } = bedside;
    const planned = plan.rules.find(({ rule }) => rule.key === ruleKey);
    if (planned === undefined) {
      return [{ rule: ruleKey, place: '', why: plan.refusal ?? 'not-in-protocol', evidence: [] }];
    }
    const { origin, isOff } = planned;
    const nowhere = { rule: ruleKey, place: '', origin, evidence: [] };
    if (isOff) return [{ ...nowhere, why: 'switched-off' }];
    const watches = [...bedside.watches.values()].filter((one) => one.planned === planned);
    if (watches.length === 0) return [{ ...nowhere, why: whyNowhere(planned) }];
    return watches.map(({ place, running, record }) => {
      const explanation = explainRunning(running, nowMs);
      const isSilent =
        explanation.why === 'within-limit' &&
        record !== undefined &&
        record.freshMs > 0 &&
        nowMs - record.lastAtMs > record.freshMs;
      const why: Why = isSilent ? 'silent' : explanation.why;
      return { ...explanation, rule: ruleKey, place, origin, why };
    });
  }

  snapshot(): MonitorSnapshot {
    const bedside = this.#bedside;
    catchUp(bedside);
    const watches = [...bedside.watches.values()].map(({ id, running }) => {
      const { settings: _, ...kept } = running;
      return [id, kept] as const;
    });
    const episodes = [...bedside.episodes].map(([key, { episode }]) => [key, episode] as const);
    const series = [...allRecords(bedside)].map(
      ({ device, metric, lastAtMs: atMs, lastValue: value, lastFlags: flags }) => ({
        device,
        metric: metric.key,
        atMs: Number.isFinite(atMs) ? atMs : null,
        value,
        flags,
      }),
    );
    return {
      heldMs: bedside.heldMs,
      watches: Object.fromEntries(watches),
      episodes: Object.fromEntries(episodes),
      series,
    };
  }
}

/** What nothing has been read or heard of yet. */
function whyNowhere({ rule: { detector } }: PlannedRule): Why {
  return 'vital' in detector ? 'no-reading' : 'nothing-happened';
}

function remember(bedside: Bedside, snapshot: MonitorSnapshot): void {
  for (const { device, metric, atMs, value, flags } of snapshot.series) {
    const record = recordOf(bedside, device, metric);
    record.lastAtMs = atMs ?? Number.NEGATIVE_INFINITY;
    record.lastValue = value;
    record.lastFlags = flags;
  }
  for (const [id, kept] of Object.entries(snapshot.watches)) {
    const watch = bedside.watches.get(id) ?? watchOfDevice(bedside, id);
    if (watch === undefined) continue;
    watch.running = restored(watch.running, kept) ?? watch.running;
    wait(bedside, watch);
  }
  for (const [key, episode] of Object.entries(snapshot.episodes)) {
    const held = bedside.episodes.get(key);
    if (held !== undefined) held.episode = episode;
  }
}

/** Of a rule that the plan does not have any more there is nothing to go on with. */
function watchOfDevice(bedside: Bedside, id: string): Watch | undefined {
  const [ruleKey = '', place = ''] = id.split('#');
  const planned = bedside.plan.rules.find(({ rule }) => rule.key === ruleKey);
  return planned === undefined ? undefined : watchAt(bedside, planned, { place });
}

function nowOf(input: Input): Now {
  const { receivedAtMs: nowMs } = input;
  switch (input.kind) {
    case 'plan':
      return { nowMs, because: 'protocol-changed' };
    case 'answer':
      return { nowMs, because: 'answered' };
    case 'taken-away':
      return { nowMs, because: 'moved' };
    case 'event':
      return { nowMs, isDoubted: input.isDoubted };
    case 'reading':
    case 'connection':
    case 'clock':
      return { nowMs };
    default:
      return input satisfies never;
  }
}

function takeOne(turn: Turn, input: Input): void {
  switch (input.kind) {
    case 'reading':
      read(turn, input);
      break;
    case 'event':
      happen(turn, input);
      break;
    case 'connection': {
      const { device, isConnected, atMs, receivedAtMs } = input;
      const word = { isPresent: !isConnected, atMs, receivedAtMs };
      hear(turn, word, { condition: 'disconnected', device });
      break;
    }
    case 'answer':
      answer(turn, input.alarm);
      break;
    case 'plan':
      followPlan(turn, input.plan);
      break;
    case 'taken-away':
      takeAway(turn, input);
      break;
    case 'clock':
      break;
    default:
      input satisfies never;
  }
}

function read(turn: Turn, reading: MonitorReading): void {
  const { bedside } = turn;
  const record = recordOf(bedside, reading.device, reading.metric);
  catchUp(bedside);
  const watches = watchesOf(bedside, record);
  for (const watch of watches) apply(turn, watch, onReading(watch.running, reading));
  const running = watches.map((watch) => watch.running);
  settleCalm(record, reading, { running, all: allRecords(bedside) });
}

function happen(turn: Turn, input: Happened): void {
  const { bedside } = turn;
  const { what, device } = input;
  if (what === 'leads-off' || what === 'leads-on') {
    const { atMs, receivedAtMs } = input;
    const word = { isPresent: what === 'leads-off', atMs, receivedAtMs };
    hear(turn, word, { condition: 'leads-off', device });
  }
  for (const planned of bedside.plan.rules) {
    const { detector } = planned.rule;
    const isAsked =
      (detector.kind === 'event' && detector.event === what) ||
      (detector.kind === 'rhythm' && detector.finding === what);
    const watch = isAsked ? watchAt(bedside, planned, { place: device }) : undefined;
    if (watch?.running.kind !== 'happening') continue;
    const step = onHappening(watch.running.state, input, watch.running.settings);
    apply(turn, watch, stepped(watch.running, step));
  }
}

function hear(
  turn: Turn,
  word: Word,
  { condition, device }: { readonly condition: string; readonly device: string },
): void {
  const { bedside } = turn;
  for (const planned of bedside.plan.rules) {
    const { detector } = planned.rule;
    if (detector.kind !== 'device' || detector.condition !== condition) continue;
    const watch = watchAt(bedside, planned, { place: device });
    if (watch?.running.kind !== 'device') continue;
    const step = onDeviceWord(watch.running.state, word, watch.running.settings);
    apply(turn, watch, stepped(watch.running, step));
  }
}

function answer(turn: Turn, alarm: string): void {
  for (const watch of turn.bedside.watches.values()) {
    const { running, episode } = watch;
    if (running.kind !== 'happening' || episode.alarm !== alarm) continue;
    const step = onAnswer(running.state, turn.now.nowMs);
    apply(turn, watch, stepped(running, step));
  }
}
