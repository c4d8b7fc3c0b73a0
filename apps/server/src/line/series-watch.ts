/**
 * What is remembered of a series between two readings. While all its rules are quiet that is one
 * small record, changed in place; the rules have states of their own from the first reading on that one
 * of them has to look at, and most of a hospital's series never have such a reading.
 */
import type { AlarmRule } from '@ausculta/rules/alarm-rule';
import { isCalm, quietAfter } from '@ausculta/rules/calm';
import type { Episode } from '@ausculta/rules/episode';
import { type FlowState, isSettled, NO_FLOW, onFlow } from '@ausculta/rules/flow';
import { type LimitSettings, type LimitState, QUIET } from '@ausculta/rules/limit';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Arrival } from './consume.ts';
import type { Series } from './entry.ts';
import type { Judgement } from './judgements.ts';
import type { PlannedWatch } from './planned.ts';

/** One rule on one series. */
export interface Watch {
  readonly series: Series;
  readonly rule: AlarmRule;
  /** Undefined for the watch over the plausible range, which has nothing to set. */
  readonly settings: LimitSettings | undefined;
  readonly episode: EpisodeWatch;
  state: LimitState;
  openingValue: number;
}

/** All watches of one (subject, vital, direction), or over the plausible range of one (subject, vital). */
export interface EpisodeWatch {
  readonly key: string;
  watches: readonly Watch[];
  episode: Episode;
  extremeValue: number;
}

/** What a device has said last of its electrodes, and when they came off or on. */
export interface LeadsState {
  readonly isOff: boolean;
  readonly atMs: number;
}

/** All that is watched of one subject. */
export interface SubjectWatch {
  readonly id: SubjectId;
  series: readonly SeriesWatch[];
  episodes: readonly EpisodeWatch[];
  /** By device; only of those that have ever said. */
  leads: ReadonlyMap<string, LeadsState>;
  /** What watches beside the line, for whoever has been given one. */
  plan: PlannedWatch | undefined;
  /** Whether anything has changed since the last snapshot. */
  isTouched: boolean;
  /** The snapshot that still waits for the state of before the next change. */
  moment: { readonly stateOf: (subject: SubjectWatch) => unknown } | undefined;
}

/** A flow as it is kept: of a waveform, which has no rules to remember it, with its last moment. */
export interface KeptFlow extends FlowState {
  readonly lastAtMs?: number;
}

/** A reading as the rules remember it. */
export interface Seen {
  readonly atMs: number;
  readonly value: number;
  readonly flags: number;
}

export const episodeNamed = (subject: SubjectWatch, key: string): EpisodeWatch | undefined =>
  subject.episodes.find((held) => held.key === key);

/** What a device has said of its electrodes; undefined when it has said nothing any more. */
export function setLeads(
  subject: SubjectWatch,
  device: string,
  said: LeadsState | undefined,
): void {
  const leads = new Map(subject.leads);
  if (said === undefined) leads.delete(device);
  else leads.set(device, said);
  subject.leads = leads;
}

export interface SeriesWatch {
  readonly series: Series;
  readonly subject: SubjectWatch;
  readonly judged: Judgement;
  /** One for each rule, or none yet: then all are quiet, and have seen the newest reading alone. */
  watches: readonly Watch[];
  /** Every rule is quiet. */
  isQuiet: boolean;
  /** The record has gone on calmly, and the rules' states have not followed yet. */
  isAhead: boolean;
  /** The newest reading, placed as the rules place it. */
  lastAtMs: number;
  lastValue: number;
  lastFlags: number;
  /** How steadily it sends; not of single measurements. */
  flow: FlowState;
  /** A reading that comes within this time of the last changes nothing of the flow. */
  flowsWithinMs: number;
}

const NO_WATCHES: readonly Watch[] = [];

export function startSeriesWatch(
  series: Series,
  subject: SubjectWatch,
  has: { judged: Judgement; flow: KeptFlow; calmly: Seen | undefined },
): SeriesWatch {
  const { judged, flow, calmly } = has;
  const watch: SeriesWatch = {
    series,
    subject,
    judged,
    watches: NO_WATCHES,
    isQuiet: true,
    isAhead: calmly !== undefined,
    lastAtMs: calmly?.atMs ?? flow.lastAtMs ?? Number.NEGATIVE_INFINITY,
    lastValue: calmly?.value ?? 0,
    lastFlags: calmly?.flags ?? 0,
    flow: { run: flow.run, paceMs: flow.paceMs, silentAfterMs: flow.silentAfterMs },
    flowsWithinMs: flowsWithinMs(series, flow),
  };
  // No longer than it has to be, unlike an array that is pushed to.
  subject.series = subject.series.concat(watch);
  return watch;
}

/** Gives its rules states of their own, as `made` them. */
export function giveWatches(watch: SeriesWatch, made: readonly Watch[]): void {
  watch.watches = made;
  watch.isQuiet = areQuiet(made);
  for (const { state } of made) {
    watch.lastAtMs = Math.max(watch.lastAtMs, state.last?.atMs ?? Number.NEGATIVE_INFINITY);
  }
}

/** Whether its rules have no states of their own yet. */
export function isPlain({ watches, judged }: SeriesWatch): boolean {
  return watches.length < judged.rules.length;
}

/** Nothing is pending or raised, and no late breach waits for the next. */
export function areQuiet(watches: readonly Watch[]): boolean {
  return watches.every(({ state }) => state.phase === 'quiet' && state.late === undefined);
}

/** The time of a reading as the rules take it: one from the future is placed at its receipt. */
export function placedMs({
  timeMs,
  receivedMs,
}: {
  readonly timeMs: number;
  readonly receivedMs: number;
}): number {
  return Math.min(timeMs, receivedMs);
}

/** Waveforms come in runs of about a second, or in shorter ones. */
const RUN_INTERVAL_MS = 1_000;

function intervalOf({ metric: { cadence } }: Series): number | undefined {
  if (cadence.kind === 'waveform') return RUN_INTERVAL_MS;
  return cadence.kind === 'continuous' ? cadence.intervalMs : undefined;
}

function flowsWithinMs(series: Series, flow: FlowState): number {
  const intervalMs = intervalOf(series);
  if (intervalMs === undefined) return Number.POSITIVE_INFINITY;
  return isSettled(flow, intervalMs) ? flow.silentAfterMs : Number.NEGATIVE_INFINITY;
}

/** As if nothing had come yet. */
export function forgetLast(watch: SeriesWatch): void {
  watch.isQuiet = true;
  watch.isAhead = false;
  watch.lastAtMs = Number.NEGATIVE_INFINITY;
  watch.flow = NO_FLOW;
  watch.flowsWithinMs = flowsWithinMs(watch.series, NO_FLOW);
}

/** Goes on from where another watch of the same device has come to: it is missed like that one. */
export function goOnFrom(watch: SeriesWatch, before: SeriesWatch): void {
  const last = before.watches[0]?.state.last ?? null;
  for (const each of watch.watches) each.state = { ...QUIET, last };
  watch.isQuiet = true;
  watch.isAhead = false;
  watch.lastAtMs = before.lastAtMs;
  watch.flow = before.flow;
  watch.flowsWithinMs = before.flowsWithinMs;
}

/**
 * Received before the last one was: our own clock has been set back, and what comes now is the newest.
 * Otherwise all of it would be late, and nobody silent, until the clock is where it had been.
 */
export function setBack(watch: SeriesWatch, nowMs: number): void {
  const atMost = (ms: number): number => Math.min(ms, nowMs);
  watch.lastAtMs = atMost(watch.lastAtMs);
  for (const each of watch.watches) {
    const { late: _, ...state } = each.state;
    const { sinceMs, raisedAtMs, withinAtMs, last } = state;
    each.state = {
      ...state,
      sinceMs: atMost(sinceMs),
      raisedAtMs: atMost(raisedAtMs),
      withinAtMs: atMost(withinAtMs),
      last: last === null ? null : { ...last, atMs: atMost(last.atMs) },
    };
  }
}

/** Notes a reading that did not pass calmly: how old the last one had become, and that this is the last. */
export function noteLast(
  watch: SeriesWatch,
  arrival: { readonly timeMs: number; readonly receivedMs: number },
): void {
  const atMs = placedMs(arrival);
  if (atMs < watch.lastAtMs) return;
  const intervalMs = intervalOf(watch.series);
  if (intervalMs !== undefined) {
    const ageMs = arrival.receivedMs - watch.lastAtMs;
    watch.flow = onFlow(watch.flow, {
      ageMs: Number.isFinite(ageMs) ? ageMs : undefined,
      intervalMs,
    });
    watch.flowsWithinMs = flowsWithinMs(watch.series, watch.flow);
  }
  watch.lastAtMs = atMs;
}

/** True when the reading changes nothing but what was seen last and its flow; then it has been noted. */
export function passCalmly(watch: SeriesWatch, arrival: Arrival): boolean {
  const { value, flags } = arrival.reading;
  const atMs = placedMs(arrival);
  if (!watch.isQuiet || atMs < watch.lastAtMs || !isCalm(watch.judged.calm, value, flags))
    return false;
  if (arrival.receivedMs - watch.lastAtMs > watch.flowsWithinMs) noteLast(watch, arrival);
  watch.lastAtMs = atMs;
  watch.lastValue = value;
  watch.lastFlags = flags;
  watch.isAhead = true;
  return true;
}

/** Gives the rules the states that they would have, had each been asked at every reading. */
export function catchUp(watch: SeriesWatch): void {
  if (!watch.isAhead) return;
  const { lastAtMs: atMs, lastValue: value, lastFlags: flags } = watch;
  const state = quietAfter({ atMs, value, flags });
  for (const each of watch.watches) each.state = state;
  watch.isAhead = false;
}
