import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricOf } from '@ausculta/vitals/lookup';
import { r4 } from '../../../tests/support/fhir.ts';
import {
  type DaySummary,
  isSameSummary,
  isSummarised,
  summaryIdentifier,
  toDaySummary,
  toWithdrawnSummary,
} from './day-summary.ts';
import { localDays } from './local-day.ts';
import { isError, validateWithVitalSigns } from './validation.ts';

const berlin = localDays('Europe/Berlin');
assert.ok(berlin !== undefined);

const SUMMARY: DaySummary = {
  subjectId: '0b9ccc23-1f6d-4d1e-9a61-0e2f0c1d2e3f',
  patient: 'Patient/4711',
  metric: metricOf('heart-rate'),
  day: '2026-03-29',
  days: berlin,
  figures: {
    ...{ count: 4, mean: 71.5, sd: 1.2, min: 70, max: 73 },
    percentiles: [{ percent: 50, value: 71.5 }],
  },
  implausible: 1,
  oneSided: 0,
  measuredMs: 23 * 3_600_000 * 0.5,
  devices: ['watch-7'],
  isPartial: false,
  isInvented: false,
  isAmended: false,
  madeMs: Date.UTC(2026, 2, 30, 1),
};

function figureOf(summary: DaySummary, code: string): number | undefined {
  const found = toDaySummary(summary).component?.find((one) => one.code.coding?.[0]?.code === code);
  return found?.valueQuantity?.value;
}

test('a day is told by its figures, under the code of what was measured, without a value', () => {
  const told = toDaySummary(SUMMARY);
  assert.equal(told.valueQuantity, undefined);
  assert.equal(told.code.coding?.[0]?.code, '8867-4');
  assert.equal(told.category?.[0]?.coding?.[0]?.code, 'vital-signs');
  assert.equal(told.subject?.reference, 'Patient/4711');
  assert.deepEqual(told.effectivePeriod, {
    start: '2026-03-29T00:00:00.000+01:00',
    end: '2026-03-29T23:59:59.999+02:00',
  });
  assert.equal(figureOf(SUMMARY, 'average'), 71.5);
  assert.equal(figureOf(SUMMARY, 'minimum'), 70);
  assert.equal(figureOf(SUMMARY, 'maximum'), 73);
  assert.equal(figureOf(SUMMARY, 'median'), 71.5);
  assert.equal(figureOf(SUMMARY, 'count'), 4);
  assert.equal(figureOf(SUMMARY, 'total-count'), 5);
  assert.match(told.method?.text ?? '', /plausible/);
});

test('how much of the day was measured goes by the hours that the day has', () => {
  assert.equal(figureOf(SUMMARY, 'measured'), 50, 'half of 23 hours');
  const of24 = { ...SUMMARY, day: '2026-03-30' };
  assert.equal(figureOf(of24, 'measured'), 47.9, 'the same, of 24 hours');
  const episodic = { ...SUMMARY, metric: metricOf('weight'), measuredMs: undefined };
  assert.equal(figureOf(episodic, 'measured'), undefined, 'a weight is measured now and then');
});

test('one device is named; of several none is', () => {
  assert.equal(toDaySummary(SUMMARY).device?.identifier?.value, 'watch-7');
  assert.equal(toDaySummary({ ...SUMMARY, devices: ['a', 'b'] }).device, undefined);
});

test('a summary is final, amended when it was told otherwise before, preliminary where some does not open', () => {
  assert.equal(toDaySummary(SUMMARY).status, 'final');
  assert.equal(toDaySummary({ ...SUMMARY, isAmended: true }).status, 'amended');
  const partial = toDaySummary({ ...SUMMARY, isPartial: true, isAmended: true });
  assert.equal(partial.status, 'preliminary');
  assert.match(partial.note?.[0]?.text ?? '', /does not open/);
});

test('a day that has lost its readings is told as entered in error, under the same identifier', () => {
  const withdrawn = toWithdrawnSummary(SUMMARY);
  assert.equal(withdrawn.status, 'entered-in-error');
  assert.equal(withdrawn.component, undefined);
  assert.deepEqual(withdrawn.identifier, toDaySummary(SUMMARY).identifier);
});

test('a day of values that are all implausible has counts and no figures', () => {
  const none = { ...SUMMARY, figures: undefined, implausible: 3 };
  assert.equal(figureOf(none, 'average'), undefined);
  assert.equal(figureOf(none, 'count'), 0);
  assert.equal(figureOf(none, 'total-count'), 3);
});

test('readings beyond what the device can tell are counted apart', () => {
  assert.equal(figureOf(SUMMARY, 'one-sided'), undefined);
  assert.equal(figureOf({ ...SUMMARY, oneSided: 2 }, 'one-sided'), 2);
});

test('another day, metric or subject has another identifier', () => {
  const names = [
    SUMMARY,
    { ...SUMMARY, day: '2026-03-30' },
    { ...SUMMARY, metric: metricOf('spo2') },
    { ...SUMMARY, subjectId: '1b9ccc23-1f6d-4d1e-9a61-0e2f0c1d2e3f' },
  ].map((one) => summaryIdentifier(one).value);
  assert.equal(new Set(names).size, 4);
});

test('what another server has kept is the same whatever id, order and notation it gave', () => {
  const told = toDaySummary(SUMMARY);
  const kept = {
    ...told,
    id: 'x-1',
    status: 'amended' as const,
    component: [...(told.component ?? [])].reverse(),
    effectivePeriod: { start: '2026-03-28T23:00:00Z', end: '2026-03-29T21:59:59.999Z' },
  };
  assert.equal(isSameSummary(told, kept), true);
});

const DIFFERENT: readonly [string, DaySummary][] = [
  ['another patient', { ...SUMMARY, patient: 'Patient/4712' }],
  ['one reading more', { ...SUMMARY, implausible: 2 }],
  ['another device', { ...SUMMARY, devices: ['watch-8'] }],
  ['part that does not open', { ...SUMMARY, isPartial: true }],
  ['another coverage', { ...SUMMARY, measuredMs: 0 }],
];

for (const [what, other] of DIFFERENT) {
  test(`it is not the same with ${what}`, () => {
    assert.equal(isSameSummary(toDaySummary(SUMMARY), toDaySummary(other)), false);
  });
}

test('a withdrawn one is not the same as the one before', () => {
  assert.equal(isSameSummary(toDaySummary(SUMMARY), toWithdrawnSummary(SUMMARY)), false);
});

test('what has no LOINC code, is of a room, or is no number, is not summarised', () => {
  assert.equal(isSummarised(metricOf('heart-rate')), true);
  assert.equal(isSummarised(metricOf('weight')), true);
  assert.equal(isSummarised(metricOf('ecg')), false);
  assert.equal(isSummarised(metricOf('ambient-temperature')), false);
});

test('each is a valid Observation, also by the profiles of vital signs', () => {
  const { heartRate, weight } = {
    heartRate: toDaySummary(SUMMARY),
    weight: toDaySummary({ ...SUMMARY, metric: metricOf('weight'), measuredMs: undefined }),
  };
  const withdrawn = toWithdrawnSummary(SUMMARY);
  for (const told of [heartRate, weight, withdrawn]) {
    assert.deepEqual(validateWithVitalSigns(r4(), told).filter(isError), []);
  }
});
