import { type GlucoseGrid, joined } from './glucose-grid.ts';
import { type Column, deviationOf, meanOf, present } from './statistics.ts';

/**
 * Mean amplitude of glycaemic excursions: Service et al. 1970, doi:10.2337/diab.19.9.644, found
 * without a human eye by two moving averages: Fernandes et al. 2022, "Open-source algorithm to
 * calculate mean amplitude of glycemic excursions using short and long moving averages", J Diabetes
 * Sci Technol, doi:10.1177/19322968211061165. Where the averages cross, a peak or a nadir lies between;
 * an excursion counts when it is at least one standard deviation high.
 */
export interface Mage {
  /** Mean rise from nadir to peak; NaN where there is none. */
  readonly plus: number;
  /** Mean fall from peak to nadir. */
  readonly minus: number;
  /** The direction of the first excursion, as Service counted. */
  readonly service: number;
  /** The mean of both directions. */
  readonly average: number;
}

const SHORT_POINTS = 5;
const LONG_POINTS = 32;
/** Longer than this without a value, and the two sides are separate traces. */
const SEGMENT_GAP_MINUTES = 180;

/** Over the whole series: the traces between long gaps, weighted by their length. */
export function mageOf(grid: GlucoseGrid): Mage {
  const traces = tracesOf(grid).map((values) => ({
    steps: values.length - 1,
    mage: mageOfTrace(values),
  }));
  const weighted = (key: keyof Mage) => {
    const counted = traces.filter(({ mage }) => !Number.isNaN(mage[key]));
    const steps = counted.reduce((sum, trace) => sum + trace.steps, 0);
    return counted.reduce((sum, trace) => sum + trace.steps * trace.mage[key], 0) / steps;
  };
  return {
    plus: weighted('plus'),
    minus: weighted('minus'),
    service: weighted('service'),
    average: weighted('average'),
  };
}

/** Each begins and ends with a value; between them shorter gaps stand as NaN. */
function tracesOf(grid: GlucoseGrid): number[][] {
  const gapPoints = SEGMENT_GAP_MINUTES / grid.stepMinutes;
  const traces: number[][] = [];
  let missing = Number.POSITIVE_INFINITY;
  for (const value of joined(grid)) {
    if (Number.isNaN(value)) {
      missing += 1;
      continue;
    }
    const last = traces.at(-1);
    if (last === undefined || missing >= gapPoints) traces.push([value]);
    else last.push(...new Array<number>(missing).fill(Number.NaN), value);
    missing = 0;
  }
  return traces;
}

const NONE: Mage = {
  plus: Number.NaN,
  minus: Number.NaN,
  service: Number.NaN,
  average: Number.NaN,
};

/** One trace at even steps, NaN where a value is missing. */
export function mageOfTrace(values: Column): Mage {
  const seen = present(values);
  if (seen.length < LONG_POINTS) return NONE;
  const extremes = turningPoints(values);
  const threshold = deviationOf(seen);
  const rises = excursions(extremes, threshold);
  const falls = excursions(
    extremes.map((value) => -value),
    threshold,
  );
  const plus = meanOf(rises.heights);
  const minus = meanOf(falls.heights);
  if (rises.heights.length === 0 && falls.heights.length === 0) return NONE;
  return {
    plus,
    minus,
    service: rises.first <= falls.first ? plus : minus,
    average: meanOf([plus, minus].filter((value) => !Number.isNaN(value))),
  };
}

/** The peaks and nadirs in turn, one between any two crossings of the averages. */
function turningPoints(values: Column): number[] {
  const short = movingAverage(values, SHORT_POINTS);
  const long = movingAverage(values, LONG_POINTS);
  const extremes: number[] = [];
  let from = 0;
  let lastGap = 0;
  for (let i = 0; i < values.length; i++) {
    // Across a gap the averages move without a reading that could be a turning point.
    if (Number.isNaN(values[i])) continue;
    const here = (short[i] as number) - (long[i] as number);
    const isLast = i === values.length - 1;
    const isCrossing = here * lastGap < 0;
    if (isCrossing || isLast) {
      const at = extremeBetween(values, { from, until: i, isPeak: lastGap > 0 });
      extremes.push(values[at] as number);
      from = at;
    }
    if (here !== 0) lastGap = here;
  }
  return extremes;
}

function extremeBetween(
  values: Column,
  { from, until, isPeak }: { from: number; until: number; isPeak: boolean },
): number {
  let best = from;
  for (let i = from + 1; i <= until; i++) {
    const isBetter = isPeak
      ? (values[i] as number) > (values[best] as number)
      : (values[i] as number) < (values[best] as number);
    if (isBetter) best = i;
  }
  return best;
}

/** Of what is present among the last `points`; the first full one stands for those before it. */
function movingAverage(values: Column, points: number): Float64Array {
  const averages = new Float64Array(values.length);
  for (let i = points - 1; i < values.length; i++) {
    averages[i] = meanOf(present(values.slice(i - points + 1, i + 1)));
  }
  return averages.fill(averages[points - 1] as number, 0, points - 1);
}

interface Excursions {
  readonly heights: number[];
  /** Where among the turning points the first one begins. */
  readonly first: number;
}

/** Rises of at least `threshold`, each carried on to the highest point before the next such fall. */
function excursions(extremes: readonly number[], threshold: number): Excursions {
  const heights: number[] = [];
  let first = Number.POSITIVE_INFINITY;
  let from = 0;
  let at = 0;
  while (at < extremes.length) {
    const nadir = lowestBetween(extremes, from, at);
    if ((extremes[at] as number) - (extremes[nadir] as number) < threshold) {
      at += 1;
      continue;
    }
    let peak = at;
    let end = at;
    for (; end < extremes.length; end++) {
      if ((extremes[end] as number) > (extremes[peak] as number)) peak = end;
      if ((extremes[peak] as number) - (extremes[end] as number) > threshold) break;
    }
    heights.push((extremes[peak] as number) - (extremes[nadir] as number));
    first = Math.min(first, nadir);
    if (end === extremes.length) break;
    from = end;
    at = end;
  }
  return { heights, first };
}

function lowestBetween(values: readonly number[], from: number, until: number): number {
  let best = from;
  for (let i = from; i <= until; i++)
    if ((values[i] as number) < (values[best] as number)) best = i;
  return best;
}
