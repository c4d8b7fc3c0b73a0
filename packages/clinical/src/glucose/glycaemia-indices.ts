import { type Column, deviationOf, meanOf, percentOf, sumOf } from './statistics.ts';

/**
 * Indices of one series, each from its values alone. GMI: Bergenstal et al. 2018,
 * doi:10.2337/dc18-1581. eA1c: Nathan et al. 2008, doi:10.2337/dc08-0545. J-index: Wojcicki 1995,
 * doi:10.1055/s-2007-979906. GRADE: Hill et al. 2007, doi:10.1111/j.1464-5491.2007.02119.x. GRI:
 * Klonoff et al. 2023, doi:10.1177/19322968221085273. M-value: Schlichtkrull et al. 1965,
 * doi:10.1111/j.0954-6820.1965.tb01810.x. Hypo- and hyperglycaemia index and their sum: Rodbard 2009,
 * doi:10.1089/dia.2008.0132. COGI: Leelarathna et al. 2020, doi:10.1177/1932296819838525.
 */

/** Glucose management indicator, %. */
export function gmiOf(meanMgDl: number): number {
  return 3.31 + 0.02392 * meanMgDl;
}

/** Estimated A1c, %. */
export function estimatedA1c(meanMgDl: number): number {
  return (46.7 + meanMgDl) / 28.7;
}

export function jIndexOf(mgDl: Column): number {
  return 0.001 * (meanOf(mgDl) + deviationOf(mgDl)) ** 2;
}

/** Mean of the graded risk, each reading's at most 50. */
export function gradeOf(mgDl: Column): number {
  return meanOf(
    Array.from(mgDl, (value) => {
      const grade = 425 * (Math.log10(Math.log10(value / 18)) + 0.16) ** 2;
      // Below 18 mg/dL the formula has no value; nothing is worse.
      return Number.isNaN(grade) ? GRADE_MAX : Math.min(grade, GRADE_MAX);
    }),
  );
}

const GRADE_MAX = 50;

/** Glycaemia risk index, 0–100. */
export function griOf(mgDl: Column): number {
  const veryLow = percentOf(mgDl, (value) => value < 54);
  const low = percentOf(mgDl, (value) => value >= 54 && value < 70);
  const high = percentOf(mgDl, (value) => value > 180 && value <= 250);
  const veryHigh = percentOf(mgDl, (value) => value > 250);
  return Math.min(100, 3 * veryLow + 2.4 * low + 1.6 * veryHigh + 0.8 * high);
}

export function mValueOf(mgDl: Column): number {
  return meanOf(Array.from(mgDl, (value) => Math.abs(10 * Math.log10(value / 90)) ** 3));
}

const RODBARD_SCALE = 30;

export function hypoIndexOf(mgDl: Column): number {
  const depths = Array.from(mgDl, (value) => Math.max(0, 80 - value) ** 2);
  return sumOf(depths) / (depths.length * RODBARD_SCALE);
}

export function hyperIndexOf(mgDl: Column): number {
  const heights = Array.from(mgDl, (value) => Math.max(0, value - 140) ** 1.1);
  return sumOf(heights) / (heights.length * RODBARD_SCALE);
}

/** Half time in range, a little less time below it (15 % or more earns nothing), the rest stability. */
export function cogiOf(mgDl: Column): number {
  const inRange = percentOf(mgDl, (value) => value >= 70 && value <= 180);
  const below = percentOf(mgDl, (value) => value < 70);
  const deviation = deviationOf(mgDl);
  const share = (value: number, best: number, worst: number) =>
    Math.min(1, Math.max(0, (worst - value) / (worst - best)));
  return 0.5 * inRange + 35 * share(below, 0, 15) + 15 * share(deviation, 18, 108);
}
