import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import type { SeriesRange } from '../telemetry/merge.ts';
import { DayFigures, type FiguresOfDay } from './day-figures.ts';

const DAY_MS = 86_400_000;

interface Given {
  readonly metric?: string;
  readonly device?: string;
  readonly readings: readonly (readonly [timeMs: number, value: number, flags?: number])[];
}

function rangeOf({ metric = 'heart-rate', device = 'watch-1', readings }: Given): SeriesRange {
  const timesMs = Float64Array.from(readings, ([timeMs]) => timeMs);
  return {
    series: {
      ...{ id: 1, partition: 0, epoch: 1, metric: metricOf(metric) },
      organisationId: '00000000-0000-4000-8000-000000000001' as OrganisationId,
      subjectId: '00000000-0000-4000-8000-000000000002' as SubjectId,
      deviceId: device as DeviceId,
    },
    ...{ timesMs, stampsMs: timesMs },
    values: Float64Array.from(readings, ([, value]) => value),
    flags: Uint8Array.from(readings, ([, , flags = 0]) => flags),
  };
}

function of(...given: readonly Given[]): FiguresOfDay {
  const figures = new DayFigures(DAY_MS);
  figures.add(given.map(rangeOf));
  const [told] = figures.told();
  assert.ok(told !== undefined);
  return told;
}

const HELD = [
  { what: 'readings each second', times: [0, 1_000, 2_000], ms: 3_000 },
  { what: 'a gap that is usual', times: [0, 10_000], ms: 11_000 },
  { what: 'a gap that is longer than usual', times: [0, 10_001], ms: 2_000 },
  { what: 'one reading', times: [5_000], ms: 1_000 },
  { what: 'one just before the day ends', times: [DAY_MS - 400], ms: 400 },
];

for (const { what, times, ms } of HELD) {
  test(`of ${what} the day was measured for ${ms} ms`, () => {
    assert.equal(of({ readings: times.map((timeMs) => [timeMs, 70] as const) }).measuredMs, ms);
  });
}

test('two devices at once do not measure more of the day than one', () => {
  const readings = [[0, 70] as const, [1_000, 71] as const];
  const both = of({ readings }, { device: 'watch-2', readings });
  assert.equal(both.measuredMs, 2_000);
  assert.deepEqual(both.devices, ['watch-1', 'watch-2']);
  assert.equal(both.figures?.count, 4);
});

test('what is measured now and then has no share of the day', () => {
  assert.equal(of({ metric: 'weight', readings: [[0, 81]] }).measuredMs, undefined);
});

test('what is implausible is counted and is in no figure; one-sided values stand at their bound', () => {
  const told = of({
    readings: [
      [0, 70],
      [1_000, 900, FLAG.IMPLAUSIBLE],
      [2_000, 250, FLAG.ABOVE],
    ],
  });
  assert.deepEqual([told.figures?.count, told.implausible, told.oneSided], [2, 1, 1]);
  assert.equal(told.figures?.max, 250);
});

test('a day that comes in pieces has the same figures as one that comes whole', () => {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 200_000 }), { minLength: 1 });
  const property = fc.property(times, fc.nat(), (given, cut) => {
    const readings = given.sort((a, b) => a - b).map((timeMs) => [timeMs, timeMs % 97] as const);
    const at = cut % readings.length;
    const pieces = new DayFigures(DAY_MS);
    for (const part of [readings.slice(0, at), readings.slice(at)])
      pieces.add([rangeOf({ readings: part })]);
    const whole = of({ readings });
    assert.deepEqual(pieces.told(), [whole]);
    assert.ok((whole.measuredMs ?? 0) >= 1_000 && (whole.measuredMs ?? 0) <= 201_000);
  });
  fc.assert(property, { seed: 26 });
});

test('a day without readings has no figures at all', () => {
  const figures = new DayFigures(DAY_MS);
  figures.add([rangeOf({ readings: [] })]);
  assert.deepEqual(figures.told(), []);
});
