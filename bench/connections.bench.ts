// `npm run bench -- connections --json`: what an idle connection costs the server in memory, and how soon
// each message is acknowledged while 10,000 connected devices publish once a second for a minute.
// Server, PostgreSQL and the load share the machine.
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { openFilesMax } from '../apps/server/src/doors/open-files.ts';
import { collectGarbage } from './load/collect-garbage.ts';
import { type Generator, startGenerator } from './load/generator.ts';
import { freePort, type Platform, registerDevices, startPlatform } from './load/platform.ts';
import { readBack } from './load/read-back.ts';
import { residentKb } from './load/resident.ts';
import { openReport, type Target } from './report.ts';

const BENCH = 'connections';
const CONNECTIONS = 10_000;
/** Beside the connections: the database's, the web's, files. */
const OTHER_FILES = 500;
const PUBLISH_MS = 60_000;
const WARM_UP_MS = 3_000;
/** A device that is behind by more has lost its minute. */
const SLOTS = 16;
/** Everything that starting and signing in set going has ended by then. */
const SETTLE_MS = 5_000;
/** A device's first message makes its series, once in its life: a tenth of them in a second. */
const FIRST_MESSAGES = { perSecond: CONNECTIONS / 10, lastMs: 12_000 } as const;

const P99_MAX_MS = 250;
const IDLE_MAX_KB = 20;
const GENERATOR_SHARE_MAX = 0.8;
const NONE = { bound: 'atMost', value: 0 } as const;

export async function main(args: readonly string[]): Promise<number> {
  const openFiles = openFilesMax();
  if (openFiles < CONNECTIONS + OTHER_FILES) {
    process.stderr.write(
      `This bench opens ${CONNECTIONS} connections, and a process may have ${openFiles} files open here. ` +
        `Raise the limit in this shell (ulimit -n 65536; as root: ulimit -Hn 65536 first), then run it again.\n`,
    );
    return 1;
  }
  const report = openReport(args);
  const add = (metric: string, value: number, unit: string, target?: Target): void =>
    report.add({ bench: BENCH, metric, value, unit, ...(target && { target }) });
  add('load of the machine before', Number((loadavg()[0] ?? 0).toFixed(2)), 'processes');

  const inspectorPort = await freePort();
  await using platform = await startPlatform({
    settings: {
      AUSCULTA_TRUSTED_PROXIES: '127.0.0.1',
      NODE_OPTIONS: `--inspect-port=127.0.0.1:${inspectorPort}`,
    },
    headers: asIfFromMany(),
  });
  const devices = await registerDevices(platform, { prefix: 'load', count: CONNECTIONS });
  using generator = await startGenerator(devices);

  // A new process: what registering has left behind would hide what connections take.
  await platform.restart();
  const idleKb = await measureIdle(platform, generator, inspectorPort);
  add('memory an idle connection', Number(idleKb.toFixed(1)), 'KB', {
    bound: 'atMost',
    value: IDLE_MAX_KB,
  });

  const publishing = { kind: 'leg', port: platform.mqttPort, isKept: true } as const;
  const { perSecond, lastMs } = FIRST_MESSAGES;
  await generator.run({
    ...publishing,
    load: { kind: 'paced', perSecond, slots: SLOTS },
    warmUpMs: 0,
    measureMs: lastMs,
  });
  const leg = await generator.run({
    ...publishing,
    load: { kind: 'paced', perSecond: CONNECTIONS, slots: SLOTS },
    warmUpMs: WARM_UP_MS,
    measureMs: PUBLISH_MS,
  });
  add('rate', Math.round(leg.messages / leg.seconds), 'messages/s');
  add('acknowledged, p50', Number(leg.p50Ms.toFixed(2)), 'ms');
  add('acknowledged, p99', Number(leg.p99Ms.toFixed(2)), 'ms', {
    bound: 'atMost',
    value: P99_MAX_MS,
  });
  add('server memory under load', Math.round(residentKb(platform.pid) / 1024), 'MB');
  add('load generator', Number(leg.generatorShare.toFixed(2)), 'cores', {
    bound: 'atMost',
    value: GENERATOR_SHARE_MAX,
  });
  add('never acknowledged', leg.unacknowledged, 'messages', NONE);
  const found = await readBack(platform, devices, await generator.stamps());
  add('read back and compared', found.compared, 'readings', { bound: 'atLeast', value: 1 });
  add('missing when read back', found.missing, 'readings', NONE);
  add('different when read back', found.different, 'readings', NONE);
  return report.exitCode();
}

async function measureIdle(
  platform: Platform,
  generator: Generator,
  inspectorPort: number,
): Promise<number> {
  const needed = async (): Promise<number> => {
    await collectGarbage({ pid: platform.pid, port: inspectorPort });
    return residentKb(platform.pid);
  };
  await pause(SETTLE_MS);
  const withoutKb = await needed();
  let withKb: Promise<number> | undefined;
  await generator.run(
    {
      kind: 'leg',
      port: platform.mqttPort,
      load: { kind: 'idle' },
      warmUpMs: SETTLE_MS,
      measureMs: SETTLE_MS,
      isKept: false,
    },
    (edge) => {
      if (edge === 'begins') withKb = needed();
    },
  );
  return (((await withKb) ?? Number.NaN) - withoutKb) / CONNECTIONS;
}

/**
 * One address may ask a few times a second, a whole installation more: each request says, as a proxy
 * would, that it comes from another one.
 */
function asIfFromMany(): () => Record<string, string> {
  let count = 0;
  return () => {
    count += 1;
    return { 'x-forwarded-for': `10.0.${(count >> 8) & 255}.${count & 255}` };
  };
}
