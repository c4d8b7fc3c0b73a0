/** What was told, as alarms with a beginning and an end. Rules that only try out have none. */
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import { expect } from '@ausculta/vitals/expect';
import { localTime, type ZoneOffsets } from '../detectors/zone.ts';
import type { Told } from '../protocol/monitor-input.ts';
import { inParts, type Steps } from './steps.ts';

export interface AlarmSpan {
  readonly alarm: string;
  readonly rule: string;
  /** The highest that it reached. */
  readonly priority: AlarmPriority;
  /** When it began to call: the delay is over. */
  readonly raisedMs: number;
  /** Infinity while it goes on. */
  readonly endedMs: number;
}

/** As many as take some milliseconds. */
const AT_ONCE = 2_000;

export function* alarmSpans(told: readonly Told[]): Steps<readonly AlarmSpan[]> {
  const open = new Map<string, number>();
  const spans: AlarmSpan[] = [];
  yield* inParts(told, AT_ONCE, ({ kind, alarm, rule, priority, atMs, isShadow }) => {
    if (isShadow === true) return;
    const index = open.get(alarm);
    const span = index === undefined ? undefined : spans[index];
    if (kind === 'raised' || kind === 'passed') {
      if (kind === 'raised') open.set(alarm, spans.length);
      const endedMs = kind === 'raised' ? Number.POSITIVE_INFINITY : atMs;
      spans.push({ alarm, rule, priority, raisedMs: atMs, endedMs });
    } else if (index !== undefined && span !== undefined) {
      spans[index] = kind === 'risen' ? { ...span, priority } : { ...span, endedMs: atMs };
      if (kind === 'ended') open.delete(alarm);
    }
  });
  return spans;
}

export type ByPriority = Readonly<Record<AlarmPriority, number>>;

export interface Tally {
  readonly total: number;
  readonly byPriority: ByPriority;
  /** By the local hour of the day in which they were raised: 24 numbers. */
  readonly byHour: readonly ByPriority[];
}

const HOURS = 24;
const MINUTES_PER_HOUR = 60;

/** Of those that were raised within the span; what is before is there to begin with. */
export function* tally(
  spans: readonly AlarmSpan[],
  {
    fromMs,
    untilMs,
    zone,
  }: { readonly fromMs: number; readonly untilMs: number; readonly zone: ZoneOffsets },
): Steps<Tally> {
  const byHour = Array.from({ length: HOURS }, () => ({ ...NONE }));
  let total = 0;
  yield* inParts(spans, AT_ONCE, ({ raisedMs, priority }) => {
    if (raisedMs < fromMs || raisedMs >= untilMs) return;
    const counts = byHour[Math.floor(localTime(zone, raisedMs).minute / MINUTES_PER_HOUR)];
    expect(counts !== undefined, 'a clock shows an hour of the day');
    counts[priority] += 1;
    total += 1;
  });
  return { total, byPriority: added(byHour), byHour };
}

/** Of several patients. */
export function summed(tallies: readonly Tally[]): Tally {
  return {
    total: tallies.reduce((sum, one) => sum + one.total, 0),
    byPriority: added(tallies.map(({ byPriority }) => byPriority)),
    byHour: Array.from({ length: HOURS }, (_, hour) =>
      added(tallies.map(({ byHour }) => byHour[hour] ?? NONE)),
    ),
  };
}

const NONE: ByPriority = { high: 0, medium: 0, low: 0 };

function added(counts: readonly ByPriority[]): ByPriority {
  const of = (priority: AlarmPriority): number =>
    counts.reduce((sum, one) => sum + one[priority], 0);
  return { high: of('high'), medium: of('medium'), low: of('low') };
}
