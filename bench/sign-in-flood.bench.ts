// `npm run bench -- sign-in-flood --json`: how long devices wait for their acknowledgements while a thousand
// attempts a second are made at signing in, from as many addresses, beside what they wait for otherwise.
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import mqtt, { type MqttClient } from 'mqtt';
import { type PlatformDevice, registerDevices, startPlatform } from './load/platform.ts';
import type { Flood } from './load/sign-in-flood.ts';
import { openReport, type Target } from './report.ts';

const BENCH = 'sign-in-flood';
const DEVICES = 50;
const READINGS_PER_SECOND = 250;
const ATTEMPTS_PER_SECOND = 1000;
const WARM_UP_MS = 3000;
/** Idle and flooded in turns: a machine's own speed wanders. */
const SPAN_MS = 6000;
const SPANS = 3;
const RATIO_MAX = 2;

interface Monitor extends PlatformDevice {
  readonly link: MqttClient;
}

interface Flooded {
  readonly sent: number;
  readonly answered: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly seconds: number;
}

export async function main(args: readonly string[]): Promise<number> {
  const report = openReport(args);
  await using platform = await startPlatform({
    settings: { AUSCULTA_TRUSTED_PROXIES: '127.0.0.1' },
  });
  const devices = await registerDevices(platform, { prefix: 'monitor', count: DEVICES });
  const monitors = await Promise.all(
    devices.map(async (device) => ({ ...device, link: await open(device, platform.mqttPort) })),
  );
  await delaysOver(monitors, WARM_UP_MS);
  const idle: number[] = [];
  const flooded: number[] = [];
  const floods: Flooded[] = [];
  for (let span = 0; span < SPANS; span += 1) {
    idle.push(...(await delaysOver(monitors, SPAN_MS)));
    const flood = startFlood({
      port: Number(new URL(platform.httpUrl).port),
      perSecond: ATTEMPTS_PER_SECOND,
    });
    flooded.push(...(await delaysOver(monitors, SPAN_MS)));
    floods.push(await flood.stop());
  }
  for (const { link } of monitors) link.end(true);

  const add = (metric: string, value: number, unit: string, target?: Target) =>
    report.add({ bench: BENCH, metric, value, unit, ...(target && { target }) });
  const count = (of: (flood: Flooded) => number) =>
    floods.reduce((sum, flood) => sum + of(flood), 0);
  const seconds = count((flood) => flood.seconds);
  const perSecond = Math.round(count(({ sent }) => sent) / seconds);
  add('attempts', perSecond, 'attempts/s', { bound: 'atLeast', value: ATTEMPTS_PER_SECOND * 0.9 });
  const share = (status: string) =>
    Math.round(count(({ answers }) => answers[status] ?? 0) / seconds);
  add('attempts whose password was verified', share('401'), 'attempts/s');
  add('attempts that were refused at once', share('429'), 'attempts/s');
  const p99 = [at(idle, 0.99), at(flooded, 0.99)] as const;
  add('acknowledgement, idle, p50', at(idle, 0.5), 'ms');
  add('acknowledgement, flooded, p50', at(flooded, 0.5), 'ms');
  add('acknowledgement, idle, p99', p99[0], 'ms');
  add('acknowledgement, flooded, p99', p99[1], 'ms');
  add('p99, flooded by idle', Number((p99[1] / p99[0]).toFixed(2)), 'times', {
    bound: 'atMost',
    value: RATIO_MAX,
  });
  return report.exitCode();
}

function open({ id, token }: PlatformDevice, port: number): Promise<MqttClient> {
  const own = { clientId: id, username: id, password: token };
  const options = { ...own, protocolVersion: 4, reconnectPeriod: 0 } as const;
  return mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, options);
}

/** Each sends when its turn comes, whether or not the one before was acknowledged. */
async function delaysOver(monitors: readonly Monitor[], forMs: number): Promise<number[]> {
  const delays: number[] = [];
  const sending: Promise<void>[] = [];
  const startMs = performance.now();
  for (let sent = 0; ; ) {
    const atMs = performance.now() - startMs;
    if (atMs >= forMs) break;
    while (sent < (atMs / 1000) * READINGS_PER_SECOND) {
      const monitor = monitors[sent % monitors.length];
      sent += 1;
      if (monitor !== undefined) sending.push(send(monitor, sent, delays));
    }
    await pause(2);
  }
  await Promise.all(sending);
  return delays;
}

async function send({ id, link }: Monitor, count: number, delays: number[]): Promise<void> {
  const values = { 'heart-rate': 60 + (count % 30), spo2: 97 };
  const message = JSON.stringify({ time: Date.now(), values });
  const sentMs = performance.now();
  await link.publishAsync(`devices/${id}/readings`, message, { qos: 1 });
  delays.push(performance.now() - sentMs);
}

function startFlood(flood: Flood) {
  const worker = new Worker(new URL('./load/sign-in-flood.ts', import.meta.url), {
    workerData: flood,
  });
  return {
    async stop(): Promise<Flooded> {
      worker.postMessage('stop');
      const [counted] = (await once(worker, 'message')) as [Flooded];
      await worker.terminate();
      return counted;
    },
  };
}

function at(delays: number[], share: number): number {
  const sorted = delays.toSorted((a, b) => a - b);
  return Number((sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(2));
}
