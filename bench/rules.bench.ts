// How many readings a second one core judges by the ward protocol: `npm run bench -- rules --json`.

import { ADULT_WARD } from '../packages/rules/src/protocol/library.ts';
import { Monitor } from '../packages/rules/src/protocol/monitor.ts';
import type { MonitorReading } from '../packages/rules/src/protocol/monitor-input.ts';
import { type Patient, type Plan, planAt } from '../packages/rules/src/protocol/plan.ts';
import { median } from './median.ts';
import { openReport } from './report.ts';

const BENCH = 'rules';
const START = 1_772_352_000_000;
const PATIENT: Patient = { category: 'adult', spo2Scale: 1, zone: [{ fromMs: 0, offsetMs: 0 }] };
const BEDS = 64;
const SECONDS = 3_600;
const ROUNDS = 5;

/** What a bedside monitor sends each second: where it begins, and how far it wanders. */
const STEADY: readonly (readonly [metric: string, from: number, low: number, high: number])[] = [
  ['heart-rate', 78, 55, 105],
  ['pulse-rate-oximeter', 78, 55, 105],
  ['resp-rate', 16, 11, 22],
  ['spo2', 96, 93, 99],
];

export async function main(args: readonly string[]): Promise<number> {
  const report = openReport(args);
  const plan = planAt({ protocol: ADULT_WARD, patient: PATIENT, overrides: [] }, START);
  const calm = Array.from({ length: BEDS }, (_, bed) => hourOf(bed, 0));
  const sick = Array.from({ length: BEDS }, (_, bed) => hourOf(bed, 0.25));
  const add = (metric: string, value: number, unit: string, atLeast?: number) => {
    const line = { bench: BENCH, metric, value, unit };
    report.add(
      atLeast === undefined ? line : { ...line, target: { bound: 'atLeast', value: atLeast } },
    );
  };
  const usual = measure(plan, calm);
  add('ward protocol, an hour of 64 beds, median of 5', usual.perSecond, 'readings/s', 1_000_000);
  add('told in it', usual.told, 'findings');
  const ill = measure(plan, sick);
  add('the same, each bed beyond a limit for a quarter of it', ill.perSecond, 'readings/s');
  add('told in that', ill.told, 'findings');
  return report.exitCode();
}

function measure(
  plan: Plan,
  hours: readonly (readonly MonitorReading[])[],
): { readonly perSecond: number; readonly told: number } {
  const count = hours.reduce((sum, hour) => sum + hour.length, 0);
  let told = 0;
  const rates = Array.from({ length: ROUNDS }, () => {
    told = 0;
    const startedAt = performance.now();
    for (const hour of hours) {
      const monitor = new Monitor(plan, START);
      for (const reading of hour) told += monitor.take(reading).length;
    }
    return count / ((performance.now() - startedAt) / 1_000);
  });
  return { perSecond: Math.round(median(rates)), told };
}

/** A walk that is the same each time; `beyond` is the share of the hour in which the heart races. */
function hourOf(bed: number, beyond: number): MonitorReading[] {
  const chance = seeded(bed + 1);
  const values = STEADY.map(([, from]) => from);
  const readings: MonitorReading[] = [];
  for (let second = 0; second < SECONDS; second += 1) {
    const atMs = START + second * 1_000;
    const at = {
      kind: 'reading',
      device: `monitor-${bed}`,
      atMs,
      receivedAtMs: atMs + 40,
    } as const;
    for (const [index, [metric, , low, high]] of STEADY.entries()) {
      // A number changes at every third reading or so, by one step.
      const step = Math.floor(chance() * 6) - 2.5;
      const moved = (values[index] ?? 0) + (Math.abs(step) < 1 ? Math.sign(step) : 0);
      values[index] = Math.min(high, Math.max(low, moved));
      const isRacing = index < 2 && second % 600 < beyond * 600;
      readings.push({ ...at, metric, value: (values[index] ?? 0) + (isRacing ? 60 : 0), flags: 0 });
    }
    if (second % 900 === 0) {
      readings.push({ ...at, metric: 'nibp-systolic', value: 118, flags: 0 });
      readings.push({ ...at, metric: 'body-temperature-oral', value: 36.8, flags: 0 });
    }
  }
  return readings;
}

/** Lehmer's generator: enough for a walk, and the same on every machine. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
