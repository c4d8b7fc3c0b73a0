import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import fc from 'fast-check';
import { ramp, runSample, seriesSample } from '../../../../tests/support/line.ts';
import { endOf, WaveformHead, withoutRepeats } from './waveform-head.ts';

const SERIES = seriesSample({ id: 1, metric: 'ecg-ii' });

/** 100 samples a second: sample n lies at 10 n ms and is worth n. */
function piece(from: number, length: number, change: Partial<WaveformRun> = {}): WaveformRun {
  return runSample({ startMs: from * 10, samples: ramp(from, length), ...change });
}

function insertAll(runs: readonly WaveformRun[], head = new WaveformHead(SERIES)): WaveformHead {
  for (const [i, run] of runs.entries()) head.insert(run, { offsetMs: 0, changed: i });
  return head;
}

const spans = (runs: readonly WaveformRun[]): [number, number][] =>
  runs.map((run) => [run.startMs, run.samples.length]);

test('runs that continue each other are one, however their stamps jitter', () => {
  const head = insertAll([
    piece(0, 10),
    piece(10, 10, { startMs: 106 }),
    piece(20, 10, { startMs: 194 }),
  ]);
  assert.deepEqual(spans(head.unflushed()), [[0, 30]]);
});

test('a start beyond 1 ms and half a sample is a gap, and stays one', () => {
  const head = insertAll([piece(0, 10), piece(10, 10, { startMs: 107 })]);
  assert.deepEqual(spans(head.unflushed()), [
    [0, 10],
    [107, 10],
  ]);
});

test('a run that was sent again changes nothing; of one that overlaps, only the rest is new', () => {
  const head = insertAll([piece(0, 10)]);
  assert.equal(head.insert(piece(0, 10), { offsetMs: 0, changed: 1 }), false);
  assert.equal(head.insert(piece(2, 5), { offsetMs: 0, changed: 2 }), false);
  assert.equal(head.insert(piece(5, 10), { offsetMs: 0, changed: 3 }), true);
  assert.deepEqual(spans(head.unflushed()), [[0, 15]]);
  assert.deepEqual(head.unflushed()[0]?.samples, ramp(0, 15));
});

test('other samples for the same time are kept and flagged', () => {
  const head = insertAll([piece(0, 10), piece(0, 10, { samples: ramp(500, 10) })]);
  assert.deepEqual(
    head.unflushed().map((run) => run.flags),
    [0, FLAG.CONFLICT],
  );
});

test('what is being flushed is still met, and still answered', () => {
  const head = insertAll([piece(0, 10)]);
  head.beginFlush();
  assert.equal(head.insert(piece(0, 10), { offsetMs: 0, changed: 1 }), false);
  head.insert(piece(10, 10), { offsetMs: 0, changed: 2 });
  assert.deepEqual(spans(withoutRepeats(head.unflushed())), [
    [0, 10],
    [100, 10],
  ]);
  head.endFlush();
  assert.deepEqual(spans(head.unflushed()), [[100, 10]]);
  assert.equal(
    head.insert(piece(0, 10), { offsetMs: 0, changed: 3 }),
    false,
    'stored, and still recent',
  );
});

test('pieces of one recording, however cut, repeated and shuffled: each sample is read once', () => {
  const some = fc.array(fc.record({ from: fc.nat(80), length: fc.integer({ min: 1, max: 40 }) }), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(some, (cuts) => {
      const read = withoutRepeats(cuts.map(({ from, length }) => piece(from, length)));
      const samples = read.flatMap((run) => [...run.samples]);
      const expected = new Set(cuts.flatMap(({ from, length }) => [...ramp(from, length)]));
      assert.equal(samples.length, expected.size);
      assert.deepEqual(new Set(samples), expected);
      for (const run of read) assert.equal(run.startMs, (run.samples[0] as number) * 10);
      assert.ok(read.every((run) => endOf(run) === ((run.samples.at(-1) as number) + 1) * 10));
    }),
  );
});

test('a hundred thousand runs, and ten thousand that contradict each other, are put in order at once', () => {
  const many = Array.from({ length: 100_000 }, (_, i) => piece(i * 10, 10));
  assert.equal(withoutRepeats([...many, ...many.slice(0, 1_000)]).length, 100_000);
  const contradicting = Array.from({ length: 10_000 }, (_, i) =>
    piece(0, 10, { samples: ramp(i, 10) }),
  );
  const startMs = performance.now();
  assert.equal(withoutRepeats(contradicting).length, 10_000);
  assert.ok(performance.now() - startMs < 15_000);
});
