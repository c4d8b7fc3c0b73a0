import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batteryIcon, batteryText, lowestBattery } from './battery.ts';
import type { Candidate } from './vital-choice.ts';

const NOW_MS = 1_000_000;
const NOW = { devices: ['patch-1', 'clip-2'], nowMs: NOW_MS };

function charge(device: string, value: number, ageMs = 0): Candidate {
  return { metric: 'battery', device, value, timeMs: NOW_MS - ageMs, flags: 0, decimals: 0 };
}

test('of several devices the one that will stop first is told', () => {
  const lowest = lowestBattery([charge('patch-1', 80), charge('clip-2', 12, 60_000)], NOW);
  assert.deepEqual(lowest, { device: 'clip-2', percent: 12, ageMs: 60_000 });
});

test('a device that the patient no longer has says nothing', () => {
  assert.equal(lowestBattery([charge('gone-3', 3)], NOW), undefined);
});

test('what is no battery is none', () => {
  assert.equal(lowestBattery([{ ...charge('patch-1', 3), metric: 'spo2' }], NOW), undefined);
});

const HOUR_MS = 3_600_000;
const TEXTS = [
  [20, HOUR_MS - 1, undefined],
  [19, 0, '19 %'],
  [85, HOUR_MS, '85 %, 1 h'],
  [7, 26 * HOUR_MS, '7 %, 1 d'],
] as const;

for (const [percent, ageMs, text] of TEXTS) {
  test(`a charge of ${percent} % from ${ageMs / 60_000} min ago says ${text ?? 'nothing more'}`, () => {
    assert.equal(batteryText({ device: 'patch-1', percent, ageMs }), text);
  });
}

const CASES = [
  [0, 'battery-warning'],
  [19, 'battery-warning'],
  [20, 'battery-low'],
  [39, 'battery-low'],
  [40, 'battery-medium'],
  [69, 'battery-medium'],
  [70, 'battery-full'],
  [100, 'battery-full'],
] as const;

for (const [percent, icon] of CASES) {
  test(`a charge of ${percent} % is drawn as ${icon}`, () => {
    assert.equal(batteryIcon(percent), icon);
  });
}
