import type { SubjectView } from '@ausculta/contract/subjects';
import type { PacedState, Sex } from '@ausculta/vitals/subject';

type Identity = SubjectView['identity'];

export function nameText(identity: Identity): string {
  return identity.givenName === ''
    ? identity.familyName
    : `${identity.familyName}, ${identity.givenName}`;
}

/** "Bed 05, Rivera, Ana": for whoever must go there. "Bed 7, unknown" says already where. */
export function placedName(identity: Identity): string {
  const { bed } = identity;
  const name = nameText(identity);
  return bed === undefined || name.startsWith(`Bed ${bed},`) ? name : `Bed ${bed}, ${name}`;
}

/** Whole years, from as much of the birth date as is known; undefined when nobody knows. */
export function ageYears(birthDate: string | undefined, nowMs: number): number | undefined {
  const match = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(birthDate ?? '');
  if (match === null) return undefined;
  const now = new Date(nowMs);
  const years = now.getFullYear() - Number(match[1]);
  const month = Number(match[2] ?? 1);
  const day = Number(match[3] ?? 1);
  const before =
    now.getMonth() + 1 < month || (now.getMonth() + 1 === month && now.getDate() < day);
  return before ? years - 1 : years;
}

const SEX_LETTER: Record<Sex, string> = { female: 'F', male: 'M', other: 'X', unknown: '' };

/** "67 F"; what is not known is left out. */
export function ageSexText(identity: Identity, nowMs: number): string {
  const age = ageYears(identity.birthDate, nowMs);
  return [age === undefined ? '' : String(age), SEX_LETTER[identity.sex]].filter(Boolean).join(' ');
}

/** "76 y, female" */
export function ageSexWords(identity: Identity, nowMs: number): string {
  const age = ageYears(identity.birthDate, nowMs);
  const sex = identity.sex === 'unknown' ? 'sex not known' : identity.sex;
  return `${age === undefined ? 'age not known' : `${age} y`}, ${sex}`;
}

export function locationText(identity: Identity): string {
  const parts = [identity.ward, identity.bed && `bed ${identity.bed}`].filter(Boolean);
  return parts.length === 0 ? 'No location' : parts.join(', ');
}

/** "Bed 05, ICU": where to go, without whose it is. */
export function placeText({ bed, ward }: Identity): string {
  return [bed && `Bed ${bed}`, ward].filter(Boolean).join(', ') || 'No bed';
}

/** Unknown is treated as paced, and says so (safety S8). */
export const PACED_TEXT: Record<PacedState, { readonly short: string; readonly long: string }> = {
  yes: { short: 'Paced', long: 'Paced' },
  no: { short: 'Not paced', long: 'Not paced' },
  unknown: { short: 'Paced?', long: 'Not known, treated as paced' },
};

/** Ward, then bed in the order that people count ("2" before "10"), then name. */
export function byPlace(one: SubjectView, other: SubjectView): number {
  return (
    compare(one.identity.ward, other.identity.ward) ||
    compare(one.identity.bed, other.identity.bed) ||
    compare(nameText(one.identity), nameText(other.identity)) ||
    compare(one.id, other.id)
  );
}

/** Those without a place come last. */
function compare(one: string | undefined, other: string | undefined): number {
  if (one === undefined || other === undefined) {
    return Number(one === undefined) - Number(other === undefined);
  }
  return one.localeCompare(other, 'en', { numeric: true });
}
