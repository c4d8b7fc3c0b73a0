/**
 * An International Patient Summary (HL7 IPS) of what is recorded here: a Composition, with what it refers
 * to. It is made by a program, attested by nobody, and says so; where something could not be read, it says
 * that it is not complete.
 */
import { formatObservationValue } from '@medplum/core';
import type {
  CodeableConcept,
  Composition,
  CompositionSection,
  Device,
  Narrative,
  Reference,
  Resource,
} from '@medplum/fhirtypes';
import { parseReference } from './reference.ts';
import {
  isObserved,
  SUMMARY_SECTIONS,
  type Summarised,
  type SummarySection,
} from './summary-sections.ts';
import { SYSTEM } from './systems.ts';

const { LOINC } = SYSTEM;

export const IPS_BUNDLE = 'http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips';
const IPS_COMPOSITION = 'http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips';
const EMPTY_REASON = 'http://terminology.hl7.org/CodeSystem/list-empty-reason';

/** Types of documents that a summary is made of; the newest vital signs and results come beside them. */
export const SUMMARISED_TYPES: readonly Summarised['resourceType'][] = [
  ...new Set(SUMMARY_SECTIONS.flatMap(({ types }) => types)),
].filter((type) => type !== 'Observation');

export interface SummaryOf {
  readonly patientId: string;
  /** Documents of `SUMMARISED_TYPES`; those that are another patient's are left out. */
  readonly documents: readonly Summarised[];
  readonly vitalSigns: readonly Summarised[];
  readonly laboratory: readonly Summarised[];
  readonly isComplete: boolean;
  /** Ids of other records of the same person, that hold more. */
  readonly otherRecords: readonly string[];
  /** When it is made, as an instant. */
  readonly at: string;
  /** Of the Composition, its author, and each thing that nobody knows: UUIDs. */
  readonly newId: () => string;
}

export interface PatientSummary {
  readonly composition: Composition & { readonly id: string };
  /** Made for this summary, under `urn:uuid:` names. */
  readonly made: readonly (Resource & { readonly id: string })[];
  /** What the sections refer to of what was given, each once, in their order. */
  readonly used: readonly Summarised[];
}

export function patientSummary(of: SummaryOf): PatientSummary {
  const { patientId, at, newId } = of;
  const subject = { reference: `Patient/${patientId}` };
  const made: (Resource & { id: string })[] = [];
  const used = new Set<Summarised>();
  const author: Device & { id: string } = {
    resourceType: 'Device',
    id: newId(),
    deviceName: [{ name: 'Ausculta', type: 'manufacturer-name' }],
  };
  made.push(author);
  const section = SUMMARY_SECTIONS.flatMap((each): CompositionSection[] => {
    const found = resourcesOf(each, of);
    for (const one of found) used.add(one);
    if (found.length > 0) return [filled(each, found)];
    if (each.nothingKnown === undefined) return [];
    const nothing = { ...each.nothingKnown(subject), id: newId() };
    made.push(nothing);
    const entry = [{ reference: `urn:uuid:${nothing.id}` }];
    return [{ ...headOf(each), text: textOf([line(nothing)]), entry }];
  });
  const missing = missingIn(of);
  if (missing.length > 0) section.push(notComplete(missing));
  const composition: Composition & { id: string } = {
    resourceType: 'Composition',
    id: newId(),
    meta: { profile: [IPS_COMPOSITION] },
    text: textOf(['Made by a program from what is recorded. Nobody has attested it.']),
    status: 'preliminary',
    type: { coding: [{ system: LOINC, code: '60591-5', display: 'Patient summary Document' }] },
    subject,
    date: at,
    author: [{ reference: `urn:uuid:${author.id}` }],
    title: `Patient summary, ${at}`,
    section,
  };
  return { composition, made, used: [...used] };
}

function resourcesOf(section: SummarySection, of: SummaryOf): Summarised[] {
  const given = section.key === 'vital-signs' ? of.vitalSigns : of.documents;
  const also = section.key === 'results' ? of.laboratory.filter(isObserved) : [];
  const own = given.filter((one) => section.types.includes(one.resourceType) && section.isIn(one));
  return [...own, ...also].filter((one) => isOf(one, of.patientId));
}

/** Whoever asserted or performed something for another has it in their compartment, and not of themselves. */
function isOf(resource: Summarised, patientId: string): boolean {
  const whose = 'patient' in resource ? resource.patient : resource.subject;
  const target = parseReference(whose?.reference ?? '');
  return target?.type === 'Patient' && target.id === patientId;
}

function filled(section: SummarySection, found: readonly Summarised[]): CompositionSection {
  const entry = found.map(({ resourceType, id }) => ({ reference: `${resourceType}/${id}` }));
  return { ...headOf(section), text: textOf(found.map(line)), entry };
}

function headOf({ title, code, display }: SummarySection) {
  return { title, code: { coding: [{ system: LOINC, code, display }] } };
}

/** What a person reads of it: what, how much, its status, and when. */
function line(resource: Summarised): string {
  return factsOf(resource)
    .filter((fact) => fact !== undefined && fact !== '')
    .join(' · ');
}

function factsOf(one: Summarised): readonly (string | undefined)[] {
  switch (one.resourceType) {
    case 'Condition':
      return [words(one.code), words(one.clinicalStatus), one.onsetDateTime ?? one.recordedDate];
    case 'AllergyIntolerance':
      return [words(one.code), one.criticality, words(one.clinicalStatus), one.recordedDate];
    case 'MedicationStatement':
    case 'MedicationRequest': {
      const { medicationCodeableConcept, medicationReference } = one;
      const what = words(medicationCodeableConcept) ?? named(medicationReference);
      const isRequest = one.resourceType === 'MedicationRequest';
      const dosage = isRequest ? one.dosageInstruction : one.dosage;
      const at = isRequest ? one.authoredOn : (one.effectiveDateTime ?? one.dateAsserted);
      return [what, dosage?.map(({ text }) => text).join('; '), one.status, at];
    }
    case 'Observation':
      return [words(one.code), formatObservationValue(one), one.status, one.effectiveDateTime];
    case 'DiagnosticReport':
      return [words(one.code), one.conclusion, one.status, one.effectiveDateTime ?? one.issued];
    case 'Flag':
      return [words(one.code), one.status, one.period?.start];
    case 'Procedure':
      return [words(one.code), one.status, one.performedDateTime ?? one.performedPeriod?.start];
    case 'Immunization':
      return [words(one.vaccineCode), one.status, one.occurrenceDateTime ?? one.occurrenceString];
    case 'DeviceUseStatement':
      return [named(one.device), one.status, one.recordedOn];
    case 'CarePlan':
      return [one.title ?? one.description ?? words(one.category?.[0]), one.status, one.created];
    default:
      return one satisfies never;
  }
}

function words(concept: CodeableConcept | undefined): string | undefined {
  const [coding] = concept?.coding ?? [];
  return concept?.text ?? coding?.display ?? coding?.code;
}

const named = (reference: Reference | undefined): string | undefined =>
  reference?.display ?? reference?.reference;

const ESCAPED: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};

function textOf(lines: readonly string[]): Narrative {
  const items = lines.map(
    (one) => `<li>${one.replace(/[&<>"']/g, (sign) => ESCAPED[sign] ?? '')}</li>`,
  );
  const div = `<div xmlns="http://www.w3.org/1999/xhtml"><ul>${items.join('')}</ul></div>`;
  return { status: 'generated', div };
}

function missingIn({ isComplete, otherRecords }: SummaryOf): string[] {
  const unread =
    'Some of the record could not be read. Ask for it elsewhere before you rely on this.';
  const elsewhere = otherRecords.map(
    (id) => `Another record of this person holds more, which is not in here: Patient/${id}`,
  );
  return [...(isComplete ? [] : [unread]), ...elsewhere];
}

function notComplete(missing: readonly string[]): CompositionSection {
  return {
    title: 'This summary is not complete',
    text: textOf(missing),
    emptyReason: { coding: [{ system: EMPTY_REASON, code: 'unavailable' }] },
  };
}
