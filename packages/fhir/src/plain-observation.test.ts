import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from '@ausculta/vitals/catalogue';
import type { DeviceId, SubjectId } from '@ausculta/vitals/identity';
import type { Observation, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { examplesIn, r4 } from '../../../tests/support/fhir.ts';
import { xmlExamplesIn } from '../../../tests/support/fhir-xml.ts';
import { dataTest } from '../../../tools/test-data.ts';
import { toObservations } from './observation.ts';
import { isPlainObservation } from './plain-observation.ts';
import { validate } from './validation.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

/** The promise: what the quick look takes, the whole validator takes, without a word. */
function assertPromise(value: unknown): boolean {
  const isPlain = isPlainObservation(value);
  if (isPlain) assert.deepEqual(validate(r4(), value as Resource), [], JSON.stringify(value));
  return isPlain;
}

const RICH: Observation = {
  resourceType: 'Observation',
  id: 'x-1',
  meta: {
    versionId: '1',
    lastUpdated: '2026-03-01T08:00:01.5Z',
    source: 'urn:s',
    profile: ['http://hl7.org/fhir/StructureDefinition/heartrate'],
    security: [{ system: 'urn:a', code: 'HTEST', display: 'test' }],
    tag: [{ code: 'a b' }],
  },
  extension: [{ url: 'urn:gateway', valueReference: { reference: 'Device/1' } }],
  identifier: [{ system: 'urn:i', value: '1' }],
  status: 'final',
  category: [{ coding: [{ system: 'urn:c', code: 'vital-signs' }], text: 'Vitalparameter' }],
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4', userSelected: true }] },
  subject: { reference: 'Patient/7', display: 'Zoë' },
  encounter: { reference: 'Encounter/1' },
  effectiveDateTime: '2026-03-01T08:00:00+01:00',
  issued: '2026-03-01T08:00:00.25Z',
  performer: [{ reference: 'Practitioner/1' }],
  valueQuantity: {
    ...{ value: 72, comparator: '>', unit: '/min', code: '/min' },
    system: 'http://unitsofmeasure.org',
  },
  interpretation: [{ coding: [{ system: 'urn:m', code: 'questionable' }] }],
  bodySite: { text: 'arm' },
  method: { text: 'cuff' },
  device: { reference: 'DeviceMetric/1' },
};

test('a text that is nearly plain is looked at as quickly as another', () => {
  // Were each letter a new beginning, these would take many minutes.
  const odd = `${'a'.repeat(9_999)}\n`;
  for (let at = 0; at < 5_000; at += 1)
    assert.equal(isPlainObservation({ ...RICH, method: { text: odd } }), false);
  for (const [text, isPlain] of [
    ['a', true],
    [' a ', true],
    ['   ', false],
    ['', false],
  ] as const)
    assert.equal(isPlainObservation({ ...RICH, method: { text } }), isPlain, `"${text}"`);
});

const { valueQuantity, ...NO_VALUE } = RICH;

const PANEL: Observation = {
  ...NO_VALUE,
  component: [
    { code: { text: 'systolic' }, valueQuantity: valueQuantity ?? {} },
    { code: { text: 'diastolic' }, dataAbsentReason: { text: 'unknown' } },
    { code: { text: 'posture' }, valueCodeableConcept: { text: 'sitting' } },
    { code: { text: 'sensor off' }, valueBoolean: false },
  ],
};

test('the look knows all that it names', () => {
  assert.ok(assertPromise(RICH));
  assert.ok(assertPromise(PANEL));
  assert.ok(assertPromise({ ...NO_VALUE, dataAbsentReason: { text: 'probe off' } }));
});

test('what we make of readings is known', () => {
  for (const metric of CATALOGUE.filter(({ kind }) => kind !== 'waveform')) {
    const at = { epoch: 1, stampMs: 1, timeMs: 1, flags: 127 };
    const who = { subjectId: '7' as SubjectId, deviceId: 'm-1' as DeviceId };
    const made = toObservations([{ metric, value: metric.plausible.low, ...at, ...who }]);
    assert.ok(made.every(assertPromise), metric.key);
  }
});

const NOT_PLAIN: readonly (readonly [string, unknown])[] = [
  ['a value and the reason why there is none', { ...RICH, dataAbsentReason: { text: 'x' } }],
  ['two values', { ...RICH, valueBoolean: true }],
  ['a value and components', { ...PANEL, valueQuantity }],
  [
    'a component of two values',
    { ...PANEL, component: [{ code: { text: 'a' }, valueBoolean: true, valueQuantity }] },
  ],
  ['a component without a code', { ...PANEL, component: [{ valueBoolean: true }] }],
  ['a status that is none', { ...RICH, status: 'done' }],
  ['no status', { ...RICH, status: undefined }],
  ['a code without a system', { ...RICH, valueQuantity: { value: 1, code: '/min' } }],
  ['an amount that is no number', { ...RICH, valueQuantity: { value: '1' } }],
  ['an amount without end', { ...RICH, valueQuantity: { value: Number.POSITIVE_INFINITY } }],
  ['a day that is not', { ...RICH, effectiveDateTime: '2026-02-29' }],
  ['an empty list', { ...RICH, category: [] }],
  ['an empty object', { ...RICH, code: {} }],
  ['an empty text', { ...RICH, code: { text: '' } }],
  ['blanks', { ...RICH, code: { text: '  ' } }],
  ['null', { ...RICH, device: null }],
  ['a list where one stands', { ...RICH, code: [RICH.code] }],
  ['one where a list stands', { ...RICH, category: RICH.category?.[0] }],
  ['another type', { ...RICH, resourceType: 'Patient' }],
  ['an unknown element', { ...RICH, pulse: 1 }],
  ['a reference to what cannot be measured', { ...RICH, subject: { reference: 'Claim/1' } }],
  ['an extension without a value', { ...RICH, extension: [{ url: 'urn:x' }] }],
  ['an instant without a time', { ...RICH, issued: '2026-03-01' }],
  ['a list', [RICH]],
  ['nothing', undefined],
  ['a text', 'Observation'],
];

for (const [what, value] of NOT_PLAIN) {
  test(`${what} is left to the whole validator`, () => {
    assert.equal(isPlainObservation(value), false);
  });
}

/** Something else somewhere: gone, doubled, of another kind, or from elsewhere in the resource. */
function mutated(value: unknown, steps: readonly number[], change: number): unknown {
  const [step, ...rest] = steps;
  if (typeof value !== 'object' || value === null || step === undefined) {
    return OTHERS[change % OTHERS.length];
  }
  const keys = Object.keys(value);
  const key = keys[step % Math.max(keys.length, 1)] ?? 'x';
  const copy: object = Array.isArray(value) ? [...value] : { ...value };
  const own: unknown = Reflect.get(copy, key);
  if (rest.length === 0 && change % 4 === 0) Reflect.deleteProperty(copy, key);
  else if (rest.length === 0 && change % 4 === 1) Reflect.set(copy, `${key}x`, own);
  else Reflect.set(copy, key, mutated(own, rest, change));
  return copy;
}

const OTHERS: readonly unknown[] = [
  ...['', ' ', 'a', 'a  b', 'Patient/1', 'urn:x', '2026-02-30', '2026-03-01T08:00:00Z', '2026'],
  ...['\u0000', 'é', '/min', '<', 'final', 'a'.repeat(11_000), '2026-03-01T08:00Z', '0000'],
  ...[0, -1.5, 1e300, true, false, null, [], {}, [null], [{}], { reference: 'Patient/1' }],
  ...[{ text: 'x' }, { coding: [{ code: 'x' }] }, { value: 1, code: 'x' }, { value: 1, unit: 'x' }],
];

function assertMutations(seeds: readonly Observation[], numRuns: number): void {
  const steps = fc.array(fc.nat(40), { minLength: 1, maxLength: 6 });
  let plain = 0;
  fc.assert(
    fc.property(fc.constantFrom(...seeds), steps, fc.nat(200), (seed, path, change) => {
      // As it would arrive: what JSON cannot say is not sent.
      const sent: unknown = JSON.parse(JSON.stringify(mutated(seed, path, change)));
      if (assertPromise(sent)) plain += 1;
    }),
    { numRuns },
  );
  // Both sides were met.
  assert.ok(plain > numRuns / 100 && plain < numRuns, `${plain} of ${numRuns}`);
}

test('whatever is changed in it, the promise holds', () => {
  assertMutations([RICH, PANEL], 4000);
});

dataTest(
  { dataset: 'fhir', name: 'the promise holds for every example and what is made of it' },
  (directory) => {
    const all = [...examplesIn(directory), ...xmlExamplesIn(directory)];
    const observations = all.flatMap(({ resource }) =>
      resource.resourceType === 'Observation' ? [resource] : [],
    );
    const plain = observations.filter(assertPromise);
    // Of the guides' and the hospital's; the others have narratives, ranges, samples or urns.
    assert.deepEqual([observations.length, plain.length], [170, 53]);
    assertMutations(observations, 2000);
  },
);
