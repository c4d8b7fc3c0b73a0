import { type GlucoseGrid, joined } from './glucose-grid.ts';
import { deviationOf, meanOf, present, sumOf } from './statistics.ts';

/**
 * Variability over time, on the even grid: MODD (Molnar et al. 1972, doi:10.1007/BF01218495), CONGA
 * (McDonnell et al. 2005, doi:10.1089/dia.2005.7.253), MAG (Hermanides et al. 2010,
 * doi:10.1097/CCM.0b013e3181cc4be9), the deviation of the rate of change (Clarke and Kovatchev 2009,
 * doi:10.1089/dia.2008.0138), as Broll et al. 2021 compute them, doi:10.1371/journal.pone.0248560.
 */
export interface GridVariability {
  /** Mean absolute difference between the same times of two days, mg/dL. */
  readonly modd: number;
  /** Deviation of the differences to so many hours before, mg/dL. */
  readonly conga: { readonly 1: number; readonly 4: number; readonly 24: number };
  /** Sum of absolute changes from point to point, mg/dL an hour. */
  readonly mag: number;
  /** Deviation of the change over 15 minutes, mg/dL/min. */
  readonly rateDeviation: number;
  /** Coefficient of variation within a day, %: its mean and deviation over the days. */
  readonly dailyCv: { readonly mean: number; readonly deviation: number };
  /** Area under the curve by trapezium, divided by the hours seen, mg/dL. */
  readonly hourlyArea: number;
}

const RATE_MINUTES = 15;

export function gridVariability(grid: GlucoseGrid): GridVariability {
  const values = joined(grid);
  const overHours = (hours: number) =>
    differences(values, Math.round((hours * 60) / grid.stepMinutes));
  const steps = differences(values, 1).map(Math.abs);
  const ratePoints = Math.max(1, Math.round(RATE_MINUTES / grid.stepMinutes));
  const rates = differences(values, ratePoints);
  const dailyCvs = present(grid.days.map(cvOfDay));
  return {
    modd: meanOf(overHours(24).map(Math.abs)),
    conga: {
      1: deviationOf(overHours(1)),
      4: deviationOf(overHours(4)),
      24: deviationOf(overHours(24)),
    },
    mag: (sumOf(steps) / steps.length) * (60 / grid.stepMinutes),
    rateDeviation: deviationOf(rates) / (ratePoints * grid.stepMinutes),
    dailyCv: { mean: meanOf(dailyCvs), deviation: deviationOf(dailyCvs) },
    hourlyArea: meanOf(midpoints(values)),
  };
}

function differences(values: Float64Array, points: number): number[] {
  const found: number[] = [];
  for (let i = points; i < values.length; i++) {
    const difference = (values[i] as number) - (values[i - points] as number);
    if (!Number.isNaN(difference)) found.push(difference);
  }
  return found;
}

function midpoints(values: Float64Array): number[] {
  const found: number[] = [];
  for (let i = 1; i < values.length; i++) {
    const middle = ((values[i] as number) + (values[i - 1] as number)) / 2;
    if (!Number.isNaN(middle)) found.push(middle);
  }
  return found;
}

function cvOfDay(day: Float64Array): number {
  const seen = present(day);
  return (100 * deviationOf(seen)) / meanOf(seen);
}
