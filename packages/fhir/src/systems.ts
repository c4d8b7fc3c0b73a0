/** Where codes come from. Names of our own are URNs: they promise no page. */
export const SYSTEM = {
  LOINC: 'http://loinc.org',
  MDC: 'urn:iso:std:iso:11073:10101',
  UCUM: 'http://unitsofmeasure.org',
  OBSERVATION_CATEGORY: 'http://terminology.hl7.org/CodeSystem/observation-category',
  STATISTICS: 'http://terminology.hl7.org/CodeSystem/observation-statistics',
  ACT_REASON: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
  OBSERVATION_VALUE: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  DATA_ABSENT: 'http://terminology.hl7.org/CodeSystem/data-absent-reason',
  MEASUREMENT_STATUS: 'http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status',
  PHD_CATEGORY: 'http://hl7.org/fhir/uv/phd/CodeSystem/PhdObservationCategories',
  IDENTIFIER_TYPE: 'http://terminology.hl7.org/CodeSystem/v2-0203',
  METRIC: 'urn:ausculta:metric',
  ANSWER: 'urn:ausculta:answer',
  FLAG: 'urn:ausculta:flag',
  FAULT: 'urn:ausculta:fault',
  CONTINUA_IDENTIFIER: 'http://terminology.hl7.org/CodeSystem/ContinuaDeviceIdentifiers',
  EUI_64: 'urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680',
  DEVICE: 'urn:ausculta:device',
  GATEWAY: 'urn:ausculta:gateway',
  SUMMARY: 'urn:ausculta:daily-summary',
  SUMMARY_FIGURE: 'urn:ausculta:daily-summary-figure',
  RECORD_NUMBER: 'urn:ausculta:record-number',
} as const;

export const EXTENSION = {
  GATEWAY: 'http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice',
  COINCIDENT: 'http://hl7.org/fhir/uv/phd/StructureDefinition/CoincidentTimeStampReference',
} as const;
