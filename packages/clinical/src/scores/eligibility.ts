import type { PatientCategory } from '@ausculta/vitals/subject';

/**
 * Who may be scored at all. NEWS2 "should not be used in children (aged under 16 years) or in women
 * who are pregnant" (Royal College of Physicians 2017, ISBN 978-1-86016-682-2). The others were made
 * on adults: Subbe 2001 (doi:10.1093/qjmed/94.10.521), Singer 2016 (doi:10.1001/jama.2016.0287).
 * No score before the category is known (safety S18).
 */
export type ScoreRefusal = 'category-unknown' | 'under-16' | 'pregnancy';

export interface Eligibility {
  readonly category: PatientCategory;
  readonly ageYears?: number | undefined;
  readonly isPregnant?: boolean | undefined;
}

const ADULT_FROM_YEARS = 16;

/** Undefined where the scores of this room apply. */
export function whyNotScored(patient: Eligibility): ScoreRefusal | undefined {
  const { category, ageYears, isPregnant } = patient;
  if (category === 'maternity' || isPregnant === true) return 'pregnancy';
  if (category === 'child' || category === 'neonate') return 'under-16';
  if (ageYears !== undefined && ageYears < ADULT_FROM_YEARS) return 'under-16';
  return category === 'adult' ? undefined : 'category-unknown';
}
