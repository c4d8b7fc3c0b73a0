import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricByKey, metricOf } from '@ausculta/vitals/lookup';
import { leadsName, leadsNamed, PANEL, PANEL_PARTS, together } from './ecg-leads.ts';

const TWELVE = PANEL_PARTS.filter(({ key }) => key !== 'ecg' && key !== 'ecg-v');

test('an id names the leads, in whatever order they came', () => {
  const some = ['ecg-v6', 'ecg-i', 'ecg-avf'].map(metricOf);
  assert.equal(leadsName(some), leadsName(some.toReversed()));
  assert.deepEqual(
    leadsNamed(leadsName(some))?.map(({ key }) => key),
    ['ecg-i', 'ecg-avf', 'ecg-v6'],
  );
  assert.equal(TWELVE.length, 12);
  assert.deepEqual(leadsNamed(leadsName(TWELVE)), TWELVE);
});

test('leads one and two have the name that they will always have', () => {
  assert.equal(leadsName(['ecg-i', 'ecg-ii'].map(metricOf)), 'leads-3');
  assert.equal(leadsName([metricOf('ecg-v6')]), `leads-${(2 ** 12).toString(36)}`);
});

for (const name of [
  'leads-1',
  'leads-0',
  'leads-03',
  'leads-zzzz',
  'leads-',
  'ecg-ii',
  'leads-3-',
]) {
  test(`${name} names no leads`, () => assert.equal(leadsNamed(name), undefined));
}

test('no metric is named as leads are', () => {
  assert.equal(metricByKey(leadsName(TWELVE)), undefined);
});

const OF = {
  ...{ subjectId: '7', deviceId: 'monitor-7', epoch: 1, stampMs: 0, timeMs: 0 },
  ...{ rate: { numerator: 250, denominator: 1 }, samples: { length: 500 } },
};
const piece = (key: string, more: Partial<typeof OF> = {}) => ({
  ...{ metric: metricOf(key), ...OF, ...more },
});
const keysOf = (pieces: readonly ReturnType<typeof piece>[]): string[] =>
  together(pieces).map((group) => group.map(({ metric }) => metric.key).join(' '));

test('leads of one moment go together, in their order', () => {
  assert.deepEqual(keysOf([piece('ecg-v1'), piece('ecg-ii'), piece('ecg-i')]), [
    'ecg-i ecg-ii ecg-v1',
  ]);
});

for (const [what, more] of [
  ['device', { deviceId: 'monitor-8' }],
  ['patient', { subjectId: '8' }],
  ['clock epoch', { epoch: 2 }],
  ['moment', { stampMs: 4, timeMs: 4 }],
  ['rate', { rate: { numerator: 500, denominator: 1 } }],
  ['length', { samples: { length: 499 } }],
] as const) {
  test(`a lead of another ${what} stands alone`, () => {
    assert.deepEqual(keysOf([piece('ecg-i'), piece('ecg-ii', more)]), ['ecg-i', 'ecg-ii']);
  });
}

test('what is no lead, a lead without a name, and what contradicts a lead stand alone', () => {
  const all = [piece('ecg-i'), piece('ecg-i'), piece('pleth'), piece(PANEL.key), piece('ecg-ii')];
  assert.deepEqual(keysOf(all), ['ecg-i ecg-ii', 'ecg-i', 'pleth', 'ecg']);
});
