/**
 * The numbers that no recording holds: SpO2, breathing, temperature, blood pressure. Made from slow
 * drifts around a person's own levels, moved by the real heart rate; a function of the seed and the
 * time alone, so that a replay repeats. They are invented and always sent as `simulated`.
 */
export interface Levels {
  /** The usual heart rate of the recording, from which it strays. */
  readonly heartRate: number;
  readonly spo2: number;
  readonly respRate: number;
  readonly temperatureC: number;
  readonly systolicMmHg: number;
  readonly diastolicMmHg: number;
}

export interface Moment {
  readonly atMs: number;
  /** Undefined when the recording gives none just now. */
  readonly heartRate: number | undefined;
}

export interface Cuff {
  readonly systolic: number;
  readonly diastolic: number;
  readonly mean: number;
}

/** Percent lost for each beat a minute above this: a heart that fast fills badly. */
const FAST_HEART = 120;
const SPO2_PER_FAST_BEAT = 0.04;
const BREATHS_PER_BEAT = 0.06;
const SYSTOLIC_PER_BEAT = 0.15;
const DIASTOLIC_PER_BEAT = 0.08;

export function simulateSpo2(seed: number, levels: Levels, moment: Moment): number {
  const fast = Math.max(0, (moment.heartRate ?? levels.heartRate) - FAST_HEART);
  const drift = 1.2 * wander(seed + 1, moment.atMs);
  return within(Math.round(levels.spo2 + drift - SPO2_PER_FAST_BEAT * fast), 88, 100);
}

export function simulateRespRate(seed: number, levels: Levels, moment: Moment): number {
  const drift = 2 * wander(seed + 2, moment.atMs);
  return within(
    Math.round(levels.respRate + drift + BREATHS_PER_BEAT * beyondUsual(levels, moment)),
    8,
    32,
  );
}

export function simulateTemperature(seed: number, levels: Levels, moment: Moment): number {
  const celsius = levels.temperatureC + 0.25 * wander(seed + 3, moment.atMs / 10);
  return within(Math.round(celsius * 10) / 10, 35, 40);
}

export function simulateCuff(seed: number, levels: Levels, moment: Moment): Cuff {
  const beats = beyondUsual(levels, moment);
  const shared = wander(seed + 4, moment.atMs / 4);
  const own = wander(seed + 5, moment.atMs / 4);
  const systolic = within(
    Math.round(levels.systolicMmHg + 9 * shared + SYSTOLIC_PER_BEAT * beats),
    85,
    185,
  );
  const diastolic = within(
    Math.round(levels.diastolicMmHg + 5 * shared + 2 * own + DIASTOLIC_PER_BEAT * beats),
    45,
    Math.min(110, systolic - 20),
  );
  // The mean as cuffs estimate it: a third of the way from diastolic to systolic.
  return { systolic, diastolic, mean: Math.round(diastolic + (systolic - diastolic) / 3) };
}

const FULL_PERCENT = 87;
const CHARGE_LASTS_MS = 4 * 3_600_000;
const CHARGED_AGAIN_PERCENT = 32;

/** Somebody charges it in good time: a demo must not call for a battery. */
export function simulateBattery({ atMs }: Moment): number {
  const used = (atMs % CHARGE_LASTS_MS) / CHARGE_LASTS_MS;
  return Math.round(FULL_PERCENT - used * (FULL_PERCENT - CHARGED_AGAIN_PERCENT));
}

function beyondUsual(levels: Levels, { heartRate }: Moment): number {
  return heartRate === undefined ? 0 : within(heartRate - levels.heartRate, -40, 60);
}

/** Periods that share no short common one, so that nothing visibly repeats in a shift. */
const PERIODS_S = [71, 183, 467] as const;

/** A smooth wander between -1 and 1: three slow waves whose phases come from the seed. */
function wander(seed: number, atMs: number): number {
  let sum = 0;
  for (const [index, periodS] of PERIODS_S.entries()) {
    const phase = 2 * Math.PI * seededUnit(seed * 31 + index);
    sum += Math.sin((2 * Math.PI * atMs) / (periodS * 1000) + phase);
  }
  return sum / PERIODS_S.length;
}

/** An integer hash (xorshift-multiply) as a number in [0, 1): the same seed always gives the same. */
function seededUnit(seed: number): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function within(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
