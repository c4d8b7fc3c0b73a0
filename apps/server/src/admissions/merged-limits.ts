/** Which limits may apply to two records that are one person's, and to each once they are apart again. */
import type { PacedState, Subject } from '@ausculta/vitals/subject';
import { categoryFrom, goesBy } from './category.ts';
import type { Stay } from './census.ts';

export type Limits = Pick<Subject, 'category' | 'paced'> & Pick<Stay, 'categoryOfBed'>;

interface Limited {
  readonly subject: Subject;
  readonly stay: Stay;
}

export function limitsOf({ subject, stay: { categoryOfBed } }: Limited): Limits {
  const { category, paced } = subject;
  return { category, paced, ...(categoryOfBed !== undefined && { categoryOfBed }) };
}

/**
 * Nobody loses their limits by being joined with a record that has none (safety S18); what a person has
 * said of either comes before what their beds are for.
 */
export function limitsOfBoth(
  { kept, old }: { readonly kept: Limits; readonly old: Limits },
  { identity, nowMs }: Pick<Subject, 'identity'> & { readonly nowMs: number },
): Limits {
  const paced = pacedOfBoth(kept.paced, old.paced);
  const [ofKept, ofOld] = [goesBy(kept, kept), goesBy(old, old)];
  if (ofKept === undefined) return { ...kept, paced };
  if (ofOld === undefined) return { category: old.category, paced };
  const ofBed = ofKept === 'unknown' ? ofOld : ofKept;
  return { category: categoryFrom(identity, { ofBed, nowMs }), paced, categoryOfBed: ofBed };
}

/** As they were, of a person of whom more may be known by now. */
export function limitsAgain(
  before: Limits,
  { identity, nowMs }: Pick<Subject, 'identity'> & { readonly nowMs: number },
): Limits {
  const ofBed = goesBy(before, before);
  if (ofBed === undefined) return before;
  return { ...before, category: categoryFrom(identity, { ofBed, nowMs }), categoryOfBed: ofBed };
}

/** Two records that contradict each other: not known, which is treated as paced (safety S8). */
function pacedOfBoth(kept: PacedState, old: PacedState): PacedState {
  if (kept === old || old === 'unknown') return kept;
  return kept === 'unknown' && old === 'yes' ? 'yes' : 'unknown';
}

export function withLimits<L extends Limited>(record: L, { category, paced, ...by }: Limits): L {
  const { categoryOfBed: _, ...stay } = record.stay;
  const { categoryOfBed } = by;
  return {
    ...record,
    subject: { ...record.subject, category, paced },
    stay: { ...stay, ...(categoryOfBed !== undefined && { categoryOfBed }) },
  };
}
