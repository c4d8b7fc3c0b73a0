import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSeal, deriveKey, SEAL_OVERHEAD_BYTES } from './seal.ts';

const KEY = new Uint8Array(32).fill(7);
const sealer = createSeal(KEY, randomBytes);

test('what was sealed opens at its place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.string(), (bytes, aad) => {
      const sealed = sealer.seal(bytes, aad);
      assert.equal(sealed.length, bytes.length + SEAL_OVERHEAD_BYTES);
      const opened = sealer.open(sealed, aad);
      assert.ok(opened.ok);
      assert.deepEqual(Uint8Array.from(opened.value), bytes);
    }),
    { numRuns: 100 },
  );
});

test('the same message never looks the same', () => {
  const message = new Uint8Array(40);
  assert.notDeepEqual(sealer.seal(message, 'x'), sealer.seal(message, 'x'));
});

test('sealed bytes moved to another row do not open there', () => {
  const sealed = sealer.seal(new Uint8Array(40), 'subject org-a row-1');
  assert.deepEqual(sealer.open(sealed, 'subject org-b row-1'), {
    ok: false,
    fault: { code: 'SEAL_BROKEN', detail: 'wrong place or damage' },
  });
});

test('any one changed byte is noticed', () => {
  const sealed = sealer.seal(Uint8Array.of(1, 2, 3), 'x');
  for (let index = 0; index < sealed.length; index += 1) {
    const damaged = Uint8Array.from(sealed);
    damaged[index] = (damaged[index] ?? 0) ^ 1;
    const opened = sealer.open(damaged, 'x');
    assert.equal(opened.ok, false, `byte ${index}`);
  }
});

test('any cut is noticed', () => {
  const sealed = sealer.seal(Uint8Array.of(1, 2, 3), 'x');
  for (let length = 0; length < sealed.length; length += 1) {
    assert.equal(sealer.open(sealed.subarray(0, length), 'x').ok, false, `length ${length}`);
  }
});

test('another key says that it is another, without trying', () => {
  const other = createSeal(new Uint8Array(32).fill(8), randomBytes);
  assert.deepEqual(other.open(sealer.seal(new Uint8Array(3), 'x'), 'x'), {
    ok: false,
    fault: { code: 'SEAL_BROKEN', detail: 'another key' },
  });
});

test('hostile bytes are refused, never thrown at', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => !sealer.open(bytes, 'x').ok),
    { numRuns: 200 },
  );
});

test('each purpose has a key of its own, always the same', () => {
  const [chunk, log] = [deriveKey(KEY, 'chunk'), deriveKey(KEY, 'log_2026112103')];
  assert.equal(chunk.length, 32);
  assert.deepEqual(chunk, deriveKey(KEY, 'chunk'));
  assert.notDeepEqual(chunk, log);
  assert.notDeepEqual(chunk, KEY);
});

test('a key of 31 bytes is our own mistake', () => {
  assert.throws(() => createSeal(new Uint8Array(31), randomBytes), /32 bytes/);
});
