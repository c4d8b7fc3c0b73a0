import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from '@ausculta/vitals/catalogue';
import type { DeviceId, SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import type { Observation, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { examplesIn } from '../../../tests/support/fhir.ts';
import { xmlExamplesIn } from '../../../tests/support/fhir-xml.ts';
import { dataTest } from '../../../tools/test-data.ts';
import { type PlacedReading, toObservations } from './observation.ts';
import { readObservation, type Verdict } from './observed-reading.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const LOINC = 'http://loinc.org';
const MDC = 'urn:iso:std:iso:11073:10101';
const UCUM = 'http://unitsofmeasure.org';

const HEART_RATE: Observation = {
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: LOINC, code: '8867-4', display: 'Heart rate' }], text: 'Puls' },
  subject: { reference: 'Patient/7', display: 'Ann' },
  effectiveDateTime: '2026-03-01T08:00:00.5-02:30',
  valueQuantity: { value: 72, unit: 'beats/min', system: UCUM, code: '/min' },
  device: { reference: 'Device/9' },
};

function readingsOf(observation: Observation): Extract<Verdict, { kind: 'readings' }> {
  const verdict = readObservation(observation);
  assert.ok(verdict.kind === 'readings', verdict.kind === 'document' ? verdict.reason : '');
  return verdict;
}

test('a heart rate of somebody else is a reading', () => {
  const { readings, stampMs, patientId, device } = readingsOf(HEART_RATE);
  assert.deepEqual(
    readings.map(({ metric, value, flags }) => [metric.key, value, flags]),
    [['heart-rate', 72, 0]],
  );
  assert.equal(stampMs, Date.UTC(2026, 2, 1, 10, 30, 0, 500));
  assert.deepEqual([patientId, device?.reference], ['7', 'Device/9']);
});

const METRICS = [
  { codes: [[LOINC, '8867-4']], metric: 'heart-rate' },
  {
    codes: [
      [MDC, '149530'],
      [LOINC, '8867-4'],
    ],
    metric: 'pulse-rate-oximeter',
  },
  {
    codes: [
      [LOINC, '8867-4'],
      [MDC, '149530'],
    ],
    metric: 'pulse-rate-oximeter',
  },
  {
    codes: [
      ['urn:local', 'HR'],
      [LOINC, '8867-4'],
    ],
    metric: 'heart-rate',
  },
  { codes: [['urn:ausculta:metric', 'heart-rate']], metric: 'heart-rate' },
  {
    codes: [
      [LOINC, '9279-1'],
      [MDC, '149530'],
    ],
    metric: undefined,
  },
  { codes: [['urn:local', '8867-4']], metric: undefined },
  { codes: [[LOINC, '147842']], metric: undefined },
  { codes: [[MDC, '8867-4']], metric: undefined },
  { codes: [[LOINC, '__proto__']], metric: undefined },
] as const;

for (const { codes, metric } of METRICS) {
  test(`${codes.map((code) => code.join('|')).join(' and ')} measure ${metric ?? 'nothing known'}`, () => {
    const coding = codes.map(([system, code]) => ({ system, code }));
    const verdict = readObservation({ ...HEART_RATE, code: { coding } });
    const [reading] = verdict.kind === 'readings' ? verdict.readings : [];
    assert.equal(reading?.metric.key, metric);
  });
}

test('a value in another unit than we tell it in is a document', () => {
  const weight = (value: number, code: string): Observation => ({
    ...HEART_RATE,
    code: { coding: [{ system: LOINC, code: '29463-7' }] },
    valueQuantity: { value, system: UCUM, code, unit: code },
  });
  assert.equal(readingsOf(weight(70.25, 'kg')).readings[0]?.value, 70.25);
  const grams = readObservation(weight(70_250, 'g'));
  assert.equal(grams.kind === 'document' && grams.reason, 'unit');
});

const FLAGS: readonly { readonly more: Partial<Observation>; readonly flags: number }[] = [
  { more: { status: 'amended' }, flags: FLAG.CORRECTION },
  { more: { status: 'preliminary' }, flags: FLAG.QUESTIONABLE },
  { more: { meta: { security: [coding('v3-ActReason', 'HTEST')] } }, flags: FLAG.SIMULATED },
  { more: { interpretation: [{ coding: [status('questionable')] }] }, flags: FLAG.QUESTIONABLE },
  { more: { interpretation: [{ coding: [status('in-alarm')] }] }, flags: 0 },
  {
    more: { valueQuantity: { ...HEART_RATE.valueQuantity, comparator: '>=' } },
    flags: FLAG.ABOVE,
  },
];

function coding(system: string, code: string) {
  return { system: `http://terminology.hl7.org/CodeSystem/${system}`, code };
}

function status(code: string) {
  return { system: 'http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status', code };
}

for (const { more, flags } of FLAGS) {
  test(`what is said of a measurement is kept: ${JSON.stringify(more)}`, () => {
    assert.equal(readingsOf({ ...HEART_RATE, ...more }).readings[0]?.flags, flags);
  });
}

const { subject: _subject, ...OF_NOBODY } = HEART_RATE;
const { valueQuantity: _value, ...WITHOUT_VALUE } = HEART_RATE;

const DOCUMENTS: readonly { readonly reason: string; readonly observation: Observation }[] = [
  { reason: 'status', observation: { ...HEART_RATE, status: 'entered-in-error' } },
  {
    reason: 'status',
    observation: {
      ...HEART_RATE,
      meta: { security: [coding('v3-ObservationValue', 'UNRELIABLE')] },
    },
  },
  { reason: 'code', observation: { ...HEART_RATE, code: { text: 'Puls' } } },
  { reason: 'value', observation: { ...WITHOUT_VALUE, dataAbsentReason: { text: 'probe off' } } },
  { reason: 'value', observation: { ...WITHOUT_VALUE, valueString: 'fast' } },
  {
    reason: 'unit',
    observation: { ...HEART_RATE, valueQuantity: { value: 72, unit: '/min' } },
  },
  {
    reason: 'unit',
    observation: { ...HEART_RATE, valueQuantity: { value: 72, system: UCUM, code: 'kg' } },
  },
  { reason: 'subject', observation: OF_NOBODY },
  { reason: 'subject', observation: { ...HEART_RATE, subject: { reference: 'Group/7' } } },
  { reason: 'effective', observation: { ...HEART_RATE, effectiveDateTime: '2026-03-01' } },
  {
    reason: 'effective',
    observation: { ...HEART_RATE, effectiveDateTime: '2026-03-01T08:00:00.1234Z' },
  },
  {
    reason: 'effective',
    observation: { ...HEART_RATE, effectiveDateTime: '2026-02-30T08:00:00Z' },
  },
];

for (const { reason, observation } of DOCUMENTS) {
  test(`for its ${reason} it stays a document: ${JSON.stringify(observation).slice(30, 110)}`, () => {
    const verdict = readObservation(observation);
    assert.equal(verdict.kind === 'document' && verdict.reason, reason);
  });
}

const PLACED = fc
  .record({
    metric: fc.constantFrom(
      ...CATALOGUE.filter(({ kind }) => kind !== 'waveform' && kind !== 'technical'),
    ),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    flags: fc.integer({ min: 0, max: 127 }),
    stampMs: fc.integer({ min: 0, max: 4e12 }),
  })
  .map(({ metric, share, flags, stampMs }): PlacedReading => {
    const { low, high } = metric.plausible;
    const steps = Math.round((share * (high - low)) / metric.resolution);
    const measured = Number((low + steps * metric.resolution).toFixed(6));
    const answer = metric.answers?.[Math.floor(share * 2)];
    // One-sided is one side; an answer has none.
    const both = FLAG.ABOVE | FLAG.BELOW;
    const sided = answer !== undefined || (flags & both) === both ? flags & ~both : flags;
    return {
      ...{ metric, value: answer?.value ?? measured, flags: sided, stampMs, timeMs: stampMs },
      ...{ subjectId: '7' as SubjectId, deviceId: 'monitor-7' as DeviceId, epoch: 1 },
    };
  });

test('any reading goes out as an Observation and comes back as itself', () => {
  fc.assert(
    fc.property(PLACED, (placed) => {
      const [observation] = toObservations([placed]);
      assert.ok(observation);
      const { readings, stampMs } = readingsOf(observation);
      assert.deepEqual(
        readings.map(({ metric, value, flags }) => ({ metric: metric.key, value, flags })),
        [{ metric: placed.metric.key, value: placed.value, flags: placed.flags }],
      );
      assert.equal(stampMs, placed.timeMs);
    }),
    { numRuns: 1000 },
  );
});

test('a cuff’s panel comes back as its pressures, whole or in part', () => {
  const at = { epoch: 1, stampMs: 1000, timeMs: 1000, flags: 0 };
  const placed = (key: string, value: number): PlacedReading => ({
    ...{ metric: metricOf(key), value, ...at },
    ...{ subjectId: '7' as SubjectId, deviceId: 'cuff-1' as DeviceId },
  });
  for (const readings of [
    [placed('nibp-systolic', 120), placed('nibp-diastolic', 80), placed('nibp-mean', 93)],
    [placed('nibp-mean', 93)],
  ]) {
    const [panel] = toObservations(readings);
    assert.ok(panel);
    assert.deepEqual(
      readingsOf(panel).readings.map(({ metric, value }) => [metric.key, value]),
      readings.map(({ metric, value }) => [metric.key, value]),
    );
  }
});

function verdictOf(resource: Resource): string {
  if (resource.resourceType !== 'Observation') return 'no Observation';
  const verdict = readObservation(resource);
  if (verdict.kind === 'document') return verdict.reason;
  return verdict.readings.map(({ metric }) => metric.key).join(' ');
}

dataTest({ dataset: 'fhir', name: 'the examples are readings, or documents' }, (directory) => {
  const counts = (folder: string) => {
    const tally: Record<string, number> = {};
    const all = [
      ...examplesIn(`${directory}/${folder}`),
      ...xmlExamplesIn(`${directory}/${folder}`),
    ];
    for (const { resource } of all) {
      const verdict = verdictOf(resource);
      if (verdict !== 'no Observation') tally[verdict] = (tally[verdict] ?? 0) + 1;
    }
    return tally;
  };
  const panel = 'nibp-systolic nibp-diastolic nibp-mean';
  const oximeter = { spo2: 12, 'pulse-rate-oximeter': 13 };
  const codes = { code: 37, subject: 2 };
  assert.deepEqual(counts('phd-ig'), { ...oximeter, ...codes, [panel]: 1 });
  assert.deepEqual(counts('pocd-ig'), { 'heart-rate': 1, [panel]: 1, code: 3 });
  // Not yet put in: their patient is the urn of a bundle's entry.
  assert.deepEqual(counts('synthea-r4'), { code: 57, subject: 24 });
  assert.deepEqual(counts('r4-examples'), { code: 18, unit: 1 });
});
