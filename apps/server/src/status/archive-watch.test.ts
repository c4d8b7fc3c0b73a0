import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArchiveWatch } from './archive-watch.ts';

const NOON = Date.UTC(2026, 10, 21, 12);
const SECOND = 1_000;

test('nothing is said of an archive that nobody has begun', () => {
  const watch = new ArchiveWatch();
  assert.equal(watch.note({ archivedMs: null, failedMs: null }), false);
  assert.deepEqual(watch.part(), []);
});

test('one that is written says how far it reaches', () => {
  const watch = new ArchiveWatch();
  watch.note({ archivedMs: NOON, failedMs: NOON - SECOND });
  assert.deepEqual(watch.part(), [
    { name: 'archive', ready: true, detail: 'up to 2026-11-21T12:00:00Z' },
  ]);
});

test('one that cannot be written is told once, from its first failure until it is written again', () => {
  const watch = new ArchiveWatch();
  watch.note({ archivedMs: NOON, failedMs: null });
  assert.ok(watch.note({ archivedMs: NOON, failedMs: NOON + SECOND }));
  assert.equal(watch.note({ archivedMs: NOON, failedMs: NOON + 60 * SECOND }), false);
  const [part] = watch.part();
  assert.ok(part?.ready, 'monitoring goes on');
  assert.equal(part.attention, true);
  assert.match(part.detail, /since 2026-11-21T12:00:01Z; it holds up to 2026-11-21T12:00:00Z/);
  watch.note({ archivedMs: NOON + 61 * SECOND, failedMs: NOON + 60 * SECOND });
  assert.equal(watch.failingSinceMs, undefined);
  assert.ok(watch.note({ archivedMs: NOON, failedMs: NOON + 99 * SECOND }), 'told anew');
});

test('an archive that never held anything says so', () => {
  const watch = new ArchiveWatch();
  assert.ok(watch.note({ archivedMs: null, failedMs: NOON }));
  assert.match(watch.part()[0]?.detail ?? '', /it holds nothing/);
});
