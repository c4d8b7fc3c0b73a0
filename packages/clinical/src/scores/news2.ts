import { type Band, pointsIn, type Score, scoreOf, toDecimals } from './score.ts';

/**
 * National Early Warning Score 2: Royal College of Physicians, "Standardising the assessment of
 * acute-illness severity in the NHS", London 2017, ISBN 978-1-86016-682-2. Not for patients under 16
 * or in pregnancy: `eligibility.ts` holds that.
 */
export interface News2Observations {
  /** Breaths a minute. */
  readonly rr?: number | undefined;
  /** Oxygen saturation in percent. */
  readonly spo2?: number | undefined;
  /** 2 only where a clinician has set 88–92 % as the target (hypercapnic failure); else 1. */
  readonly scale?: 1 | 2 | undefined;
  /** Whether the patient is given oxygen: charted by a person, never guessed. */
  readonly o2?: boolean | undefined;
  /** Systolic blood pressure in mmHg. */
  readonly sbp?: number | undefined;
  /** Pulse in beats a minute. */
  readonly hr?: number | undefined;
  /** Alert, new Confusion, responds to Voice, to Pain, Unresponsive. */
  readonly acvpu?: Acvpu | undefined;
  /** Degrees Celsius. */
  readonly temp?: number | undefined;
}

export const ACVPU = ['A', 'C', 'V', 'P', 'U'] as const;
export type Acvpu = (typeof ACVPU)[number];

export type News2Part = 'rr' | 'spo2' | 'o2' | 'sbp' | 'hr' | 'acvpu' | 'temp';
/** "low-medium": any single 3 within a total of 4 or less; it weighs as much as medium (S19). */
export type News2Risk = 'low' | 'low-medium' | 'medium' | 'high';
export type News2Score = Score<News2Part, News2Risk>;

export function news2(seen: News2Observations): News2Score {
  return scoreOf(
    {
      rr: banded(RESP_RATE, seen.rr),
      spo2: oxygenSaturation(seen),
      o2: seen.o2 === undefined ? undefined : seen.o2 ? 2 : 0,
      sbp: banded(SYSTOLIC, seen.sbp),
      hr: banded(PULSE, seen.hr),
      acvpu: seen.acvpu === undefined ? undefined : seen.acvpu === 'A' ? 0 : 3,
      temp: seen.temp === undefined ? undefined : pointsIn(TEMPERATURE, toDecimals(seen.temp, 1)),
    },
    riskOf,
  );
}

function riskOf(total: number, highestPart: number): News2Risk {
  if (total >= 7) return 'high';
  if (total >= 5) return 'medium';
  return highestPart >= 3 ? 'low-medium' : 'low';
}

function banded(bands: readonly Band[], value: number | undefined): number | undefined {
  return value === undefined ? undefined : pointsIn(bands, toDecimals(value, 0));
}

/** On scale 2 a saturation above the target counts only on oxygen: without that fact it is unknown. */
function oxygenSaturation({ spo2, scale, o2 }: News2Observations): number | undefined {
  if (spo2 === undefined) return undefined;
  if (scale !== 2) return banded(SPO2_SCALE_1, spo2);
  if (toDecimals(spo2, 0) <= SCALE_2_TARGET_MAX) return banded(SPO2_SCALE_2, spo2);
  if (o2 === undefined) return undefined;
  return o2 ? banded(SPO2_SCALE_2, spo2) : 0;
}

const SCALE_2_TARGET_MAX = 92;

const RESP_RATE: readonly Band[] = [
  { atMost: 8, points: 3 },
  { atMost: 11, points: 1 },
  { atMost: 20, points: 0 },
  { atMost: 24, points: 2 },
  { atMost: Infinity, points: 3 },
];

const SPO2_SCALE_1: readonly Band[] = [
  { atMost: 91, points: 3 },
  { atMost: 93, points: 2 },
  { atMost: 95, points: 1 },
  { atMost: Infinity, points: 0 },
];

const SPO2_SCALE_2: readonly Band[] = [
  { atMost: 83, points: 3 },
  { atMost: 85, points: 2 },
  { atMost: 87, points: 1 },
  { atMost: SCALE_2_TARGET_MAX, points: 0 },
  { atMost: 94, points: 1 },
  { atMost: 96, points: 2 },
  { atMost: Infinity, points: 3 },
];

const SYSTOLIC: readonly Band[] = [
  { atMost: 90, points: 3 },
  { atMost: 100, points: 2 },
  { atMost: 110, points: 1 },
  { atMost: 219, points: 0 },
  { atMost: Infinity, points: 3 },
];

const PULSE: readonly Band[] = [
  { atMost: 40, points: 3 },
  { atMost: 50, points: 1 },
  { atMost: 90, points: 0 },
  { atMost: 110, points: 1 },
  { atMost: 130, points: 2 },
  { atMost: Infinity, points: 3 },
];

const TEMPERATURE: readonly Band[] = [
  { atMost: 35, points: 3 },
  { atMost: 36, points: 1 },
  { atMost: 38, points: 0 },
  { atMost: 39, points: 1 },
  { atMost: Infinity, points: 2 },
];
