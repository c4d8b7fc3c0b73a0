/**
 * The profiles of HL7's International Patient Summary (hl7.fhir.uv.ips 2.0.0, FHIR R4), as a table of
 * ours. What the guide only prefers (its SNOMED CT value sets) is no rule, and is not here.
 */
import type {
  Discriminator,
  Profile,
  ProfileBinding,
  ProfileElement,
  ProfileRule,
} from './profile.ts';
import { SYSTEM } from './systems.ts';

const GUIDE = 'http://hl7.org/fhir/uv/ips';
const VERSION = '2.0.0';
const url = (name: string): string => `${GUIDE}/StructureDefinition/${name}-uv-ips`;
const valueSet = (name: string): string => `${GUIDE}/ValueSet/${name}-uv-ips`;

const value = (...paths: string[]): readonly Discriminator[] =>
  paths.map((path) => ({ kind: 'value', path }));

const of = (type: string) => ({ type, profile: url(type) });
const PATIENT = of('Patient');

/** Whom it is about, by a reference that can be followed. */
function about(path: 'subject' | 'patient'): readonly ProfileElement[] {
  return [
    { path, min: 1, targets: [PATIENT] },
    { path: `${path}.reference`, min: 1 },
  ];
}

function profile(type: string, elements: readonly ProfileElement[], name = type): Profile {
  return { url: url(name), version: VERSION, type, elements };
}

const ENTRY_OR_REASON: ProfileRule = {
  ...{ key: 'ips-comp-1', severity: 'error' },
  human: 'the section has entries, or says why it has none',
  expression: 'entry.reference.exists() or emptyReason.exists()',
};

interface Section {
  readonly name: string;
  readonly loinc: string;
  /** Undefined: of any kind. */
  readonly entries?: readonly string[];
  readonly isRequired?: true;
}

const SECTIONS: readonly Section[] = [
  {
    ...{ name: 'medications', loinc: '10160-0', isRequired: true },
    entries: [
      ...['MedicationStatement', 'MedicationRequest', 'MedicationAdministration'],
      'MedicationDispense',
    ],
  },
  { name: 'allergies', loinc: '48765-2', entries: ['AllergyIntolerance'], isRequired: true },
  { name: 'problems', loinc: '11450-4', entries: ['Condition'], isRequired: true },
  { name: 'procedures', loinc: '47519-4', entries: ['Procedure'] },
  { name: 'immunizations', loinc: '11369-6', entries: ['Immunization'] },
  { name: 'medicalDevices', loinc: '46264-8', entries: ['DeviceUseStatement'] },
  { name: 'results', loinc: '30954-2', entries: ['Observation', 'DiagnosticReport', 'Media'] },
  { name: 'vitalSigns', loinc: '8716-3', entries: ['Observation'] },
  { name: 'pastIllness', loinc: '11348-0', entries: ['Condition'] },
  { name: 'functionalStatus', loinc: '47420-5', entries: ['Condition', 'ClinicalImpression'] },
  { name: 'planOfCare', loinc: '18776-5', entries: ['CarePlan'] },
  { name: 'socialHistory', loinc: '29762-2', entries: ['Observation'] },
  { name: 'pregnancy', loinc: '10162-6', entries: ['Observation'] },
  { name: 'advanceDirectives', loinc: '42348-3', entries: ['Consent'] },
  { name: 'alerts', loinc: '104605-1', entries: ['Flag'] },
  { name: 'patientStory', loinc: '81338-6' },
];

function sectionElements({ name, loinc, entries, isRequired }: Section): ProfileElement[] {
  const path = `section:${name}`;
  const targets = entries && [...entries, 'DocumentReference'].map((type) => ({ type }));
  return [
    {
      ...{ path, max: 1 },
      ...(isRequired && { min: 1, rules: [ENTRY_OR_REASON] }),
    },
    { path: `${path}.title`, min: 1 },
    {
      path: `${path}.code`,
      ...{ min: 1, pattern: { coding: [{ system: SYSTEM.LOINC, code: loinc }] } },
    },
    { path: `${path}.entry`, ...(targets && { targets }) },
  ];
}

const COMPOSITION = profile('Composition', [
  { path: 'type', pattern: { coding: [{ system: SYSTEM.LOINC, code: '60591-5' }] } },
  ...about('subject'),
  { path: 'section', min: 1, slicedBy: value('code') },
  { path: 'section.text', min: 1 },
  { path: 'section.section', max: 0 },
  ...SECTIONS.flatMap(sectionElements),
]);

/** What an entry of a summary follows, by its type; vital signs and others have none of their own. */
const ENTRIES = [
  ...['AllergyIntolerance', 'Condition', 'DeviceUseStatement', 'Immunization'],
  ...['Medication', 'MedicationRequest', 'MedicationStatement', 'Organization'],
  ...['Practitioner', 'Procedure'],
];

const BUNDLE = profile('Bundle', [
  {
    path: '',
    rules: [
      {
        ...{ key: 'bdl-ips-1', severity: 'error', human: 'no Composition but the first entry' },
        expression: "entry.tail().where(resource.resourceType = 'Composition').empty()",
      },
    ],
  },
  { path: 'identifier', min: 1 },
  { path: 'type', fixed: 'document' },
  { path: 'timestamp', min: 1 },
  { path: 'entry', slicedBy: value('resource.resourceType') },
  { path: 'entry.fullUrl', min: 1 },
  { path: 'entry.search', max: 0 },
  { path: 'entry.request', max: 0 },
  { path: 'entry.response', max: 0 },
  ...['Composition', 'Patient'].map((type) => ({ path: `entry:${type}`, min: 1, max: 1 })),
  ...['Composition', 'Patient', ...ENTRIES].flatMap((type) => [
    { path: `entry:${type}.resource`, min: 1, profile: url(type) },
    { path: `entry:${type}.resource.resourceType`, fixed: type },
  ]),
]);

const RESULT_STATUS: ProfileBinding = {
  ...{ strength: 'required', valueSet: valueSet('results-status') },
  codes: ['registered', 'preliminary', 'final', 'amended', 'corrected', 'cancelled', 'unknown'],
};

const LABORATORY = profile(
  'Observation',
  [
    {
      path: '',
      rules: [
        {
          ...{ key: 'ips-2', severity: 'error' },
          human: 'it has a value, a reason why not, members or components',
          expression:
            'value.exists() or dataAbsentReason.exists() or hasMember.exists() or component.exists()',
        },
        {
          ...{
            key: 'ips-3',
            severity: 'error',
            human: 'components have values, or reasons why not',
          },
          expression:
            'component.exists() implies (component.value.exists() or component.dataAbsentReason.exists())',
        },
      ],
    },
    { path: 'status', binding: RESULT_STATUS },
    { path: 'category', min: 1, slicedBy: value('$this') },
    {
      path: 'category:laboratory',
      ...{ min: 1, max: 1 },
      pattern: { coding: [{ system: SYSTEM.OBSERVATION_CATEGORY, code: 'laboratory' }] },
    },
    {
      path: 'subject',
      min: 1,
      targets: [PATIENT, { type: 'Group' }, { type: 'Device' }, { type: 'Location' }],
    },
    { path: 'subject.reference', min: 1 },
    { path: 'effective[x]', min: 1, types: ['DateTime', 'Period'] },
    { path: 'performer', min: 1 },
  ],
  'Observation-results-laboratory-pathology',
);

export const IPS_PROFILES: readonly Profile[] = [
  BUNDLE,
  COMPOSITION,
  profile('Patient', [
    {
      path: 'name',
      min: 1,
      rules: [
        {
          ...{
            key: 'ips-pat-1',
            severity: 'error',
            human: 'a family name, a given name or a text',
          },
          expression: 'family.exists() or given.exists() or text.exists()',
        },
      ],
    },
    { path: 'birthDate', min: 1 },
  ]),
  profile('AllergyIntolerance', [{ path: 'code', min: 1 }, ...about('patient')]),
  profile('Condition', [
    { path: 'code', min: 1 },
    { path: 'category', binding: { strength: 'extensible', valueSet: valueSet('problem-type') } },
    ...about('subject'),
  ]),
  profile('MedicationStatement', [...about('subject'), { path: 'effective[x]', min: 1 }]),
  profile('MedicationRequest', about('subject')),
  profile('Medication', [{ path: 'code', min: 1 }]),
  profile('Immunization', about('patient')),
  profile('Procedure', [
    { path: 'code', min: 1 },
    ...about('subject'),
    { path: 'performed[x]', min: 1 },
  ]),
  profile('DeviceUseStatement', [...about('subject'), { path: 'timing[x]', min: 1 }]),
  profile('Organization', [{ path: 'name', min: 1 }]),
  profile('Practitioner', [{ path: 'name', min: 1 }]),
  LABORATORY,
];
