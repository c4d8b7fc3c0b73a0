import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import fc from 'fast-check';
import { readBlockHeader, VALUES_PER_BLOCK_MAX } from './block-frame.ts';
import { NO_COMPRESSION } from './compression.ts';
import { decodeRuns, encodeRuns, METRIC_BYTES_MAX, RUNS_PER_BLOCK_MAX } from './waveform-block.ts';

const QUARTER_SECOND: WaveformRun = {
  metric: 'ecg-ii',
  startMs: 1_700_000_000_000,
  rate: { numerator: 360, denominator: 1 },
  samples: Int32Array.from({ length: 90 }, (_, i) => 1024 + Math.round(200 * Math.sin(i / 5))),
  gain: 200,
  zero: 1024,
  flags: 0,
};

function encoded(runs: readonly WaveformRun[]): Uint8Array {
  const result = encodeRuns(runs, NO_COMPRESSION);
  assert.ok(result.ok);
  return result.value;
}

function assertComesBack(runs: readonly WaveformRun[]): void {
  const decoded = decodeRuns(encoded(runs), NO_COMPRESSION);
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.value, runs);
}

const anyScale = fc.double({ noNaN: true, noDefaultInfinity: true });
const anyRun: fc.Arbitrary<WaveformRun> = fc.record(
  {
    metric: fc.constantFrom('ecg-ii', 'pleth', 'Atemkurve', ''),
    startMs: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: 0, max: 5000 })),
    rate: fc.record(
      {
        numerator: fc.constantFrom(1, 125, 250, 360, Number.MAX_SAFE_INTEGER),
        denominator: fc.constantFrom(1, 3, Number.MAX_SAFE_INTEGER),
      },
      { noNullPrototype: true },
    ),
    samples: fc.array(fc.integer(), { maxLength: 50 }).map((values) => Int32Array.from(values)),
    gain: fc.oneof(
      fc.constantFrom(1, 200, 0.5, 5e-324, 1e308),
      anyScale.filter((gain) => gain > 0),
    ),
    zero: fc.oneof(fc.constantFrom(0, -0, 1024), anyScale),
    flags: fc.nat({ max: 255 }),
  },
  { noNullPrototype: true },
);

test('any runs come back bit for bit', () => {
  const property = fc.property(fc.array(anyRun, { maxLength: 6 }), assertComesBack);
  fc.assert(property, { seed: 10, numRuns: 200 });
});

test('no run at all comes back as none, without a span', () => {
  const bytes = encoded([]);
  assertComesBack([]);
  const header = readBlockHeader(bytes);
  assert.deepEqual(header, { ok: true, value: { kind: 'waveform', count: 0, span: undefined } });
});

test('runs of several leads, gaps and lengths come back in their order', () => {
  assertComesBack([
    QUARTER_SECOND,
    { ...QUARTER_SECOND, metric: 'ecg-v1', gain: 0.125, zero: -0 },
    { ...QUARTER_SECOND, startMs: QUARTER_SECOND.startMs + 250 },
    { ...QUARTER_SECOND, samples: new Int32Array(0) },
    { ...QUARTER_SECOND, startMs: -5, flags: 16 },
  ]);
});

test('the header tells the span without decoding, to the last sample', () => {
  const header = readBlockHeader(encoded([QUARTER_SECOND]));
  assert.ok(header.ok);
  assert.equal(header.value.kind, 'waveform');
  assert.equal(header.value.count, 90);
  // 89 sample intervals of 2.78 ms are 247.2 ms.
  const { startMs } = QUARTER_SECOND;
  assert.deepEqual(header.value.span, { firstMs: startMs, lastMs: startMs + 248 });
});

test('what a live frame adds to its samples stays below 40 bytes, and below 16 when it repeats', () => {
  const flat = { ...QUARTER_SECOND, samples: new Int32Array(90) };
  assert.ok(encoded([flat]).length <= 40);
  assert.ok(encoded([flat, flat]).length - encoded([flat]).length <= 16);
});

const UNFIT = [
  { name: 'a start between milliseconds', change: { startMs: 0.5 }, code: 'STAMP_INVALID' },
  { name: 'a rate of zero', change: { rate: { numerator: 0, denominator: 1 } } },
  { name: 'a rate over zero', change: { rate: { numerator: 1, denominator: 0 } } },
  { name: 'a fractional rate', change: { rate: { numerator: 0.5, denominator: 1 } } },
  { name: 'a gain of zero', change: { gain: 0 } },
  { name: 'a negative gain', change: { gain: -1 } },
  { name: 'an infinite gain', change: { gain: Infinity }, code: 'VALUE_NOT_FINITE' },
  { name: 'a zero that is not a number', change: { zero: Number.NaN }, code: 'VALUE_NOT_FINITE' },
  { name: 'flags of nine bits', change: { flags: 256 } },
  { name: 'a metric of 129 bytes', change: { metric: 'é'.repeat(65) }, code: 'BLOCK_TOO_LARGE' },
] as const;

for (const { name, change, ...expected } of UNFIT) {
  test(`${name} is refused and its run is named`, () => {
    const result = encodeRuns([QUARTER_SECOND, { ...QUARTER_SECOND, ...change }], NO_COMPRESSION);
    assert.ok(!result.ok);
    assert.equal(result.fault.code, 'code' in expected ? expected.code : 'BLOCK_MALFORMED');
    assert.match(result.fault.detail ?? '', /^Run 1: /);
  });
}

test('the longest metric, the most runs and the most samples are taken, and nothing beyond', () => {
  const tiny = { ...QUARTER_SECOND, samples: Int32Array.of(1) };
  assertComesBack([{ ...tiny, metric: 'é'.repeat(METRIC_BYTES_MAX / 2) }]);
  assertComesBack(Array.from({ length: RUNS_PER_BLOCK_MAX }, () => tiny));
  const tooMany = Array.from({ length: RUNS_PER_BLOCK_MAX + 1 }, () => tiny);
  const half = { ...tiny, samples: new Int32Array(VALUES_PER_BLOCK_MAX / 2) };
  assert.ok(encodeRuns([half, half], NO_COMPRESSION).ok);
  for (const runs of [tooMany, [half, half, tiny]]) {
    const result = encodeRuns(runs, NO_COMPRESSION);
    assert.equal(result.ok || result.fault.code, 'BLOCK_TOO_LARGE');
  }
});
