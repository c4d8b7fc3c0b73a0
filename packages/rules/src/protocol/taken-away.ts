/**
 * What a device measured turns out to be somebody else's: detectors that rest on it begin anew, and what
 * they had raised ends, for nobody has an alarm by what was another's. Of a trend the other days stay: one
 * stranger on the scale does not take a month of weights away.
 */
import type { ScoreState } from '../detectors/score.ts';
import { NO_TREND, type TrendState } from '../detectors/trend.ts';
import { allRecords, type Bedside, catchUp, type Watch, wait } from './bedside.ts';
import type { TakenAway } from './monitor-input.ts';
import { type Running, rejudged, start } from './running.ts';
import type { SeriesRecord } from './series-record.ts';
import { apply, feedComposites, type Turn } from './telling.ts';

export function takeAway(turn: Turn, taken: TakenAway): void {
  const { bedside } = turn;
  catchUp(bedside);
  const records = [...allRecords(bedside)].filter(
    ({ device, lastAtMs }) => device === taken.device && isWithin(taken, lastAtMs),
  );
  for (const watch of [...bedside.watches.values()]) {
    const { running } = watch;
    if (running.kind === 'score') {
      const seen = withoutTaken(running.state.seen, records);
      // Where nothing was taken away there is nothing to judge anew.
      if (seen === undefined) continue;
      const state = { ...running.state, seen };
      if (Object.keys(seen).length === 0) beginAnew(turn, watch, taken);
      else apply(turn, watch, rejudged({ ...running, state }, turn.now.nowMs));
    } else if (restsOn(watch, taken, records)) beginAnew(turn, watch, taken);
  }
  for (const record of records) {
    record.lastAtMs = Number.NEGATIVE_INFINITY;
    record.isCalm = false;
  }
}

function isWithin({ fromMs, untilMs }: TakenAway, atMs: number): boolean {
  return fromMs <= atMs && atMs < untilMs;
}

function restsOn(
  { running, record, place }: Watch,
  taken: TakenAway,
  records: readonly SeriesRecord[],
): boolean {
  if (running.kind === 'trend')
    return record?.device === taken.device && keptOf(running.state, taken) !== undefined;
  if (record !== undefined) return records.includes(record);
  const isOfDevice = running.kind === 'device' || running.kind === 'happening';
  return isOfDevice && place === taken.device && isWithin(taken, running.state.sinceMs);
}

function beginAnew(turn: Turn, watch: Watch, taken: TakenAway): void {
  const { bedside, now } = turn;
  const wasRaised = watch.running.state.phase === 'raised';
  watch.running = anew(bedside, watch, { taken, nowMs: now.nowMs });
  wait(bedside, watch);
  turn.touched.push(watch);
  if (wasRaised) feedComposites(turn, watch, { kind: 'ended', atMs: undefined });
}

function anew(
  { plan: { patient } }: Bedside,
  { planned, record, running }: Watch,
  { taken, nowMs }: { readonly taken: TakenAway; readonly nowMs: number },
): Running {
  const fresh = start(planned.rule.detector, { patient, metric: record?.metric, nowMs });
  if (fresh.kind !== 'trend' || running.kind !== 'trend') return fresh;
  return { ...fresh, state: { ...NO_TREND, days: keptOf(running.state, taken) ?? [] } };
}

/** The days without what was taken away; undefined where none of it is there. */
function keptOf({ days }: TrendState, taken: TakenAway): TrendState['days'] | undefined {
  const isKept = ({ atMs }: { readonly atMs: number }): boolean => !isWithin(taken, atMs);
  if (days.every(({ morning, later }) => morning.every(isKept) && later.every(isKept)))
    return undefined;
  return days
    .map((one) => ({
      ...one,
      morning: one.morning.filter(isKept),
      later: one.later.filter(isKept),
    }))
    .filter(({ morning, later }) => morning.length + later.length > 0);
}

function withoutTaken(
  seen: ScoreState['seen'],
  records: readonly SeriesRecord[],
): ScoreState['seen'] | undefined {
  const gone = records.filter(
    ({ metric, lastAtMs }) => seen[metric.key] !== undefined && seen[metric.key]?.atMs === lastAtMs,
  );
  if (gone.length === 0) return undefined;
  const keys = new Set(gone.map(({ metric }) => metric.key));
  return Object.fromEntries(Object.entries(seen).filter(([key]) => !keys.has(key)));
}
