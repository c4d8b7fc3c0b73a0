/**
 * The profiles of HL7's guide for personal health devices (hl7.fhir.uv.phd 2.0.0, FHIR R4), as a table
 * of ours. Value sets of MDC codes are the nomenclature's own and not at hand: where one is small, its
 * codes stand here.
 */
import type { Discriminator, Profile, ProfileElement, ProfileRule } from './profile.ts';
import { SYSTEM } from './systems.ts';

const GUIDE = 'http://hl7.org/fhir/uv/phd';
const VERSION = '2.0.0';
const MDC = 'urn:iso:std:iso:11073:10101';
const url = (name: string): string => `${GUIDE}/StructureDefinition/${name}`;
const valueSet = (name: string): string => `${GUIDE}/ValueSet/${name}`;

const value = (...paths: string[]): readonly Discriminator[] =>
  paths.map((path) => ({ kind: 'value', path }));

const BASE = url('PhdBaseObservation');
const PHD_DEVICE = { type: 'Device', profile: url('PhdDevice') };
const PHG_DEVICE = { type: 'Device', profile: url('PhgDevice') };

/** Slices of codings by their system: that of MDC, with this code. */
function mdcCoding(path: string, code?: string): readonly ProfileElement[] {
  return [
    { path, min: 1, slicedBy: value('system') },
    { path: `${path}:mdc`, min: 1, max: 1 },
    { path: `${path}:mdc.system`, min: 1, fixed: MDC },
    { path: `${path}:mdc.code`, min: 1, ...(code !== undefined && { fixed: code }) },
  ];
}

const DATA_ABSENT_REASON = {
  strength: 'required',
  valueSet: 'http://hl7.org/fhir/ValueSet/data-absent-reason',
  codes: [
    ...['unknown', 'asked-unknown', 'temp-unknown', 'not-asked', 'asked-declined', 'masked'],
    ...['not-applicable', 'unsupported', 'as-text', 'error', 'not-a-number', 'negative-infinity'],
    ...['positive-infinity', 'not-performed', 'not-permitted'],
  ],
} as const;

const MDC_OR_UCUM: ProfileRule = {
  ...{
    key: 'system-is-mdc-or-ucum',
    severity: 'error',
    human: 'the system is that of MDC or UCUM',
  },
  expression: `$this = '${MDC}' or $this = '${SYSTEM.UCUM}'`,
};
const DIMENSION: ProfileRule = {
  ...{ key: 'phd-dim-code', severity: 'error', human: 'an MDC unit is of partition 4' },
  expression: `system != '${MDC}' or (code.toInteger() >= 262144 and code.toInteger() <= 327679)`,
};

/** A number with its unit, in UCUM or MDC. */
function quantity(path: string): readonly ProfileElement[] {
  return [
    { path, rules: [DIMENSION] },
    { path: `${path}.value`, min: 1 },
    { path: `${path}.system`, min: 1, rules: [MDC_OR_UCUM] },
    { path: `${path}.code`, min: 1 },
  ];
}

const BASE_OBSERVATION: Profile = {
  ...{ url: BASE, version: VERSION, type: 'Observation', isAbstract: true },
  elements: [
    { path: 'meta', min: 1 },
    { path: 'meta.security', slicedBy: value('system', 'code') },
    { path: 'meta.security:test', max: 1 },
    {
      path: 'meta.security:test.system',
      ...{ min: 1, fixed: 'http://terminology.hl7.org/CodeSystem/v3-ActReason' },
    },
    { path: 'meta.security:test.code', min: 1, fixed: 'HTEST' },
    { path: 'extension', slicedBy: value('url') },
    { path: 'extension:gatewayDevice', min: 1, max: 1 },
    {
      path: 'extension:gatewayDevice.url',
      fixed: 'http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice',
    },
    { path: 'extension:gatewayDevice.value[x]', min: 1, types: ['Reference'] },
    { path: 'extension:gatewayDevice.valueReference', targets: [PHG_DEVICE] },
    { path: 'extension:coincidentTimeStamp', max: 1 },
    {
      path: 'extension:coincidentTimeStamp.url',
      fixed: url('CoincidentTimeStampReference'),
    },
    { path: 'extension:coincidentTimeStamp.value[x]', min: 1, types: ['Reference'] },
    {
      path: 'extension:coincidentTimeStamp.valueReference',
      targets: [{ type: 'Observation', profile: url('PhdCoincidentTimeStampObservation') }],
    },
    { path: 'category', min: 1, slicedBy: value('coding.code', 'coding.system') },
    { path: 'category:phd', min: 1, max: 1 },
    {
      path: 'category:phd',
      pattern: {
        coding: [{ system: `${GUIDE}/CodeSystem/PhdObservationCategories`, code: 'phd' }],
      },
    },
    {
      path: 'code',
      binding: { strength: 'extensible', valueSet: valueSet('MDCValueSet') },
      rules: [
        {
          ...{ key: 'mdc-1', severity: 'warning', human: 'a published MDC code is preferred' },
          expression: `coding.where(system = '${MDC}').exists()`,
        },
      ],
    },
    { path: 'subject', min: 1, targets: [{ type: 'Patient' }, PHD_DEVICE] },
    { path: 'effective[x]', min: 1, types: ['DateTime', 'Period'] },
    { path: 'interpretation.coding', min: 1, slicedBy: value('system') },
    { path: 'interpretation.coding:status', min: 1, max: 1 },
    {
      path: 'interpretation.coding:status.system',
      ...{ min: 1, fixed: 'http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status' },
    },
    { path: 'interpretation.coding:status.code', min: 1 },
    { path: 'device', min: 1, targets: [PHD_DEVICE] },
    { path: 'device.reference', min: 1 },
    { path: 'dataAbsentReason.coding', binding: DATA_ABSENT_REASON },
    { path: 'component', slicedBy: value('code') },
    ...mdcCoding('component:supplementalTypes.code.coding', '68193'),
    { path: 'component:supplementalTypes.value[x]', min: 1, types: ['CodeableConcept'] },
    ...mdcCoding('component:supplementalTypes.valueCodeableConcept.coding'),
    { path: 'component:supplementalTypes.dataAbsentReason', max: 0 },
  ],
};

function observation(name: string, elements: readonly ProfileElement[]): Profile {
  return { url: url(name), version: VERSION, type: 'Observation', base: BASE, elements };
}

/** Which of them the guide names by a value set that is not at hand; a bit is written `68219.2`. */
const IS_A_BIT: ProfileRule = {
  ...{
    key: 'asn1-bit',
    severity: 'error',
    human: 'a code of a bit is the MDC code, a dot, the bit',
  },
  expression: "coding.where(code.matches('^[0-9]+[.][0-9]+$')).exists()",
};

const OBSERVATIONS: readonly Profile[] = [
  observation('PhdNumericObservation', [
    { path: 'value[x]', types: ['Quantity'] },
    ...quantity('valueQuantity'),
  ]),
  observation('PhdCompoundNumericObservation', [
    { path: 'value[x]', max: 0 },
    ...mdcCoding('component:compound.code.coding'),
    { path: 'component:compound.value[x]', types: ['Quantity'] },
    ...quantity('component:compound.valueQuantity'),
    { path: 'component:compound.dataAbsentReason.coding', binding: DATA_ABSENT_REASON },
  ]),
  observation('PhdCompoundObservation', [
    { path: 'value[x]', max: 0 },
    {
      path: 'component.value[x]',
      types: ['Quantity', 'CodeableConcept', 'String', 'SampledData'],
    },
    { path: 'component:measurement.code.coding', min: 1 },
    ...quantity('component:measurement.valueQuantity'),
    ...mdcCoding('component:measurement.valueCodeableConcept.coding'),
    { path: 'component:measurement.valueSampledData.factor', min: 1 },
    { path: 'component:measurement.valueSampledData.lowerLimit', min: 1 },
    { path: 'component:measurement.valueSampledData.upperLimit', min: 1 },
    { path: 'component:measurement.valueSampledData.data', min: 1 },
    { path: 'component:measurement.dataAbsentReason.coding', binding: DATA_ABSENT_REASON },
  ]),
  observation('PhdCodedEnumerationObservation', [
    { path: 'value[x]', types: ['CodeableConcept'] },
    ...mdcCoding('valueCodeableConcept.coding'),
  ]),
  observation('PhdBitsEnumerationObservation', [
    { path: 'value[x]', max: 0 },
    {
      path: 'component:bits.code',
      binding: { strength: 'required', valueSet: valueSet('ASN1measurement') },
      rules: [IS_A_BIT],
    },
    { path: 'component:bits.value[x]', types: ['Boolean'] },
    { path: 'component:bits.dataAbsentReason.coding.code', fixed: 'unsupported' },
  ]),
  observation('PhdStringObservation', [{ path: 'value[x]', types: ['String'] }]),
  observation('PhdRtsaObservation', [
    { path: 'value[x]', types: ['SampledData'] },
    { path: 'valueSampledData.origin.value', min: 1 },
    { path: 'valueSampledData.origin.system', min: 1, fixed: SYSTEM.UCUM },
    { path: 'valueSampledData.origin.code', min: 1 },
    { path: 'valueSampledData.factor', min: 1 },
  ]),
];

/** It tells of a device's clock, so it is of no patient. */
const COINCIDENT: Profile = {
  ...{ url: url('PhdCoincidentTimeStampObservation'), version: VERSION, type: 'Observation' },
  elements: [
    { path: 'status', fixed: 'final' },
    { path: 'code.coding', slicedBy: value('$this') },
    { path: 'code.coding:clock', min: 1, max: 1 },
    {
      path: 'code.coding:clock',
      pattern: { system: MDC },
      binding: {
        ...{ strength: 'required', valueSet: valueSet('MDCClockTypes') },
        codes: ['67975', '68226', '67983', '68072'],
      },
    },
    { path: 'subject', min: 1, targets: [PHD_DEVICE] },
    { path: 'subject.reference', min: 1 },
    { path: 'value[x]', types: ['DateTime', 'Quantity'] },
    { path: 'component', slicedBy: value('code') },
    { path: 'component:syncMethod.code', pattern: { coding: [{ system: MDC, code: '68220' }] } },
    { path: 'component:syncMethod', max: 1 },
    {
      path: 'component:syncMethod.valueCodeableConcept',
      binding: { strength: 'extensible', valueSet: valueSet('MDCTimeSyncMethods') },
    },
    { path: 'component:syncMethod.dataAbsentReason', max: 0 },
    { path: 'device', min: 1, targets: [PHG_DEVICE] },
    { path: 'device.reference', min: 1 },
    ...['derivedFrom', 'hasMember', 'specimen', 'focus'].map((path) => ({ path, max: 0 })),
  ],
};

const IDENTIFIER_TYPES = 'http://terminology.hl7.org/CodeSystem/ContinuaDeviceIdentifiers';

function identifier(name: string, code: string, system: string): readonly ProfileElement[] {
  const path = `identifier:${name}`;
  return [
    { path, max: 1 },
    { path: `${path}.type`, min: 1, pattern: { coding: [{ system: IDENTIFIER_TYPES, code }] } },
    { path: `${path}.system`, min: 1, fixed: system },
    { path: `${path}.value`, min: 1 },
  ];
}

/** Of both a device and a gateway; `code` says which it is. */
const deviceElements = (code: string): readonly ProfileElement[] => [
  { path: 'identifier', min: 1, slicedBy: value('type') },
  {
    path: 'identifier.type',
    binding: { strength: 'extensible', valueSet: valueSet('MDCDeviceIdentifierTypes') },
  },
  ...identifier('systemId', 'SYSID', 'urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680'),
  ...identifier('bluetooth', 'BTMAC', 'http://hl7.org/fhir/sid/eui-48/bluetooth'),
  ...identifier('ethernet', 'ETHMAC', 'http://hl7.org/fhir/sid/eui-48/ethernet'),
  { path: 'type', min: 1 },
  { path: 'type.coding', min: 1, slicedBy: value('$this') },
  { path: 'type.coding:mdc', min: 1, max: 1, pattern: { system: MDC, code } },
  { path: 'version', min: 1 },
  {
    path: 'version.type',
    binding: { strength: 'extensible', valueSet: valueSet('MDCDeviceVersionTypes') },
  },
  { path: 'version.component', max: 0 },
  { path: 'parent', max: 0 },
  {
    path: 'specialization.systemType',
    binding: { strength: 'required', valueSet: valueSet('DeviceTypes11073MDC') },
  },
];

const OTHERS: readonly Profile[] = [
  {
    ...{ url: PHD_DEVICE.profile, version: VERSION, type: 'Device' },
    elements: [
      ...deviceElements('65573'),
      { path: 'manufacturer', min: 1 },
      { path: 'modelNumber', min: 1 },
      { path: 'udiCarrier', slicedBy: value('entryType') },
      { path: 'udiCarrier:byProtocol', max: 1 },
      { path: 'udiCarrier:byProtocol.entryType', min: 1, fixed: 'electronic-transmission' },
      { path: 'udiCarrier:byProtocol.carrierAIDC', max: 0 },
      { path: 'udiCarrier:byProtocol.carrierHRF', min: 1 },
      { path: 'specialization', min: 1 },
      { path: 'specialization.version', min: 1 },
    ],
  },
  {
    ...{ url: PHG_DEVICE.profile, version: VERSION, type: 'Device' },
    elements: deviceElements('531981'),
  },
  {
    ...{ url: url('PhdDeviceMetric'), version: VERSION, type: 'DeviceMetric' },
    elements: [...mdcCoding('type.coding'), { path: 'source', targets: [PHD_DEVICE] }],
  },
  {
    ...{ url: url('PhdPatient'), version: VERSION, type: 'Patient' },
    elements: [
      { path: 'identifier', min: 1 },
      { path: 'identifier.type', min: 1 },
      { path: 'identifier.type.coding', min: 1, slicedBy: value('system') },
      { path: 'identifier.type.coding:v2', min: 1, max: 1 },
      {
        path: 'identifier.type.coding:v2.system',
        ...{ min: 1, fixed: 'http://terminology.hl7.org/CodeSystem/v2-0203' },
      },
      { path: 'identifier.type.coding:v2.code', min: 1 },
    ],
  },
];

export const PHD_PROFILES: readonly Profile[] = [
  BASE_OBSERVATION,
  ...OBSERVATIONS,
  COINCIDENT,
  ...OTHERS,
];
