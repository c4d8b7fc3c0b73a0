import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localTime } from '@ausculta/rules/detectors/zone';
import { zoneOffsets } from './zone-offsets.ts';

const NOW = Date.UTC(2026, 10, 23);

test('Paris changes its clocks at one in the morning of Greenwich, twice a year', () => {
  const zone = zoneOffsets('Europe/Paris', NOW);
  const changes = zone.map(({ fromMs }) => new Date(fromMs).toISOString());
  assert.ok(changes.includes('2026-03-29T01:00:00.000Z'));
  assert.ok(changes.includes('2026-10-25T01:00:00.000Z'));
  assert.equal(changes.length, 11);
  assert.equal(localTime(zone, Date.UTC(2026, 6, 1, 10)).minute, 12 * 60);
  assert.equal(localTime(zone, Date.UTC(2026, 11, 1, 10)).minute, 11 * 60);
});

test('a house that has not said where it is counts its days in Greenwich', () => {
  assert.deepEqual(zoneOffsets(undefined, NOW), [{ fromMs: 0, offsetMs: 0 }]);
  assert.equal(zoneOffsets('Asia/Kathmandu', NOW)[0]?.offsetMs, 5.75 * 3_600_000);
});
