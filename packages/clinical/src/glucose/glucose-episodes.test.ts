import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EPISODE_RULES, EpisodeFinder, type EpisodeRule } from './glucose-episodes.ts';

const STEP_MINUTES = 5;
const GAP = Number.NaN;

function find(values: readonly number[], rule: EpisodeRule = EPISODE_RULES.hypo.lv1) {
  const finder = new EpisodeFinder(rule, STEP_MINUTES);
  return [...values.map((value) => finder.push(value)), finder.end()].filter(
    (episode) => episode !== undefined,
  );
}

const ENDED = [100, 100, 100];

test('ten minutes below 70 are no episode, fifteen are', () => {
  assert.deepEqual(find([100, 60, 60, ...ENDED]), []);
  assert.deepEqual(find([100, 60, 60, 60, ...ENDED]), [
    { from: 1, until: 4, minutes: 15, meanMgDl: 60 },
  ]);
});

test('70 itself is within range, and 180 too', () => {
  assert.deepEqual(find([70, 70, 70, 70]), []);
  assert.deepEqual(find([180, 180, 180, 180], EPISODE_RULES.hyper.lv1), []);
  assert.equal(find([181, 181, 181, ...ENDED], EPISODE_RULES.hyper.lv1).length, 1);
});

test('ten minutes of relief do not end an episode, fifteen do', () => {
  const twice = [60, 60, 60, 100, 100, 60, 60, 60, ...ENDED];
  assert.deepEqual(
    find(twice).map(({ minutes }) => minutes),
    [40],
  );
  assert.equal(find([60, 60, 60, ...ENDED, 60, 60, 60, ...ENDED]).length, 2);
});

test('an extended episode needs two hours', () => {
  const low = (points: number) => [...new Array<number>(points).fill(60), ...ENDED];
  assert.equal(find(low(23), EPISODE_RULES.hypo.extended).length, 0);
  assert.equal(find(low(24), EPISODE_RULES.hypo.extended).length, 1);
});

test('a gap or the end of the data ends what was still going on', () => {
  assert.deepEqual(
    find([60, 60, 60, GAP, 60, 60]).map(({ minutes }) => minutes),
    [15],
  );
  assert.deepEqual(
    find([60, 60, 60, 100]).map(({ minutes }) => minutes),
    [20],
  );
});
