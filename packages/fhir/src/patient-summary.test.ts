import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Bundle, Observation, Resource } from '@medplum/fhirtypes';
import { r4 } from '../../../tests/support/fhir.ts';
import { patientSummary, type SummaryOf } from './patient-summary.ts';
import type { Summarised } from './summary-sections.ts';
import { isError, validate } from './validation.ts';

const subject = { reference: 'Patient/7' };
const coded = (code: string) => ({ coding: [{ code }] });

function summaryOf(given: Partial<SummaryOf>) {
  const whole = { isComplete: true, otherRecords: [] };
  const nothing = { documents: [], vitalSigns: [], laboratory: [], ...whole };
  const at = '2026-11-22T08:00:00.000Z';
  return patientSummary({ patientId: '7', ...nothing, at, newId: () => randomUUID(), ...given });
}

const titles = ({ composition }: ReturnType<typeof summaryOf>) =>
  composition.section?.map(({ title, entry }) => [title, entry?.map((one) => one.reference)]);

const condition = (id: string, more: object): Summarised =>
  ({ resourceType: 'Condition', id, code: { text: `problem ${id}` }, subject, ...more }) as const;

test('where nothing is recorded it says so, and never that there is none', () => {
  const summary = summaryOf({});
  const codes = summary.made.flatMap((one) => {
    const isUnknown = one.resourceType === 'Condition' || one.resourceType === 'AllergyIntolerance';
    return isUnknown ? [one.code?.coding?.[0]?.code] : [];
  });
  assert.deepEqual(codes, ['no-problem-info', 'no-allergy-info']);
  assert.equal(summary.composition.section?.length, 3);
  const text = JSON.stringify(summary);
  assert.match(text, /No information about allergies/);
  assert.doesNotMatch(text, /no-known|No known/);
  assert.deepEqual(summary.used, []);
});

test('each thing stands in its section, and what is refuted, mistaken or over does not', () => {
  const is = (status: string) => ({ clinicalStatus: coded(status) });
  const documents: Summarised[] = [
    condition('a', is('active')),
    condition('b', is('recurrence')),
    condition('c', {}),
    condition('d', is('resolved')),
    condition('e', { ...is('active'), verificationStatus: coded('refuted') }),
    condition('f', { verificationStatus: coded('entered-in-error') }),
    condition('g', { ...is('active'), subject: { reference: 'Patient/8' } }),
    condition('h', { abatementDateTime: '2020' }),
    {
      ...{ resourceType: 'AllergyIntolerance', id: 'i', code: { text: 'Penicillin' } },
      ...{ patient: subject, criticality: 'high', clinicalStatus: coded('inactive') },
    },
    {
      ...{ resourceType: 'MedicationStatement', id: 'j', status: 'active', subject },
      medicationCodeableConcept: { text: 'Warfarin' },
    },
    {
      ...{
        resourceType: 'MedicationRequest',
        id: 'k',
        status: 'stopped',
        intent: 'order',
        subject,
      },
      medicationCodeableConcept: { text: 'Aspirin' },
    },
    { resourceType: 'Flag', id: 'l', status: 'active', code: { text: 'Falls' }, subject },
  ];
  const reading: Summarised = {
    ...{ resourceType: 'Observation', id: 'm', status: 'final', subject, code: { text: 'Pulse' } },
    valueQuantity: { value: 72, unit: '/min' },
  };
  const summary = summaryOf({ documents, vitalSigns: [reading] });
  assert.deepEqual(titles(summary), [
    ['Active problems', ['Condition/a', 'Condition/b', 'Condition/c']],
    ['Allergies and intolerances', ['AllergyIntolerance/i']],
    ['Medication', ['MedicationStatement/j']],
    ['Alerts', ['Flag/l']],
    ['Vital signs, the newest of each', ['Observation/m']],
    ['Past illnesses', ['Condition/d', 'Condition/h']],
  ]);
  assert.deepEqual(
    summary.used.map(({ id }) => id),
    [...'abcijlmdh'],
  );
  const [, allergies, , , vital] = summary.composition.section ?? [];
  assert.match(allergies?.text?.div ?? '', /Penicillin · high · inactive/);
  assert.match(vital?.text?.div ?? '', /Pulse · 72 \/min · final/);
});

test('of the laboratory stands what was found, and not what is awaited, cancelled or mistaken', () => {
  const result = (status: Observation['status']): Summarised => ({
    ...{ resourceType: 'Observation', id: status, status, subject, code: { text: 'INR' } },
  });
  const shown = ['final', 'preliminary', 'amended', 'corrected'] as const;
  const hidden = ['registered', 'cancelled', 'entered-in-error', 'unknown'] as const;
  const laboratory = [...hidden, ...shown].map(result);
  assert.deepEqual(
    summaryOf({ laboratory }).used.map(({ id }) => id),
    shown,
  );
});

test('as a document it is valid, whatever is written into a name', () => {
  const documents = [condition('a', { code: { text: '<script>&"\'' } })];
  const { composition, made } = summaryOf({ documents });
  const div = composition.section?.[0]?.text?.div ?? '';
  assert.match(div, /<li>&lt;script&gt;&amp;&quot;&#39;<\/li>/);
  const all: Resource[] = [composition, ...documents, ...made];
  const bundle: Bundle = {
    ...{ resourceType: 'Bundle', type: 'document', timestamp: '2026-11-22T08:00:00.000Z' },
    identifier: { system: 'urn:ietf:rfc:3986', value: 'urn:uuid:1' },
    entry: all.map((resource) => ({ fullUrl: `urn:uuid:${resource.id}`, resource })),
  };
  // The library warns of every reference by a UUID.
  assert.deepEqual(validate(r4(), bundle).filter(isError), []);
});

test('what could not be read is said', () => {
  const last = summaryOf({ isComplete: false }).composition.section?.at(-1);
  assert.equal(last?.title, 'This summary is not complete');
  assert.equal(last?.emptyReason?.coding?.[0]?.code, 'unavailable');
  const other = summaryOf({ otherRecords: ['8'] }).composition.section?.at(-1);
  assert.equal(other?.title, 'This summary is not complete');
  assert.match(other?.text?.div ?? '', /holds more.*Patient\/8/);
});
