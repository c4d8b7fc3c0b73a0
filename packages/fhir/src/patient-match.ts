/**
 * Whether two descriptions are of one person (`Patient/$match`). A number alone is not believed when
 * the person contradicts it, and no two people are certainly one without a number: names and birthdays
 * are shared by more people than one thinks, and a wrong match is somebody else's record.
 */
import type { Identifier, Patient } from '@medplum/fhirtypes';
import { normalText } from './search-value.ts';

export type MatchGrade = 'certain' | 'probable' | 'possible';

export interface PatientMatch {
  readonly grade: MatchGrade;
  /** From 0 to 1: an order, and no probability. */
  readonly score: number;
}

/** Undefined: nothing speaks for it, or something against it. */
export function matchOf(asked: Patient, known: Patient): PatientMatch | undefined {
  const birthDate = compare(asked.birthDate, known.birthDate, isSameDay);
  const family = compareNames(asked, known, familiesOf);
  const given = compareNames(asked, known, givensOf);
  const gender = compare(asked.gender, known.gender, (a, b) => a === b);
  const hasNumber = shareNumber(asked.identifier ?? [], known.identifier ?? []);
  const against = [birthDate, family, given, gender].filter((one) => one === 'differs').length;
  if (hasNumber) {
    if (against === 0) return { grade: 'certain', score: 1 };
    // One mistake in writing is common, two are another person with a number mistyped.
    return against === 1 ? { grade: 'probable', score: 0.9 } : { grade: 'possible', score: 0.5 };
  }
  if (birthDate === 'differs' || family === 'differs' || gender === 'differs') return undefined;
  if (family !== 'same') return undefined;
  if (birthDate === 'same' && given === 'same') {
    return { grade: 'probable', score: gender === 'same' ? 0.85 : 0.8 };
  }
  if (birthDate === 'same' && given === 'unknown') return { grade: 'possible', score: 0.6 };
  if (birthDate === 'same') return { grade: 'possible', score: 0.45 };
  return given === 'same' ? { grade: 'possible', score: 0.4 } : undefined;
}

type Comparison = 'same' | 'differs' | 'unknown';

function compare<T extends string>(
  a: T | undefined,
  b: T | undefined,
  isSame: (a: T, b: T) => boolean,
): Comparison {
  const isKnown = (one: T | undefined): one is T => one !== undefined && one !== 'unknown';
  if (!isKnown(a) || !isKnown(b)) return 'unknown';
  return isSame(a, b) ? 'same' : 'differs';
}

/** "1980" may be "1980-03-05". */
const isSameDay = (a: string, b: string): boolean => a.startsWith(b) || b.startsWith(a);

const familiesOf = ({ name = [] }: Patient): string[] => name.flatMap(({ family }) => family ?? []);

/** The first alone: who has several is called by one of them, and seldom writes all. */
const givensOf = ({ name = [] }: Patient): string[] =>
  name.flatMap(({ given }) => given?.flatMap((one) => one.split(' '))[0] ?? []);

function compareNames(
  asked: Patient,
  known: Patient,
  namesOf: (patient: Patient) => string[],
): Comparison {
  const [a, b] = [asked, known].map((one) => namesOf(one).map(normalText).filter(Boolean));
  if (a === undefined || b === undefined || a.length === 0 || b.length === 0) return 'unknown';
  return a.some((one) => b.includes(one)) ? 'same' : 'differs';
}

/** A number without its system may be anybody's. */
function shareNumber(asked: readonly Identifier[], known: readonly Identifier[]): boolean {
  return asked.some(
    ({ system, value }) =>
      system !== undefined &&
      value !== undefined &&
      value.trim() !== '' &&
      known.some((one) => one.system === system && one.value === value),
  );
}
