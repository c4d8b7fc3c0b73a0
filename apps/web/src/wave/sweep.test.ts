import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pxPerMv, SWEEP_MS, sweepStep } from './sweep.ts';

/** 60 columns in 6 s: a column lasts 100 ms. */
const STRIP = { width: 60, sweepMs: SWEEP_MS };

test('only whole columns newly reached are drawn', () => {
  const step = sweepStep({ ...STRIP, timeMs: 1_250, lastColumn: 10 });
  assert.deepEqual(step.spans, [{ from: 10, until: 12, startMs: 1_000 }]);
  assert.equal(step.bar, 12);
  assert.equal(step.cameRound, false);
});

test('within one column nothing is drawn', () => {
  assert.deepEqual(sweepStep({ ...STRIP, timeMs: 1_299, lastColumn: 12 }).spans, []);
});

test('at the right edge the bar comes round', () => {
  const step = sweepStep({ ...STRIP, timeMs: 6_200, lastColumn: 58 });
  assert.deepEqual(step.spans, [
    { from: 58, until: 60, startMs: 5_800 },
    { from: 0, until: 2, startMs: 6_000 },
  ]);
  assert.equal(step.cameRound, true);
  assert.equal(step.bar, 2);
});

test('exactly at the edge the old trace fades and nothing new is drawn yet', () => {
  const step = sweepStep({ ...STRIP, timeMs: 6_000, lastColumn: 58 });
  assert.deepEqual(step.spans, [{ from: 58, until: 60, startMs: 5_800 }]);
  assert.equal(step.cameRound, true);
  assert.equal(step.bar, 0);
});

test('the first picture, a long sleep and a clock that went back begin anew', () => {
  for (const lastColumn of [undefined, 0, 500]) {
    assert.equal(sweepStep({ ...STRIP, timeMs: 6_000, lastColumn }).restart, true);
  }
});

test('steps of any rhythm draw every column once', () => {
  const drawn = new Map<number, number>();
  let lastColumn: number | undefined = 0;
  for (let timeMs = 0; timeMs <= 60_000; timeMs += 37) {
    const step = sweepStep({ ...STRIP, timeMs, lastColumn });
    for (const span of step.spans) {
      for (let column = span.from; column < span.until; column += 1) {
        const atMs = Math.round(span.startMs / 100) + column - span.from;
        drawn.set(atMs, (drawn.get(atMs) ?? 0) + 1);
      }
    }
    lastColumn = step.column;
  }
  assert.deepEqual(new Set(drawn.values()), new Set([1]));
  assert.ok(drawn.size >= 599);
});

test('a tile of the design shows 21 pixels for a millivolt', () => {
  assert.equal(Math.round(pxPerMv({ widthPx: 316, sweepMs: SWEEP_MS })), 21);
});
