import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatheredRandomBytes } from './outside.ts';

/** Each pair of bytes is another number, so that bytes that come twice are seen. */
function counting() {
  const asked: number[] = [];
  let next = 0;
  const randomBytes = (count: number): Uint8Array => {
    asked.push(count);
    return new Uint8Array(Uint16Array.from({ length: count / 2 }, () => next++).buffer);
  };
  return { asked, random: gatheredRandomBytes(randomBytes) };
}

const pairsOf = (bytes: Uint8Array): number[] => [...new Uint16Array(bytes.slice().buffer)];

test('nonces share what is asked for at once, and no byte is given twice', () => {
  const { asked, random } = counting();
  const given = Array.from({ length: 1_000 }, () => random(12));
  assert.ok(given.every(({ length }) => length === 12));
  assert.equal(new Set(given.flatMap(pairsOf)).size, 6_000);
  assert.equal(asked.length, 3);
});

test('what is longer than a nonce is asked for by itself', () => {
  const { asked, random } = counting();
  assert.equal(random(16).length, 16);
  assert.equal(random(18).length, 18);
  assert.equal(random(32).length, 32);
  assert.deepEqual(asked, [4_096, 18, 32]);
});
