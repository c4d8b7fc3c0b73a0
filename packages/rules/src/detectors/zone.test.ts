import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { instantOf, localDay, localTime, type ZoneOffsets } from './zone.ts';

fc.configureGlobal({ seed: 20261122 });

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Berlin, 2026. */
const BERLIN: ZoneOffsets = [
  { fromMs: Date.parse('2025-10-26T01:00:00Z'), offsetMs: HOUR_MS },
  { fromMs: Date.parse('2026-03-29T01:00:00Z'), offsetMs: 2 * HOUR_MS },
  { fromMs: Date.parse('2026-10-25T01:00:00Z'), offsetMs: HOUR_MS },
];

const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY_MS;

const CASES = [
  { name: 'an ordinary night', date: '2026-03-01', minute: 150, utc: '2026-03-01T01:30:00Z' },
  { name: 'just before the leap', date: '2026-03-29', minute: 119, utc: '2026-03-29T00:59:00Z' },
  {
    name: 'in the hour that is left out',
    date: '2026-03-29',
    minute: 150,
    utc: '2026-03-29T01:00:00Z',
  },
  { name: 'at the leap', date: '2026-03-29', minute: 180, utc: '2026-03-29T01:00:00Z' },
  {
    name: 'in the hour that comes twice',
    date: '2026-10-25',
    minute: 150,
    utc: '2026-10-25T00:30:00Z',
  },
  { name: 'after it', date: '2026-10-25', minute: 180, utc: '2026-10-25T02:00:00Z' },
];

for (const { name, date, minute, utc } of CASES) {
  test(`a local clock and its moment: ${name}`, () => {
    const atMs = instantOf(BERLIN, { day: dayOf(date), minute });
    assert.equal(new Date(atMs).toISOString(), new Date(utc).toISOString());
  });
}

test('the first offset holds before its beginning, too', () => {
  assert.deepEqual(localTime(BERLIN, Date.parse('2020-01-01T23:30:00Z')), {
    day: dayOf('2020-01-02'),
    minute: 30,
  });
});

test('every moment is shown by the clock that it is found by, or an hour later by the same', () => {
  const moments = fc.integer({ min: Date.parse('2026-01-01'), max: Date.parse('2026-12-31') });
  fc.assert(
    fc.property(moments, (ms) => {
      const atMs = Math.floor(ms / 60_000) * 60_000;
      const found = instantOf(BERLIN, localTime(BERLIN, atMs));
      assert.ok(found === atMs || found === atMs - HOUR_MS, new Date(atMs).toISOString());
      assert.equal(localDay(BERLIN, atMs), localTime(BERLIN, atMs).day);
    }),
  );
});
