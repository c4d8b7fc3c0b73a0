import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Waiting } from './waiting.ts';

test('whatever becomes durable first, answers leave in the order of sending, each once', () => {
  const sizes = fc.array(fc.nat(9), { maxLength: 700 });
  fc.assert(
    fc.property(sizes, fc.nat(1_000), (bytes, shift) => {
      const waiting = new Waiting();
      const answered: number[] = [];
      const take = (header: number, id: number): number => answered.push(header * 1_000 + id);
      const messages = bytes.map((size, i) => waiting.add(i % 3 === 0 ? 0 : 4, i, size));
      // In strides: neither the order of sending nor chance, and every one comes.
      const stride = messages.length % 7 === 0 ? 11 : 7;
      messages.forEach((_, i) => {
        const message = messages[(i * stride + shift) % messages.length];
        if (message !== undefined) message.isDurable = true;
        waiting.settle(take);
        const first = messages.findIndex(({ isDurable }) => !isDurable);
        const left = first < 0 ? [] : messages.slice(first);
        assert.equal(waiting.count, left.length);
        assert.equal(
          waiting.bytes,
          left.reduce((sum, one) => sum + one.bytes, 0),
        );
      });
      const expected = messages
        .filter(({ header }) => header !== 0)
        .map(({ packetId }) => packetId);
      if (messages.every(({ isDurable }) => isDurable))
        assert.deepEqual(
          answered,
          expected.map((id) => 4_000 + id),
        );
    }),
    { numRuns: 60 },
  );
});

test('a message is found until it is answered', () => {
  const waiting = new Waiting();
  const first = waiting.add(0x50, 7, 1);
  const second = waiting.add(0x50, 8, 1);
  assert.ok(waiting.has(0x50, 7));
  assert.ok(!waiting.has(0x40, 7), 'of its own kind only');
  first.isDurable = true;
  waiting.settle(() => undefined);
  assert.ok(!waiting.has(0x50, 7));
  assert.ok(waiting.has(0x50, 8));
  second.isDurable = true;
  waiting.settle(() => undefined);
  assert.deepEqual([waiting.count, waiting.bytes], [0, 0]);
});
