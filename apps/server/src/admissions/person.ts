/** What an admission message says of the person: who it is, and where they lie. */
import type { AdtPerson } from '@ausculta/codecs/hl7-adt';
import type { Hl7Identifier } from '@ausculta/codecs/hl7-patient';
import type { SubjectIdentity } from '@ausculta/vitals/subject';
import { placeOf } from './bed.ts';
import type { Stay } from './census.ts';
import type { Place } from './movement.ts';

const NAME_LENGTH = 100;
const NUMBER_LENGTH = 50;

/** Medical record numbers; where none is called so, internal ones, then what has no type at all. */
export function recordNumbers(identifiers: readonly Hl7Identifier[]): string[] {
  for (const types of [['MR'], ['PI', 'PT'], ['']]) {
    const found = identifiers.filter(({ type }) => types.includes(type.toUpperCase()));
    if (found.length > 0) return found.map(({ id }) => id.slice(0, NUMBER_LENGTH));
  }
  return [];
}

/** A message that leaves a field out says nothing of it. */
export function identityFrom(
  { patient }: AdtPerson,
  known: SubjectIdentity | undefined,
  recordNumber: string,
): SubjectIdentity {
  const { familyName, givenName, birthDate = known?.birthDate, sex } = patient;
  const isNamed = familyName + givenName !== '';
  const name = isNamed
    ? { familyName: familyName.slice(0, NAME_LENGTH), givenName: givenName.slice(0, NAME_LENGTH) }
    : { familyName: known?.familyName ?? 'Name not known', givenName: known?.givenName ?? '' };
  return {
    ...known,
    ...name,
    ...(birthDate !== undefined && { birthDate }),
    sex: sex === 'unknown' ? (known?.sex ?? 'unknown') : sex,
    recordNumber,
  };
}

/** Who has left lies nowhere. */
export function placedIdentity(
  { ward: _, bed: __, ...identity }: SubjectIdentity,
  place: Place | undefined,
): SubjectIdentity {
  return place === undefined ? identity : { ...identity, ...placeOf(place.bed) };
}

/** Where somebody has typed that they lie stands until a message has admitted them. */
export function identityAt(
  identity: SubjectIdentity,
  { place, visit }: Pick<Stay, 'place' | 'visit'>,
): SubjectIdentity {
  const isTyped = place === undefined && visit === undefined;
  return isTyped ? identity : placedIdentity(identity, place);
}
