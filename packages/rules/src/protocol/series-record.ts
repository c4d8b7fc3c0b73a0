/**
 * What is remembered of a series between two readings. While nothing that a reading could change would
 * change, that is one small record, updated in place; the detectors follow when one of them has to look.
 */
import type { Metric } from '@ausculta/vitals/metric';
import { calmRange, quietAfter } from '../calm.ts';
import type { Seen } from '../detectors/detection.ts';
import { isJudged } from '../detectors/score.ts';
import { scoreSources } from '../detectors/score-sources.ts';
import type { LimitSettings } from '../limit.ts';
import type { MonitorReading } from './monitor-input.ts';
import type { Running } from './running.ts';
import { cellOf } from './score-cells.ts';

export interface SeriesRecord {
  readonly device: string;
  readonly metric: Metric;
  /** After such a silence it does not count as sending; without a cadence it never does. */
  readonly freshMs: number;
  lastAtMs: number;
  lastValue: number;
  lastFlags: number;
  /** The record has gone on calmly, and the detectors have not followed yet. */
  isAhead: boolean;
  /** Between these counts of steps nothing would change. */
  isCalm: boolean;
  calmLow: number;
  calmHigh: number;
  /** The source that a score takes before this one, while it sends. */
  better: SeriesRecord | undefined;
}

const MISSED_INTERVALS = 3;
const JITTER_MS = 2_000;

export function startSeries(device: string, metric: Metric): SeriesRecord {
  const { cadence } = metric;
  return {
    device,
    metric,
    freshMs: cadence.kind === 'continuous' ? MISSED_INTERVALS * cadence.intervalMs + JITTER_MS : -1,
    lastAtMs: Number.NEGATIVE_INFINITY,
    lastValue: 0,
    lastFlags: 0,
    isAhead: false,
    isCalm: false,
    calmLow: 0,
    calmHigh: 0,
    better: undefined,
  };
}

export function placeOf({ device, metric }: Pick<SeriesRecord, 'device' | 'metric'>): string {
  return `${device}/${metric.key}`;
}

/** True when the reading changes nothing but what was read last; then it has been noted. */
export function passCalmly(record: SeriesRecord, reading: MonitorReading): boolean {
  if (!record.isCalm || reading.flags !== 0) return false;
  const { value, receivedAtMs } = reading;
  const atMs = Math.min(reading.atMs, receivedAtMs);
  const agedMs = receivedAtMs - record.lastAtMs;
  if (atMs < record.lastAtMs || agedMs > record.freshMs) return false;
  const steps = Math.round(value / record.metric.resolution);
  if (steps < record.calmLow || steps > record.calmHigh) return false;
  const { better } = record;
  if (better !== undefined && !isSending(better, receivedAtMs)) return false;
  record.lastAtMs = atMs;
  record.lastValue = value;
  record.isAhead = true;
  return true;
}

function isSending({ lastAtMs, lastFlags, freshMs }: SeriesRecord, nowMs: number): boolean {
  return lastFlags === 0 && nowMs - lastAtMs <= freshMs;
}

/** After its detectors have seen a reading: between which values the next ones need not be shown to them. */
export function settleCalm(
  record: SeriesRecord,
  reading: MonitorReading,
  { running, all }: { readonly running: readonly Running[]; readonly all: Iterable<SeriesRecord> },
): void {
  const atMs = Math.min(reading.atMs, reading.receivedAtMs);
  // A late one may have left a detector waiting for what comes next.
  record.isCalm = false;
  if (atMs < record.lastAtMs) return;
  record.lastAtMs = atMs;
  record.lastValue = reading.value;
  record.lastFlags = reading.flags;
  const rivals = rivalsOf(record, { running, all });
  const rank = record.metric.sourceRank;
  const isOwn = rivals.every((one) => one.metric.sourceRank !== rank);
  record.better = rivals
    .filter((one) => one.metric.sourceRank < rank)
    .sort((one, other) => one.metric.sourceRank - other.metric.sourceRank)[0];
  record.isCalm = isOwn && reading.flags === 0 && record.freshMs > 0 && running.every(isAtRest);
  if (record.isCalm) setRange(record, running);
}

/** Other series that a score could take for the same part. */
function rivalsOf(
  record: SeriesRecord,
  { running, all }: { readonly running: readonly Running[]; readonly all: Iterable<SeriesRecord> },
): readonly SeriesRecord[] {
  const isScored = running.some(
    (one) => one.kind === 'score' && scoreSources(one.settings.score).has(record.metric.key),
  );
  if (!isScored) return [];
  return [...all].filter((one) => one !== record && one.metric.vital === record.metric.vital);
}

/** What is at rest stays as it is while values stay within the range. */
function isAtRest(one: Running): boolean {
  switch (one.kind) {
    case 'limit':
      return one.state.phase === 'quiet' && one.state.late === undefined;
    case 'device':
      return one.state.phase === 'quiet';
    case 'score':
      return true;
    case 'rate':
    case 'trend':
    case 'baseline':
    case 'overdue':
    case 'happening':
    case 'composite':
      return false;
    default:
      return one satisfies never;
  }
}

function setRange(record: SeriesRecord, running: readonly Running[]): void {
  const { resolution: step, key } = record.metric;
  const limits: LimitSettings[] = running.flatMap((one) =>
    one.kind === 'limit' ? [one.settings] : [],
  );
  let { lowest, highest } = calmRange(limits, step);
  for (const one of running) {
    if (one.kind !== 'score' || record.better !== undefined || !isJudged(one.settings)) continue;
    const source = scoreSources(one.settings.score).get(key);
    if (source === undefined) continue;
    const { score: kind, spo2Scale: scale } = one.settings;
    const cell = cellOf(Math.round(record.lastValue / step), { kind, scale, source, step });
    lowest = Math.max(lowest, cell.low);
    highest = Math.min(highest, cell.high);
  }
  record.calmLow = lowest;
  record.calmHigh = highest;
}

/** The state that a detector would have, had it been shown all that has passed calmly on these series. */
export function caughtUp(one: Running, records: readonly SeriesRecord[]): Running {
  const [first] = records;
  if (first === undefined) return one;
  switch (one.kind) {
    case 'limit':
      return { ...one, state: quietAfter(lastOf(first)) };
    case 'device':
      return { ...one, state: { ...one.state, saidAtMs: first.lastAtMs } };
    case 'score': {
      const seen = { ...one.state.seen };
      for (const record of records)
        if (scoreSources(one.settings.score).has(record.metric.key))
          seen[record.metric.key] = lastOf(record);
      return { ...one, state: { ...one.state, seen } };
    }
    case 'rate':
    case 'trend':
    case 'baseline':
    case 'overdue':
    case 'happening':
    case 'composite':
      return one;
    default:
      return one satisfies never;
  }
}

function lastOf({ lastAtMs: atMs, lastValue: value, lastFlags: flags }: SeriesRecord): Seen {
  return { atMs, value, flags };
}
