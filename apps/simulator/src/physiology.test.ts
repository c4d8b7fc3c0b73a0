import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  simulateBattery,
  simulateCuff,
  simulateRespRate,
  simulateSpo2,
  simulateTemperature,
} from './physiology.ts';
import { WARD_PATIENTS } from './ward.ts';

const levelsOf = (bed: number) => {
  const patient = WARD_PATIENTS[bed % WARD_PATIENTS.length];
  assert.ok(patient !== undefined);
  return { ...patient.levels, heartRate: 80 };
};
const anyMoment = fc.record({
  atMs: fc.integer({ min: 0, max: 30 * 24 * 3_600_000 }),
  heartRate: fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
});
const anySeed = fc.integer({ min: 0, max: 10_000 });

test('whatever the heart does, simulated vitals stay those of a living adult', () => {
  fc.assert(
    fc.property(anySeed, fc.nat(20), anyMoment, (seed, bed, moment) => {
      const levels = levelsOf(bed);
      const spo2 = simulateSpo2(seed, levels, moment);
      const respRate = simulateRespRate(seed, levels, moment);
      const celsius = simulateTemperature(seed, levels, moment);
      const { systolic, mean, diastolic } = simulateCuff(seed, levels, moment);
      assert.ok(spo2 >= 88 && spo2 <= 100);
      assert.ok(respRate >= 8 && respRate <= 32);
      assert.ok(celsius >= 35 && celsius <= 40);
      assert.equal(Math.round(celsius * 10) / 10, celsius);
      assert.ok(systolic > mean && mean > diastolic && systolic - diastolic >= 20);
      assert.ok([spo2, respRate, systolic, mean, diastolic].every(Number.isInteger));
    }),
  );
});

test('from one second to the next nothing jumps', () => {
  const levels = levelsOf(4);
  for (let atMs = 0; atMs < 1_800_000; atMs += 1000) {
    const now = { atMs, heartRate: 80 };
    const next = { atMs: atMs + 1000, heartRate: 80 };
    assert.ok(Math.abs(simulateSpo2(7, levels, next) - simulateSpo2(7, levels, now)) <= 1);
    assert.ok(Math.abs(simulateRespRate(7, levels, next) - simulateRespRate(7, levels, now)) <= 1);
  }
});

test('over half an hour the numbers do move', () => {
  const levels = levelsOf(0);
  const seen = new Set<number>();
  for (let atMs = 0; atMs < 1_800_000; atMs += 1000) {
    seen.add(simulateRespRate(3, levels, { atMs, heartRate: 80 }));
  }
  assert.ok(seen.size >= 3);
});

test('the same seed and time give the same numbers, another bed gives others', () => {
  const series = (seed: number) =>
    Array.from({ length: 20 }, (_, index) =>
      simulateCuff(seed, levelsOf(0), { atMs: index * 300_000, heartRate: 80 }),
    );
  assert.deepEqual(series(100), series(100));
  assert.notDeepEqual(series(100), series(200));
});

test('a racing heart breathes faster, has more pressure and less oxygen', () => {
  const levels = levelsOf(0);
  const calm = { atMs: 60_000, heartRate: 80 };
  const racing = { atMs: 60_000, heartRate: 150 };
  assert.ok(simulateRespRate(1, levels, racing) > simulateRespRate(1, levels, calm));
  assert.ok(simulateCuff(1, levels, racing).systolic > simulateCuff(1, levels, calm).systolic);
  assert.ok(simulateSpo2(1, levels, racing) < simulateSpo2(1, levels, calm));
});

test('a battery falls slowly, is charged in good time, and never calls anybody', () => {
  const charges = Array.from({ length: 600 }, (_, minute) =>
    simulateBattery({ atMs: minute * 60_000, heartRate: undefined }),
  );
  assert.equal(charges[0], 87);
  assert.ok(charges.every((charge) => Number.isInteger(charge) && charge > 20 && charge <= 87));
  const steps = charges.slice(1).map((charge, index) => charge - (charges[index] ?? 0));
  assert.ok(steps.every((step) => step === 0 || step === -1 || step > 50));
});
