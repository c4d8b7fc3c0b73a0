import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { expiredBackups, KEY_BACKUPS_KEPT_MS, KeyBackups } from './key-backups.ts';
import type { KeyStore } from './key-store.ts';
import { openSqliteKeyStore } from './sqlite-key-store.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOON = Date.UTC(2026, 2, 10, 12);

let directory = '';
let store: KeyStore;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ausculta-test-'));
  store = openSqliteKeyStore(join(directory, 'keys.sqlite'));
});
afterEach(() => {
  store[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

const open = () => new KeyBackups(join(directory, 'backups'), store);
const change = (owner: string) => store.add([{ owner, wrapped: new Uint8Array(65) }]);

test('one an hour, and only when something has changed', () => {
  const backups = open();
  backups.tidy(NOON);
  backups.tidy(NOON + 2 * HOUR);
  assert.deepEqual(backups.times(), [NOON]);
  change('a');
  backups.tidy(NOON + HOUR - 1);
  assert.deepEqual(backups.times(), [NOON]);
  backups.tidy(NOON + HOUR);
  assert.deepEqual(backups.times(), [NOON, NOON + HOUR]);
  const [first = ''] = readdirSync(join(directory, 'backups'));
  assert.equal(statSync(join(directory, 'backups', first)).mode & 0o777, 0o600);
});

test('a backup opens as a store', () => {
  change('a');
  using restored = openSqliteKeyStore(open().make(NOON));
  assert.deepEqual(restored.owners(''), ['a']);
});

test('every backup is gone after its time, and what a crash left half-made at once', () => {
  const backups = open();
  writeFileSync(join(directory, 'backups', 'keys-x.sqlite.partial'), '');
  backups.tidy(NOON);
  backups.tidy(NOON + KEY_BACKUPS_KEPT_MS - 1);
  assert.deepEqual(backups.times(), [NOON]);
  backups.tidy(NOON + KEY_BACKUPS_KEPT_MS);
  assert.deepEqual(readdirSync(join(directory, 'backups')), []);
});

test('a clock that was set back does not end the backups', () => {
  const backups = open();
  backups.tidy(NOON);
  change('a');
  backups.tidy(NOON - DAY);
  assert.deepEqual(backups.times(), [NOON - DAY, NOON]);
});

test('of the last day all are kept, of each day before it the first', () => {
  const hourly = Array.from({ length: 24 * 9 }, (_, i) => NOON - (24 * 9 - 1 - i) * HOUR);
  const expired = new Set(expiredBackups(hourly, NOON));
  const kept = hourly.filter((atMs) => !expired.has(atMs));
  assert.equal(kept.filter((atMs) => NOON - atMs < DAY).length, 24);
  const older = kept.filter((atMs) => NOON - atMs >= DAY);
  assert.ok(older.length >= 6 && older.length <= 8, `${older.length} of the days before`);
  assert.equal(new Set(older.map((atMs) => Math.floor(atMs / DAY))).size, older.length);
  assert.ok(kept.every((atMs) => NOON - atMs < KEY_BACKUPS_KEPT_MS));
});
