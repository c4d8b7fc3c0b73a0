import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EcgGain, ecgScale, fittedScale } from './lane-scale.ts';

/** A lane of 50 px at 21 px/mV holds 2.38 mV at the usual gain. */
function gainFor(spanMv: number, before?: EcgGain): EcgGain {
  return ecgScale({ extent: { low: -0.2, high: spanMv - 0.2 }, heightPx: 50, pxPerMv: 21, before })
    .gain;
}

const CASES = [
  { spanMv: 0.9, before: undefined, gain: 2 },
  { spanMv: 0.96, before: undefined, gain: 1 },
  { spanMv: 1.1, before: 2, gain: 2 },
  { spanMv: 1.2, before: 2, gain: 1 },
  { spanMv: 2.3, before: undefined, gain: 1 },
  { spanMv: 2.4, before: undefined, gain: 0.5 },
  { spanMv: 9, before: 0.5, gain: 0.5 },
] as const;

for (const { spanMv, before, gain } of CASES) {
  test(`an ECG of ${spanMv} mV after gain ${before ?? 'none'} is drawn at ${gain}`, () => {
    assert.equal(gainFor(spanMv, before), gain);
  });
}

test('the gain is written unless it is the usual one', () => {
  const texts = [0.5, 2, 4].map(
    (high) =>
      ecgScale({ extent: { low: 0, high }, heightPx: 50, pxPerMv: 21, before: undefined }).gainText,
  );
  assert.deepEqual(texts, ['×2', '', '×½']);
});

test('a signal without scale fills its lane, never beyond', () => {
  for (const span of [0.01, 1, 37, 1000]) {
    const { pxPerUnit } = fittedScale({ extent: { low: 5, high: 5 + span }, heightPx: 29 });
    assert.ok(pxPerUnit * span <= 29 && pxPerUnit * span > 20);
  }
});

test('a flat signal stays a flat line', () => {
  assert.deepEqual(fittedScale({ extent: { low: 5, high: 5 }, heightPx: 29 }).pxPerUnit, 0);
});
