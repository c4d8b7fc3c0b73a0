// What a change of limits would have done, over a stored month of a ward: `npm run bench -- whatif --json`. The
// patients are invented; the blocks are as the server stores them, and are decoded within the time that is told.

import { zstd } from '../apps/server/src/telemetry/zstd.ts';
import { decodeReadings } from '../packages/blocks/src/readings-block.ts';
import { UTC } from '../packages/rules/src/detectors/zone.ts';
import { ADULT_WARD } from '../packages/rules/src/protocol/library.ts';
import { Monitor } from '../packages/rules/src/protocol/monitor.ts';
import type { MonitorReading } from '../packages/rules/src/protocol/monitor-input.ts';
import { type Patient, type Plan, planAt } from '../packages/rules/src/protocol/plan.ts';
import { differenceOf, metricsToRead } from '../packages/rules/src/whatif/changed-rules.ts';
import { Replay, type StretchOfSeries } from '../packages/rules/src/whatif/replay.ts';
import { whole } from '../packages/rules/src/whatif/steps.ts';
import { ofMany, type WhatIf, whatIf } from '../packages/rules/src/whatif/what-if.ts';
import { expect } from '../packages/vitals/src/expect.ts';
import { metricOf } from '../packages/vitals/src/lookup.ts';
import { openReport, type Report } from './report.ts';
import {
  inventedBlocks,
  START_MS,
  type Stay,
  type StoredBlock,
  WALKS,
} from './what-if/invented.ts';
import { measureOverHttp } from './what-if/over-http.ts';

const BENCH = 'whatif';
const PATIENT: Patient = { category: 'adult', spo2Scale: 1, zone: UTC };
const DAY_S = 86_400;

interface Case {
  readonly name: string;
  readonly patients: number;
  readonly stay: Omit<Stay, 'seed'>;
  readonly secondsMax: number;
}

const CASES: readonly Case[] = [
  {
    name: '100 patients × 30 days × 5 metrics at 1/min',
    patients: 100,
    stay: { readings: 30 * 1_440, everyMs: 60_000, spellReadings: 10 },
    secondsMax: 5,
  },
  {
    name: '10 patients × 7 days × 5 metrics at 1 Hz',
    patients: 10,
    stay: { readings: 7 * DAY_S, everyMs: 1_000, spellReadings: 60 },
    secondsMax: 10,
  },
];

/** As a clinician would try it: the lines of before and after. */
function wardWith(spo2Low: number, heartRateHigh: number): Plan {
  const lines: Readonly<Record<string, number>> = {
    'limit/spo2/low': spo2Low,
    'limit/heart-rate/high': heartRateHigh,
  };
  const rules = ADULT_WARD.rules.map((rule) => {
    const limit = lines[rule.key];
    return limit === undefined || rule.detector.kind !== 'limit'
      ? rule
      : { ...rule, detector: { ...rule.detector, limit } };
  });
  return planAt({ protocol: { ...ADULT_WARD, rules }, patient: PATIENT, overrides: [] }, START_MS);
}

export async function main(args: readonly string[]): Promise<number> {
  const report = openReport(args);
  for (const one of CASES) measure(report, one);
  await measureOverHttp(report);
  return report.exitCode();
}

function measure(report: Report, { name, patients, stay, secondsMax }: Case): void {
  const stored = Array.from({ length: patients }, (_, seed) => inventedBlocks({ ...stay, seed }));
  const untilMs = START_MS + stay.readings * stay.everyMs;
  const cpuAtStart = process.cpuUsage();
  const startedAt = performance.now();
  let shown = 0;
  const found = stored.map((blocks) => {
    const { replayed, ...result } = asked(blocks, untilMs);
    shown += replayed.shown;
    return result;
  });
  const wall = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpuAtStart);
  const add = (metric: string, value: number, unit: string, atMost?: number) => {
    const line = { bench: BENCH, metric: `${name}, invented: ${metric}`, value, unit };
    report.add(
      atMost === undefined ? line : { ...line, target: { bound: 'atMost', value: atMost } },
    );
  };
  add('SpO2 low 90 → 88 and heart rate high 120 → 130', wall, 's', secondsMax);
  add('processor time of it, all threads', (user + system) / 1e6, 's', secondsMax);
  add('readings stored', patients * stay.readings * WALKS.length, 'readings');
  add('of them shown to detectors', shown, 'readings');
  const { before, after } = ofMany(found);
  add('alarms before', before.total, 'alarms');
  add('alarms after', after.total, 'alarms');
  add('both plans whole, over every reading, of one patient', inFull(stored[0] ?? []), 's');
}

function asked(blocks: readonly StoredBlock[], untilMs: number) {
  const difference = differenceOf(wardWith(90, 120), wardWith(88, 130));
  const metrics = WALKS.map(({ metric }) => metricOf(metric));
  const keys = metricsToRead(difference, metrics).map(({ key }) => key);
  const replay = new Replay(difference, START_MS);
  replay.add({ stretches: blocks.filter(({ metric }) => keys.includes(metric)).map(stretchOf) });
  replay.run();
  const replayed = replay.end(untilMs);
  const span = { fromMs: START_MS, untilMs, zone: UTC };
  const result: WhatIf = whole(whatIf(replayed, { difference, acted: [], ...span }));
  return { ...result, replayed };
}

function stretchOf({ metric, count, rollUp, bytes }: StoredBlock): StretchOfSeries {
  return { device: 'monitor', metric, count, rollUp, read: () => decoded(bytes) };
}

function decoded(bytes: Uint8Array) {
  const found = decodeReadings(bytes, zstd);
  expect(found.ok, 'what was encoded can be decoded');
  const { stampsMs: timesMs, values, flags } = found.value;
  return { timesMs, values, flags };
}

/** For comparison: seconds of the plainest way, which shows every reading to every detector of both plans. */
function inFull(blocks: readonly StoredBlock[]): number {
  const readings = blocks.flatMap(({ metric, bytes }): MonitorReading[] => {
    const { timesMs, values, flags } = decoded(bytes);
    return Array.from(timesMs, (atMs, at) => {
      const [value = 0, own = 0] = [values[at], flags[at]];
      const place = { kind: 'reading', device: 'monitor', metric } as const;
      return { ...place, atMs, receivedAtMs: atMs, value, flags: own };
    });
  });
  readings.sort((one, other) => one.atMs - other.atMs);
  const startedAt = performance.now();
  for (const plan of [wardWith(90, 120), wardWith(88, 130)]) {
    const monitor = new Monitor(plan, START_MS);
    for (const reading of readings) monitor.take(reading);
  }
  return (performance.now() - startedAt) / 1_000;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
