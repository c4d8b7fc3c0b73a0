// `npm run bench -- ingest --json`: how much the MQTT door takes in, what it costs, and whether all of it is
// there afterwards. 500 connections at QoS 1, five vitals a message, never the same values twice;
// the load comes from a process of its own. In the same run, in turns, the same load goes to a bare
// broker that acknowledges without doing anything.
import {
  CAN_MEASURE_CPU,
  findPostmaster,
  postgresCpuSeconds,
  processCpuSeconds,
} from './load/cpu.ts';
import { type DenseForm, READINGS_PER_MESSAGE } from './load/dense-messages.ts';
import {
  type BareBroker,
  type Generator,
  startBareBroker,
  startGenerator,
} from './load/generator.ts';
import type { Leg, LegResult } from './load/leg.ts';
import { type Platform, registerDevices, startPlatform } from './load/platform.ts';
import { readBack } from './load/read-back.ts';
import { SENT_METRICS } from './load/values.ts';
import { median } from './median.ts';
import { openReport, type Report, type Target } from './report.ts';

const CONNECTIONS = 500;
const IN_FLIGHT = 2;
const ROUNDS = 5;
const WARM_UP_MS = 1500;
const MEASURE_MS = 4000;
const HALF_PEAK_MEASURE_MS = 6000;

const SHARE_OF_BARE_MIN = 0.65;
const CPU_PER_MESSAGE_MAX_US = 30;
const HALF_PEAK_P99_MAX_MS = 50;
const GENERATOR_SHARE_MAX = 0.8;
const DENSE_READINGS_MIN = { senml: 150_000, report: 500_000 } as const;

interface Measured extends LegResult {
  readonly serverCpuSeconds: number;
  readonly postgresCpuSeconds: number;
}

type Add = (
  metric: string,
  value: number,
  unit: string,
  more?: { target?: Target; baseline?: number },
) => void;

export async function main(args: readonly string[]): Promise<number> {
  const report = openReport(args);
  await using platform = await startPlatform();
  const devices = await registerDevices(platform, { prefix: 'load', count: CONNECTIONS });
  using generator = await startGenerator(devices);
  const legs = await alternate(platform, generator);

  const rate = (leg: LegResult) => leg.messages / leg.seconds;
  const peak = median(legs.ours.map(rate));
  const half = await measureHalf(generator, { port: platform.mqttPort, peak, isKept: true });
  const bareHalf = await measureBareHalf(generator, peak);

  const dense = await measureDense(generator, platform.mqttPort);

  const add = adder(report);
  reportPeak(add, legs);
  add('rate at half of the peak', round(rate(half)), 'messages/s');
  add('acknowledged at half of the peak, p50', round(half.p50Ms, 2), 'ms', {
    baseline: round(bareHalf.p50Ms, 2),
  });
  add('acknowledged at half of the peak, p99', round(half.p99Ms, 2), 'ms', {
    target: { bound: 'atMost', value: HALF_PEAK_P99_MAX_MS },
    baseline: round(bareHalf.p99Ms, 2),
  });
  reportDense(add, dense);
  const shares = [...legs.ours, ...legs.bare, half].map(({ generatorShare }) => generatorShare);
  const share = { target: { bound: 'atMost', value: GENERATOR_SHARE_MAX } } as const;
  add('load generator, busiest leg', round(Math.max(...shares), 2), 'cores', share);

  const unacknowledged = [...legs.ours, half, ...Object.values(dense)].reduce(
    (sum, leg) => sum + leg.unacknowledged,
    0,
  );
  const found = await readBack(platform, devices, await generator.stamps());
  const none = { target: { bound: 'atMost', value: 0 } } as const;
  add('never acknowledged', unacknowledged, 'messages', none);
  add('read back and compared', found.compared, 'readings', {
    target: { bound: 'atLeast', value: 1 },
  });
  add('missing when read back', found.missing, 'readings', none);
  add('different when read back', found.different, 'readings', none);
  return report.exitCode();
}

/** Paced, at half of what the platform took at its peak. */
function measureHalf(
  generator: Generator,
  { port, peak, isKept }: { port: number; peak: number; isKept: boolean },
): Promise<Measured> {
  const load = { kind: 'paced', perSecond: Math.floor(peak / 2) } as const;
  return measure(generator, { ...legTo(port, isKept), load, measureMs: HALF_PEAK_MEASURE_MS });
}

/** The same rate to the bare broker: what of the latency is the machine's and the generator's. */
async function measureBareHalf(generator: Generator, peak: number): Promise<Measured> {
  using broker = await startBareBroker();
  return await measureHalf(generator, { port: broker.port, peak, isKept: false });
}

/** A hundred readings a message, as fast as they are acknowledged. */
async function measureDense(
  generator: Generator,
  port: number,
): Promise<Record<DenseForm, Measured>> {
  const senml = await measure(generator, { ...legTo(port, true), dense: 'senml' });
  return { senml, report: await measure(generator, { ...legTo(port, true), dense: 'report' }) };
}

function reportDense(add: Add, dense: Record<DenseForm, Measured>): void {
  for (const form of ['senml', 'report'] as const) {
    const { messages, seconds, generatorShare } = dense[form];
    const target = { bound: 'atLeast', value: DENSE_READINGS_MIN[form] } as const;
    const rate = round((messages * READINGS_PER_MESSAGE) / seconds);
    add(`${form} with ${READINGS_PER_MESSAGE} readings a message`, rate, 'readings/s', { target });
    add(`load generator of ${form}`, round(generatorShare, 2), 'cores');
  }
}

async function alternate(
  platform: Platform,
  generator: Generator,
): Promise<{ ours: Measured[]; bare: Measured[] }> {
  using bareBroker: BareBroker = await startBareBroker();
  const postmaster = CAN_MEASURE_CPU ? findPostmaster(platform.dataDir) : 0;
  const ours: Measured[] = [];
  const bare: Measured[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(
      await measure(generator, legTo(platform.mqttPort, true), {
        server: platform.pid,
        postmaster,
      }),
    );
    bare.push(await measure(generator, legTo(bareBroker.port, false), { server: bareBroker.pid }));
  }
  return { ours, bare };
}

function legTo(port: number, isKept: boolean): Leg {
  const load = { kind: 'flood', inFlight: IN_FLIGHT } as const;
  return { kind: 'leg', port, load, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS, isKept };
}

async function measure(
  generator: Generator,
  leg: Leg,
  pids: { server?: number; postmaster?: number } = {},
): Promise<Measured> {
  const spent = () => ({
    server: pids.server && CAN_MEASURE_CPU ? processCpuSeconds(pids.server) : Number.NaN,
    postgres: pids.postmaster ? postgresCpuSeconds(pids.postmaster) : 0,
  });
  let before = spent();
  let after = before;
  const result = await generator.run(leg, (edge) => {
    if (edge === 'begins') before = spent();
    else after = spent();
  });
  return {
    ...result,
    serverCpuSeconds: after.server - before.server,
    postgresCpuSeconds: after.postgres - before.postgres,
  };
}

function reportPeak(
  add: Add,
  { ours, bare }: { ours: readonly Measured[]; bare: readonly Measured[] },
): void {
  const of = (legs: readonly Measured[], figure: (leg: Measured) => number) =>
    median(legs.map(figure));
  const rate = (leg: Measured) => leg.messages / leg.seconds;
  const bareRate = of(bare, rate);
  const target = { bound: 'atLeast', value: round(SHARE_OF_BARE_MIN * bareRate) } as const;
  add('messages', round(of(ours, rate)), 'messages/s', { target, baseline: round(bareRate) });
  add('readings', round(of(ours, rate) * SENT_METRICS.length), 'readings/s');
  const p50 = (leg: Measured) => leg.p50Ms;
  const p99 = (leg: Measured) => leg.p99Ms;
  add('acknowledged at the peak, p50', round(of(ours, p50), 2), 'ms', {
    baseline: round(of(bare, p50), 2),
  });
  add('acknowledged at the peak, p99', round(of(ours, p99), 2), 'ms', {
    baseline: round(of(bare, p99), 2),
  });
  if (!CAN_MEASURE_CPU) return;
  const server = (leg: Measured) => (leg.serverCpuSeconds * 1000) / leg.messages;
  const postgres = (leg: Measured) => (leg.postgresCpuSeconds * 1000) / leg.messages;
  const both = (leg: Measured) => (server(leg) + postgres(leg)) * 1000;
  add('server CPU per 1,000 messages', round(of(ours, server), 5), 's', {
    baseline: round(of(bare, server), 5),
  });
  add('PostgreSQL CPU per 1,000 messages', round(of(ours, postgres), 5), 's');
  add('server and PostgreSQL CPU a message', round(of(ours, both), 2), 'us', {
    target: { bound: 'atMost', value: CPU_PER_MESSAGE_MAX_US },
    baseline: round(of(bare, both), 2),
  });
}

function adder(report: Report): Add {
  return (metric, value, unit, more = {}) =>
    report.add({ bench: 'ingest', metric, value, unit, ...more });
}

function round(value: number, decimals = 0): number {
  return Number(value.toFixed(decimals));
}
