import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceId, SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import type { Observation } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { examplesIn, r4 } from '../../../tests/support/fhir.ts';
import { xmlExamplesIn } from '../../../tests/support/fhir-xml.ts';
import { dataTest } from '../../../tools/test-data.ts';
import { readCoincident, toCoincidentObservation } from './coincident-time.ts';
import { runsIn } from './observed-waveform.ts';
import { deviceTag } from './reading-id.ts';
import { isError, validate } from './validation.ts';
import {
  cutRun,
  type PlacedRun,
  parseWaveformId,
  toWaveformObservation,
} from './waveform-observation.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const AT = Date.UTC(2026, 2, 1, 8);
const LINKS = { device: { reference: 'DeviceMetric/ecg-1' } };

function run(metric: string, more: Partial<PlacedRun> = {}): PlacedRun {
  return {
    metric: metricOf(metric),
    ...{ subjectId: '7' as SubjectId, deviceId: 'monitor-7' as DeviceId, epoch: 1 },
    ...{ stampMs: AT - 500, timeMs: AT, rate: { numerator: 250, denominator: 1 } },
    samples: Int32Array.from({ length: 500 }, (_, at) => at - 100),
    ...{ gain: 200, zero: 1024, flags: 0 },
    ...more,
  };
}

function assertValid(observation: Observation): void {
  assert.deepEqual(validate(r4(), observation).filter(isError), []);
}

test('a lead is sampled data in the converter’s integers', () => {
  const observation = toWaveformObservation([run('ecg-ii')], LINKS);
  assertValid(observation);
  const { valueSampledData, effectivePeriod, code } = observation;
  assert.deepEqual(
    { ...valueSampledData, data: valueSampledData?.data?.slice(0, 14) },
    {
      origin: { value: -5.12, unit: 'mV', system: 'http://unitsofmeasure.org', code: 'mV' },
      ...{ period: 4, factor: 0.005, dimensions: 1, data: '-100 -99 -98 -' },
    },
  );
  const [start, end] = ['2026-03-01T08:00:00.000Z', '2026-03-01T08:00:02.000Z'];
  assert.deepEqual(effectivePeriod, { start, end });
  assert.equal(code.coding?.[0]?.code, '131330');
});

test('leads of one moment are one Observation', () => {
  const leads: [PlacedRun, PlacedRun] = [run('ecg-i'), run('ecg-ii', { flags: FLAG.SIMULATED })];
  const observation = toWaveformObservation(leads, LINKS);
  assertValid(observation);
  assert.equal(observation.valueSampledData, undefined);
  assert.deepEqual(
    runsIn(observation).map(({ metric, flags }) => [metric, flags]),
    [
      ['ecg-i', FLAG.SIMULATED],
      ['ecg-ii', FLAG.SIMULATED],
    ],
  );
});

const WINDOWS = [
  { fromMs: AT, untilMs: AT + 2000, everyN: 1, first: -100, count: 500, at: AT },
  { fromMs: AT + 1000, untilMs: AT + 1008, everyN: 1, first: 150, count: 2, at: AT + 1000 },
  { fromMs: AT + 999, untilMs: AT + 1001, everyN: 1, first: 150, count: 1, at: AT + 1000 },
  { fromMs: AT - 9000, untilMs: AT + 9000, everyN: 5, first: -98, count: 100, at: AT },
] as const;

for (const { first, count, at, ...window } of WINDOWS) {
  test(`${window.untilMs - window.fromMs} ms from ${window.fromMs - AT} ms on, one of ${window.everyN}, are ${count} samples`, () => {
    const part = cutRun(run('ecg-ii'), window);
    assert.ok(part);
    assert.deepEqual([part.samples[0], part.samples.length, part.timeMs], [first, count, at]);
    assert.equal(part.stampMs, at - 500);
    assert.equal(part.rate.denominator, window.everyN);
  });
}

test('a window beside the run has nothing', () => {
  for (const fromMs of [AT - 2000, AT + 2000]) {
    assert.equal(cutRun(run('ecg-ii'), { fromMs, untilMs: fromMs + 1000, everyN: 1 }), undefined);
  }
});

test('the id tells windows and resolutions apart', () => {
  const window = { fromMs: AT, untilMs: AT + 1000 };
  const ids = [1, 2].flatMap((everyN) => {
    const part = cutRun(run('ecg-ii'), { ...window, everyN });
    return part ? [toWaveformObservation([part], LINKS).id] : [];
  });
  assert.equal(new Set([...ids, toWaveformObservation([run('ecg-ii')], LINKS).id]).size, 3);
  for (const id of ids) assert.match(id ?? '', /^[A-Za-z0-9\-.]{1,64}$/);
});

test('any run goes out as an Observation and comes back as itself', () => {
  const samples = fc.int32Array({ minLength: 1, maxLength: 50, min: -100_000, max: 100_000 });
  const rates = fc.record({
    numerator: fc.constantFrom(25, 125, 250, 360, 500),
    denominator: fc.constantFrom(1, 3),
  });
  const scale = fc.record({
    gain: fc.constantFrom(1, 10, 200, 409.6, 1000),
    zero: fc.integer({ min: -5000, max: 5000 }),
  });
  fc.assert(
    fc.property(samples, rates, scale, (data, rate, { gain, zero }) => {
      const observation = toWaveformObservation(
        [run('pleth', { samples: data, rate, gain, zero })],
        LINKS,
      );
      const [back] = runsIn(observation);
      assert.ok(back);
      assert.deepEqual(
        { ...back, rate: back.rate.numerator / back.rate.denominator },
        {
          ...{ metric: 'pleth', startMs: AT, flags: 0, samples: data },
          ...{ rate: rate.numerator / rate.denominator, gain, zero },
        },
      );
    }),
  );
});

test('gaps, other units and unknown codes are no run', () => {
  const { valueSampledData: sampled, ...observation } = toWaveformObservation(
    [run('ecg-ii')],
    LINKS,
  );
  assert.ok(sampled);
  for (const change of [
    { data: '1 2 E 4' },
    { data: '1e5' },
    { data: '' },
    { dimensions: 2 },
    { period: 0 },
  ]) {
    assert.deepEqual(runsIn({ ...observation, valueSampledData: { ...sampled, ...change } }), []);
  }
  const origin = { ...sampled.origin, code: 'Cel' };
  assert.deepEqual(runsIn({ ...observation, valueSampledData: { ...sampled, origin } }), []);
  const [microvolts] = runsIn({
    ...observation,
    valueSampledData: { ...sampled, origin: { ...sampled.origin, code: 'uV' } },
  });
  assert.deepEqual([microvolts?.gain, microvolts?.zero], [200_000, 1024]);
});

dataTest({ dataset: 'fhir', name: 'the sample arrays of the guides are traces' }, (directory) => {
  const found = new Map<string, string>();
  for (const { resource } of [...examplesIn(directory), ...xmlExamplesIn(directory)]) {
    if (resource.resourceType !== 'Observation') continue;
    assert.deepEqual(validate(r4(), resource).filter(isError), [], resource.id);
    for (const { metric, rate, samples, gain } of runsIn(resource)) {
      const hz = rate.numerator / rate.denominator;
      found.set(`${resource.id} ${metric}`, `${samples.length} at ${hz} Hz, ${gain}`);
    }
  }
  assert.deepEqual(Object.fromEntries(found), {
    'CVPSampleArrayObservation cvp-wave': '125 at 125 Hz, 100',
    'ECGSampleArrayObservation ecg-i': '125 at 125 Hz, 1000',
    'ECGSampleArrayObservation ecg-ii': '125 at 125 Hz, 1000',
    'ECGSampleArrayObservation ecg-iii': '125 at 125 Hz, 1000',
    'rtsa-example-2 ecg-i': '116 at 100 Hz, 0.620347394541',
  });
});

test('an id tells what it is of, and others are none', () => {
  const rate = { numerator: 250, denominator: 3 };
  const { id = '' } = toWaveformObservation([run('ecg-ii', { rate })], LINKS);
  assert.deepEqual(parseWaveformId(id), {
    ...{ device: deviceTag('monitor-7'), name: 'ecg-ii', epoch: 1, stampMs: AT - 500 },
    ...{ length: 500, rate },
  });
  for (const other of [id.slice(0, id.lastIndexOf('.')), `${id}-1`, `x${id}`, ''])
    assert.equal(parseWaveformId(other), undefined, other);
});

test('means say of how many samples they are', () => {
  const coarse = cutRun(run('ecg-ii'), { fromMs: AT, untilMs: AT + 2_000, everyN: 5 });
  assert.ok(coarse);
  const told = toWaveformObservation([coarse], LINKS, 5);
  assertValid(told);
  assert.match(told.method?.text ?? '', /mean of 5 samples/);
  assert.equal(toWaveformObservation([run('ecg-ii')], LINKS).method, undefined);
});

const MOMENT = {
  device: { reference: 'Device/phd-1' },
  gateway: { reference: 'Device/phg-1' },
  gatewayMs: AT,
} as const;

test('what a clock showed goes out and comes back', () => {
  for (const sensor of [
    { kind: 'absolute', atMs: AT - 5000 },
    { kind: 'base-offset', atMs: AT + 5 },
    { kind: 'relative', elapsedUs: 5_000_000 },
    { kind: 'high-resolution', elapsedUs: 1 },
    { kind: 'faulty' },
  ] as const) {
    const observation = toCoincidentObservation('c', { ...MOMENT, sensor });
    assertValid(observation);
    assert.deepEqual(readCoincident(observation), { ...MOMENT, sensor });
  }
  const { effectiveDateTime: _, ...timeless } = toCoincidentObservation('c', {
    ...MOMENT,
    sensor: { kind: 'faulty' },
  });
  assert.equal(readCoincident(timeless), undefined);
  assert.equal(readCoincident(toWaveformObservation([run('ecg-ii')], LINKS)), undefined);
});

dataTest({ dataset: 'fhir', name: 'the clocks of the examples' }, (directory) => {
  const behind = examplesIn(`${directory}/phd-ig`).flatMap(({ resource }) => {
    const moment = resource.resourceType === 'Observation' ? readCoincident(resource) : undefined;
    if (moment?.sensor.kind !== 'absolute') return [];
    return [moment.gatewayMs - moment.sensor.atMs];
  });
  assert.deepEqual(behind, [-1064, 0, 1000, 5000]);
});
