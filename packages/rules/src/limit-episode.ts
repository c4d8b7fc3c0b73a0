/**
 * One breach seen by two devices is one episode: the fold of a rule over all series of a vital. An
 * episode opens with the first series that is in breach beyond the delay and ends with the last.
 */
import {
  afterReading,
  type Breach,
  isBreach,
  type LimitInput,
  type LimitRule,
  type LimitState,
  NEVER_BREACHED,
} from './limit.ts';

/** Of one rule of one subject. Plain, so that it can be kept with the checkpoint. */
export interface EpisodeState {
  readonly series: Readonly<Record<string, LimitState>>;
  /** The breach that opened the episode; undefined while there is none. */
  readonly open: Breach | undefined;
}

export const NO_EPISODE: EpisodeState = { series: {}, open: undefined };

export type EpisodeChange =
  | { readonly kind: 'raised'; readonly breach: Breach }
  /** Still present, further beyond the limit than before. */
  | { readonly kind: 'worsened'; readonly breach: Breach }
  | { readonly kind: 'ended'; readonly breach: Breach; readonly endedMs: number };

export interface EpisodeStep {
  readonly state: EpisodeState;
  readonly change: EpisodeChange | undefined;
}

export function foldReading(
  state: EpisodeState,
  reading: LimitInput & { readonly seriesId: number },
  rule: LimitRule,
): EpisodeStep {
  const known = state.series[reading.seriesId];
  const before = known ?? NEVER_BREACHED;
  const after = afterReading(before, reading, rule);
  // The common case, and the hot one: inside before, inside after. Nothing is worth remembering.
  if (after.phase === 'inside' && before.phase === 'inside') {
    return known === undefined
      ? { state, change: undefined }
      : { state: withSeries(state, reading.seriesId, after), change: undefined };
  }
  if (after === before) return { state, change: undefined };
  const next = withSeries(state, reading.seriesId, after);
  if (state.open === undefined) {
    if (after.phase !== 'present') return { state: next, change: undefined };
    const open = after.breach;
    return { state: { ...next, open }, change: { kind: 'raised', breach: open } };
  }
  return whileOpen(next, { open: state.open, after, reading, rule });
}

function whileOpen(
  next: EpisodeState,
  step: { open: Breach; after: LimitState; reading: LimitInput; rule: LimitRule },
): EpisodeStep {
  const { open, after, reading, rule } = step;
  const isPresent = Object.values(next.series).some((series) => series.phase === 'present');
  if (!isPresent) {
    const change = { kind: 'ended', breach: open, endedMs: reading.timeMs } as const;
    return { state: { series: pendingOnly(next.series), open: undefined }, change };
  }
  if (after.phase !== 'present' || !isFurther(after.breach, open, rule)) {
    return { state: next, change: undefined };
  }
  const breach = { ...open, extremeValue: after.breach.extremeValue };
  return { state: { ...next, open: breach }, change: { kind: 'worsened', breach } };
}

function isFurther(candidate: Breach, open: Breach, rule: LimitRule): boolean {
  return rule.direction === 'high'
    ? candidate.extremeValue > open.extremeValue
    : candidate.extremeValue < open.extremeValue;
}

function pendingOnly(series: EpisodeState['series']): EpisodeState['series'] {
  return Object.fromEntries(Object.entries(series).filter(([, state]) => state.phase === 'pending'));
}

/** Series that are inside for good need no place: only breaches are remembered, and what ended them. */
function withSeries(state: EpisodeState, seriesId: number, after: LimitState): EpisodeState {
  if (after.phase === 'inside' && state.open === undefined) {
    const { [seriesId]: _, ...series } = state.series;
    return { ...state, series };
  }
  return { ...state, series: { ...state.series, [seriesId]: after } };
}

/**
 * A reading that arrives out of order never moves a delay, but a critical one still calls (S5): it is
 * an episode of its own that opened and ended at that time, "happened then, now unknown".
 */
export function lateFinding(reading: LimitInput, rule: LimitRule): Breach | undefined {
  if (rule.priority !== 'high' || rule.delayMs > LATE_CRITICAL_DELAY_MAX_MS) return undefined;
  if (!isBreach(reading, rule)) return undefined;
  const { stampMs: openingStampMs, timeMs: openedMs, value } = reading;
  return { openingStampMs, openedMs, openingValue: value, extremeValue: value };
}

/** A single late reading cannot show that a long delay was passed. */
const LATE_CRITICAL_DELAY_MAX_MS = 5_000;
