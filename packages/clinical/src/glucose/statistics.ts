/**
 * Plain statistics as the reference implementation of the glucose metrics uses them: standard
 * deviation over n - 1, quantiles of type 7 (Hyndman and Fan 1996, doi:10.2307/2684934).
 * Values that are not numbers are absent readings.
 */
export type Column = readonly number[] | Float64Array;

export function present(values: Column): number[] {
  return Array.from(values).filter((value) => !Number.isNaN(value));
}

export function sumOf(values: Column): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum;
}

/** NaN of nothing. */
export function meanOf(values: Column): number {
  return sumOf(values) / values.length;
}

/** NaN of fewer than two. */
export function deviationOf(values: Column): number {
  const mean = meanOf(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += ((values[i] as number) - mean) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

/** `sorted` in ascending order; `share` from 0 to 1. NaN of nothing. */
export function quantileOf(sorted: Column, share: number): number {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function ascending(values: Column): number[] {
  return Array.from(values).sort((one, other) => one - other);
}

/** How many percent of the values the test holds for. */
export function percentOf(values: Column, holds: (value: number) => boolean): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (holds(values[i] as number)) count += 1;
  return (100 * count) / values.length;
}
