import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256Hex } from './sha-256.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const VECTORS = [
  { text: '', hash: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' },
  { text: 'abc', hash: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
];

for (const { text, hash } of VECTORS) {
  test(`the standard's hash of "${text}"`, () => {
    assert.equal(sha256Hex(text), hash);
  });
}

test('any text hashes as the platform’s own crypto does, around the block edges too', () => {
  const lengths = fc.constantFrom(54, 55, 56, 63, 64, 65, 119, 120, 200);
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    lengths.map((length) => 'x'.repeat(length)),
  );
  fc.assert(
    fc.property(text, (given) => {
      assert.equal(sha256Hex(given), createHash('sha256').update(given, 'utf8').digest('hex'));
    }),
  );
});
