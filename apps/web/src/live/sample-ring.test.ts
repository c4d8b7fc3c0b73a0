import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { SampleRing } from './sample-ring.ts';

function runAt(startMs: number, samples: readonly number[]): WaveformRun {
  return {
    metric: 'ecg-ii',
    startMs,
    rate: { numerator: 100, denominator: 1 },
    samples: Int32Array.from(samples),
    gain: 2,
    zero: 10,
    flags: 0,
  };
}

function held(ring: SampleRing): number[] {
  const values: number[] = [];
  for (let slot = ring.tail; slot < ring.head; slot += 1) values.push(ring.valueAt(slot));
  return values;
}

test('samples come back in the canonical unit', () => {
  const ring = new SampleRing(10);
  ring.push(runAt(1000, [10, 12, 8]));
  assert.deepEqual(held(ring), [0, 1, -1]);
  assert.equal(ring.endMs, 1030);
});

test('a run that continues within half a sample leaves no seam', () => {
  const ring = new SampleRing(10);
  ring.push(runAt(1000, [10, 12]));
  ring.push(runAt(1026, [14]));
  assert.deepEqual(held(ring), [0, 1, 2]);
});

test('a pause between runs stays a gap and is never bridged', () => {
  const ring = new SampleRing(10);
  ring.push(runAt(1000, [12]));
  ring.push(runAt(1040, [12]));
  assert.deepEqual(held(ring), [1, Number.NaN, Number.NaN, Number.NaN, 1]);
});

test('a run that comes late fills its gap and says that it rewrote the past', () => {
  const ring = new SampleRing(10);
  ring.push(runAt(1000, [12]));
  ring.push(runAt(1030, [12]));
  assert.equal(ring.push(runAt(1010, [14, 16])).rewrote, true);
  assert.deepEqual(held(ring), [1, 2, 3, 1]);
});

test('the same samples again change nothing', () => {
  const ring = new SampleRing(10);
  ring.push(runAt(1000, [12, 14, 16]));
  assert.equal(ring.push(runAt(1000, [12, 14, 16, 18])).rewrote, false);
  assert.deepEqual(held(ring), [1, 2, 3, 4]);
});

test('the oldest samples make room for the newest', () => {
  const ring = new SampleRing(4);
  ring.push(runAt(1000, [12, 14, 16]));
  ring.push(runAt(1030, [18, 20, 22]));
  assert.deepEqual(held(ring), [3, 4, 5, 6]);
  assert.equal(ring.timeOf(ring.tail), 1020);
});

test('a run longer than the ring keeps its end', () => {
  const ring = new SampleRing(3);
  ring.push(runAt(1000, [12, 14, 16, 18, 20]));
  assert.deepEqual(held(ring), [3, 4, 5]);
});

test('a run older than everything held is left out', () => {
  const ring = new SampleRing(3);
  ring.push(runAt(1000, [12, 14, 16, 18, 20]));
  ring.push(runAt(900, [99]));
  assert.deepEqual(held(ring), [3, 4, 5]);
});

test('a silence longer than the ring starts it anew', () => {
  const ring = new SampleRing(4);
  ring.push(runAt(1000, [12]));
  ring.push(runAt(90_000, [14]));
  assert.deepEqual(held(ring), [2]);
  assert.equal(ring.timeOf(ring.tail), 90_000);
});

test('another rate starts it anew', () => {
  const ring = new SampleRing(4);
  ring.push(runAt(1000, [12, 14]));
  ring.push({ ...runAt(1020, [16]), rate: { numerator: 50, denominator: 1 } });
  assert.deepEqual(held(ring), [3]);
});
