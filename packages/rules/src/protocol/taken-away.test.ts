import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UTC } from '../detectors/zone.ts';
import { ADULT_WARD } from './library.ts';
import { HEART_FAILURE_HOME } from './library-home.ts';
import { Monitor } from './monitor.ts';
import { planAt } from './plan.ts';
import type { Protocol } from './protocol.ts';

const START = Date.UTC(2026, 10, 20, 7);
const DAY_MS = 86_400_000;

function monitorOf(protocol: Protocol): Monitor {
  const patient = { category: 'adult', spo2Scale: 1, zone: UTC } as const;
  return new Monitor(planAt({ protocol, patient, overrides: [] }, START), START);
}

function measure(monitor: Monitor, metric: string, at: { atMs: number; value: number }) {
  const { atMs, value } = at;
  const reading = { kind: 'reading', device: 'a', metric, atMs, receivedAtMs: atMs } as const;
  return monitor.take({ ...reading, value, flags: 0 });
}

function takeAway(monitor: Monitor, fromMs: number, untilMs: number) {
  const receivedAtMs = untilMs + 1;
  return monitor.take({ kind: 'taken-away', device: 'a', fromMs, untilMs, receivedAtMs });
}

test('a stranger on the scale: what that weight has raised ends, and the days before stay', () => {
  const monitor = monitorOf(HEART_FAILURE_HOME);
  measure(monitor, 'weight', { atMs: START, value: 80 });
  const strangeMs = START + DAY_MS;
  const raised = measure(monitor, 'weight', { atMs: strangeMs, value: 95 });
  assert.ok(raised.some(({ kind }) => kind === 'raised'));
  const ended = takeAway(monitor, strangeMs, strangeMs + 1);
  assert.deepEqual(
    ended.map(({ kind, alarm, because }) => ({ kind, alarm, because })),
    [{ kind: 'ended', alarm: 'trend/weight/high', because: 'moved' }],
  );
  const next = measure(monitor, 'weight', { atMs: START + 2 * DAY_MS, value: 82.5 });
  assert.ok(next.some(({ alarm }) => alarm === 'trend/weight/high'));
});

test('a limit and a score that rested on it end; what another span held stays', () => {
  const monitor = monitorOf(ADULT_WARD);
  measure(monitor, 'nibp-systolic', { atMs: START, value: 80 });
  assert.deepEqual(takeAway(monitor, START + 1, START + 2), []);
  assert.equal(monitor.phaseOf('limit/blood-pressure-systolic/low'), 'raised');
  const ended = takeAway(monitor, START, START + 3);
  assert.deepEqual(
    ended.map(({ kind, alarm }) => `${kind} ${alarm}`),
    ['ended limit/blood-pressure-systolic/low'],
  );
  assert.equal(monitor.phaseOf('score/news2'), 'quiet');
  const restored = Monitor.restore(monitor.plan, JSON.parse(JSON.stringify(monitor.snapshot())));
  const again = measure(restored, 'nibp-systolic', { atMs: START + 10, value: 80 });
  assert.deepEqual(
    again.map(({ kind, alarm }) => `${kind} ${alarm}`),
    ['raised limit/blood-pressure-systolic/low'],
  );
});
