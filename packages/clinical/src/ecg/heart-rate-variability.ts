import { deviationOf, meanOf, sumOf } from '../glucose/statistics.ts';

/**
 * Heart rate variability of normal-to-normal intervals: Task Force of the European Society of
 * Cardiology and the North American Society of Pacing and Electrophysiology 1996,
 * doi:10.1161/01.CIR.93.5.1043; Poincaré after Brennan et al. 2001, doi:10.1109/10.959330; spectrum of
 * the uneven series after Lomb 1976, doi:10.1007/BF00648343.
 */
export interface VariabilityOverTime {
  readonly meanMs: number;
  readonly sdnnMs: number;
  readonly rmssdMs: number;
  /** Share of neighbours more than 50 ms apart, %. */
  readonly pnn50Percent: number;
  readonly sd1Ms: number;
  readonly sd2Ms: number;
}

export interface VariabilityOverFrequency {
  /** 0.003–0.04 Hz, 0.04–0.15 Hz, 0.15–0.4 Hz, ms². */
  readonly vlfMs2: number;
  readonly lfMs2: number;
  readonly hfMs2: number;
  readonly lfToHf: number;
}

export interface NormalInterval {
  /** Time of the beat that ends it. */
  readonly atSeconds: number;
  readonly ms: number;
}

/** The Task Force's least for a short recording is five minutes; below a minute there is no number. */
const INTERVALS_MIN = 30;
const STEP_HZ = 0.002;

/** Undefined with too few intervals. Neighbours are those whose beats follow each other. */
export function variabilityOverTime(
  intervals: readonly NormalInterval[],
): VariabilityOverTime | undefined {
  if (intervals.length < INTERVALS_MIN) return undefined;
  const lengths = intervals.map(({ ms }) => ms);
  const changes = successiveChanges(intervals);
  const sdnnMs = deviationOf(lengths);
  const squares = changes.map((change) => change ** 2);
  const sd1Ms = Math.sqrt(sumOf(squares) / squares.length / 2);
  return {
    meanMs: meanOf(lengths),
    sdnnMs,
    rmssdMs: Math.sqrt(meanOf(squares)),
    pnn50Percent: (100 * changes.filter((change) => Math.abs(change) > 50).length) / changes.length,
    sd1Ms,
    sd2Ms: Math.sqrt(Math.max(0, 2 * sdnnMs ** 2 - sd1Ms ** 2)),
  };
}

function successiveChanges(intervals: readonly NormalInterval[]): number[] {
  const changes: number[] = [];
  for (const [i, { atSeconds, ms }] of intervals.entries()) {
    const before = intervals[i - 1];
    if (before === undefined) continue;
    // Where a beat between them was left out they are no neighbours.
    if (Math.abs(atSeconds - before.atSeconds - ms / 1000) < 0.02) changes.push(ms - before.ms);
  }
  return changes;
}

export function variabilityOverFrequency(
  intervals: readonly NormalInterval[],
): VariabilityOverFrequency | undefined {
  if (intervals.length < INTERVALS_MIN) return undefined;
  const mean = meanOf(intervals.map(({ ms }) => ms));
  const centred = intervals.map(({ atSeconds, ms }) => ({ atSeconds, ms: ms - mean }));
  const span = (intervals.at(-1)?.atSeconds ?? 0) - (intervals[0]?.atSeconds ?? 0);
  const powerIn = (fromHz: number, toHz: number) => {
    let power = 0;
    const steps = Math.round((toHz - fromHz) / STEP_HZ);
    for (let i = 0; i < steps; i++) power += lombPower(centred, fromHz + (i + 0.5) * STEP_HZ);
    // Density: power of a sine spread over the resolution of the record.
    return (power * STEP_HZ * 2 * span) / intervals.length;
  };
  const lfMs2 = powerIn(0.04, 0.15);
  const hfMs2 = powerIn(0.15, 0.4);
  return { vlfMs2: powerIn(0.003, 0.04), lfMs2, hfMs2, lfToHf: lfMs2 / hfMs2 };
}

/** Lomb's periodogram at one frequency, in ms² for each interval. */
function lombPower(intervals: readonly NormalInterval[], hz: number): number {
  const omega = 2 * Math.PI * hz;
  let sin2 = 0;
  let cos2 = 0;
  for (const { atSeconds } of intervals) {
    sin2 += Math.sin(2 * omega * atSeconds);
    cos2 += Math.cos(2 * omega * atSeconds);
  }
  const shift = Math.atan2(sin2, cos2) / (2 * omega);
  let cosine = 0;
  let sine = 0;
  let cosines = 0;
  let sines = 0;
  for (const { atSeconds, ms } of intervals) {
    const c = Math.cos(omega * (atSeconds - shift));
    const s = Math.sin(omega * (atSeconds - shift));
    cosine += ms * c;
    sine += ms * s;
    cosines += c * c;
    sines += s * s;
  }
  return (cosine ** 2 / cosines + (sines > 0 ? sine ** 2 / sines : 0)) / 2;
}
