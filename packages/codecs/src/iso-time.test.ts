import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readIsoTime, readStamp, STAMP_MAX_MS } from './iso-time.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const READABLE = [
  { text: '2026-03-01T08:00:00Z', iso: '2026-03-01T08:00:00.000Z' },
  { text: '2026-03-01T08:00:00.5Z', iso: '2026-03-01T08:00:00.500Z' },
  { text: '2026-03-01T08:00:00.0429999Z', iso: '2026-03-01T08:00:00.042Z' },
  { text: '2026-03-01T08:00:00+01:00', iso: '2026-03-01T07:00:00.000Z' },
  { text: '2026-03-01T00:15:00+05:45', iso: '2026-02-28T18:30:00.000Z' },
  { text: '2026-02-28T23:00:00-03:30', iso: '2026-03-01T02:30:00.000Z' },
  { text: '2024-02-29T23:59:59.999Z', iso: '2024-02-29T23:59:59.999Z' },
  { text: '2000-02-29T00:00:00Z', iso: '2000-02-29T00:00:00.000Z' },
  { text: '2016-12-31T23:59:60Z', iso: '2017-01-01T00:00:00.000Z' },
  { text: '1970-01-01T00:00:00Z', iso: '1970-01-01T00:00:00.000Z' },
  { text: '9999-12-31T23:59:59.999Z', iso: '9999-12-31T23:59:59.999Z' },
] as const;

for (const { text, iso } of READABLE) {
  test(`${text} is ${iso}`, () => {
    assert.equal(readIsoTime(text), Date.parse(iso));
  });
}

const UNREADABLE = [
  '2026-03-01T08:00:00',
  '2026-03-01',
  '2026-03-01 08:00:00Z',
  '2026-03-01t08:00:00z',
  '2026-3-01T08:00:00ZZ',
  '2026-02-29T08:00:00Z',
  '2100-02-29T08:00:00Z',
  '2026-04-31T08:00:00Z',
  '2026-13-01T08:00:00Z',
  '2026-00-01T08:00:00Z',
  '2026-01-00T08:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T08:60:00Z',
  '2026-01-01T08:00:61Z',
  '2026-01-01T08:00:00.Z',
  '2026-01-01T08:00:00+24:00',
  '2026-01-01T08:00:00+0100',
  '2026-01-01T08:00:00Z ',
  '2026-01-01T08:00:00ZZ',
  '1969-12-31T23:59:59.999Z',
  '+002026-01-01T08:00:00Z',
  `2026-01-01T08:00:00.${'0'.repeat(60_000)}Z`,
  '',
  'Thu, 01 Jan 2026 08:00:00 GMT',
];

for (const text of UNREADABLE) {
  test(`"${text.slice(0, 40)}" is not a stamp`, () => {
    assert.equal(readIsoTime(text), undefined);
  });
}

test('every moment that Date can write is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: STAMP_MAX_MS }), (stampMs) => {
      assert.equal(readIsoTime(new Date(stampMs).toISOString()), stampMs);
    }),
  );
});

test('any text is either a stamp or refused, never an exception', () => {
  const letters = fc.constantFrom(...'0123456789-:.TZ+ a');
  const text = fc.string({ unit: letters, maxLength: 42 });
  fc.assert(
    fc.property(text, (given) => {
      const stampMs = readIsoTime(given);
      assert.ok(stampMs === undefined || Number.isSafeInteger(stampMs));
    }),
  );
});

test('a number is milliseconds since 1970, whole, and within four-digit years', () => {
  assert.equal(readStamp(0), 0);
  assert.equal(readStamp(1_700_000_000_000.9), 1_700_000_000_000);
  assert.equal(readStamp(STAMP_MAX_MS), STAMP_MAX_MS);
  for (const bad of [-1, STAMP_MAX_MS + 1, Number.NaN, Infinity, null, true, {}, []]) {
    assert.equal(readStamp(bad), undefined);
  }
});
