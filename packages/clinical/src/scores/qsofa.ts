import type { Acvpu } from './news2.ts';
import { type Score, scoreOf } from './score.ts';

/**
 * Quick SOFA: Singer et al., "The Third International Consensus Definitions for Sepsis and Septic
 * Shock (Sepsis-3)", JAMA 2016, doi:10.1001/jama.2016.0287. It is shown and never alarms (S18).
 */
export interface QsofaObservations {
  /** Breaths a minute. */
  readonly rr?: number | undefined;
  /** Systolic blood pressure in mmHg. */
  readonly sbp?: number | undefined;
  /** Mentation: as charted, or by the Glasgow Coma Scale, or by ACVPU; the first one known is taken. */
  readonly altered?: boolean | undefined;
  readonly gcs?: number | undefined;
  readonly acvpu?: Acvpu | undefined;
}

export type QsofaScore = Score<'rr' | 'sbp' | 'mentation', 'low' | 'high'>;

export function qsofa(seen: QsofaObservations): QsofaScore {
  return scoreOf(
    {
      rr: point(seen.rr, (perMinute) => perMinute >= 22),
      sbp: point(seen.sbp, (mmHg) => mmHg <= 100),
      mentation: point(isAltered(seen), (altered) => altered),
    },
    (total) => (total >= 2 ? 'high' : 'low'),
  );
}

function isAltered({ altered, gcs, acvpu }: QsofaObservations): boolean | undefined {
  if (altered !== undefined) return altered;
  if (gcs !== undefined) return gcs < 15;
  return acvpu === undefined ? undefined : acvpu !== 'A';
}

function point<T>(value: T | undefined, isPositive: (value: T) => boolean): number | undefined {
  if (value === undefined) return undefined;
  return isPositive(value) ? 1 : 0;
}
