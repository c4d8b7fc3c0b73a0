import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOON, readingsEntry, runSample, seriesSample } from '../../../../tests/support/line.ts';
import type { LogEntry } from '../line/entry.ts';
import { ALL_PARTITIONS } from './flush-turns.ts';
import { defaultBudgetBytes, MemoryBudget } from './memory-budget.ts';

const MEBIBYTE = 1024 * 1024;

/** One message as large as so many samples, and a little more. */
function samples(count: number): LogEntry[] {
  return [
    {
      kind: 'waveforms',
      partition: 1,
      receivedMs: NOON,
      offsetMs: 0,
      series: [seriesSample({ id: 1, metric: 'ecg-ii' })],
      runs: [runSample({ startMs: NOON, samples: new Int32Array(count) })],
    },
  ];
}

/** Small beside a hundredth. */
const NUMBER = [readingsEntry(seriesSample({ id: 2 }), { stampMs: NOON, value: 70 })];

/** Exactly a hundredth of the budget below. */
const PERCENT = samples(2_400);
const BUDGET_BYTES = 100 * (200 + 200 + 4 * 2_400);

test('waveforms wait from three quarters of the budget on, everybody at its end', () => {
  const memory = new MemoryBudget(BUDGET_BYTES);
  const steps = [
    { percent: 74, pressure: 'none' },
    { percent: 75, pressure: 'waveforms' },
    { percent: 99, pressure: 'waveforms' },
    { percent: 100, pressure: 'all' },
  ] as const;
  let held = 0;
  for (const { percent, pressure } of steps) {
    for (; held < percent; held += 1) memory.accepted(PERCENT);
    assert.equal(memory.pressure, pressure, `${percent} %`);
  }
});

test('what waits for the log, is in the heads, and in the hand of a flush counts alike', () => {
  const memory = new MemoryBudget(BUDGET_BYTES);
  for (let i = 0; i < 100; i += 1) memory.accepted(PERCENT);
  for (let i = 0; i < 60; i += 1) {
    memory.durable(PERCENT);
    memory.consumed(PERCENT);
  }
  assert.equal(memory.pressure, 'all');
  memory.flushBegins(ALL_PARTITIONS);
  memory.consumed(NUMBER);
  assert.equal(memory.pressure, 'all', 'until its chunks are written');
  memory.flushEnds();
  assert.equal(memory.pressure, 'none');
});

test('a flush is due at a quarter of the budget, and not for what it has in hand already', () => {
  const memory = new MemoryBudget(BUDGET_BYTES);
  for (let i = 0; i < 24; i += 1) memory.consumed(PERCENT);
  assert.equal(memory.isFlushDue, false);
  memory.consumed(PERCENT);
  assert.equal(memory.isFlushDue, true);
  memory.flushBegins(ALL_PARTITIONS);
  assert.equal(memory.isFlushDue, false);
});

for (const [machine, budget] of [
  [256, 64],
  [512, 64],
  [4_096, 512],
  [8_192, 1_024],
  [65_536, 1_024],
] as const) {
  test(`of a machine of ${machine} MiB it is ${budget} MiB`, () => {
    assert.equal(defaultBudgetBytes(machine * MEBIBYTE), budget * MEBIBYTE);
  });
}
