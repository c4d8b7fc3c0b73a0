/**
 * What is summed up, drawn or searched for, beside a recount by hand: roll-ups beside their chunks,
 * charts, windows, statistics and spells beside the readings themselves.
 */

import type { SubjectId } from '@ausculta/vitals/identity';
import { sampleOffsetMs } from '@ausculta/vitals/waveform';
import { summaryContext } from '../../apps/server/src/telemetry/chunk-row.ts';
import { decodeSummary } from '../../apps/server/src/telemetry/chunk-summary.ts';
import { ALL_TIME, type SeriesRange, type Span } from '../../apps/server/src/telemetry/merge.ts';
import { type Amount, type Scale, unscaled } from '../../apps/server/src/telemetry/rollup.ts';
import { contentOf } from '../../apps/server/src/telemetry/sealed-chunks.ts';
import type { ChunkRow } from '../../apps/server/src/telemetry/store.ts';
import { joinRuns, withoutRepeats } from '../../apps/server/src/telemetry/waveform-head.ts';
import { checkSearches } from './searches.ts';
import type { Server } from './server-life.ts';
import type { World } from './world.ts';

/** Of two sums of the same numbers in another order. */
const ALMOST = 1e-9;

export const isAlmost = (a: number, b: number): boolean =>
  Math.abs(a - b) <= ALMOST * Math.max(1, Math.abs(a), Math.abs(b));

/** One subject of chance is asked for; every chunk that is new is counted. */
export async function checkRecounts(
  world: World,
  server: Server,
  all: ReadonlyMap<SubjectId, readonly SeriesRange[]>,
): Promise<void> {
  checkSummaries(world, server);
  const measured = [...all].filter(([, ranges]) => ranges.length > 0);
  if (measured.length === 0) return;
  const [subjectId, ranges] = world.chance.of(measured);
  await checkSearches({ world, server, subjectId, ranges, span: spanIn(world, ranges) });
}

/** Some span of what there is, more often than not a part of it. */
function spanIn({ chance }: World, ranges: readonly SeriesRange[]): Span {
  if (chance.happens(0.2)) return ALL_TIME;
  const times = ranges.flatMap(({ timesMs }) => [timesMs[0] as number, timesMs.at(-1) as number]);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const [a, b] = [chance.between(first - 1, last + 1), chance.between(first - 1, last + 1)];
  return { fromMs: Math.min(a, b), toMs: Math.max(a, b) + 1 };
}

interface Counted {
  readonly stampMs: number;
  readonly value: number;
  readonly flags: number;
}

const counted = new WeakSet<Uint8Array>();

function checkSummaries(world: World, server: Server): void {
  for (const row of world.database.tables.allChunks()) {
    if (row.summary === undefined || counted.has(row.summary)) continue;
    counted.add(row.summary);
    const wrong = faultOfSummary(server, row);
    const name = `${row.series_id}/${row.generation}/${row.first_ms}`;
    if (wrong !== undefined) world.violate(`beside chunk ${name} is said another ${wrong}`);
  }
}

function faultOfSummary({ vault, registry }: Server, row: ChunkRow): string | undefined {
  const { series_id: seriesId, generation, first_ms: firstMs, summary } = row;
  const seal = vault.sealOf(row.subject_id);
  const series = registry.seriesById(seriesId);
  if (seal === undefined || series === undefined || summary === undefined) return undefined;
  const content = contentOf(seal, series, row);
  const opened = seal.open(summary, summaryContext(seriesId, generation, firstMs));
  if (!content.ok || !opened.ok) return 'key';
  const all =
    content.value.kind === 'readings'
      ? lastOfEachStamp(content.value.columns)
      : samplesOf(content.value.runs);
  const decoded = decodeSummary(opened.value, Number.POSITIVE_INFINITY);
  if (decoded === undefined) return 'version';
  const { scale, totals } = decoded;
  const fault = faultOfAmount(unscaled(scale, totals), all);
  if (fault !== undefined) return fault;
  for (let { rollUp } = decoded; rollUp !== undefined; ) {
    const wrong = faultOfRollUp(rollUp, scale, all);
    if (wrong !== undefined) return `${wrong} by ${rollUp.levelMs} ms`;
    rollUp = decodeSummary(opened.value, rollUp.levelMs - 1)?.rollUp;
  }
  return undefined;
}

function lastOfEachStamp(columns: {
  stampsMs: Float64Array;
  values: Float64Array;
  flags: Uint8Array;
}): Counted[] {
  const byStamp = new Map<number, Counted>();
  for (const [i, stampMs] of columns.stampsMs.entries()) {
    const [value, flags] = [columns.values[i] as number, columns.flags[i] as number];
    byStamp.set(stampMs, { stampMs, value, flags });
  }
  return [...byStamp.values()];
}

function samplesOf(runs: Parameters<typeof withoutRepeats>[0]): Counted[] {
  return joinRuns(withoutRepeats(runs)).flatMap(({ startMs, rate, samples, gain, zero, flags }) =>
    Array.from(samples, (sample, i) => ({
      stampMs: startMs + sampleOffsetMs(rate, i),
      value: (sample - zero) / gain,
      flags,
    })),
  );
}

type RollUp = NonNullable<NonNullable<ReturnType<typeof decodeSummary>>['rollUp']>;

function faultOfRollUp(
  { levelMs, startsMs, counts, lows, highs, sums, flags }: RollUp,
  scale: Scale | undefined,
  all: readonly Counted[],
): string | undefined {
  const buckets = Map.groupBy(all, ({ stampMs }) => Math.floor(stampMs / levelMs) * levelMs);
  if (buckets.size !== startsMs.length) return 'number of rows';
  for (const [i, startMs] of startsMs.entries()) {
    const amount = {
      count: counts[i] as number,
      sum: sums[i] as number,
      low: lows[i] as number,
      high: highs[i] as number,
      flags: flags[i] as number,
    };
    const fault = faultOfAmount(unscaled(scale, amount), buckets.get(startMs) ?? []);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOfAmount(amount: Amount, all: readonly Counted[]): string | undefined {
  const values = all.map(({ value }) => value);
  const sum = values.reduce((total, value) => total + value, 0);
  if (amount.count !== values.length) return 'count';
  if (!isAlmost(amount.sum, sum)) return 'sum';
  if (!isAlmost(amount.low, Math.min(...values))) return 'least value';
  if (!isAlmost(amount.high, Math.max(...values))) return 'greatest value';
  if (amount.flags !== all.reduce((flags, one) => flags | one.flags, 0)) return 'flags';
  return undefined;
}
