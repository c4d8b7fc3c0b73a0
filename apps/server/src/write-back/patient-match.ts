/**
 * Who a patient is in the other record: whoever bears the identifier, if that is one, in use, and not born
 * on another day. Nobody is guessed. Pure.
 */
import type { UnmatchedReason } from '@ausculta/contract/write-back';
import type { Identifier, Patient } from '@medplum/fhirtypes';
import type { Destination } from './settings.ts';

export type Matched<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: UnmatchedReason };

type Number = { readonly system: string; readonly value: string };

/** By which our patient is looked for. */
export function numberFor(
  { patientSystem: system, patientNumber }: Pick<Destination, 'patientSystem' | 'patientNumber'>,
  own: { readonly recordNumber: string; readonly identifiers: readonly Identifier[] },
): Matched<Number> {
  const isCurrent = (one: Identifier): boolean =>
    one.system === system && one.use !== 'old' && !isOver(one);
  const values =
    patientNumber === 'record-number'
      ? [own.recordNumber]
      : own.identifiers.filter(isCurrent).map(({ value = '' }) => value);
  const known = [...new Set(values.map((value) => value.trim()).filter((value) => value !== ''))];
  const [value] = known;
  if (value === undefined) return { ok: false, reason: 'no-identifier-here' };
  if (known.length > 1) return { ok: false, reason: 'several-identifiers-here' };
  return { ok: true, value: { system, value } };
}

/** Whoever closes a number may say so by its period alone. */
function isOver({ period }: Identifier): boolean {
  return period?.end !== undefined;
}

/** As that record refers to them. */
export function matchOf(
  bearers: readonly Patient[],
  { birthDate }: { readonly birthDate: string | undefined },
): Matched<string> {
  const [patient] = bearers;
  if (patient?.id === undefined) return { ok: false, reason: 'nobody-there' };
  if (bearers.length > 1) return { ok: false, reason: 'several-there' };
  const isReplaced = patient.link?.some(({ type }) => type === 'replaced-by') ?? false;
  if (patient.active === false || isReplaced) return { ok: false, reason: 'not-active-there' };
  if (!isSameBirth(birthDate, patient.birthDate))
    return { ok: false, reason: 'other-birth-date-there' };
  return { ok: true, value: `Patient/${patient.id}` };
}

/** As far as both say it: a year, a month or a day. */
function isSameBirth(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return true;
  const length = Math.min(one.length, other.length);
  return one.slice(0, length) === other.slice(0, length);
}
