import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  askedStretch,
  panBy,
  SPAN_MS_MIN,
  stretchOf,
  type TimeView,
  timeTicks,
  zoomAt,
} from './time-view.ts';

const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const LIVE_DAY: TimeView = { spanMs: 24 * HOUR_MS, endMs: 'live' };
const PAST_HOUR: TimeView = { spanMs: HOUR_MS, endMs: NOW_MS - 10 * HOUR_MS };

test('a live view ends now', () => {
  assert.deepEqual(stretchOf(LIVE_DAY, NOW_MS), { fromMs: NOW_MS - 24 * HOUR_MS, toMs: NOW_MS });
});

test('zooming keeps the moment under the cursor where it is', () => {
  const atMs = NOW_MS - 10.25 * HOUR_MS;
  const view = zoomAt(PAST_HOUR, { atMs, factor: 0.5, nowMs: NOW_MS });
  const { fromMs, toMs } = stretchOf(view, NOW_MS);
  assert.equal((toMs - atMs) / (toMs - fromMs), 0.25);
  assert.equal(view.spanMs, HOUR_MS / 2);
});

test('zooming at the right edge of a live view leaves it live', () => {
  const view = zoomAt(LIVE_DAY, { atMs: NOW_MS, factor: 0.5, nowMs: NOW_MS });
  assert.deepEqual(view, { spanMs: 12 * HOUR_MS, endMs: 'live' });
});

test('nobody zooms closer than the closest', () => {
  const view = zoomAt(PAST_HOUR, { atMs: NOW_MS - 10 * HOUR_MS, factor: 0.00001, nowMs: NOW_MS });
  assert.equal(view.spanMs, SPAN_MS_MIN);
});

test('panning back leaves now, panning on comes back to it and not beyond', () => {
  const back = panBy(LIVE_DAY, { shiftMs: -HOUR_MS, nowMs: NOW_MS });
  assert.equal(back.endMs, NOW_MS - HOUR_MS);
  assert.equal(panBy(back, { shiftMs: 5 * HOUR_MS, nowMs: NOW_MS }).endMs, 'live');
  assert.equal(panBy(LIVE_DAY, { shiftMs: 0, nowMs: NOW_MS }), LIVE_DAY);
});

test('what is asked for always holds what is shown', () => {
  for (const spanMs of [6_000, 30_000, 300_000, HOUR_MS, 24 * HOUR_MS, 29 * HOUR_MS]) {
    for (const shiftMs of [0, 0.3, 0.77, 1.5]) {
      const toMs = NOW_MS + shiftMs * spanMs;
      const asked = askedStretch({ fromMs: toMs - spanMs, toMs });
      assert.ok(asked.fromMs <= toMs - spanMs, `from, ${spanMs} ms`);
      assert.ok(asked.toMs >= toMs, `to, ${spanMs} ms`);
      assert.ok(asked.toMs - asked.fromMs <= 4 * spanMs);
    }
  }
});

test('ticks stand at round times of the zone', () => {
  const zoneOffsetMs = 2 * HOUR_MS;
  const { stepMs, timesMs } = timeTicks(stretchOf(LIVE_DAY, NOW_MS), { most: 8, zoneOffsetMs });
  assert.equal(stepMs, 4 * HOUR_MS);
  for (const atMs of timesMs) assert.equal((atMs + zoneOffsetMs) % stepMs, 0);
  assert.ok(timesMs.length <= 8);
});
