/**
 * Whose the device at a bed becomes when admissions say who lies there: who has come has it from when
 * they came, who has left has it no longer from when they left. It is seen from the state alone, and
 * each statement is followed once: whoever corrects it at the bed is not corrected by it again.
 */
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Left, Place } from './movement.ts';

export interface WornDevice {
  /** Who wears it now, and since when. */
  readonly worn: { readonly id: SubjectId; readonly fromMs: number } | undefined;
  /** When the last person, not an unknown patient, ceased to wear it. */
  readonly freeSinceMs: number;
  readonly occupant: { readonly id: SubjectId; readonly place: Place } | undefined;
  /** When its wearer left this bed; undefined where they lie in it, or never did. */
  readonly left: Left | undefined;
}

export interface Handing {
  /** Undefined: nobody, or somebody unknown. */
  readonly subjectId: SubjectId | undefined;
  readonly fromMs: number;
}

/** Undefined: it stays as it is. What a person has said since an admission stands. */
export function followBed({ worn, freeSinceMs, occupant, left }: WornDevice): Handing | undefined {
  if (occupant !== undefined) {
    const { id, place } = occupant;
    if (worn?.id === id || (worn !== undefined && worn.fromMs >= place.saidMs)) return undefined;
    return { subjectId: id, fromMs: Math.max(place.sinceMs, freeSinceMs) };
  }
  if (worn === undefined || left === undefined || worn.fromMs >= left.saidMs) return undefined;
  return { subjectId: undefined, fromMs: Math.max(left.atMs, worn.fromMs) };
}

/** Names what admissions say of the bed now, to be followed once. */
export function statementOf({
  worn,
  occupant,
  left,
}: Pick<WornDevice, 'worn' | 'occupant' | 'left'>): string | undefined {
  if (occupant !== undefined) return cameTo(occupant.id, occupant.place);
  return worn && left && `${worn.id} left ${left.saidMs}`;
}

export const cameTo = (id: SubjectId, { saidMs }: Place): string => `${id} came ${saidMs}`;
