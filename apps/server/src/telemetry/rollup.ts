/**
 * Roll-ups: of each second, minute, hour or day how many values there were, the least, the greatest and
 * their sum. Borders are those of the stamps, so that roll-ups of one chunk and of the next add up.
 *
 * Values are summed as the integers that they are stored as (`value = (integer - zero) / gain`): such
 * sums are exact, whatever the order, and so equal to a recount.
 */

import { scaleValues } from '@ausculta/blocks/decimals';
import type { ReadingColumns } from '@ausculta/blocks/readings-block';
import type { WaveformRun } from '@ausculta/vitals/waveform';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** From the finest on; each divides the next. */
export const READING_LEVELS_MS = [MINUTE_MS, HOUR_MS, DAY_MS] as const;
export const WAVEFORM_LEVELS_MS = [SECOND_MS] as const;

/** Below so many values a bucket on average, reading them costs no more than a roll-up of them. */
const DENSE_VALUES_MIN = 8;

/** What the numbers of a chunk stand for; undefined: they are the values themselves. */
export interface Scale {
  readonly gain: number;
  readonly zero: number;
}

/** One row a bucket that holds anything, in order of time. Numbers are in the scale of the chunk. */
export interface RollUp {
  readonly levelMs: number;
  /** Where each begins. */
  readonly startsMs: Float64Array;
  readonly counts: Float64Array;
  readonly lows: Float64Array;
  readonly highs: Float64Array;
  readonly sums: Float64Array;
  /** OR of the flags of what it holds. */
  readonly flags: Uint8Array;
}

/** Of a reading, a row of a roll-up, or a whole chunk. */
export interface Amount {
  readonly count: number;
  readonly sum: number;
  readonly low: number;
  readonly high: number;
  /** OR of the flags of what it holds. */
  readonly flags: number;
}

/** Of all values of a chunk. */
export interface Totals extends Amount {
  readonly first: number;
  readonly last: number;
}

export interface ChunkSummary {
  readonly scale: Scale | undefined;
  readonly totals: Totals;
  /** Those that the chunk is dense enough for, from the finest on. */
  readonly rollUps: readonly RollUp[];
}

/** Numbers with their stamps, in stamp order: what a summary is made from. */
interface Numbers {
  readonly stampsMs: Float64Array;
  readonly numbers: Float64Array;
  readonly flags: Uint8Array;
}

/** Of readings in stamp order. Of several for one stamp the last is read, and so only it counts. */
export function summariseReadings(columns: ReadingColumns): ChunkSummary {
  const { stampsMs, values, flags } = lastOfEachStamp(columns);
  const scaled = scaleValues(values);
  const scale = scaled && { gain: 10 ** scaled.decimals, zero: 0 };
  const numbers = scaled?.integers ?? values;
  const part = { stampsMs, numbers, flags };
  const rollUps = READING_LEVELS_MS.map((levelMs) => rollUp(part, levelMs));
  return { scale, totals: totalsOf(part), rollUps: rollUps.filter(isDense) };
}

/** Of runs in order of start that repeat nothing. */
export function summariseRuns(runs: readonly WaveformRun[]): ChunkSummary {
  const [first] = runs;
  const isOneScale = runs.every(({ gain, zero }) => gain === first?.gain && zero === first.zero);
  const scale = isOneScale && first ? { gain: first.gain, zero: first.zero } : undefined;
  const part = samplesOf(runs, scale);
  const rollUps = WAVEFORM_LEVELS_MS.map((levelMs) => rollUp(part, levelMs));
  return { scale, totals: totalsOf(part), rollUps: rollUps.filter(isDense) };
}

/** In values rather than in the numbers that are stored. */
export function unscaled(scale: Scale | undefined, amount: Amount): Amount {
  const { count, sum, low, high, flags } = amount;
  if (scale === undefined) return { count, sum, low, high, flags };
  const { gain, zero } = scale;
  const inUnits = (number: number): number => (number - zero) / gain;
  return { count, sum: (sum - zero * count) / gain, low: inUnits(low), high: inUnits(high), flags };
}

function isDense({ counts }: RollUp): boolean {
  let count = 0;
  for (let i = 0; i < counts.length; i += 1) count += counts[i] as number;
  return count >= counts.length * DENSE_VALUES_MIN;
}

function lastOfEachStamp(columns: ReadingColumns): ReadingColumns {
  const { stampsMs } = columns;
  const isLast = (_: number, i: number): boolean => stampsMs[i] !== stampsMs[i + 1];
  if (stampsMs.every(isLast)) return columns;
  return {
    stampsMs: stampsMs.filter(isLast),
    values: columns.values.filter(isLast),
    flags: columns.flags.filter(isLast),
  };
}

function samplesOf(runs: readonly WaveformRun[], scale: Scale | undefined): Numbers {
  const count = runs.reduce((sum, run) => sum + run.samples.length, 0);
  const stampsMs = new Float64Array(count);
  const numbers = new Float64Array(count);
  const flags = new Uint8Array(count);
  let at = 0;
  for (const run of runs) {
    const { startMs, samples, gain, zero } = run;
    const periodMs = 1000 * run.rate.denominator;
    for (let i = 0; i < samples.length; i += 1, at += 1) {
      const sample = samples[i] as number;
      stampsMs[at] = startMs + (i * periodMs) / run.rate.numerator;
      numbers[at] = scale === undefined ? (sample - zero) / gain : sample;
    }
    flags.fill(run.flags, at - samples.length, at);
  }
  return { stampsMs, numbers, flags };
}

function totalsOf({ numbers, flags }: Numbers): Totals {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let allFlags = 0;
  for (let i = 0; i < numbers.length; i += 1) {
    const number = numbers[i] as number;
    if (number < low) low = number;
    if (number > high) high = number;
    sum += number;
    allFlags |= flags[i] as number;
  }
  const [first = 0, last = 0] = [numbers[0], numbers.at(-1)];
  return { count: numbers.length, low, high, sum, first, last, flags: allFlags };
}

/** Runs that contradict each other overlap, so a bucket may be met again: it is looked up then. */
function rollUp({ stampsMs, numbers, flags }: Numbers, levelMs: number): RollUp {
  const rows = new Rows();
  let row = -1;
  let fromMs = Number.NaN;
  for (let i = 0; i < numbers.length; i += 1) {
    const stampMs = stampsMs[i] as number;
    if (!(stampMs >= fromMs && stampMs < fromMs + levelMs)) {
      fromMs = Math.floor(stampMs / levelMs) * levelMs;
      row = rows.of(fromMs);
    }
    rows.add(row, numbers[i] as number, flags[i] as number);
  }
  return rows.inOrder(levelMs);
}

class Rows {
  readonly #rowOf = new Map<number, number>();
  readonly #startsMs: number[] = [];
  readonly #counts: number[] = [];
  readonly #lows: number[] = [];
  readonly #highs: number[] = [];
  readonly #sums: number[] = [];
  readonly #flags: number[] = [];

  of(fromMs: number): number {
    const known = this.#rowOf.get(fromMs);
    if (known !== undefined) return known;
    const row = this.#startsMs.length;
    this.#rowOf.set(fromMs, row);
    this.#startsMs.push(fromMs);
    this.#counts.push(0);
    this.#lows.push(Number.POSITIVE_INFINITY);
    this.#highs.push(Number.NEGATIVE_INFINITY);
    this.#sums.push(0);
    this.#flags.push(0);
    return row;
  }

  add(row: number, number: number, flags: number): void {
    (this.#counts[row] as number) += 1;
    (this.#sums[row] as number) += number;
    (this.#flags[row] as number) |= flags;
    if (number < (this.#lows[row] as number)) this.#lows[row] = number;
    if (number > (this.#highs[row] as number)) this.#highs[row] = number;
  }

  inOrder(levelMs: number): RollUp {
    const order = this.#startsMs.map((_, row) => row);
    order.sort((a, b) => (this.#startsMs[a] as number) - (this.#startsMs[b] as number));
    const pick = (column: readonly number[]): Float64Array<ArrayBuffer> =>
      Float64Array.from(order, (row) => column[row] as number);
    return {
      levelMs,
      startsMs: pick(this.#startsMs),
      counts: pick(this.#counts),
      lows: pick(this.#lows),
      highs: pick(this.#highs),
      sums: pick(this.#sums),
      flags: Uint8Array.from(order, (row) => this.#flags[row] as number),
    };
  }
}
