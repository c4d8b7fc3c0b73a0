/**
 * Words as bits, so that a set of them is one number and a decision needs no search. Lists are short
 * enough for 31 bits; the tests hold that.
 */
import {
  ACTIONS,
  type Action,
  DATA_CLASSES,
  type DataClass,
  PURPOSES,
  type Purpose,
  RELATIONS,
  type Relation,
  ROLES,
  type Role,
} from './vocabulary.ts';

/** Undefined, or a word of no list: callers treat both as a refusal. */
export type Place = number | undefined;

const DATA_NAMES = Object.keys(DATA_CLASSES) as DataClass[];
const PURPOSE_NAMES = Object.keys(PURPOSES) as Purpose[];
const RELATION_NAMES = Object.keys(RELATIONS) as Relation[];

/** Maps rather than objects: a role called "__proto__" is simply unknown. */
const roles = places<Role>(ROLES);
const dataClasses = places<DataClass>(DATA_NAMES);
const actions = places<Action>(ACTIONS);
const purposes = places<Purpose>(PURPOSE_NAMES);
const relations = places<Relation>(RELATION_NAMES);

export const ROLE_COUNT = ROLES.length;
export const DATA_COUNT = DATA_NAMES.length;
export const ACTION_COUNT = ACTIONS.length;

function places<T extends string>(words: readonly T[]): ReadonlyMap<string, number> {
  return new Map(words.map((word, place) => [word, place]));
}

export function rolePlace(word: string): Place {
  return roles.get(word);
}

export function dataPlace(word: string): Place {
  return dataClasses.get(word);
}

export function actionPlace(word: string): Place {
  return actions.get(word);
}

export function purposePlace(word: string): Place {
  return purposes.get(word);
}

export function relationPlace(word: string): Place {
  return relations.get(word);
}

/** Of words that our own tables hold; a word of no list has no bit, and so opens nothing. */
export function bitsOf(words: readonly string[], placeOf: (word: string) => Place): number {
  let bits = 0;
  for (const word of words) {
    const place = placeOf(word);
    if (place !== undefined) bits |= 1 << place;
  }
  return bits;
}

/** By the place of a purpose: its own bit and those of the codes above it in ActReason. */
export const PURPOSE_LINEAGE: readonly number[] = PURPOSE_NAMES.map((name) => {
  let bits = 0;
  for (let at: Purpose | undefined = name; at !== undefined; at = parentOf(at)) {
    bits |= bitsOf([at], purposePlace);
  }
  return bits;
});

function parentOf(name: Purpose): Purpose | undefined {
  const purpose = PURPOSES[name];
  return 'within' in purpose ? purpose.within : undefined;
}
