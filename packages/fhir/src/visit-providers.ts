/** Who held a visit and who bills it, each with the number by which payers know them. */
import type {
  Encounter,
  Identifier,
  Organization,
  Practitioner,
  PractitionerRole,
  Reference,
} from '@medplum/fhirtypes';
import { SYSTEM } from './systems.ts';
import { lack, type Part, type Visit } from './visit.ts';

export interface Providers {
  readonly rendering: Reference<Practitioner | PractitionerRole>;
  readonly billing: Reference<Provider>;
}

export function providersOf(visit: Visit): Part<Providers> {
  const { encounter, find } = visit;
  const rendering = renderingOf(visit);
  const { serviceProvider } = encounter;
  if (serviceProvider === undefined) {
    // Whoever bills alone.
    if (!rendering.ok) return rendering;
    return { ok: true, value: { rendering: rendering.value, billing: rendering.value } };
  }
  const organization = find(['Organization'], serviceProvider);
  const billing =
    organization === undefined
      ? lack('not-found', 'Encounter.serviceProvider', 'The Organization is not here.')
      : named(organization, organization.identifier);
  if (rendering.ok && billing.ok)
    return { ok: true, value: { rendering: rendering.value, billing: billing.value } };
  return { ok: false, lacks: [rendering, billing].flatMap((one) => (one.ok ? [] : one.lacks)) };
}

type Participant = NonNullable<Encounter['participant']>[number];

function renderingOf({ encounter, find }: Visit): Part<Reference<Practitioner | PractitionerRole>> {
  const at = 'Encounter.participant';
  const all = (encounter.participant ?? []).filter(
    ({ individual }) => !/(^|\/)RelatedPerson\//.test(individual?.reference ?? ''),
  );
  const primary = all.filter(isPrimaryPerformer);
  const [only, ...others] = primary.length > 0 ? primary : all;
  if (only === undefined) return lack('required', at, 'It is not said who held the visit.');
  if (others.length > 0)
    return lack('business-rule', at, 'One participant alone is the primary performer (PPRF).');
  const who = find(['Practitioner', 'PractitionerRole'], only.individual);
  if (who === undefined) return lack('not-found', at, 'The Practitioner is not here.');
  if (who.resourceType === 'Practitioner') return named(who, who.identifier);
  const person = find(['Practitioner'], who.practitioner);
  return named(who, [...(who.identifier ?? []), ...(person?.identifier ?? [])]);
}

function isPrimaryPerformer({ type = [] }: Participant): boolean {
  return type.some(({ coding = [] }) =>
    coding.some(({ system, code }) => system === SYSTEM.PARTICIPATION_TYPE && code === 'PPRF'),
  );
}

type Provider = Practitioner | PractitionerRole | Organization;

function named<T extends Provider>(
  { resourceType, id }: T,
  identifiers: readonly Identifier[] = [],
): Part<Reference<T>> {
  const number = identifiers.find(({ system }) => system === SYSTEM.NPI)?.value;
  if (number === undefined || !isNpi(number))
    return lack('required', `${resourceType}.identifier`, 'No National Provider Identifier.');
  const identifier = { system: SYSTEM.NPI, value: number };
  return { ok: true, value: { reference: `${resourceType}/${id}`, identifier } };
}

/** Ten digits, the last by Luhn's formula over 80840 and the others (45 CFR 162.406; ISO/IEC 7812). */
export function isNpi(text: string): boolean {
  if (!/^[12]\d{9}$/.test(text)) return false;
  const digits = [...`80840${text}`].reverse().map(Number);
  const sum = digits.reduce((all, digit, at) => {
    const weighed = at % 2 === 0 ? digit : digit * 2;
    return all + (weighed > 9 ? weighed - 9 : weighed);
  }, 0);
  return sum % 10 === 0;
}
