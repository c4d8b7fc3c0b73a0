import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NOON, ramp, runSample } from '../../../../tests/support/line.ts';
import { cutColumns, cutRunAt } from './stamp-cuts.ts';

const columnsOf = (stamps: readonly number[]) => ({
  stampsMs: Float64Array.from(stamps),
  values: Float64Array.from(stamps, (stamp) => stamp * 10),
  flags: new Uint8Array(stamps.length),
});

const spanOf = (fromMs: number, untilMs: number) => ({ fromMs, untilMs });

test('the first stamp of a span is inside, the stamp of its end is not', () => {
  const { inside, outside } = cutColumns(columnsOf([9, 10, 19, 20]), [spanOf(10, 20)]);
  assert.deepEqual(
    inside.map(({ stampsMs }) => [...stampsMs]),
    [[10, 19]],
  );
  assert.deepEqual(
    outside.map(({ stampsMs }) => [...stampsMs]),
    [[9], [20]],
  );
});

test('whatever the spans, every reading is in one piece, on the side where it belongs', () => {
  const spans = fc
    .array(fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 30 })), { maxLength: 5 })
    .map((all) => all.map(([from, length]) => spanOf(from, from + length)));
  const stamps = fc.array(fc.nat(60), { maxLength: 40 }).map((all) => all.sort((a, b) => a - b));
  fc.assert(
    fc.property(stamps, spans, (all, wanted) => {
      const { inside, outside } = cutColumns(columnsOf(all), wanted);
      const isIn = (stamp: number) =>
        wanted.some(({ fromMs, untilMs }) => fromMs <= stamp && stamp < untilMs);
      const flat = (pieces: typeof inside) => pieces.flatMap(({ stampsMs }) => [...stampsMs]);
      assert.deepEqual(flat(inside), all.filter(isIn));
      assert.deepEqual(
        flat(outside),
        all.filter((stamp) => !isIn(stamp)),
      );
      for (const { stampsMs, values } of [...inside, ...outside]) {
        assert.deepEqual(
          [...values],
          [...stampsMs].map((stamp) => stamp * 10),
        );
      }
    }),
  );
});

test('a run is cut between two samples; none is lost or doubled, and each keeps its time', () => {
  const run = runSample({
    startMs: NOON,
    rate: { numerator: 360, denominator: 1 },
    samples: ramp(0, 3600),
  });
  const { inside, outside } = cutRunAt(run, [spanOf(NOON + 1001, NOON + 4000)]);
  assert.deepEqual(
    [outside[0], inside[0], outside[1]].flatMap((piece) => [...(piece?.samples ?? [])]),
    [...run.samples],
  );
  // 1001 ms are 360.36 samples: the first inside is number 361.
  assert.equal(inside[0]?.samples[0], 361);
  assert.equal(inside[0]?.startMs, NOON + (361 * 1000) / 360);
  assert.equal(outside[1]?.samples[0], 1440);
});

test('a run that lies wholly on one side is one piece', () => {
  const run = runSample({ startMs: NOON });
  assert.equal(cutRunAt(run, [spanOf(NOON, NOON + 1000)]).outside.length, 0);
  assert.equal(cutRunAt(run, [spanOf(NOON + 100, NOON + 1000)]).inside.length, 0);
  assert.equal(cutRunAt(run, []).outside.length, 1);
});
