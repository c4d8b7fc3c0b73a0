import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FlowState, isSteady, NO_FLOW, onFlow, silentAfterMs } from './flow.ts';

const SECOND = 1_000;
const MINUTE = 60_000;

/** The first reading, then one after each age. */
function flowAfter(agesMs: readonly number[], intervalMs = SECOND): FlowState {
  const first = onFlow(NO_FLOW, { ageMs: undefined, intervalMs });
  return agesMs.reduce((flow, ageMs) => onFlow(flow, { ageMs, intervalMs }), first);
}

const PACES = [
  { name: 'a monitor each second', paceMs: SECOND, silentMs: 12_000 },
  { name: 'a patch each 8 s', paceMs: 8 * SECOND, silentMs: 14_000 },
  { name: 'a wearable each 10 s', paceMs: 10 * SECOND, silentMs: 32_000 },
  { name: 'a probe each minute', paceMs: MINUTE, silentMs: 182_000 },
  { name: 'a glucose sensor each 5 min', paceMs: 5 * MINUTE, silentMs: 902_000 },
];

for (const { name, paceMs, silentMs } of PACES) {
  test(`${name} is missed after ${silentMs / SECOND} s`, () => {
    assert.equal(silentAfterMs(paceMs), silentMs);
    assert.equal(flowAfter([paceMs, paceMs], paceMs).silentAfterMs, silentMs);
  });
}

test('three readings in a row make a stream; two do not', () => {
  assert.equal(isSteady(flowAfter([SECOND])), false);
  assert.equal(flowAfter([SECOND]).silentAfterMs, 0);
  assert.equal(isSteady(flowAfter([SECOND, SECOND])), true);
});

test('a source that is slower than its metric is given the time that it takes', () => {
  assert.equal(flowAfter([30 * SECOND, 30 * SECOND]).silentAfterMs, 92_000);
});

test('a source that sends faster than its metric is not missed sooner', () => {
  assert.equal(flowAfter([SECOND, SECOND], MINUTE).silentAfterMs, 182_000);
});

test('single measurements, more than a minute apart, are never missed', () => {
  assert.equal(flowAfter([MINUTE + 1, MINUTE + 1, MINUTE + 1]).silentAfterMs, 0);
  assert.equal(flowAfter([MINUTE, MINUTE]).silentAfterMs, 182_000);
});

test('a backlog is not a stream: its readings are old when they come', () => {
  assert.equal(flowAfter([40 * MINUTE, 39 * MINUTE, 38 * MINUTE]).silentAfterMs, 0);
});

test('after a silence it has to be steady again, and is missed as before meanwhile', () => {
  const back = onFlow(flowAfter([SECOND, SECOND]), { ageMs: 12_001, intervalMs: SECOND });
  assert.equal(isSteady(back), false);
  assert.equal(back.silentAfterMs, 12_000);
  const steady = [SECOND, SECOND].reduce(
    (flow, ageMs) => onFlow(flow, { ageMs, intervalMs: SECOND }),
    back,
  );
  assert.equal(isSteady(steady), true);
});

test('a gap that is no silence changes nothing, and makes no new state', () => {
  const flow = flowAfter([SECOND, SECOND]);
  assert.equal(onFlow(flow, { ageMs: 12_000, intervalMs: SECOND }), flow);
});

test('who slows down is believed once it has come back at its new pace', () => {
  const slow = flowAfter([SECOND, SECOND, 20 * SECOND, 20 * SECOND, 20 * SECOND]);
  assert.equal(slow.silentAfterMs, 62_000);
});

test('who was slow when it came back, and is quick again, is missed as quickly after ten readings', () => {
  const back = [20 * SECOND, 20 * SECOND];
  const quick = Array.from({ length: 10 }, () => SECOND);
  assert.equal(flowAfter([...back, ...quick.slice(1)]).silentAfterMs, 62_000);
  assert.equal(flowAfter([...back, ...quick]).silentAfterMs, 12_000);
});

test('one slow reading among the quick ones keeps the time that it takes', () => {
  const back = [20 * SECOND, 20 * SECOND];
  const mixed = Array.from({ length: 10 }, (_, i) => (i === 5 ? 10 * SECOND : SECOND));
  assert.equal(flowAfter([...back, ...mixed]).silentAfterMs, 32_000);
});
