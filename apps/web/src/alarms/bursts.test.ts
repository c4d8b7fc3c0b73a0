import assert from 'node:assert/strict';
import { test } from 'node:test';
import { burstOf, FUNDAMENTAL_HZ, HARMONICS, type Pulse, RISE_RATIO } from './bursts.ts';

function gaps(pulses: readonly Pulse[]): number[] {
  return pulses.slice(1).map((pulse, index) => {
    const before = pulses[index] as Pulse;
    return pulse.atMs - before.atMs - before.lengthMs;
  });
}

function assertWithin(value: number, [low, high]: readonly [number, number], what: string): void {
  assert.ok(low <= value && value <= high, `${what} ${value} is not within ${low}–${high}`);
}

test('a high burst is ten pulses of 75–200 ms in two groups of five', () => {
  const { pulses } = burstOf('high');
  assert.equal(pulses.length, 10);
  const lengthMs = pulses[0]?.lengthMs ?? 0;
  assertWithin(lengthMs, [75, 200], 'pulse');
  const all = gaps(pulses);
  const x = all[0] as number;
  for (const index of [0, 1, 3, 5, 6, 8]) assertWithin(all[index] as number, [50, 125], 'spacing');
  for (const index of [2, 7]) assert.equal(all[index], 2 * x + lengthMs);
  assertWithin(all[4] as number, [350, 1300], 'pause between the fives');
});

for (const [priority, count] of [
  ['medium', 3],
  ['low', 2],
] as const) {
  test(`a ${priority} burst is ${count} pulses of 125–250 ms, evenly spaced`, () => {
    const { pulses } = burstOf(priority);
    assert.equal(pulses.length, count);
    for (const pulse of pulses) assertWithin(pulse.lengthMs, [125, 250], 'pulse');
    for (const gap of gaps(pulses)) assertWithin(gap, [125, 250], 'spacing');
  });
}

test('bursts repeat within the bounds of their priority and end before the next begins', () => {
  assertWithin(burstOf('high').repeatMs, [2_500, 15_000], 'high repeat');
  assertWithin(burstOf('medium').repeatMs, [2_500, 30_000], 'medium repeat');
  assert.ok(burstOf('low').repeatMs >= 15_000);
  for (const priority of ['high', 'medium', 'low'] as const) {
    const burst = burstOf(priority);
    const last = burst.pulses.at(-1) as Pulse;
    assert.ok(last.atMs + last.lengthMs < burst.repeatMs);
  }
});

test('the higher the priority the louder and the sooner again', () => {
  const [high, medium, low] = (['high', 'medium', 'low'] as const).map(burstOf);
  assert.ok(high && medium && low);
  assert.ok(high.gain > medium.gain && medium.gain > low.gain);
  assert.ok(high.repeatMs < medium.repeatMs && medium.repeatMs < low.repeatMs);
});

test('the tone has its fundamental in 150–1000 Hz and four harmonics in 300–4000 Hz within 15 dB', () => {
  assertWithin(FUNDAMENTAL_HZ, [150, 1000], 'fundamental');
  const counted = HARMONICS.filter((amplitude, index) => {
    const hz = FUNDAMENTAL_HZ * (index + 1);
    return hz >= 300 && hz <= 4000 && Math.abs(20 * Math.log10(amplitude)) <= 15;
  });
  assert.ok(counted.length >= 4);
  assertWithin(RISE_RATIO, [0.1, 0.4], 'rise');
});
