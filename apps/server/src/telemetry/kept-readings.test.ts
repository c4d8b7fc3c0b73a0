import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Columns } from './columns.ts';
import { keep, NOTHING_KEPT } from './kept-readings.ts';

const COUNT = 600;

function columnsOf(stampsMs: readonly number[], value: number): Columns {
  const columns = new Columns({ expected: stampsMs.length });
  for (const stampMs of stampsMs) columns.insert(stampMs, value, 0);
  return columns;
}

const stampsOf = (kept: readonly Columns[]): number[] =>
  kept.flatMap((columns) => [...columns.view().stampsMs]);

const flush = fc.record({
  size: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 5 }) },
    { weight: 2, arbitrary: fc.integer({ min: 6, max: 300 }) },
    { weight: 1, arbitrary: fc.integer({ min: 590, max: 1_500 }) },
  ),
  lateMs: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(3_000)),
});

test('the last readings that came are kept, in few pieces, and what was read of them stays', () => {
  fc.assert(
    fc.property(fc.array(flush, { minLength: 1, maxLength: 30 }), (flushes) => {
      let kept = NOTHING_KEPT;
      const came: number[] = [];
      const seen: { view: Float64Array; copy: Float64Array }[] = [];
      let nowMs = 10_000;
      flushes.forEach(({ size, lateMs }, i) => {
        const stampsMs = Array.from({ length: size }, (_, k) => nowMs - lateMs + k);
        nowMs += size;
        came.push(...stampsMs);
        const columns = columnsOf(stampsMs, i);
        kept = keep(kept, columns, COUNT);
        for (const piece of [columns, ...kept]) {
          const { stampsMs: view } = piece.view();
          seen.push({ view, copy: view.slice() });
        }
        const held = new Set(stampsOf(kept));
        for (const stampMs of came.slice(-COUNT)) assert.ok(held.has(stampMs));
        const length = stampsOf(kept).length;
        assert.ok(length >= Math.min(came.length, COUNT));
        // All but the oldest piece are fewer than are needed, and no piece is much more than that.
        assert.ok(kept.length === 1 || length - (kept[0] as Columns).length < COUNT);
        for (const piece of kept)
          assert.ok(piece.length < COUNT + 64, `a piece of ${piece.length}`);
        // Two of less than 64 are never side by side.
        assert.ok(kept.length <= 2 + (2 * length) / 64, `${kept.length} pieces for ${length}`);
      });
      for (const { view, copy } of seen) assert.deepEqual(view, copy);
    }),
    { numRuns: 60 },
  );
});

test('what is sent again is met in the newest piece first', () => {
  let kept = keep(NOTHING_KEPT, columnsOf([1, 2, 3], 70), COUNT);
  kept = keep(kept, columnsOf([2], 80), COUNT);
  const [only] = kept;
  assert.equal(kept.length, 1);
  assert.equal(only?.valueAt(only.indexOf(2)), 80, 'behind the first of its stamp');
  assert.equal(only?.length, 4);
});
