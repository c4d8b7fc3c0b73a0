import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FlushTurns, type PartitionSpan } from './flush-turns.ts';

const ROUND_MS = 60_000;
const turnsOf = (): FlushTurns => new FlushTurns({ roundMs: ROUND_MS, seriesATurn: 1_000 }, 0);

describe('turns of a flush', () => {
  test('a ward is flushed as a whole, once a minute', () => {
    const turns = turnsOf();
    assert.equal(turns.due(59_999, 1_000), undefined);
    assert.deepEqual(turns.due(60_000, 1_000), { from: 0, until: 256 });
    assert.equal(turns.due(119_999, 1_000), undefined);
    assert.deepEqual(turns.due(120_000, 1_000), { from: 0, until: 256 });
  });

  test('one series more, and it is two turns, half a minute apart', () => {
    const turns = turnsOf();
    assert.equal(turns.due(29_999, 1_001), undefined);
    assert.deepEqual(turns.due(30_000, 1_001), { from: 0, until: 128 });
    assert.equal(turns.due(30_000, 1_001), undefined);
    assert.deepEqual(turns.due(60_000, 1), { from: 128, until: 256 }, 'a round ends as it began');
    assert.equal(turns.due(90_000, 1), undefined);
    assert.deepEqual(turns.due(120_000, 1), { from: 0, until: 256 });
  });

  test('what has been flushed as a whole is due a round later', () => {
    const turns = turnsOf();
    assert.notEqual(turns.due(30_000, 2_000), undefined);
    turns.restart(40_000);
    assert.equal(turns.due(69_999, 2_000), undefined);
    assert.deepEqual(turns.due(70_000, 2_000), { from: 0, until: 128 });
  });

  test('a clock that is set back flushes at once instead of waiting for it', () => {
    const turns = turnsOf();
    turns.restart(1_000_000);
    assert.notEqual(turns.due(999_999, 10), undefined);
  });

  test('however many series and however late: every partition once in each round', () => {
    const looks = fc.array(fc.tuple(fc.integer({ min: 0, max: 90_000 }), fc.nat(100_000)), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(looks, (steps) => {
        const turns = turnsOf();
        let nowMs = 0;
        let next = 0;
        for (const [stepMs, series] of steps) {
          nowMs += stepMs;
          const span: PartitionSpan | undefined = turns.due(nowMs, series);
          if (span === undefined) continue;
          assert.equal(span.from, next);
          assert.ok(span.until > span.from && span.until <= 256);
          next = span.until % 256;
        }
      }),
    );
  });
});
