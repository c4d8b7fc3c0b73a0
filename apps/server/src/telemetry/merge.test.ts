import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadingColumns } from '@ausculta/blocks/readings-block';
import fc from 'fast-check';
import { seriesSample } from '../../../../tests/support/line.ts';
import { ALL_TIME, mergeReadings, type SeriesRange, type Span } from './merge.ts';

const SERIES = seriesSample({ id: 1 });

function columnsOf(stampsMs: readonly number[], firstValue: number): ReadingColumns {
  const sorted = [...stampsMs].sort((a, b) => a - b);
  return {
    stampsMs: Float64Array.from(sorted),
    values: Float64Array.from(sorted, (_, i) => firstValue + i),
    flags: Uint8Array.from(sorted, (_, i) => (firstValue + i) % 128),
  };
}

interface Offset {
  readonly fromStampMs: number;
  readonly offsetMs: number;
}

function offsetAt(offsets: readonly Offset[], stampMs: number): number {
  const before = offsets.filter(({ fromStampMs }) => fromStampMs <= stampMs);
  return (before.at(-1) ?? offsets[0])?.offsetMs ?? 0;
}

/** The plainest way: the last received of each stamp, then those of the span by time. */
function naively(parts: readonly ReadingColumns[], span: Span, offsets: readonly Offset[]) {
  const byStamp = new Map<number, readonly [number, number]>();
  for (const { stampsMs, values, flags } of parts)
    for (const [i, stampMs] of stampsMs.entries())
      byStamp.set(stampMs, [values[i] as number, flags[i] as number]);
  return [...byStamp]
    .map(([stampMs, rest]) => [stampMs + offsetAt(offsets, stampMs), stampMs, ...rest] as const)
    .filter(([timeMs]) => timeMs >= span.fromMs && timeMs < span.toMs)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

const rowsOf = ({ timesMs, stampsMs, values, flags }: SeriesRange) =>
  Array.from(timesMs, (timeMs, i) => [timeMs, stampsMs[i], values[i], flags[i]]);

const stretches = fc
  .array(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 12 }), { maxLength: 6 })
  .map((all) => all.map((stampsMs, i) => columnsOf(stampsMs, i * 100)));

const offsetMarks = fc
  .uniqueArray(
    fc.record({
      fromStampMs: fc.integer({ min: 0, max: 60 }),
      offsetMs: fc.integer({ min: -9, max: 9 }),
    }),
    {
      selector: ({ fromStampMs }) => fromStampMs,
      maxLength: 3,
    },
  )
  .map((marks) => marks.sort((a, b) => a.fromStampMs - b.fromStampMs));

test('whatever overlaps, repeats or is late: each stamp once, as last received, in time order', () => {
  const spans = fc.record({ fromMs: fc.integer({ min: -10, max: 70 }), lengthMs: fc.nat(80) });
  fc.assert(
    fc.property(stretches, offsetMarks, spans, (parts, offsets, { fromMs, lengthMs }) => {
      const span = { fromMs, toMs: fromMs + lengthMs };
      const known = offsets.map(({ offsetMs }) => offsetMs);
      const stamps = {
        fromMs: span.fromMs - Math.max(0, ...known),
        toMs: span.toMs - Math.min(0, ...known),
      };
      const merged = mergeReadings({ series: SERIES, stretches: parts, span, stamps, offsets });
      assert.deepEqual(rowsOf(merged), naively(parts, span, offsets));
    }),
    { numRuns: 500 },
  );
});

test('a lone stretch is handed on as it is, its times too where the clock is right', () => {
  const only = columnsOf([1, 2, 3], 70);
  const part = { series: SERIES, stretches: [only], span: ALL_TIME, stamps: ALL_TIME, offsets: [] };
  const merged = mergeReadings(part);
  assert.equal(merged.values, only.values);
  assert.equal(merged.timesMs.buffer, only.stampsMs.buffer);
});
