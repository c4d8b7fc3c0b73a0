/**
 * The sections of an International Patient Summary (HL7 IPS implementation guide; ISO 27269): what goes
 * into each, by which LOINC code it is known, and what stands there when nothing is known. That nothing
 * is recorded is never said as "there are none": nobody has asked the patient here.
 */
import type {
  AllergyIntolerance,
  CodeableConcept,
  Condition,
  MedicationStatement,
  Patient,
  Reference,
  Resource,
} from '@medplum/fhirtypes';

/** Whatever a summary may hold of a patient. */
export type Summarised = Extract<
  Resource,
  {
    resourceType:
      | 'AllergyIntolerance'
      | 'CarePlan'
      | 'Condition'
      | 'DeviceUseStatement'
      | 'DiagnosticReport'
      | 'Flag'
      | 'Immunization'
      | 'MedicationRequest'
      | 'MedicationStatement'
      | 'Observation'
      | 'Procedure';
  }
>;

export interface SummarySection {
  readonly key: string;
  readonly title: string;
  readonly code: string;
  readonly display: string;
  readonly types: readonly Summarised['resourceType'][];
  readonly isIn: (resource: Summarised) => boolean;
  /** Of a section that no summary may leave out: what stands there instead of nothing. */
  readonly nothingKnown?: (patient: Reference<Patient>) => Summarised;
}

const ABSENT = 'http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips';
const DATA_ABSENT = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason';
const unknown = (code: string, display: string): CodeableConcept => ({
  coding: [{ system: ABSENT, code, display }],
  text: display,
});

const codeOf = (concept: CodeableConcept | undefined): string | undefined =>
  concept?.coding?.find(({ code }) => code !== undefined)?.code;

const NOT_TRUE = ['refuted', 'entered-in-error'];
const isHeldTrue = (status: CodeableConcept | undefined): boolean =>
  !NOT_TRUE.includes(codeOf(status) ?? '');

const PAST = ['inactive', 'resolved', 'remission'];
const isPast = ({ clinicalStatus, abatementDateTime }: Condition): boolean =>
  PAST.includes(codeOf(clinicalStatus) ?? '') ||
  (clinicalStatus === undefined && abatementDateTime !== undefined);

/** Whether a status that the resource has is one of these. */
const isOne =
  (...statuses: readonly string[]) =>
  (resource: Summarised): boolean =>
    'status' in resource && statuses.includes(String(resource.status));

/** Says what was found: it is neither awaited, nor cancelled, nor entered in error. */
export const isObserved = isOne('final', 'preliminary', 'amended', 'corrected');

export const SUMMARY_SECTIONS: readonly SummarySection[] = [
  {
    key: 'problems',
    title: 'Active problems',
    code: '11450-4',
    display: 'Problem list - Reported',
    types: ['Condition'],
    isIn: (one) =>
      one.resourceType === 'Condition' && isHeldTrue(one.verificationStatus) && !isPast(one),
    nothingKnown: (subject): Condition => ({
      resourceType: 'Condition',
      clinicalStatus: {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' },
        ],
      },
      code: unknown('no-problem-info', 'No information about problems'),
      subject,
    }),
  },
  {
    key: 'allergies',
    title: 'Allergies and intolerances',
    code: '48765-2',
    display: 'Allergies and adverse reactions Document',
    types: ['AllergyIntolerance'],
    // One that is over is told as well, with its status: who reads decides.
    isIn: (one) => one.resourceType === 'AllergyIntolerance' && isHeldTrue(one.verificationStatus),
    nothingKnown: (patient): AllergyIntolerance => ({
      resourceType: 'AllergyIntolerance',
      clinicalStatus: {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical',
            code: 'active',
          },
        ],
      },
      code: unknown('no-allergy-info', 'No information about allergies'),
      patient,
    }),
  },
  {
    key: 'medications',
    title: 'Medication',
    code: '10160-0',
    display: 'History of Medication use Narrative',
    types: ['MedicationStatement', 'MedicationRequest'],
    isIn: isOne('active', 'intended', 'on-hold', 'unknown'),
    nothingKnown: (subject): MedicationStatement => ({
      resourceType: 'MedicationStatement',
      status: 'unknown',
      medicationCodeableConcept: unknown('no-medication-info', 'No information about medications'),
      // The guide wants a time, or why there is none.
      ...{ _effectiveDateTime: { extension: [{ url: DATA_ABSENT, valueCode: 'unknown' }] } },
      subject,
    }),
  },
  {
    key: 'alerts',
    title: 'Alerts',
    code: '104605-1',
    display: 'Alert',
    types: ['Flag'],
    isIn: isOne('active'),
  },
  {
    key: 'vital-signs',
    title: 'Vital signs, the newest of each',
    code: '8716-3',
    display: 'Vital signs',
    types: ['Observation'],
    isIn: isObserved,
  },
  {
    key: 'results',
    title: 'Results',
    code: '30954-2',
    display: 'Relevant diagnostic tests/laboratory data Narrative',
    types: ['DiagnosticReport'],
    isIn: isOne('final', 'preliminary', 'partial', 'amended', 'corrected', 'appended'),
  },
  {
    key: 'procedures',
    title: 'Procedures',
    code: '47519-4',
    display: 'History of Procedures Document',
    types: ['Procedure'],
    isIn: isOne('in-progress', 'on-hold', 'stopped', 'completed', 'unknown'),
  },
  {
    key: 'immunizations',
    title: 'Immunizations',
    code: '11369-6',
    display: 'History of Immunization Narrative',
    types: ['Immunization'],
    isIn: isOne('completed', 'not-done'),
  },
  {
    key: 'devices',
    title: 'Medical devices',
    code: '46264-8',
    display: 'History of medical device use',
    types: ['DeviceUseStatement'],
    isIn: isOne('active', 'on-hold', 'intended'),
  },
  {
    key: 'past-illness',
    title: 'Past illnesses',
    code: '11348-0',
    display: 'History of Past illness Narrative',
    types: ['Condition'],
    isIn: (one) =>
      one.resourceType === 'Condition' && isHeldTrue(one.verificationStatus) && isPast(one),
  },
  {
    key: 'plan',
    title: 'Plan of care',
    code: '18776-5',
    display: 'Plan of care note',
    types: ['CarePlan'],
    isIn: isOne('active', 'on-hold'),
  },
];
