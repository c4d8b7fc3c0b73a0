import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clocksOf, OWN_ROUTES, ScopeTally, scopeCsv } from './breach-scope.ts';
import type { ReadEntry } from './read-entry.ts';

const [ADA, BEN] = ['aaaaaaaa', 'bbbbbbbb'];
const entry = (atMs: number, more: Partial<ReadEntry> = {}): ReadEntry => ({
  ...{ atMs, who: 'a', act: 'read', subjects: [ADA], route: '/api/subjects/:id', status: 200 },
  requestId: String(atMs),
  ...more,
});

const CASES = [
  { what: 'at the first moment', entry: entry(100), isIn: true },
  { what: 'a moment before', entry: entry(99), isIn: false },
  { what: 'in the last moment', entry: entry(199), isIn: true },
  { what: 'when it is over', entry: entry(200), isIn: false },
  { what: 'by somebody else', entry: entry(150, { who: 'b' }), isIn: false },
  { what: 'by another way', entry: entry(150, { route: '/fhir/R4/:type' }), isIn: false },
  { what: 'that was refused', entry: entry(150, { status: 403 }), isIn: false },
] as const;

for (const { what, entry: one, isIn } of CASES) {
  test(`a look ${what} is ${isIn ? '' : 'not '}in the scope of a breach`, () => {
    const asked = { fromMs: 100, toMs: 200, who: 'a', route: '/api/subjects/:id' };
    const tally = new ScopeTally(asked);
    tally.add(one);
    assert.equal(tally.told().length, isIn ? 1 : 0);
    assert.equal(tally.accesses, isIn ? 1 : 0);
  });
}

test('each person is told once, with who saw them, when, and whether it was taken along', () => {
  const tally = new ScopeTally({ fromMs: 0, toMs: 1000 });
  tally.add(entry(5, { subjects: [BEN, ADA] }));
  tally.add(entry(3, { who: 'token-1', act: 'export', subjects: [BEN] }));
  for (const route of OWN_ROUTES) tally.add(entry(4, { route }));
  const [ada, ben] = tally.told();
  assert.deepEqual([ada?.accesses, ada?.taken, ada?.who], [1, false, ['a']]);
  assert.deepEqual([ben?.accesses, ben?.taken, ben?.who], [2, true, ['a', 'token-1']]);
  assert.deepEqual(
    [ben?.first, ben?.last].map((text) => Date.parse(text ?? '')),
    [3, 5],
  );
  assert.equal(scopeCsv(tally.told()).split('\r\n').length, 4);
});

test('the clocks of the law run from the discovery', () => {
  const clocks = clocksOf(0).map(({ until }) => Date.parse(until) / 3_600_000);
  assert.deepEqual(clocks, [24, 72, 72, 31 * 24, 60 * 24]);
});
