// `npm run bench -- soak --json`: whether ten minutes at 70 % of the peak cost more at their end than at
// their beginning, in memory and in waiting, and whether all of it is there afterwards. 500 connections at
// QoS 1, five vitals a message; server, PostgreSQL and the load share the machine. With `--minutes N` longer.
import { startGenerator } from './load/generator.ts';
import type { LegResult } from './load/leg.ts';
import { registerDevices, startPlatform } from './load/platform.ts';
import { readBack } from './load/read-back.ts';
import { residentKb } from './load/resident.ts';
import { median } from './median.ts';
import { openReport, type Target } from './report.ts';

const CONNECTIONS = 500;
const IN_FLIGHT = 2;
const WARM_UP_MS = 1500;
const PEAK_MS = 4000;
const PEAK_ROUNDS = 5;
const SHARE_OF_PEAK = 0.7;
const MINUTES = 10;
const MINUTE_MS = 60_000;

/** Flat: the later half of the minutes may not be worse than the earlier by more than a minute's noise. */
const P99_GROWTH_MAX = 1.5;
/** After two minutes heads, log and detectors have what they need. */
const SETTLED_AFTER = 2;
const RSS_GROWTH_MAX = 1.1;
const NONE = { bound: 'atMost', value: 0 } as const;

interface Minute extends LegResult {
  readonly residentMb: number;
}

export async function main(args: readonly string[]): Promise<number> {
  const minutesAt = args.indexOf('--minutes');
  const minutes = minutesAt < 0 ? MINUTES : Number(args[minutesAt + 1]);
  const report = openReport(args);
  const add = (metric: string, value: number, unit: string, target?: Target): void =>
    report.add({ bench: 'soak', metric, value, unit, ...(target && { target }) });

  await using platform = await startPlatform();
  const devices = await registerDevices(platform, { prefix: 'load', count: CONNECTIONS });
  using generator = await startGenerator(devices);
  const leg = { kind: 'leg', port: platform.mqttPort, isKept: true } as const;
  const flood = { kind: 'flood', inFlight: IN_FLIGHT } as const;
  const peaks: number[] = [];
  let unacknowledged = 0;
  for (let round = 0; round < PEAK_ROUNDS; round += 1) {
    const run = { ...leg, load: flood, warmUpMs: WARM_UP_MS, measureMs: PEAK_MS };
    const result = await generator.run(run);
    peaks.push(result.messages / result.seconds);
    unacknowledged += result.unacknowledged;
  }
  const perSecond = Math.floor(SHARE_OF_PEAK * median(peaks));
  add('rate', perSecond, 'messages/s');

  const soaked: Minute[] = [];
  while (soaked.length < minutes) {
    const load = { kind: 'paced', perSecond } as const;
    const run = { ...leg, load, warmUpMs: 0, measureMs: MINUTE_MS };
    const result = await generator.run(run);
    const minute = { ...result, residentMb: Math.round(residentKb(platform.pid) / 1024) };
    soaked.push(minute);
    unacknowledged += minute.unacknowledged;
    add(`minute ${soaked.length}, p50`, round(minute.p50Ms, 1), 'ms');
    add(`minute ${soaked.length}, p99`, round(minute.p99Ms, 1), 'ms');
    add(`minute ${soaked.length}, server memory`, minute.residentMb, 'MB');
  }
  const half = soaked.length >> 1;
  const p99Of = (some: readonly Minute[]): number => median(some.map(({ p99Ms }) => p99Ms));
  const settled = soaked.slice(SETTLED_AFTER).map(({ residentMb }) => residentMb);
  add(
    'p99 of the later half, of the earlier half',
    round(p99Of(soaked.slice(half)) / p99Of(soaked.slice(0, half)), 2),
    'times',
    { bound: 'atMost', value: P99_GROWTH_MAX },
  );
  add(
    'server memory at the end, of the third minute',
    round((settled.at(-1) ?? Number.NaN) / (settled[0] ?? Number.NaN), 2),
    'times',
    { bound: 'atMost', value: RSS_GROWTH_MAX },
  );
  add('never acknowledged', unacknowledged, 'messages', NONE);
  const found = await readBack(platform, devices, await generator.stamps());
  add('read back and compared', found.compared, 'readings', { bound: 'atLeast', value: 1 });
  add('missing when read back', found.missing, 'readings', NONE);
  add('different when read back', found.different, 'readings', NONE);
  return report.exitCode();
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
