import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { StartProblem } from '../database/start-problem.ts';
import { openSqliteKeyStore } from './sqlite-key-store.ts';

let directory = '';
let file = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ausculta-test-'));
  file = join(directory, 'keys', 'keys.sqlite');
});
afterEach(() => rmSync(directory, { recursive: true }));

const wrapped = (): Uint8Array => Uint8Array.from(randomBytes(65));

/** Names of the files that hold these bytes. */
function holding(bytes: Uint8Array): string[] {
  const keys = join(directory, 'keys');
  return readdirSync(keys).filter((name) =>
    readFileSync(join(keys, name)).includes(Buffer.from(bytes)),
  );
}

test('what was added is there after a restart, for its owner alone to read', () => {
  const [root, key] = [wrapped(), wrapped()];
  {
    using store = openSqliteKeyStore(file);
    assert.equal(store.root(), undefined);
    store.found(root, [{ owner: 'log/a', wrapped: wrapped() }]);
    store.add([{ owner: 'subject/1', wrapped: key }]);
  }
  using store = openSqliteKeyStore(file);
  assert.deepEqual(store.root(), root);
  assert.deepEqual(store.get('subject/1'), key);
  assert.equal(store.get('subject/2'), undefined);
  assert.deepEqual(store.owners('subject/'), ['subject/1']);
  assert.deepEqual(store.owners('s_bject/'), [], 'a prefix is no pattern');
  for (const name of readdirSync(join(directory, 'keys'))) {
    assert.equal(statSync(join(directory, 'keys', name)).mode & 0o077, 0, name);
  }
});

test('a key that is there already stays', () => {
  using store = openSqliteKeyStore(file);
  const first = wrapped();
  store.add([{ owner: 'a', wrapped: first }]);
  store.add([{ owner: 'a', wrapped: wrapped() }]);
  assert.deepEqual(store.get('a'), first);
});

test('a destroyed key is in no file of the store, nor is what a rotation replaced', () => {
  using store = openSqliteKeyStore(file);
  const [root, key, other] = [wrapped(), wrapped(), wrapped()];
  store.found(root, []);
  store.add(Array.from({ length: 500 }, (_, i) => ({ owner: `s/${i}`, wrapped: wrapped() })));
  store.add([{ owner: 'a', wrapped: key }]);
  store.add([{ owner: 'b', wrapped: other }]);
  assert.ok(holding(key).includes('keys.sqlite'), 'the search sees it while it is there');
  store.destroy(['a']);
  assert.deepEqual(holding(key), []);
  store.replace(wrapped(), () => wrapped());
  assert.deepEqual(holding(root), []);
  assert.deepEqual(holding(other), []);
});

test('a rotation that fails half-way changes nothing', () => {
  using store = openSqliteKeyStore(file);
  const [root, a, b] = [wrapped(), wrapped(), wrapped()];
  store.found(root, [
    { owner: 'a', wrapped: a },
    { owner: 'b', wrapped: b },
  ]);
  const { changes } = store;
  const failing = (): Uint8Array => {
    if (count++ > 0) throw new Error('enough');
    return wrapped();
  };
  let count = 0;
  assert.throws(() => store.replace(wrapped(), failing), /enough/);
  assert.deepEqual([store.root(), store.get('a'), store.get('b')], [root, a, b]);
  assert.equal(store.changes, changes);
});

test('a copy is whole, opens as a store, and holds no key that was destroyed before it', () => {
  using store = openSqliteKeyStore(file);
  const [key, gone] = [wrapped(), wrapped()];
  store.found(wrapped(), [
    { owner: 'a', wrapped: key },
    { owner: 'b', wrapped: gone },
  ]);
  store.destroy(['b']);
  const copy = join(directory, 'copy.sqlite');
  store.copyTo(copy);
  assert.ok(!readFileSync(copy).includes(Buffer.from(gone)));
  using restored = openSqliteKeyStore(copy);
  assert.deepEqual(restored.get('a'), key);
});

test('a file that is no key store is refused with the mend', () => {
  openSqliteKeyStore(file)[Symbol.dispose]();
  writeFileSync(file, 'something else entirely, and long enough to be looked at');
  assert.throws(
    () => openSqliteKeyStore(file),
    (error: unknown) => error instanceof StartProblem && error.code === 'KEY_STORE_UNUSABLE',
  );
});
