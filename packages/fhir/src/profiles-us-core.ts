/**
 * The vital signs of US Core (hl7.fhir.us.core 5.0.1, FHIR R4), as a table of ours: those of R4 with
 * its patients, and two codes for a pulse oximetry. The other profiles of US Core that are known come as
 * data (generated/us-core.json).
 */
import type { Discriminator, Profile, ProfileElement } from './profile.ts';
import { SYSTEM } from './systems.ts';

const GUIDE = 'http://hl7.org/fhir/us/core';
const VERSION = '5.0.1';
const url = (name: string): string => `${GUIDE}/StructureDefinition/us-core-${name}`;
const BASE = url('vital-signs');

const value = (...paths: string[]): readonly Discriminator[] =>
  paths.map((path) => ({ kind: 'value', path }));

const loinc = (code: string) => ({ coding: [{ system: SYSTEM.LOINC, code }] });

function measured(path: string, units: readonly string[]): readonly ProfileElement[] {
  const valueSet = 'http://hl7.org/fhir/us/core/ValueSet/us-core-vital-signs-units';
  return [
    { path: `${path}.value`, min: 1 },
    { path: `${path}.unit`, min: 1 },
    { path: `${path}.system`, min: 1, fixed: SYSTEM.UCUM },
    {
      path: `${path}.code`,
      ...{ min: 1, binding: { strength: 'required', valueSet, codes: units } },
    },
  ];
}

const VITAL_SIGNS: Profile = {
  ...{ url: BASE, version: VERSION, type: 'Observation' },
  elements: [
    {
      path: '',
      rules: [
        {
          ...{ key: 'vs-2', severity: 'error', human: 'a value or a reason why there is none' },
          expression:
            '(component.empty() and hasMember.empty()) implies (dataAbsentReason.exists() or value.exists())',
        },
      ],
    },
    { path: 'category', min: 1, slicedBy: value('coding.code', 'coding.system') },
    { path: 'category:vitalSigns', min: 1, max: 1 },
    {
      path: 'category:vitalSigns',
      pattern: { coding: [{ system: SYSTEM.OBSERVATION_CATEGORY, code: 'vital-signs' }] },
    },
    {
      path: 'code',
      binding: { strength: 'extensible', valueSet: `${GUIDE}/ValueSet/us-core-vital-signs` },
    },
    { path: 'subject', min: 1, targets: [{ type: 'Patient', profile: url('patient') }] },
    { path: 'effective[x]', min: 1, types: ['DateTime', 'Period'] },
    {
      path: 'effectiveDateTime',
      rules: [
        {
          ...{ key: 'vs-1', severity: 'error', human: 'at least to the day' },
          expression: '$this.toString().length() >= 10',
        },
      ],
    },
    {
      path: 'component',
      rules: [
        {
          ...{ key: 'vs-3', severity: 'error', human: 'a value or a reason why there is none' },
          expression: 'value.exists() or dataAbsentReason.exists()',
        },
      ],
    },
  ],
};

function sign(name: string, code: string, units: readonly string[]): Profile {
  return {
    ...{ url: url(name), version: VERSION, type: 'Observation', base: BASE },
    elements: [
      { path: 'code', pattern: loinc(code) },
      { path: 'value[x]', types: ['Quantity'] },
      ...measured('valueQuantity', units),
    ],
  };
}

const PULSE_OXIMETRY: Profile = {
  ...{ url: url('pulse-oximetry'), version: VERSION, type: 'Observation', base: BASE },
  elements: [
    { path: 'code', pattern: { coding: [...loinc('59408-5').coding, ...loinc('2708-6').coding] } },
    { path: 'value[x]', types: ['Quantity'] },
    ...measured('valueQuantity', ['%']),
    { path: 'component', slicedBy: value('code') },
    { path: 'component:flowRate', max: 1 },
    { path: 'component:flowRate.code', pattern: loinc('3151-8') },
    ...measured('component:flowRate.valueQuantity', ['L/min']),
    { path: 'component:concentration', max: 1 },
    { path: 'component:concentration.code', pattern: loinc('3150-6') },
    ...measured('component:concentration.valueQuantity', ['%']),
  ],
};

const LENGTHS = ['cm', '[in_i]'];

export const US_CORE_VITAL_SIGNS: readonly Profile[] = [
  VITAL_SIGNS,
  sign('heart-rate', '8867-4', ['/min']),
  sign('respiratory-rate', '9279-1', ['/min']),
  sign('body-temperature', '8310-5', ['Cel', '[degF]']),
  sign('body-weight', '29463-7', ['kg', '[lb_av]', 'g']),
  sign('body-height', '8302-2', LENGTHS),
  sign('head-circumference', '9843-4', LENGTHS),
  sign('bmi', '39156-5', ['kg/m2']),
  PULSE_OXIMETRY,
];
