import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decimalsOf } from './decimals.ts';
import { Names } from './names.ts';

test('a name is announced once, before its first use, and keeps its index', () => {
  const names = new Names();
  assert.equal(names.news(), undefined);
  assert.deepEqual(
    [names.subject('a'), names.subject('b'), names.metric('a'), names.subject('a')],
    [0, 1, 0, 0],
  );
  assert.deepEqual(names.news(), {
    type: 'names',
    subjects: [
      [0, 'a'],
      [1, 'b'],
    ],
    metrics: [[0, 'a']],
    devices: [],
  });
  assert.equal(names.news(), undefined);
  assert.equal(names.device('monitor-1'), 0);
  assert.deepEqual(names.news(), {
    type: 'names',
    subjects: [],
    metrics: [],
    devices: [[0, 'monitor-1']],
  });
});

const DECIMALS = [
  { value: 72, resolution: 1, shown: 0 },
  { value: 72.5, resolution: 1, shown: 1 },
  { value: 72.25, resolution: 1, shown: 1 },
  { value: 37, resolution: 0.1, shown: 1 },
  { value: 37.25, resolution: 0.1, shown: 2 },
  { value: 37.123456, resolution: 0.1, shown: 2 },
  { value: 0.1 + 0.2, resolution: 0.1, shown: 1 },
  { value: -5, resolution: 0.05, shown: 2 },
];

for (const { value, resolution, shown } of DECIMALS) {
  test(`${value} of a metric in steps of ${resolution} is shown with ${shown} decimals`, () => {
    assert.equal(decimalsOf(value, resolution), shown);
  });
}
