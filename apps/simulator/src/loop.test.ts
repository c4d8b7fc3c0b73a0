import assert from 'node:assert/strict';
import { test } from 'node:test';
import { continuesRun, sampleOffsetMs } from '@ausculta/vitals/waveform';
import { meanRate, positionAt, runsBetween } from './loop.ts';
import type { Recording } from './recording.ts';

const RATE = { numerator: 360, denominator: 1 };

function made(samples: readonly number[], beats: readonly number[] = []): Recording {
  return {
    name: 'made',
    rate: RATE,
    length: samples.length,
    channels: [{ metric: 'ecg-ii', gain: 200, zero: 1024, samples: Int32Array.from(samples) }],
    beats,
    breaths: [],
  };
}

test('a loop goes on without a gap: the sample after the last is the first', () => {
  const [run] = runsBetween(made([1, 2, 3]), { from: 2, until: 9, startedMs: 0 });
  assert.deepEqual([...(run?.samples ?? [])], [3, 1, 2, 3, 1, 2, 3]);
});

test('nothing new gives no run', () => {
  assert.deepEqual(runsBetween(made([1, 2, 3]), { from: 5, until: 5, startedMs: 0 }), []);
});

test('frame after frame continues the run before it, for ten minutes of 400 ms steps', () => {
  const recording = made([1, 2, 3, 4, 5]);
  let from = 0;
  let predictedMs = 1_000_000_007;
  for (let elapsedMs = 400; elapsedMs <= 600_000; elapsedMs += 400) {
    const until = positionAt(RATE, elapsedMs);
    const [run] = runsBetween(recording, { from, until, startedMs: 1_000_000_007 });
    assert.ok(run !== undefined);
    assert.ok(continuesRun({ rate: RATE, predictedMs, startMs: run.startMs }));
    predictedMs = 1_000_000_007 + sampleOffsetMs(RATE, until);
    from = until;
  }
});

const LENGTH = 360 * 20;
/** One beat a second for ten seconds, then two a second. */
const BEATS = [
  ...Array.from({ length: 10 }, (_, index) => 180 + index * 360),
  ...Array.from({ length: 20 }, (_, index) => 180 + 3600 + index * 180),
];
const recording = made(new Array(LENGTH).fill(0), BEATS);

const CASES = [
  { name: 'before the first interval has ended', seconds: 1, rate: undefined },
  { name: 'after the first interval', seconds: 2, rate: 60 },
  { name: 'in the slow half', seconds: 9, rate: 60 },
  { name: 'a whole window into the fast half', seconds: 19, rate: 120 },
  { name: 'just after the seam, over the fast half of the last round', seconds: 21, rate: 120 },
] as const;

for (const { name, seconds, rate } of CASES) {
  test(`the heart rate ${name} is ${rate ?? 'not known'}`, () => {
    assert.equal(meanRate(recording, BEATS, { position: seconds * 360, windowS: 8 }), rate);
  });
}

test('the interval across the seam counts for no rate', () => {
  // One beat a round: there is no interval that ever was.
  const lonely = made(new Array(LENGTH).fill(0), [100]);
  assert.equal(meanRate(lonely, [100], { position: LENGTH * 3, windowS: 60 }), undefined);
});

test('a pause longer than the window is a gap, not a guess', () => {
  const beats = [0, 360, 720];
  const paused = made(new Array(360 * 30).fill(0), beats);
  assert.equal(meanRate(paused, beats, { position: 720 + 8 * 360 - 1, windowS: 8 }), 60);
  assert.equal(meanRate(paused, beats, { position: 720 + 8 * 360, windowS: 8 }), undefined);
});
