import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import type { Observation, Resource } from '@medplum/fhirtypes';
import { SYSTEM } from './systems.ts';
import { watchedObservation } from './watched-observation.ts';

const PATIENT = '0b4f9c1e-5a34-4a52-9d0e-1f1b2a3c4d5e';
const AT = '2026-11-22T10:00:00+01:00';

const loinc = (code: string) => ({ coding: [{ system: SYSTEM.LOINC, code }] });
const ucum = (value: number, code: string) => ({ value, unit: code, system: SYSTEM.UCUM, code });

function observation(change: Partial<Observation>): Observation {
  return {
    resourceType: 'Observation',
    status: 'final',
    code: loinc('8867-4'),
    subject: { reference: `Patient/${PATIENT}` },
    effectiveDateTime: AT,
    ...change,
  };
}

const shown = (resource: Resource): string =>
  (watchedObservation(resource)?.readings ?? [])
    .map(({ metric, value, flags }) => `${metric.vital} ${value}${flags ? ` ${flags}` : ''}`)
    .join(', ');

const rate = ucum(180, '/min');

const CASES: readonly [name: string, change: Partial<Observation>, read: string][] = [
  ['a heart rate in its own unit', { valueQuantity: rate }, 'heart-rate 180'],
  [
    'a temperature in Fahrenheit is judged in Celsius',
    { code: loinc('8310-5'), valueQuantity: ucum(104, '[degF]') },
    'body-temperature 40',
  ],
  [
    'a unit with words in braces, as UCUM allows them',
    { valueQuantity: ucum(180, '{Beats}/min') },
    'heart-rate 180',
  ],
  [
    'a unit in words alone, as devices and people write it',
    { valueQuantity: { value: 180, unit: 'bpm' } },
    'heart-rate 180',
  ],
  ['a number without a unit is in that of its code', { valueInteger: 180 }, 'heart-rate 180'],
  [
    'an MDC term',
    { code: { coding: [{ system: SYSTEM.MDC, code: '147842' }] }, valueQuantity: rate },
    'heart-rate 180',
  ],
  [
    'the pressures of a panel',
    {
      code: loinc('85354-9'),
      component: [
        { code: loinc('8480-6'), valueQuantity: ucum(231, 'mm[Hg]') },
        { code: loinc('8462-4'), valueQuantity: ucum(120, 'mm[Hg]') },
      ],
    },
    'blood-pressure-systolic 231, blood-pressure-diastolic 120',
  ],
  [
    'any other panel',
    { code: loinc('85353-1'), component: [{ code: loinc('8867-4'), valueQuantity: rate }] },
    'heart-rate 180',
  ],
  [
    'a value beyond what could be measured is one-sided',
    { valueQuantity: { ...rate, comparator: '>' } },
    `heart-rate 180 ${FLAG.ABOVE}`,
  ],
  [
    'poor quality hides nothing',
    {
      status: 'preliminary',
      meta: { security: [{ system: SYSTEM.OBSERVATION_VALUE, code: 'UNRELIABLE' }] },
      valueQuantity: rate,
    },
    'heart-rate 180',
  ],
  ['a correction', { status: 'corrected', valueQuantity: rate }, 'heart-rate 180'],
  [
    'what its sender does not know the status of, which may be final',
    { status: 'unknown', valueQuantity: rate },
    'heart-rate 180',
  ],
  ['not what is registered, and yet to be measured', { status: 'registered' }, ''],
  ['not what was entered in error', { status: 'entered-in-error', valueQuantity: rate }, ''],
  ['not what was cancelled', { status: 'cancelled', valueQuantity: rate }, ''],
  ['not of the child that the patient bears', { focus: [{}], valueQuantity: rate }, ''],
  ['not of a room', { subject: { reference: 'Location/1' }, valueQuantity: rate }, ''],
  ['not of nobody', { subject: {}, valueQuantity: rate }, ''],
  ['not in a unit of something else', { valueQuantity: ucum(180, 'mm[Hg]') }, ''],
  ['not what nobody measured', { dataAbsentReason: {} }, ''],
  ['not under a code that nobody knows', { code: { text: 'pulse' }, valueQuantity: rate }, ''],
  [
    'not under codes that contradict each other',
    {
      code: { coding: [...loinc('8867-4').coding, ...loinc('59408-5').coding] },
      valueQuantity: rate,
    },
    '',
  ],
];

for (const [name, change, read] of CASES) {
  test(`whoever watches reads ${name}`, () => {
    assert.equal(shown(observation(change)), read);
  });
}

test('whose it is may be said by a whole address, and what is no Observation is nobody’s', () => {
  const subject = { reference: `https://here.example/fhir/R4/Patient/${PATIENT}` };
  const watched = watchedObservation(observation({ subject, valueQuantity: rate }));
  assert.equal(watched?.patientId, PATIENT);
  assert.equal(watchedObservation({ resourceType: 'Patient' }), undefined);
});

const TIMES: readonly [name: string, change: Partial<Observation>, fromMs: number | undefined][] = [
  ['its moment', {}, Date.parse(AT)],
  ['the end of its period', { effectivePeriod: { start: '2026-11-01', end: AT } }, Date.parse(AT)],
  ['nothing, where its period goes on', { effectivePeriod: { start: '2026-11-01' } }, undefined],
  ['when it was issued, where nothing else is said', { issued: AT }, Date.parse(AT)],
  ['nothing, where nothing is said', {}, undefined],
];

for (const [index, [name, change, fromMs]] of TIMES.entries()) {
  test(`an Observation was measured at ${name}`, () => {
    const { effectiveDateTime, ...rest } = observation({ valueQuantity: rate });
    const given = index === 0 ? { ...rest, effectiveDateTime } : { ...rest, ...change };
    assert.equal(watchedObservation(given as Observation)?.time?.fromMs, fromMs);
  });
}
