import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zoneOffsets } from './zone-offsets.ts';

const HOUR = 3_600_000;

test('a zone is its offsets of the span, with the leap at the moment of the leap', () => {
  // Berlin, 29 March 2026: at 01:00 UTC the clocks go from 02:00 to 03:00.
  const fromMs = Date.UTC(2026, 2, 28, 12);
  const found = zoneOffsets('Europe/Berlin', { fromMs, toMs: Date.UTC(2026, 2, 30) });
  assert.deepEqual(found, [
    { fromMs, offsetMs: HOUR },
    { fromMs: Date.UTC(2026, 2, 29, 1), offsetMs: 2 * HOUR },
  ]);
});

test('west of Greenwich the offset is negative, and half hours are kept', () => {
  const span = { fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2026, 0, 2) };
  assert.equal(zoneOffsets('America/New_York', span)?.[0]?.offsetMs, -5 * HOUR);
  assert.equal(zoneOffsets('Asia/Kolkata', span)?.[0]?.offsetMs, 5.5 * HOUR);
});

test('a zone that is not there is none', () => {
  assert.equal(zoneOffsets('Mars/Gale', { fromMs: 0, toMs: 1 }), undefined);
});
