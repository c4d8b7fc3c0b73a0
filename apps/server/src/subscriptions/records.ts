/** Which records are one person's: whoever asks of one of them is told of the person. */
import { parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import { recordsBehind } from '../fhir/same-person.ts';

export interface Records {
  /** The record that is used for this one: itself, unless it was merged into another. */
  usedFor(id: SubjectId): SubjectId;
  mergedInto(id: SubjectId): readonly SubjectId[];
  /** Another number whenever two were merged, or taken apart. */
  readonly merges: number;
}

export function othersOfPerson(id: string, records: Records): SubjectId[] {
  const own = parseSubjectId(id);
  if (own === undefined) return [];
  const used = records.usedFor(own);
  const behind = recordsBehind(used, (one) => records.mergedInto(one));
  return [used, ...behind].filter((one) => one !== own);
}
