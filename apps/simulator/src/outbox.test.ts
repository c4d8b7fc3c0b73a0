import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outgoing } from './bedside.ts';
import { pauseAfter } from './monitor-link.ts';
import {
  acknowledge,
  EMPTY_OUTBOX,
  enqueue,
  IN_FLIGHT_MAX,
  recall,
  takeForSending,
  WAITING_MAX,
} from './outbox.ts';

function made(count: number, kind: Outgoing['kind'] = 'readings'): Outgoing[] {
  return Array.from({ length: count }, (_, index) => ({
    kind,
    encode: () => Uint8Array.of(index & 0xff),
  }));
}

test('no more is in flight than the limit, and each acknowledgement makes room for one', () => {
  const messages = made(IN_FLIGHT_MAX + 2);
  const first = takeForSending(enqueue(EMPTY_OUTBOX, messages));
  assert.equal(first.toSend.length, IN_FLIGHT_MAX);
  assert.equal(takeForSending(first.outbox).toSend.length, 0);
  const [acknowledged] = first.toSend;
  assert.ok(acknowledged !== undefined);
  const second = takeForSending(acknowledge(first.outbox, acknowledged));
  assert.deepEqual(second.toSend, [messages[IN_FLIGHT_MAX]]);
});

test('what was in flight when the connection broke is sent again first, in its old order', () => {
  const messages = made(4);
  const { outbox } = takeForSending(enqueue(EMPTY_OUTBOX, messages));
  const again = takeForSending(recall(enqueue(outbox, made(1))));
  assert.deepEqual(again.toSend.slice(0, 4), messages);
  assert.equal(again.toSend.length, 5);
});

test('a full outbox lets the oldest waveforms go and keeps every number', () => {
  const waveforms = made(WAITING_MAX - 10, 'waveforms');
  const numbers = made(10);
  const full = enqueue(EMPTY_OUTBOX, [...numbers, ...waveforms]);
  assert.equal(full.shedCount, 0);
  const [newest] = made(1, 'waveforms');
  assert.ok(newest !== undefined);
  const over = enqueue(full, [newest]);
  assert.equal(over.shedCount, 1);
  assert.equal(over.waiting.length, WAITING_MAX);
  assert.deepEqual(over.waiting.slice(0, 10), numbers);
  assert.equal(over.waiting[10], waveforms[1]);
  assert.equal(over.waiting.at(-1), newest);
});

test('an outbox full of numbers lets the oldest go', () => {
  const numbers = made(WAITING_MAX + 3);
  const over = enqueue(EMPTY_OUTBOX, numbers);
  assert.equal(over.shedCount, 3);
  assert.equal(over.waiting[0], numbers[3]);
});

test('pauses between tries double from half a second up to eight', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 50].map((failures) => pauseAfter(failures)),
    [500, 1000, 2000, 4000, 8000, 8000, 8000],
  );
});
