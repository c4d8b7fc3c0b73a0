import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { encodeRuns, RUNS_PER_BLOCK_MAX } from '@ausculta/blocks/waveform-block';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { CHUNK_READINGS_MAX, CHUNK_SAMPLES_MAX, cutReadings, cutRuns } from './chunk-cuts.ts';

const START_MS = 1_764_000_000_000;

const runAt = (startMs: number, count: number, change: Partial<WaveformRun> = {}): WaveformRun => ({
  metric: 'ecg-ii',
  startMs,
  rate: { numerator: 250, denominator: 1 },
  samples: new Int32Array(count),
  gain: 200,
  zero: 0,
  flags: 0,
  ...change,
});

function assertStorable(cuts: ReturnType<typeof cutRuns>, samples: number): void {
  assert.equal(new Set(cuts.map((cut) => cut.firstMs)).size, cuts.length, 'no name twice');
  let sum = 0;
  for (const { firstMs, runs } of cuts) {
    assert.ok(runs.every((run) => firstMs <= run.startMs));
    const whole = runs.map((run) => ({ ...run, startMs: Math.round(run.startMs) }));
    assert.ok(encodeRuns(whole, NO_COMPRESSION).ok);
    sum += runs.reduce((count, run) => count + run.samples.length, 0);
  }
  assert.equal(sum, samples, 'nothing is left out');
}

describe('cutting waveforms into chunks', () => {
  test('a long run is cut where its samples are', () => {
    const cuts = cutRuns([runAt(START_MS, CHUNK_SAMPLES_MAX + 1)]);
    assert.deepEqual(
      cuts.map((cut) => cut.firstMs),
      [START_MS, START_MS + CHUNK_SAMPLES_MAX * 4],
    );
  });

  test('short runs share a chunk within a minute, not beyond', () => {
    const near = [runAt(START_MS, 5), runAt(START_MS + 59_999, 5, { gain: 100 })];
    assert.equal(cutRuns(near).length, 1);
    assert.equal(cutRuns([...near, runAt(START_MS + 60_000, 5)]).length, 2);
  });

  test('more contradictions of one millisecond than a block holds', () => {
    const runs = Array.from({ length: 2 * RUNS_PER_BLOCK_MAX + 1 }, (_, i) =>
      runAt(START_MS, 1, { gain: 200 + (i % 2) }),
    );
    const cuts = cutRuns(runs);
    assert.equal(cuts.length, 3);
    assertStorable(cuts, runs.length);
  });

  test('more samples within one millisecond than a block holds', () => {
    const count = 2 ** 21;
    const rate = { numerator: 10 ** 10, denominator: 1 };
    assertStorable(cutRuns([runAt(START_MS, count, { rate })]), count);
  });

  test('runs without samples need no chunk', () => {
    assert.deepEqual(cutRuns([runAt(START_MS, 0)]), []);
    assert.deepEqual(cutRuns([]), []);
  });
});

describe('cutting readings into chunks', () => {
  test('by count, named by their first stamp', () => {
    const stampsMs = Float64Array.from({ length: CHUNK_READINGS_MAX + 1 }, (_, i) => START_MS + i);
    assert.deepEqual(cutReadings(stampsMs), [
      { firstMs: START_MS, from: 0, until: CHUNK_READINGS_MAX },
      { firstMs: START_MS + CHUNK_READINGS_MAX, from: CHUNK_READINGS_MAX, until: stampsMs.length },
    ]);
  });

  test('more contradictions of one stamp than a chunk holds have names of their own', () => {
    const cuts = cutReadings(new Float64Array(2 * CHUNK_READINGS_MAX + 1).fill(START_MS));
    assert.deepEqual(
      cuts.map((cut) => cut.firstMs),
      [START_MS - 2, START_MS - 1, START_MS],
    );
  });
});
