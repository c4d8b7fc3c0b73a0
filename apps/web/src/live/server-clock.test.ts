import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServerClock } from './server-clock.ts';

test('the time is unknown before the first frame', () => {
  assert.equal(new ServerClock().nowMs(100), undefined);
});

test('the frame that travelled fastest sets the clock', () => {
  const clock = new ServerClock();
  clock.observe({ serverTimeMs: 10_000, receivedMs: 100 });
  clock.observe({ serverTimeMs: 10_200, receivedMs: 390 });
  assert.equal(clock.nowMs(400), 10_300);
});

test('a small change is followed slowly and never backwards', () => {
  const clock = new ServerClock();
  clock.observe({ serverTimeMs: 10_000, receivedMs: 0 });
  assert.equal(clock.nowMs(0), 10_000);
  for (let ms = 6_000; ms <= 18_000; ms += 6_000) {
    clock.observe({ serverTimeMs: 10_000 + ms - 300, receivedMs: ms });
  }
  const first = clock.nowMs(18_000) as number;
  const second = clock.nowMs(18_016) as number;
  assert.ok(second > first);
  assert.ok(first >= 27_700);
});

test('a server that was set to another time is believed at once', () => {
  const clock = new ServerClock();
  clock.observe({ serverTimeMs: 10_000, receivedMs: 0 });
  clock.nowMs(0);
  clock.observe({ serverTimeMs: 90_000, receivedMs: 200 });
  assert.equal(clock.nowMs(200), 90_000);
});
