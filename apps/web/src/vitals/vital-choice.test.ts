import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import { type Candidate, chooseVital } from './vital-choice.ts';

const NOW_MS = 1_000_000;

function reading(metric: string, ageMs: number, flags = 0): Candidate {
  return { metric, device: 'patch-1', timeMs: NOW_MS - ageMs, value: 70, flags, decimals: 0 };
}

function chosen(readings: Candidate[], silent = false): string | undefined {
  const number = chooseVital(readings, { vital: 'heart-rate', nowMs: NOW_MS, silent });
  return number && `${number.metric.key} ${number.freshness}`;
}

test('the ECG counts the heart before the oximeter does', () => {
  const readings = [reading('pulse-rate-oximeter', 0), reading('heart-rate', 900)];
  assert.equal(chosen(readings), 'heart-rate fresh');
});

test('a fresh pulse rate stands in for an ECG rate that has gone stale', () => {
  const readings = [reading('heart-rate', 4_000), reading('pulse-rate-oximeter', 0)];
  assert.equal(chosen(readings), 'pulse-rate-oximeter fresh');
});

test('a rate that its own device doubts gives way to one that is sure', () => {
  const readings = [reading('heart-rate', 0, FLAG.QUESTIONABLE), reading('pulse-rate-oximeter', 0)];
  assert.equal(chosen(readings), 'pulse-rate-oximeter fresh');
});

test('a doubted rate is shown when there is no other', () => {
  assert.equal(chosen([reading('heart-rate', 0, FLAG.QUESTIONABLE)]), 'heart-rate fresh');
});

test('when nothing is fresh the last seen is named', () => {
  const readings = [reading('heart-rate', 90_000), reading('pulse-rate-oximeter', 60_000)];
  assert.equal(chosen(readings), 'pulse-rate-oximeter absent');
});

test('on a silent line the last number is stale, not fresh', () => {
  assert.equal(chosen([reading('heart-rate', 500)], true), 'heart-rate stale');
});

test('what is ahead of now is not of now, and gives way to what is', () => {
  assert.equal(chosen([reading('heart-rate', -5_000)]), 'heart-rate fresh');
  assert.equal(chosen([reading('heart-rate', -5_001)]), 'heart-rate absent');
  assert.equal(
    chosen([reading('heart-rate', -3_600_000), reading('pulse-rate-oximeter', 3_000)]),
    'pulse-rate-oximeter fresh',
  );
});

test('another vital and an unknown metric are no candidates', () => {
  assert.equal(chosen([reading('spo2', 0), reading('no-such-metric', 0)]), undefined);
});
