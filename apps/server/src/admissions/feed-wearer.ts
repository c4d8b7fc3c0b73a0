/**
 * Whose readings a bedside feed brings: decided from what the message says, who wears the device, and
 * who lies in the bed. A person's word stands until somebody says otherwise; what nobody can say is an
 * unknown patient's (safety S17), and never a guess.
 */
import type { SubjectId } from '@ausculta/vitals/identity';

export interface FeedView {
  /** Who wears the device now. */
  readonly wearer: FeedWearer | undefined;
  /** Whether the device stood at this bed when it was last heard; false: it has been moved here. */
  readonly isAtHome: boolean;
  /** Who lies in this bed, as an admission said, and since when. */
  readonly occupant: Occupant | undefined;
  /** Whether PID-3 holds a number at all, and whose it is. */
  readonly isNamed: boolean;
  readonly named: NamedPatient | undefined;
}

interface Occupant {
  readonly id: SubjectId;
  readonly sinceMs: number;
  /** The device was handed on by that admission already: where it is not theirs now, a person has said so. */
  readonly isFollowed: boolean;
}

export interface FeedWearer {
  readonly id: SubjectId;
  /** The unknown patient of a bed. */
  readonly unknown: { readonly isOfThisBed: boolean; readonly sinceMs: number } | undefined;
  /** The bed in which an admission has placed them, if any. */
  readonly bed: 'this' | 'another' | undefined;
}

export interface NamedPatient {
  readonly id: SubjectId;
  readonly bed: 'this' | 'another' | undefined;
}

export type Decision =
  | { readonly kind: 'as-it-is' }
  | { readonly kind: 'patient'; readonly id: SubjectId }
  | { readonly kind: 'unknown' };

const AS_IT_IS: Decision = { kind: 'as-it-is' };
const UNKNOWN: Decision = { kind: 'unknown' };

export function decideWearer(view: FeedView): Decision {
  return view.isNamed ? decideNamed(view) : decideNameless(view);
}

/** The bed decides, where nobody has given the device to somebody. */
function decideNameless({ wearer, isAtHome, occupant }: FeedView): Decision {
  if (wearer?.unknown !== undefined) {
    const { isOfThisBed, sinceMs } = wearer.unknown;
    // Whoever contradicted the admission since goes on being unknown until an act says who it is.
    const isNewer = occupant === undefined || sinceMs >= occupant.sinceMs;
    if (isOfThisBed && isNewer) return AS_IT_IS;
    return bedDecides(occupant);
  }
  if (wearer === undefined) return bedDecides(occupant);
  if (isAtHome || wearer.bed === 'this') return AS_IT_IS;
  if (occupant !== undefined || wearer.bed === 'another') return bedDecides(occupant);
  return AS_IT_IS;
}

/** A number that contradicts who wears it changes nothing: the door refuses the message, and is heard. */
function decideNamed({ wearer, isAtHome, occupant, named }: FeedView): Decision {
  if (named !== undefined && wearer?.id === named.id) return AS_IT_IS;
  // Nor does the number that was in the monitor all along undo what a person has said.
  const isExpected = named !== undefined && occupant?.id === named.id && !occupant.isFollowed;
  if (isExpected) return { kind: 'patient', id: named.id };
  if (wearer !== undefined && wearer.unknown === undefined && isAtHome) return AS_IT_IS;
  const isFree = occupant === undefined && named?.bed !== 'another';
  if (named !== undefined && isFree) return { kind: 'patient', id: named.id };
  // Somebody whom nobody knows here, or who should be elsewhere: in nobody's record but their own.
  return wearer?.unknown?.isOfThisBed ? AS_IT_IS : UNKNOWN;
}

/** From whom a person has taken it off since their admission does not get it back by this. */
function bedDecides(occupant: Occupant | undefined): Decision {
  if (occupant === undefined || occupant.isFollowed) return UNKNOWN;
  return { kind: 'patient', id: occupant.id };
}
