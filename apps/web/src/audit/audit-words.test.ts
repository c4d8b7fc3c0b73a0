import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEntry, AuditHeads } from '@ausculta/contract/audit';
import { agoWords, entryWords, groupEntries, stateOf } from './audit-words.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');
const MINUTE_MS = 60_000;
const iso = (ago: number): string => new Date(NOW - ago).toISOString();

const entry = (ago: number, changes: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ id: `e${ago}`, at: iso(ago), kind: 'looking', act: 'read', who: 'joy', name: 'Joy Okafor' },
  ...{ target: null, subjects: ['ada'], people: 1, route: '/api/subjects/:id/trend', type: null },
  ...{ purpose: null, status: 200 },
  ...changes,
});

const heads = (changes: Partial<AuditHeads> = {}): AuditHeads => ({
  ...{ now: iso(0), newest: { entries: 12_345, at: iso(2_000) }, contradicted: false, sent: null },
  waiting: { entries: 0, since: null },
  verified: { at: iso(3 * MINUTE_MS), tookMs: 90, entries: 12_300, faults: 0, found: [] },
  ...changes,
});

const WORDS = [
  { of: {}, says: 'Looked at measured numbers' },
  { of: { act: 'search', route: '/api/audit' }, says: 'Found in the audit' },
  { of: { act: 'glass-broken' }, says: 'Opened the record in an emergency' },
  { of: { act: 'of-another-version' }, says: 'of-another-version' },
] as const;
for (const { of, says } of WORDS) {
  test(`an entry says: ${says}`, () => {
    assert.equal(entryWords(entry(0, of)), says);
  });
}

test('looks at the same within ten minutes are one line; acts are each their own', () => {
  const looks = [entry(0), entry(5 * MINUTE_MS), entry(15 * MINUTE_MS), entry(26 * MINUTE_MS)];
  assert.deepEqual(
    groupEntries(looks).map(({ count }) => count),
    [3, 1],
  );
  const refused = groupEntries([entry(0), entry(1_000, { status: 403 })]);
  assert.equal(refused.length, 2, 'what was refused is told apart');
  const acts = [0, 1_000].map((ago) => entry(ago, { kind: 'device', act: 'device-refused' }));
  assert.equal(groupEntries(acts).length, 2);
});

test('an audit that is whole says how old that is', () => {
  const { tone, calm, problems } = stateOf(heads());
  assert.deepEqual([tone, problems], ['well', []]);
  assert.equal(calm[0], 'Verified 3 min ago, 12,345 entries, last head 2 s ago.');
});

const failing = (since: number): AuditHeads['sent'] => ({
  ...{ to: 'witness.example', waiting: 7, last: { entries: 9, at: iso(since) } },
  failing: { since: iso(since), attempts: 3, why: 'it answers 500' },
});
const STATES = [
  { of: { verified: null }, tone: 'unknown' },
  { of: { contradicted: true }, tone: 'wrong' },
  { of: { waiting: { entries: 1, since: iso(MINUTE_MS) } }, tone: 'well' },
  { of: { waiting: { entries: 1, since: iso(MINUTE_MS + 1) } }, tone: 'wrong' },
  { of: { sent: failing(MINUTE_MS - 1) }, tone: 'well' },
  { of: { sent: failing(MINUTE_MS) }, tone: 'wrong' },
  { of: { verified: { ...verifiedAt(30 * 60 * MINUTE_MS), faults: 0 } }, tone: 'well' },
  { of: { verified: { ...verifiedAt(30 * 60 * MINUTE_MS + 1), faults: 0 } }, tone: 'wrong' },
  { of: { verified: { ...verifiedAt(0), faults: 1 } }, tone: 'wrong' },
] as const;
for (const { of, tone } of STATES) {
  test(`${JSON.stringify(of)} is ${tone}`, () => {
    assert.equal(stateOf(heads(of)).tone, tone);
  });
}

function verifiedAt(ago: number) {
  return { at: iso(ago), tookMs: 1, entries: 1, found: [] };
}

const AGES = [
  { ms: 0, says: '0 s ago' },
  { ms: 59_999, says: '59 s ago' },
  { ms: 60_000, says: '1 min ago' },
  { ms: 60 * MINUTE_MS, says: '1 h ago' },
  { ms: 48 * 60 * MINUTE_MS, says: '2 days ago' },
] as const;
for (const { ms, says } of AGES) {
  test(`${ms} ms are ${says}`, () => {
    assert.equal(agoWords(iso(ms), NOW), says);
  });
}
