import assert from 'node:assert/strict';
import { test } from 'node:test';
import { r4 } from '../../../tests/support/fhir.ts';
import {
  type AlarmFigures,
  type Count,
  cellsOf,
  type IndicatorFigures,
} from './indicator-cells.ts';
import {
  endedPeriods,
  isPeriodName,
  lookDueMs,
  type PeriodKind,
  periodOf,
} from './indicator-period.ts';
import { reportCsv, toMeasure, toMeasureReport } from './indicator-report.ts';
import { localDays } from './local-day.ts';
import { isError, validate } from './validation.ts';

const berlin = localDays('Europe/Berlin');
if (berlin === undefined) throw new Error('there is no Berlin');
const HOUR_MS = 3_600_000;

for (const { kind, day, name, first, last } of [
  { kind: 'day', day: '2026-02-28', name: '2026-02-28', first: '2026-02-28', last: '2026-02-28' },
  { kind: 'week', day: '2026-01-01', name: '2026-W01', first: '2025-12-29', last: '2026-01-04' },
  { kind: 'week', day: '2027-01-03', name: '2026-W53', first: '2026-12-28', last: '2027-01-03' },
  { kind: 'week', day: '2027-01-04', name: '2027-W01', first: '2027-01-04', last: '2027-01-10' },
  { kind: 'month', day: '2028-02-29', name: '2028-02', first: '2028-02-01', last: '2028-02-29' },
  { kind: 'month', day: '2026-12-31', name: '2026-12', first: '2026-12-01', last: '2026-12-31' },
] as const) {
  test(`the ${kind} of ${day} is ${name}`, () => {
    const period = periodOf(kind, berlin, day);
    assert.deepEqual([period.name, period.firstDay, period.lastDay], [name, first, last]);
    assert.ok(isPeriodName(period.name));
    assert.equal(berlin.dayOf(period.fromMs), first);
    assert.equal(berlin.dayOf(period.untilMs - 1), last);
    assert.notEqual(berlin.dayOf(period.untilMs), last);
  });
}

test('a month with a change of the clock is an hour longer or shorter', () => {
  const hours = (kind: PeriodKind, day: string): number => {
    const { fromMs, untilMs } = periodOf(kind, berlin, day);
    return (untilMs - fromMs) / HOUR_MS;
  };
  assert.equal(hours('month', '2026-03-05'), 31 * 24 - 1);
  assert.equal(hours('month', '2026-10-05'), 31 * 24 + 1);
  assert.equal(hours('day', '2026-10-05'), 24);
});

test('a period is looked at an hour after its end, and a day and a week later; then no more', () => {
  const period = periodOf('day', berlin, '2026-06-01');
  const dueAfter = (ms: number): number | undefined => {
    const due = lookDueMs(period, period.untilMs + ms);
    return due && (due - period.untilMs) / HOUR_MS;
  };
  assert.equal(dueAfter(HOUR_MS - 1), undefined);
  assert.equal(dueAfter(HOUR_MS), 1);
  assert.equal(dueAfter(25 * HOUR_MS - 1), 1);
  assert.equal(dueAfter(25 * HOUR_MS), 25);
  assert.equal(dueAfter(169 * HOUR_MS - 1), 25);
  assert.equal(dueAfter(169 * HOUR_MS), 169);
  assert.equal(dueAfter(9_999 * HOUR_MS), 169);
  const at = (text: string, kind: PeriodKind) =>
    endedPeriods(kind, berlin, Date.parse(text)).map(({ name }) => name);
  assert.deepEqual(at('2026-06-20T12:00:00Z', 'month'), ['2026-05'], 'however long ago it ended');
  assert.deepEqual(at('2026-06-04T12:00:00Z', 'month'), ['2026-05']);
  assert.deepEqual(at('2026-06-11T12:00:00Z', 'week'), ['2026-W23']);
  assert.equal(at('2026-06-11T12:00:00Z', 'day').length, 8);
});

const count = (value: number, people: number): Count => ({ value, people });
const answered = (raised: Count, acknowledged: Count, peopleWithout: number): AlarmFigures => ({
  ...{ raised, acknowledged, peopleWithout },
  medianMs: acknowledged.value === 0 ? undefined : 61_400,
});
const NONE = answered(count(0, 0), count(0, 0), 0);

const figures = (more: Partial<IndicatorFigures> = {}): IndicatorFigures => ({
  patients: 40,
  devices: count(42, 40),
  readings: new Map([
    ['heart-rate', count(4_000, 40)],
    ['spo2', count(900, 10)],
    ['weight', count(11, 11)],
  ]),
  glucose: {
    all: count(1_000, 20),
    below: count(37, 11),
    within: count(713, 20),
    above: count(250, 10),
  },
  alarms: { low: NONE, medium: NONE, high: NONE, all: NONE },
  ...more,
});

test('a number of 10 people is not told, one of 11 or of nobody is', () => {
  const cells = cellsOf(figures(), 11);
  assert.deepEqual(
    [...cells.readings],
    [
      ['heart-rate', 4_000],
      ['spo2', 'masked'],
      ['weight', 11],
    ],
  );
  assert.deepEqual([cells.glucoseBelow, cells.glucoseAbove], [3.7, 'masked']);
  assert.equal(cells.alarms.all.raised, 0);
  assert.equal(cellsOf(figures({ patients: 10 }), 11).patients, 'masked');
  assert.equal(cellsOf(figures({ patients: 11 }), 11).patients, 11);
  assert.equal(cellsOf(figures({ devices: count(10, 30) }), 11).devices, 'masked');
});

const GLUCOSE_CASES = [
  { below: count(30, 11), within: count(60, 11), above: count(10, 11), told: [30, 10] },
  { below: count(30, 11), within: count(60, 10), above: count(10, 11), told: ['masked', 'masked'] },
  { below: count(30, 11), within: count(60, 10), above: count(10, 10), told: ['masked', 'masked'] },
  { below: count(30, 11), within: count(60, 11), above: count(10, 10), told: [30, 'masked'] },
  { below: count(30, 11), within: count(70, 11), above: count(0, 0), told: [30, 0] },
  { below: count(100, 11), within: count(0, 0), above: count(0, 0), told: [100, 0] },
] as const;

for (const { told, ...parts } of GLUCOSE_CASES) {
  const people = Object.entries(parts).map(([part, one]) => `${one.people} ${part}`);
  test(`with glucose of ${people.join(', ')}, ${told.join(' and ')} are told of the least 11`, () => {
    const glucose = { all: count(100, 30), ...parts };
    const { glucoseBelow, glucoseAbove } = cellsOf(figures({ glucose }), 11);
    assert.deepEqual([glucoseBelow, glucoseAbove], told);
  });
}

test('a total is not told where what is not told would follow from it', () => {
  const many = answered(count(90, 30), count(70, 25), 12);
  const few = answered(count(9, 4), count(9, 4), 0);
  const all = answered(count(189, 40), count(149, 35), 20);
  const one = cellsOf(figures({ alarms: { low: many, medium: many, high: few, all } }), 11).alarms;
  assert.deepEqual([one.low.raised, one.high.raised, one.all.raised], [90, 'masked', 'masked']);
  assert.equal(one.all.acknowledged, 'masked');
  const none = cellsOf(
    figures({ alarms: { low: many, medium: many, high: NONE, all } }),
    11,
  ).alarms;
  assert.deepEqual([none.high.raised, none.all.raised, none.all.medianSeconds], [0, 189, 61]);
});

test('how many were acknowledged is not told where few were not', () => {
  const most = answered(count(90, 30), count(87, 30), 3);
  const all = answered(count(90, 30), count(87, 30), 3);
  const cells = cellsOf(
    figures({ alarms: { low: NONE, medium: most, high: NONE, all } }),
    11,
  ).alarms;
  assert.deepEqual(cells.medium, { raised: 90, acknowledged: 'masked', medianSeconds: 'masked' });
  assert.deepEqual(cells.all, { raised: 90, acknowledged: 'masked', medianSeconds: 'masked' });
});

test('a report is what R4 says, and its CSV has a line for each number and none for what is masked', () => {
  const cells = cellsOf(figures(), 11);
  const period = periodOf('month', berlin, '2026-10-05');
  const report = toMeasureReport({
    ...{ period, cells, at: '2026-11-01T01:00:00Z' },
    ...{ start: '2026-10-01T00:00:00+02:00', end: '2026-10-31T23:59:59.999+01:00' },
  });
  for (const resource of [report, toMeasure()])
    assert.deepEqual(validate(r4(), resource).filter(isError), []);
  const lines = reportCsv(report).trimEnd().split('\r\n');
  assert.equal(lines[0], 'period,start,end,indicator,stratum,measure,value,unit,masked');
  const told = lines.slice(1).map((line) => line.split(',').slice(3).join());
  assert.ok(told.includes('patients,,initial-population,40,,'));
  assert.ok(told.includes('readings,spo2,initial-population,,,yes'));
  assert.ok(told.includes('glucose-below,,score,3.7,%,'));
  assert.ok(told.includes('glucose-above,,score,,,yes'));
  assert.ok(told.includes('alarms,high,numerator,0,,'));
  assert.ok(!reportCsv(report).includes('900'));
});

test('a text that somebody else wrote into a report is no formula', () => {
  const bad = { stratum: [{ value: { text: '=1+1,"x"' }, population: [{ count: 1 }] }] };
  const csv = reportCsv({
    ...{ resourceType: 'MeasureReport', status: 'complete', type: 'summary', measure: 'urn:x' },
    ...{ period: {}, group: [{ stratifier: [bad] }] },
  });
  assert.ok(csv.includes(`"'=1+1,""x"""`));
});
