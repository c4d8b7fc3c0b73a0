import type { Acvpu } from './news2.ts';
import { type Band, pointsIn, type Score, scoreOf, toDecimals } from './score.ts';

/**
 * Modified Early Warning Score: Subbe et al., "Validation of a modified Early Warning Score in
 * medical admissions", QJM 2001, doi:10.1093/qjmed/94.10.521. A total of 5 or more called for
 * escalation there. The paper leaves a pulse of exactly 40 between two cells: it scores with those below.
 */
export interface MewsObservations {
  /** Breaths a minute. */
  readonly rr?: number | undefined;
  /** Systolic blood pressure in mmHg. */
  readonly sbp?: number | undefined;
  /** Beats a minute. */
  readonly hr?: number | undefined;
  /** Degrees Celsius. */
  readonly temp?: number | undefined;
  /** The paper knows A, V, P and U. New confusion has no cell in it, so with C the part is unknown. */
  readonly acvpu?: Acvpu | undefined;
}

export type MewsScore = Score<'rr' | 'sbp' | 'hr' | 'temp' | 'acvpu', 'low' | 'high'>;

export function mews(seen: MewsObservations): MewsScore {
  return scoreOf(
    {
      rr: banded(RESP_RATE, seen.rr),
      sbp: banded(SYSTOLIC, seen.sbp),
      hr: banded(PULSE, seen.hr),
      temp: seen.temp === undefined ? undefined : pointsIn(TEMPERATURE, toDecimals(seen.temp, 1)),
      acvpu: seen.acvpu === undefined ? undefined : RESPONSE[seen.acvpu],
    },
    (total) => (total >= 5 ? 'high' : 'low'),
  );
}

function banded(bands: readonly Band[], value: number | undefined): number | undefined {
  return value === undefined ? undefined : pointsIn(bands, toDecimals(value, 0));
}

const RESPONSE: Readonly<Record<Acvpu, number | undefined>> = {
  A: 0,
  C: undefined,
  V: 1,
  P: 2,
  U: 3,
};

const RESP_RATE: readonly Band[] = [
  { atMost: 8, points: 2 },
  { atMost: 14, points: 0 },
  { atMost: 20, points: 1 },
  { atMost: 29, points: 2 },
  { atMost: Infinity, points: 3 },
];

const SYSTOLIC: readonly Band[] = [
  { atMost: 70, points: 3 },
  { atMost: 80, points: 2 },
  { atMost: 100, points: 1 },
  { atMost: 199, points: 0 },
  { atMost: Infinity, points: 2 },
];

const PULSE: readonly Band[] = [
  { atMost: 40, points: 2 },
  { atMost: 50, points: 1 },
  { atMost: 100, points: 0 },
  { atMost: 110, points: 1 },
  { atMost: 129, points: 2 },
  { atMost: Infinity, points: 3 },
];

const TEMPERATURE: readonly Band[] = [
  { atMost: 34.9, points: 2 },
  { atMost: 38.4, points: 0 },
  { atMost: Infinity, points: 2 },
];
