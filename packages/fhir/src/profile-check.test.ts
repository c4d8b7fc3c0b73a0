import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Observation, Patient } from '@medplum/fhirtypes';
import { examplesIn, knownGuides, r4 } from '../../../tests/support/fhir.ts';
import { at, changed, errorsOf, issuesOf } from '../../../tests/support/fhir-profiles.ts';
import { dataTest } from '../../../tools/test-data.ts';

const US_CORE = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-';
const PHD = 'http://hl7.org/fhir/uv/phd/StructureDefinition/';
const MDC = 'urn:iso:std:iso:11073:10101';
const LOINC = 'http://loinc.org';
const UCUM = 'http://unitsofmeasure.org';

const coded = (system: string, code: string) => ({ coding: [{ system, code }] });
const quantity = (value: number, code: string) => ({ value, unit: code, system: UCUM, code });

const URL_OF_RACE = `${US_CORE}race`;
const PATIENT: Patient = {
  resourceType: 'Patient',
  extension: [
    {
      url: URL_OF_RACE,
      extension: [
        {
          url: 'ombCategory',
          valueCoding: { system: 'urn:oid:2.16.840.1.113883.6.238', code: '2106-3' },
        },
        { url: 'text', valueString: 'White' },
      ],
    },
  ],
  identifier: [{ system: 'http://hospital.example', value: '1' }],
  name: [{ family: 'Shaw', given: ['Amy'] }],
  gender: 'female',
};

describe('US Core', () => {
  test('takes a patient, and says which codes it could not look up', () => {
    const issues = issuesOf(`${US_CORE}patient`, PATIENT);
    assert.deepEqual(at(issues, 'error', 'warning'), []);
    assert.deepEqual(at(issues, 'information'), ['Patient.extension.extension.value']);
    assert.match(issues[0]?.details?.text ?? '', /^Not checked: .*omb-race-category/);
  });

  const WRONG: readonly (readonly [string, (copy: Patient) => void, readonly string[]])[] = [
    ['no gender', (one) => delete one.gender, ['Patient.gender']],
    ['no identifier', (one) => delete one.identifier, ['Patient.identifier']],
    [
      'an identifier without a system',
      (one) => delete one.identifier?.[0]?.system,
      ['Patient.identifier[0].system'],
    ],
    ['no name and no reason', (one) => delete one.name?.splice(0, 1, {})[0], ['Patient']],
    [
      'a race without its text',
      (one) => one.extension?.[0]?.extension?.pop(),
      ['Patient.extension[0].extension'],
    ],
    [
      'two races',
      (one) => one.extension?.push(...structuredClone(one.extension)),
      ['Patient.extension'],
    ],
  ];
  for (const [what, change, where] of WRONG) {
    test(`refuses ${what}`, () => {
      assert.deepEqual(errorsOf(`${US_CORE}patient`, changed(PATIENT, change)), where);
    });
  }

  const rate: Observation = {
    ...{ resourceType: 'Observation', status: 'final', effectiveDateTime: '2026-03-01' },
    category: [coded('http://terminology.hl7.org/CodeSystem/observation-category', 'vital-signs')],
    code: coded(LOINC, '8867-4'),
    subject: { reference: 'Patient/1' },
    valueQuantity: quantity(72, '/min'),
  };
  const { valueQuantity: _, ...frame } = rate;
  const pressure: Observation = {
    ...{ ...frame, code: coded(LOINC, '85354-9') },
    component: [
      { code: coded(LOINC, '8480-6'), valueQuantity: quantity(120, 'mm[Hg]') },
      { code: coded(LOINC, '8462-4'), valueQuantity: quantity(80, 'mm[Hg]') },
    ],
  };
  const saturation = changed(rate, (one) => {
    one.code = { coding: [...coded(LOINC, '59408-5').coding, ...coded(LOINC, '2708-6').coding] };
    one.valueQuantity = quantity(97, '%');
  });

  test('takes its vital signs', () => {
    assert.deepEqual(errorsOf(`${US_CORE}heart-rate`, rate), []);
    assert.deepEqual(errorsOf(`${US_CORE}blood-pressure`, pressure), []);
    assert.deepEqual(errorsOf(`${US_CORE}pulse-oximetry`, saturation), []);
    const unknown = changed(rate, (one) => {
      delete one.valueQuantity;
      one.dataAbsentReason = { text: 'artefact' };
    });
    assert.deepEqual(errorsOf(`${US_CORE}heart-rate`, unknown), []);
  });

  const WRONG_SIGNS: readonly (readonly [string, string, Observation, readonly string[]])[] = [
    [
      'a heart rate in hertz',
      'heart-rate',
      changed(rate, (one) => {
        one.valueQuantity = quantity(1, 'Hz');
      }),
      ['Observation.valueQuantity.code'],
    ],
    [
      'another code, another category, no value',
      'heart-rate',
      changed(rate, (one) => {
        one.code = coded(LOINC, '8310-5');
        one.category = [{ text: 'vital' }];
        delete one.valueQuantity;
      }),
      ['Observation', 'Observation.category', 'Observation.code'],
    ],
    [
      'the month of it alone',
      'heart-rate',
      changed(rate, (one) => {
        one.effectiveDateTime = '2026-03';
      }),
      ['Observation.effectiveDateTime'],
    ],
    [
      'a measurement of a device',
      'heart-rate',
      changed(rate, (one) => {
        one.subject = { reference: 'Device/1' };
      }),
      ['Observation.subject'],
    ],
    [
      'a pressure without its diastolic part',
      'blood-pressure',
      changed(pressure, (one) => {
        one.component?.pop();
      }),
      ['Observation.component', 'Observation.component'],
    ],
    [
      'a pressure in kPa',
      'blood-pressure',
      changed(pressure, (one) => {
        for (const part of one.component ?? []) part.valueQuantity = quantity(16, 'kPa');
      }),
      ['Observation.component[0].value.code', 'Observation.component[1].value.code'],
    ],
    [
      'a saturation under one of its two codes',
      'pulse-oximetry',
      changed(saturation, (one) => {
        one.code = coded(LOINC, '2708-6');
      }),
      ['Observation.code'],
    ],
  ];
  for (const [what, name, resource, where] of WRONG_SIGNS) {
    test(`refuses ${what}`, () => {
      assert.deepEqual(errorsOf(`${US_CORE}${name}`, resource), where);
    });
  }
});

const reading: Observation = {
  ...{ resourceType: 'Observation', status: 'final', effectiveDateTime: '2026-03-01T08:00:00Z' },
  meta: { profile: [`${PHD}PhdNumericObservation`] },
  extension: [
    {
      url: 'http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice',
      valueReference: { reference: 'Device/gateway' },
    },
  ],
  category: [coded('http://hl7.org/fhir/uv/phd/CodeSystem/PhdObservationCategories', 'phd')],
  code: coded(MDC, '149530'),
  subject: { reference: 'Patient/1' },
  device: { reference: 'Device/oximeter' },
  valueQuantity: quantity(72, '/min'),
};

describe('personal health devices', () => {
  dataTest(
    { dataset: 'fhir', name: 'each official example follows the profile that it names', cases: 76 },
    (directory) => {
      let count = 0;
      for (const { file, resource } of examplesIn(`${directory}/phd-ig`)) {
        for (const url of resource.meta?.profile ?? []) {
          assert.deepEqual(errorsOf(url, resource), [], `${file}: ${url}`);
          count += 1;
        }
      }
      assert.equal(count, 76);
    },
  );

  const WRONG: readonly (readonly [
    string,
    string,
    (one: Observation) => void,
    readonly string[],
  ])[] = [
    ['no gateway', 'Numeric', (one) => delete one.extension, ['Observation.extension']],
    [
      'another category',
      'Numeric',
      (one) => {
        one.category = [{ text: 'x' }];
      },
      ['Observation.category'],
    ],
    ['no time', 'Numeric', (one) => delete one.effectiveDateTime, ['Observation.effective']],
    ['no device', 'Numeric', (one) => delete one.device, ['Observation.device']],
    [
      'a unit of no system',
      'Numeric',
      (one) => delete one.valueQuantity?.system,
      ['Observation.valueQuantity.system'],
    ],
    [
      'a unit that is no MDC dimension',
      'Numeric',
      (one) => {
        one.valueQuantity = { value: 1, system: MDC, code: '149530' };
      },
      ['Observation.valueQuantity'],
    ],
    [
      'a text',
      'Numeric',
      (one) => {
        delete one.valueQuantity;
        one.valueString = '72';
      },
      ['Observation.value'],
    ],
    ['a number', 'String', () => undefined, ['Observation.value']],
    ['a value of its own', 'CompoundNumeric', () => undefined, ['Observation.value']],
    [
      'a bit that is told as a number',
      'BitsEnumeration',
      (one) => {
        delete one.valueQuantity;
        one.component = [{ code: coded('urn:bits', '150604.2'), valueInteger: 1 }];
      },
      ['Observation.component[0].value'],
    ],
  ];
  for (const [what, name, change, where] of WRONG) {
    test(`a ${name} observation is refused with ${what}`, () => {
      const url = `${PHD}Phd${name}Observation`;
      assert.deepEqual(errorsOf(url, changed(reading, change)), where);
    });
  }

  test('a measurement that is told as a profile of another type is refused', () => {
    assert.deepEqual(errorsOf(`${PHD}PhdDevice`, reading), ['Observation']);
    const issues = issuesOf(`${PHD}PhdBaseObservation`, reading);
    assert.deepEqual(at(issues, 'warning', 'error'), ['Observation']);
  });
});

test('every profile that is known names known ones, each once', () => {
  const { all, profile } = knownGuides();
  assert.equal(new Set(all.map(({ url }) => url)).size, all.length);
  for (const { url, base, type } of all) {
    assert.ok(base === undefined || profile(base)?.type === type, url);
    assert.ok(r4().resourceTypes.has(type) || type === 'Extension', url);
  }
});
