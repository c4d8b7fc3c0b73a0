/** Charts, windows, statistics and spells of one subject, beside the same by hand. */
import type { UnreadablePart } from '@ausculta/contract/readings';
import type { SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import type { SeriesRange, Span } from '../../apps/server/src/telemetry/merge.ts';
import { SeriesStatistics } from '../../apps/server/src/telemetry/series-statistics.ts';
import { findSpells, type SpellsAsked } from '../../apps/server/src/telemetry/spells.ts';
import { isSteadyDevice } from './fact-checks.ts';
import { VITALS } from './monitor.ts';
import { isAlmost } from './recounts.ts';
import type { Server } from './server-life.ts';
import type { World } from './world.ts';

interface Asked {
  readonly world: World;
  readonly server: Server;
  readonly subjectId: SubjectId;
  /** All that is read of them. */
  readonly ranges: readonly SeriesRange[];
  readonly span: Span;
}

interface Reading {
  readonly seriesId: number;
  readonly deviceId: string;
  readonly metric: string;
  readonly timeMs: number;
  readonly value: number;
}

export async function checkSearches(asked: Asked): Promise<void> {
  const inSpan = readingsOf(asked.ranges).filter(
    ({ timeMs }) => timeMs >= asked.span.fromMs && timeMs < asked.span.toMs,
  );
  await checkWindows(asked, inSpan);
  await checkSpells(asked, inSpan);
  if (Number.isSafeInteger(asked.span.toMs - asked.span.fromMs)) await checkTrend(asked);
}

function readingsOf(ranges: readonly SeriesRange[]): Reading[] {
  return ranges.flatMap(({ series, timesMs, values }) =>
    Array.from(timesMs, (timeMs, i) => ({
      seriesId: series.id,
      deviceId: series.deviceId,
      metric: series.metric.key,
      timeMs,
      value: values[i] as number,
    })),
  );
}

/** Every window, from either end, and the figures of all of them. */
async function checkWindows(asked: Asked, inSpan: readonly Reading[]): Promise<void> {
  const { world, server, subjectId, span } = asked;
  const wanted = namesOf(inSpan);
  for (const newestFirst of [false, true]) {
    const statistics = new SeriesStatistics(undefined);
    const unreadable: UnreadablePart[] = [];
    const question = { subjectId, metrics: [...VITALS], ...span, newestFirst, unreadable };
    const found: Reading[] = [];
    for await (const ranges of server.telemetry.windows(question)) {
      found.push(...readingsOf(ranges));
      statistics.add(ranges);
    }
    if (namesOf(found) !== wanted)
      world.violate(`windows hold ${found.length} readings, of ${inSpan.length}`);
    checkStatistics(world, statistics, inSpan);
  }
}

const namesOf = (readings: readonly Reading[]): string =>
  readings
    .map(({ seriesId, timeMs, value }) => `${seriesId} ${timeMs} ${value}`)
    .sort()
    .join('\n');

function checkStatistics(
  world: World,
  statistics: SeriesStatistics,
  inSpan: readonly Reading[],
): void {
  const groups = Map.groupBy(inSpan, ({ metric, deviceId }) => `${metric} ${deviceId}`);
  const answer = statistics.answer();
  if (answer.length !== groups.size) world.violate('statistics of another number of series');
  for (const { metric, device, figures } of answer) {
    const values = (groups.get(`${metric} ${device}`) ?? [])
      .map(({ value }) => value)
      .sort((a, b) => a - b);
    const count = values.length;
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const median = ((values[(count - 1) >> 1] as number) + (values[count >> 1] as number)) / 2;
    const isRight =
      figures?.count === count &&
      figures.min === values[0] &&
      figures.max === values.at(-1) &&
      isAlmost(figures.mean, mean) &&
      (count < 2 || isAlmost(figures.sd ?? Number.NaN, Math.sqrt(squares / (count - 1)))) &&
      isAlmost(figures.percentiles.find(({ percent }) => percent === 50)?.value ?? 0, median);
    if (!isRight) world.violate(`the statistics of ${metric} are not those of a recount`);
  }
}

const BOUND = 90;

/** "SpO2 below 90 for so long", by devices. */
async function checkSpells(
  { world, server, subjectId, span }: Asked,
  inSpan: readonly Reading[],
): Promise<void> {
  const metric = metricOf('spo2');
  const atLeastMs = world.chance.below(20_000);
  const gapMaxMs = 1_000 + world.chance.below(20_000);
  const question: SpellsAsked['question'] = {
    ...{ direction: 'below', bound: BOUND, atLeastMs, gapMaxMs, step: metric.resolution },
  };
  const windows = (wide: Parameters<Server['telemetry']['windows']>[0]) =>
    server.telemetry.windows(wide);
  const answer = await findSpells(
    { windows, isGone: () => false },
    { subjects: [subjectId], metric, question, ...span },
  );
  if (!answer.ok) return world.violate(`no answer to spells: ${answer.fault.code}`);
  const own = inSpan.filter((reading) => reading.metric === 'spo2');
  const byHand = [...Map.groupBy(own, ({ deviceId }) => deviceId)].flatMap(([device, readings]) =>
    spellsOf(readings, { atLeastMs, gapMaxMs }).map((spell) => `${device} ${spell}`),
  );
  const found = answer.value.spells.map((s) => `${s.device} ${s.fromMs}-${s.toMs} ${s.readings}`);
  if (found.sort().join() !== byHand.sort().join())
    world.violate(`spells ${found.join()}, and by hand ${byHand.join()}`);
}

function spellsOf(
  readings: readonly Reading[],
  { atLeastMs, gapMaxMs }: { atLeastMs: number; gapMaxMs: number },
): string[] {
  const sorted = readings.toSorted((a, b) => a.timeMs - b.timeMs);
  const isBeyond = (reading: Reading | undefined): boolean =>
    reading !== undefined && Math.round(reading.value) < BOUND;
  const isClose = (i: number): boolean => {
    const [before, after] = [sorted[i - 1], sorted[i]];
    return before !== undefined && after !== undefined && after.timeMs - before.timeMs <= gapMaxMs;
  };
  const spells: string[] = [];
  for (let i = 0; i < sorted.length; i += 1) {
    if (!isBeyond(sorted[i]) || (isBeyond(sorted[i - 1]) && isClose(i))) continue;
    let last = i;
    while (isBeyond(sorted[last + 1]) && isClose(last + 1)) last += 1;
    const fromMs = (sorted[i] as Reading).timeMs;
    const endedBy = isClose(last + 1) ? last + 1 : last;
    const untilMs = (sorted[endedBy] as Reading).timeMs;
    if (untilMs - fromMs >= atLeastMs) spells.push(`${fromMs}-${untilMs} ${last - i + 1}`);
  }
  return spells;
}

/** Bands that lie within what was asked for hold exactly what a recount finds. */
async function checkTrend({ world, server, subjectId, ranges, span }: Asked): Promise<void> {
  const points = world.chance.between(2, 12);
  const unreadable: UnreadablePart[] = [];
  const question = { subjectId, metrics: [...VITALS], points, unreadable, ...span };
  const lanes = await server.telemetry.trend(question);
  if (lanes === undefined) return world.violate('a chart of little is too wide');
  for (const lane of lanes) {
    if (!isSteadyDevice(world, lane.device)) continue;
    const all = readingsOf(ranges).filter(
      ({ deviceId, metric }) => deviceId === lane.device && metric === lane.metric,
    );
    const inSpan = all.filter(({ timeMs }) => timeMs >= span.fromMs && timeMs < span.toMs);
    if (lane.form === 'points') {
      const drawn = lane.timesMs.map((timeMs, i) => `${timeMs} ${lane.values[i]}`);
      const byHand = inSpan.map(({ timeMs, value }) => `${timeMs} ${value}`);
      if (drawn.join() !== byHand.join()) world.violate(`${lane.metric} is drawn by other points`);
      continue;
    }
    // Whole milliseconds are exact; fractions of them are counted from where the server counts.
    const isExact = Number.isInteger(lane.bandMs);
    const originMs = isExact ? (lane.timesMs[0] as number) : span.fromMs;
    const bandOf = (atMs: number): number => Math.floor((atMs - originMs) / lane.bandMs);
    const drawnBandOf = (atMs: number): number => Math.round((atMs - originMs) / lane.bandMs);
    const byHand = Map.groupBy(all, ({ timeMs }) => bandOf(timeMs));
    const isWhole = (fromMs: number): boolean =>
      fromMs >= span.fromMs && fromMs + lane.bandMs <= span.toMs;
    const drawn = new Map(lane.timesMs.map((fromMs, i) => [drawnBandOf(fromMs), i]));
    for (const [band, members] of byHand) {
      const fromMs = originMs + band * lane.bandMs;
      if (!isWhole(fromMs)) continue;
      const values = members.map(({ value }) => value);
      const i = drawn.get(band);
      const isRight =
        i !== undefined &&
        isAlmost(lane.lows[i] as number, Math.min(...values)) &&
        isAlmost(lane.highs[i] as number, Math.max(...values));
      if (!isRight) world.violate(`${lane.metric} is drawn by another band at ${fromMs}`);
    }
    const isEmpty = (fromMs: number): boolean =>
      isWhole(fromMs) && !byHand.has(drawnBandOf(fromMs));
    if (lane.timesMs.some(isEmpty)) world.violate(`${lane.metric} is drawn where nothing is`);
  }
}
