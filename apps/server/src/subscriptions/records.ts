/** Which records are one person's: whoever asks of one of them is told of the person. */
import { parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import type { Census } from '../admissions/census.ts';
import { recordsBehind } from '../fhir/same-person.ts';

export interface Records {
  /** The record that is used for this one: itself, unless it was merged into another. */
  readonly usedFor: (id: SubjectId) => SubjectId;
  readonly mergedInto: (id: SubjectId) => readonly SubjectId[];
  /** Another number whenever two were merged, or taken apart. */
  readonly merges: number;
}

/** While nothing is known of them yet. */
export const NO_MERGES: Records = { usedFor: (id) => id, mergedInto: () => [], merges: -1 };

export function recordsIn(census: Pick<Census, 'usedFor' | 'mergedInto' | 'merges'>): Records {
  return {
    usedFor: (id) => census.usedFor(id),
    mergedInto: (id) => census.mergedInto(id),
    get merges() {
      return census.merges;
    },
  };
}

export function othersOfPerson(id: string, { usedFor, mergedInto }: Records): SubjectId[] {
  const own = parseSubjectId(id);
  if (own === undefined) return [];
  const used = usedFor(own);
  return [used, ...recordsBehind(used, mergedInto)].filter((one) => one !== own);
}
