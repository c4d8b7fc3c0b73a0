/** What was done in a visit, by the codes that claims know, and for how long. */
import type { Coding, Encounter } from '@medplum/fhirtypes';
import { readDate } from './date-range.ts';
import { SYSTEM } from './systems.ts';
import { lack, type Part } from './visit.ts';

export interface Services {
  readonly procedures: readonly Coding[];
  readonly modifiers: readonly Coding[];
}

/** Lines of an 837P, and modifiers of a line (SV101). */
const PROCEDURES_MAX = 50;
const MODIFIERS_MAX = 4;

/** CPT has five characters and HCPCS level II a letter and four digits; a modifier of both has two. */
export function servicesOf({ type = [], serviceType }: Encounter): Part<Services> {
  const at = 'Encounter.type';
  const concepts = serviceType === undefined ? type : [...type, serviceType];
  const codings = concepts.flatMap(({ coding = [] }) => coding);
  const billed = codings.filter(({ system }) => system === SYSTEM.CPT || system === SYSTEM.HCPCS);
  const procedures = plain(billed.filter(({ code = '' }) => isProcedure(code)));
  const modifiers = plain(billed.filter(({ code = '' }) => /^[A-Z0-9]{2}$/.test(code)));
  if (billed.some(({ code = '' }) => !isProcedure(code) && !/^[A-Z0-9]{2}$/.test(code)))
    return lack('value', at, 'A code is of neither CPT nor HCPCS.');
  if (procedures.length === 0)
    return lack('required', at, 'type or serviceType names what was done by CPT or HCPCS.');
  // One is added for a visit from afar.
  if (procedures.length > PROCEDURES_MAX || modifiers.length >= MODIFIERS_MAX)
    return lack('too-long', at, 'A claim has 50 services at most, each with four modifiers.');
  return { ok: true, value: { procedures, modifiers } };
}

const isProcedure = (code: string): boolean => /^\d{4}[A-Z0-9]$|^[A-Z]\d{4}$/.test(code);

/** Each once, without its words. */
function plain(codings: readonly Coding[]): Coding[] {
  const byCode = new Map(
    codings.map(({ system, code }) => [
      `${system}|${code}`,
      { ...(system !== undefined && { system }), ...(code !== undefined && { code }) },
    ]),
  );
  return [...byCode.values()];
}

const MINUTES_IN: Readonly<Record<string, number>> = { s: 1 / 60, min: 1, h: 60, d: 1440 };

/** Whole minutes, and none that was not spent. */
export function minutesOf({ length, period }: Encounter): Part<number> {
  const [start, end] = [period?.start, period?.end].map((text = '') =>
    text.includes('T') ? readDate(text)?.fromMs : undefined,
  );
  const spanned =
    start === undefined || end === undefined ? undefined : Math.floor((end - start) / 60_000);
  if (spanned !== undefined && spanned < 0)
    return lack('value', 'Encounter.period', 'The visit ends before it begins.');
  if (length === undefined) {
    if (spanned !== undefined) return { ok: true, value: spanned };
    return NO_LENGTH;
  }
  const factor = length.system === SYSTEM.UCUM ? MINUTES_IN[length.code ?? ''] : undefined;
  if (factor === undefined || length.value === undefined || length.comparator !== undefined)
    return lack('value', 'Encounter.length', 'The length is a number of min, h, d or s of UCUM.');
  const minutes = Math.floor(length.value * factor);
  // A minute that has begun is one more than those that are over.
  if (minutes < 0 || (spanned !== undefined && minutes > spanned + 1))
    return lack('business-rule', 'Encounter.length', 'The visit is longer than its period.');
  return { ok: true, value: minutes };
}

const NO_LENGTH = lack(
  'required',
  'Encounter.length',
  'It is not said how long the visit took: by length, or by times of day in period.',
);
