/**
 * A visit as a professional Claim (R4), ready for whoever makes an X12 837P of it: who, when, for what,
 * how and where it was held, and who pays. Nothing is guessed: what is missing is named, all of it at
 * once. The charges are the biller's.
 */
import type { Claim, ClaimSupportingInfo, Encounter } from '@medplum/fhirtypes';
import { SYSTEM } from './systems.ts';
import type { Lack, Part, Visit } from './visit.ts';
import { type CodedDiagnosis, diagnosesOf } from './visit-diagnoses.ts';
import { insuranceOf } from './visit-insurance.ts';
import { type Place, placeOf, RESIDENCE_PLACES } from './visit-place.ts';
import { type Providers, providersOf } from './visit-providers.ts';
import { minutesOf, type Services, servicesOf } from './visit-services.ts';

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';

export function visitClaim(visit: Visit): Part<Claim> {
  const { encounter } = visit;
  const parts = {
    held: heldOf(visit),
    minutes: minutesOf(encounter),
    place: placeOf(visit),
    services: servicesOf(encounter),
    providers: providersOf(visit),
    diagnoses: diagnosesOf(visit),
    insurance: insuranceOf(visit),
  };
  const { held, minutes, place, services, providers, diagnoses, insurance } = parts;
  if (
    !held.ok ||
    !minutes.ok ||
    !place.ok ||
    !services.ok ||
    !providers.ok ||
    !diagnoses.ok ||
    !insurance.ok
  )
    return { ok: false, lacks: Object.values(parts).flatMap((one) => (one.ok ? [] : one.lacks)) };
  const { id } = encounter;
  const { patient, period } = held.value;
  return {
    ok: true,
    value: {
      resourceType: 'Claim',
      // Asked for again it bears the same number: whoever pays sees that it is the same visit.
      ...(id !== undefined && { identifier: [{ system: SYSTEM.VISIT_CLAIM, value: id }] }),
      status: 'draft',
      type: concept('claim-type', 'professional'),
      use: 'claim',
      patient,
      billablePeriod: period,
      created: visit.at,
      ...(insurance.value.insurer !== undefined && { insurer: insurance.value.insurer }),
      provider: providers.value.billing,
      priority: concept('processpriority', 'normal'),
      ...facilityOf(place.value),
      careTeam: [
        {
          sequence: 1,
          provider: providers.value.rendering,
          role: concept('claimcareteamrole', 'primary'),
        },
      ],
      supportingInfo: supportingInfo(minutes.value, place.value),
      diagnosis: diagnoses.value.map((one, at) => ({ sequence: at + 1, ...one })),
      insurance: [...insurance.value.insurance],
      item: itemsOf(encounter, {
        ...{ period, place: place.value, services: services.value },
        ...{ providers: providers.value, diagnoses: diagnoses.value },
      }),
    },
  };
}

const concept = (system: string, code: string) => ({
  coding: [{ system: `${TERMINOLOGY}/${system}`, code }],
});

type Held = Pick<Claim, 'patient'> & { readonly period: NonNullable<Claim['billablePeriod']> };

/** Of a person, and over. */
function heldOf({ encounter, isPatient }: Visit): Part<Held> {
  const { status, subject, period } = encounter;
  const lacks: Lack[] = [];
  if (status !== 'finished')
    lacks.push({
      code: 'business-rule',
      text: 'Only a finished visit is claimed.',
      at: 'Encounter.status',
    });
  const { reference } = subject ?? {};
  if (reference === undefined || !isPatient(subject))
    lacks.push({
      code: 'required',
      text: 'The visit is of no patient here.',
      at: 'Encounter.subject',
    });
  const { start, end } = period ?? {};
  if (start === undefined || end === undefined || !/^\d{4}-\d\d-\d\d/.test(start))
    lacks.push({
      code: 'required',
      text: 'The visit has no day on which it began, or no end.',
      at: 'Encounter.period',
    });
  if (lacks.length > 0 || reference === undefined || start === undefined || end === undefined)
    return { ok: false, lacks };
  return { ok: true, value: { patient: { reference }, period: { start, end } } };
}

/** Where the patient's own home is the place, no facility is. */
function facilityOf({ code, location }: Place): Pick<Claim, 'facility'> {
  if (location === undefined || RESIDENCE_PLACES.includes(code)) return {};
  return { facility: { reference: `Location/${location}` } };
}

const INFORMATION = concept('claiminformationcategory', 'info');

/** Minutes are no units of a service: as its quantity they would be paid for one by one. */
function supportingInfo(minutes: number, { kind, mode }: Place): ClaimSupportingInfo[] {
  const quantity = { value: minutes, unit: 'min', system: SYSTEM.UCUM, code: 'min' };
  return [
    {
      sequence: 1,
      category: INFORMATION,
      code: { text: 'Minutes of the visit' },
      valueQuantity: quantity,
    },
    { sequence: 2, category: INFORMATION, code: { coding: [kind], text: 'Kind of the visit' } },
    ...(mode === undefined
      ? []
      : [
          { sequence: 3, category: INFORMATION, code: { coding: [mode], text: 'How it was held' } },
        ]),
  ];
}

interface Billed {
  readonly period: Held['period'];
  readonly place: Place;
  readonly services: Services;
  readonly providers: Providers;
  readonly diagnoses: readonly CodedDiagnosis[];
}

/** A line of an 837P points at four diagnoses (SV107). */
const POINTERS_MAX = 4;

function itemsOf(
  { id }: Encounter,
  { period, place, services, diagnoses }: Billed,
): NonNullable<Claim['item']> {
  const modifiers = [...services.modifiers, ...place.modifiers];
  return services.procedures.map((procedure, at) => ({
    sequence: at + 1,
    careTeamSequence: [1],
    diagnosisSequence: diagnoses.slice(0, POINTERS_MAX).map((_, index) => index + 1),
    informationSequence: place.mode === undefined ? [1, 2] : [1, 2, 3],
    productOrService: { coding: [procedure] },
    ...(modifiers.length > 0 && { modifier: modifiers.map((one) => ({ coding: [one] })) }),
    servicedPeriod: period,
    locationCodeableConcept: { coding: [{ system: SYSTEM.PLACE_OF_SERVICE, code: place.code }] },
    quantity: { value: 1 },
    ...(id !== undefined && { encounter: [{ reference: `Encounter/${id}` }] }),
  }));
}
