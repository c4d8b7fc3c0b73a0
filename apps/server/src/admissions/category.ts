/**
 * Which limits may apply to somebody of whom no person has said it: by the beds to which they came,
 * and by when they were born. Whenever either is told anew, so is this (safety S18). What a person has
 * said stands.
 */
import type { PatientCategory, Subject, SubjectIdentity } from '@ausculta/vitals/subject';
import type { Stay } from './census.ts';

/** NEWS2, from which the adults' limits come, is not for anybody younger. */
const ADULT_YEARS = 16;
const NEONATE_DAYS = 28;
const DAY_MS = 86_400_000;

/** Of the beds to which somebody comes, unless their birth date says that they are a child. */
export function categoryFrom(
  { birthDate }: Pick<SubjectIdentity, 'birthDate'>,
  { ofBed, nowMs }: { readonly ofBed: PatientCategory; readonly nowMs: number },
): PatientCategory {
  if (birthDate === undefined) return ofBed;
  const [year = 0, month = 1, day = 1] = birthDate.split('-').map(Number);
  const bornMs = Date.UTC(year, month - 1, day);
  if (/^\d{4}-\d{2}-\d{2}$/.test(birthDate) && nowMs - bornMs < NEONATE_DAYS * DAY_MS) {
    return 'neonate';
  }
  const isChild = Date.UTC(year + ADULT_YEARS, month - 1, day) > nowMs;
  return isChild ? (ofBed === 'neonate' ? 'neonate' : 'child') : ofBed;
}

type Known = Pick<Subject, 'category'> & {
  readonly identity: Pick<SubjectIdentity, 'birthDate'>;
};

/** What the category goes by; undefined where a person has said it. */
export function goesBy(
  { category }: Pick<Subject, 'category'>,
  stay: Pick<Stay, 'categoryOfBed'> | undefined,
): PatientCategory | undefined {
  return stay?.categoryOfBed ?? (category === 'unknown' ? 'unknown' : undefined);
}

/** With what is known of the person now; a bed of a unit of which nobody has said it changes nothing. */
export function categoryAt(
  subject: Known,
  stay: Pick<Stay, 'categoryOfBed'> | undefined,
  { ofBed, nowMs }: { readonly ofBed: PatientCategory; readonly nowMs: number },
): Pick<Subject, 'category'> & Pick<Stay, 'categoryOfBed'> {
  const known = goesBy(subject, stay);
  if (known === undefined) return { category: subject.category };
  const by = ofBed === 'unknown' ? known : ofBed;
  return { category: categoryFrom(subject.identity, { ofBed: by, nowMs }), categoryOfBed: by };
}
