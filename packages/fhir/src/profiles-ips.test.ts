import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { at, changed, errorsOf, issuesOf } from '../../../tests/support/fhir-profiles.ts';

const IPS = 'http://hl7.org/fhir/uv/ips/StructureDefinition/';
const LOINC = 'http://loinc.org';

const coded = (system: string, code: string) => ({ coding: [{ system, code }] });

const summary: Bundle = {
  resourceType: 'Bundle',
  ...{ type: 'document', timestamp: '2026-03-01T08:00:00Z' },
  identifier: { system: 'urn:ietf:rfc:3986', value: 'urn:uuid:1' },
  entry: [
    {
      fullUrl: 'urn:uuid:2',
      resource: {
        ...{ resourceType: 'Composition', status: 'final', date: '2026-03-01', title: 'Summary' },
        type: coded(LOINC, '60591-5'),
        subject: { reference: 'Patient/1' },
        author: [{ display: 'Ward' }],
        section: ['10160-0', '48765-2', '11450-4'].map((code) => ({
          ...{
            title: code,
            code: coded(LOINC, code),
            text: { status: 'generated', div: '<div/>' },
          },
          emptyReason: { text: 'not asked' },
        })),
      },
    },
    {
      fullUrl: 'urn:uuid:3',
      resource: { resourceType: 'Patient', name: [{ text: 'Amy' }], birthDate: '1990-01-01' },
    },
    {
      fullUrl: 'urn:uuid:4',
      resource: {
        resourceType: 'Condition',
        code: { text: 'Asthma' },
        subject: { reference: 'Patient/1' },
      },
    },
  ],
};

describe('the International Patient Summary', () => {
  const url = `${IPS}Bundle-uv-ips`;

  test('takes a whole one', () => {
    const issues = issuesOf(url, summary);
    assert.deepEqual(at(issues, 'error', 'warning'), []);
    assert.ok(at(issues, 'information').includes('Bundle.entry.resource.subject'));
  });

  const sectionOf = (one: Bundle, at: number): object =>
    ((one.entry?.[0]?.resource ?? {}) as { section?: object[] }).section?.[at] ?? {};
  const entry = (one: Bundle, index: number) => one.entry?.[index]?.resource;
  const WRONG: readonly (readonly [string, (one: Bundle) => void, readonly string[]])[] = [
    ['no identifier', (one) => delete one.identifier, ['Bundle.identifier']],
    [
      'another kind of Bundle',
      (one) => {
        one.type = 'collection';
      },
      ['Bundle.type'],
    ],
    ['no patient', (one) => one.entry?.splice(1, 1), ['Bundle.entry']],
    ['the Composition at its end', (one) => one.entry?.reverse(), ['Bundle']],
    [
      'an entry without a name',
      (one) => delete one.entry?.[2]?.fullUrl,
      ['Bundle.entry[2].fullUrl'],
    ],
    [
      'a patient without a birth date',
      (one) => Object.assign(entry(one, 1) ?? {}, { birthDate: undefined }),
      ['Bundle.entry[1].resource.birthDate'],
    ],
    [
      'a problem without a code',
      (one) => Object.assign(entry(one, 2) ?? {}, { code: undefined }),
      ['Bundle.entry[2].resource.code'],
    ],
    [
      'no section of allergies',
      (one) => (entry(one, 0) as { section?: unknown[] }).section?.splice(1, 1),
      ['Bundle.entry[0].resource.section'],
    ],
    [
      'an allergy that is a problem',
      (one) =>
        Object.assign(sectionOf(one, 1), { entry: [{ reference: one.entry?.[2]?.fullUrl }] }),
      ['Bundle.entry[0].resource.section[1].entry[0]'],
    ],
    [
      'a second Composition',
      (one) => one.entry?.push({ ...one.entry[0], fullUrl: 'urn:uuid:9' }),
      ['Bundle', 'Bundle.entry'],
    ],
    [
      'a section of neither entries nor a reason',
      (one) =>
        Object.assign((entry(one, 0) as { section: object[] }).section[0] ?? {}, {
          emptyReason: undefined,
        }),
      ['Bundle.entry[0].resource.section[0]'],
    ],
  ];
  for (const [what, change, where] of WRONG) {
    test(`refuses one with ${what}`, () => {
      assert.deepEqual(errorsOf(url, changed(summary, change)), where);
    });
  }

  test('a time that is unknown for a reason is there', () => {
    const reason = {
      extension: [
        { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' },
      ],
    };
    const taken: Resource = {
      ...{
        resourceType: 'MedicationStatement',
        status: 'unknown',
        subject: { reference: 'Patient/1' },
      },
      medicationCodeableConcept: { text: 'Aspirin' },
    };
    const statement = `${IPS}MedicationStatement-uv-ips`;
    assert.deepEqual(errorsOf(statement, taken), ['MedicationStatement.effective']);
    const reasoned = { ...taken, ...{ _effectiveDateTime: reason } };
    assert.deepEqual(errorsOf(statement, reasoned), []);
  });
});
