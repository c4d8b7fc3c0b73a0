import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PacketIds } from './packet-ids.ts';

test('a set of packet ids is a set', () => {
  const ids = fc.oneof(
    fc.integer({ min: 1, max: 20 }),
    fc.constantFrom(1, 7, 8, 9, 0xfffe, 0xffff),
  );
  const step = fc.record({ id: ids, isAdded: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const [bits, set] = [new PacketIds(), new Set<number>()];
      for (const { id, isAdded } of steps) {
        assert.equal(bits.has(id), set.has(id));
        if (isAdded) [bits.add(id), set.add(id)];
        else [bits.delete(id), set.delete(id)];
        assert.equal(bits.has(id), isAdded);
      }
      for (let id = 0; id < 0x10000; id += 97) assert.equal(bits.has(id), set.has(id));
    }),
  );
});
