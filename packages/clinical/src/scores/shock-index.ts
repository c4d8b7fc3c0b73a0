/**
 * Shock index, pulse over systolic pressure: Allgöwer and Burri 1967; usual range 0.5–0.7 and the
 * bound of 0.9 after Rady et al. 1994, doi:10.1016/S0196-0644(94)70279-9. The modified index, over
 * the mean pressure, after Liu et al. 2012, doi:10.5847/wjem.j.issn.1920-8642.2012.02.006.
 */
export type ShockBand = 'usual' | 'raised' | 'high';

export interface ShockIndex {
  readonly value: number;
  readonly band: ShockBand;
}

const RAISED_FROM = 0.9;
const HIGH_FROM = 1;
const MODIFIED_HIGH_ABOVE = 1.3;

interface Circulation {
  readonly heartRate: number;
  readonly systolicMmHg: number;
}

/** Undefined without a pressure to divide by: no pressure is an emergency of its own, not a quotient. */
export function shockIndex({ heartRate, systolicMmHg }: Circulation): ShockIndex | undefined {
  const value = quotient(heartRate, systolicMmHg);
  if (value === undefined) return undefined;
  return { value, band: value >= HIGH_FROM ? 'high' : value >= RAISED_FROM ? 'raised' : 'usual' };
}

export function modifiedShockIndex(input: {
  readonly heartRate: number;
  readonly meanMmHg: number;
}): ShockIndex | undefined {
  const value = quotient(input.heartRate, input.meanMmHg);
  if (value === undefined) return undefined;
  return { value, band: value > MODIFIED_HIGH_ABOVE ? 'high' : 'usual' };
}

function quotient(heartRate: number, pressureMmHg: number): number | undefined {
  if (!(heartRate >= 0 && pressureMmHg > 0)) return undefined;
  const value = heartRate / pressureMmHg;
  return Number.isFinite(value) ? value : undefined;
}
