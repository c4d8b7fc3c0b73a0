import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricOf } from '@ausculta/vitals/lookup';
import { chooseLanes, laneScaleOf } from './lane-choice.ts';

test('lead II comes first, whatever arrived first', () => {
  const lanes = chooseLanes(['ecg-v1', 'resp-wave-arb', 'ecg-ii', 'pleth-arb']);
  assert.deepEqual(
    lanes.ecg.map(({ key }) => key),
    ['ecg-ii', 'ecg-v1'],
  );
  assert.equal(lanes.pulse?.key, 'pleth-arb');
  assert.equal(lanes.breath?.key, 'resp-wave-arb');
});

test('a patient without waveforms has no lanes', () => {
  const lanes = chooseLanes([]);
  assert.deepEqual([lanes.ecg, lanes.pulse, lanes.breath], [[], undefined, undefined]);
});

test('only millivolts are drawn to paper scale', () => {
  assert.equal(laneScaleOf(metricOf('ecg-ii')), 'millivolts');
  assert.equal(laneScaleOf(metricOf('ecg-ii-arb')), 'fitted');
  assert.equal(laneScaleOf(metricOf('pleth')), 'fitted');
});
