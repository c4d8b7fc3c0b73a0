// `npm run bench -- latency --json`: from the moment a monitor publishes a breach to the moment its alarm
// is on a WebSocket client, while 500 other devices send 2,000 messages a second.
import { setTimeout as pause } from 'node:timers/promises';
import { LIVE_SUBPROTOCOL, LiveNotice, SUBSCRIBED_SUBJECTS_MAX } from '@ausculta/contract/live';
import { decodeFrame } from '@ausculta/contract/live-frame';
import mqtt, { type MqttClient } from 'mqtt';
import { startGenerator } from './load/generator.ts';
import {
  type Platform,
  type PlatformDevice,
  registerDevices,
  startPlatform,
} from './load/platform.ts';
import { openReport, type Report, type Target } from './report.ts';

const BACKGROUND_CONNECTIONS = 500;
const BACKGROUND_PER_SECOND = 2000;
/** Each raises one alarm: an episode that nobody has acknowledged would hide a second one. */
const PROBES = 250;
const PROBE_EVERY_MS = 40;
const WARM_UP_MS = 2000;
const LAST_ALARM_WITHIN_MS = 5000;
const P99_MAX_MS = 100;
const ALARMS_MIN = 200;
const BENCH = 'latency';

/** Below the outer limit of SpO2, which has no delay (safety S6): what is measured is the platform. */
const DEEP_DESATURATION = 78;
const USUAL_SPO2 = 97;

interface Probe extends PlatformDevice {
  readonly link: MqttClient;
  publishedMs: number;
  alarmedMs: number;
}

export async function main(args: readonly string[]): Promise<number> {
  const report = openReport(args);
  await using platform = await startPlatform();
  const background = await registerDevices(platform, {
    prefix: 'load',
    count: BACKGROUND_CONNECTIONS,
  });
  const monitors = await registerDevices(platform, { prefix: 'probe', count: PROBES });
  using generator = await startGenerator(background);
  const probes = await Promise.all(monitors.map((monitor) => openProbe(platform, monitor)));
  const sockets = await watchAlarms(platform, probes);

  const load = generator.run({
    kind: 'leg',
    port: platform.mqttPort,
    load: { kind: 'paced', perSecond: BACKGROUND_PER_SECOND },
    warmUpMs: WARM_UP_MS,
    measureMs: PROBES * PROBE_EVERY_MS,
    isKept: true,
  });
  await pause(WARM_UP_MS);
  for (const probe of probes) {
    probe.publishedMs = performance.now();
    // Its own acknowledgement is not what is waited for here.
    void publish(probe, DEEP_DESATURATION);
    await pause(PROBE_EVERY_MS);
  }
  const { messages, seconds, unacknowledged } = await load;
  await allAlarmed(probes);
  for (const socket of sockets) socket.close();
  for (const { link } of probes) link.end(true);

  reportAlarms(report, probes);
  report.add({
    bench: BENCH,
    metric: 'background',
    value: Math.round(messages / seconds),
    unit: 'messages/s',
  });
  const target = { bound: 'atMost', value: 0 } as const;
  report.add({
    bench: BENCH,
    metric: 'background never acknowledged',
    value: unacknowledged,
    unit: 'messages',
    target,
  });
  return report.exitCode();
}

function reportAlarms(report: Report, probes: readonly Probe[]): void {
  const heard = probes.filter(({ alarmedMs }) => !Number.isNaN(alarmedMs));
  const sorted = heard
    .map(({ publishedMs, alarmedMs }) => alarmedMs - publishedMs)
    .sort((a, b) => a - b);
  const at = (share: number) =>
    Number((sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(2));
  const add = (metric: string, value: number, unit: string, target?: Target) =>
    report.add({ bench: BENCH, metric, value, unit, ...(target && { target }) });
  add('alarms', heard.length, 'alarms', { bound: 'atLeast', value: ALARMS_MIN });
  add('alarms that never came', PROBES - heard.length, 'alarms', { bound: 'atMost', value: 0 });
  add('publish to alarm on a WebSocket client, p50', at(0.5), 'ms');
  add('publish to alarm on a WebSocket client, p99', at(0.99), 'ms', {
    bound: 'atMost',
    value: P99_MAX_MS,
  });
  add('publish to alarm on a WebSocket client, longest', at(0.9999), 'ms');
}

/** A monitor that has sent a usual value, so that its series and its clock are known. */
async function openProbe(platform: Platform, monitor: PlatformDevice): Promise<Probe> {
  const link = await mqtt.connectAsync(`mqtt://127.0.0.1:${platform.mqttPort}`, {
    clientId: monitor.id,
    username: monitor.id,
    password: monitor.token,
    protocolVersion: 4,
    reconnectPeriod: 0,
  });
  const probe: Probe = { ...monitor, link, publishedMs: Number.NaN, alarmedMs: Number.NaN };
  await publish(probe, USUAL_SPO2);
  return probe;
}

function publish({ id, link }: Probe, spo2: number): Promise<unknown> {
  const message = JSON.stringify({ time: Date.now(), values: { spo2 } });
  return link.publishAsync(`devices/${id}/readings`, message, { qos: 1 });
}

/** As many sockets as it takes: each watches as many subjects as one may. */
async function watchAlarms(platform: Platform, probes: readonly Probe[]): Promise<WebSocket[]> {
  const bySubject = new Map(probes.map((probe) => [probe.subjectId, probe]));
  const sockets: WebSocket[] = [];
  for (let from = 0; from < probes.length; from += SUBSCRIBED_SUBJECTS_MAX) {
    const subjects = probes
      .slice(from, from + SUBSCRIBED_SUBJECTS_MAX)
      .map(({ subjectId }) => subjectId);
    sockets.push(
      await openSocket(platform, subjects, (subjectId) => {
        const probe = bySubject.get(subjectId);
        if (probe !== undefined && Number.isNaN(probe.alarmedMs))
          probe.alarmedMs = performance.now();
      }),
    );
  }
  return sockets;
}

async function openSocket(
  platform: Platform,
  subjects: readonly string[],
  onAlarm: (subjectId: string) => void,
): Promise<WebSocket> {
  const url = `${platform.httpUrl.replace('http', 'ws')}/api/live`;
  const headers = { authorization: `Bearer ${platform.adminToken}` };
  // Node's own WebSocket takes headers where a browser's takes protocols alone.
  const socket = new WebSocket(url, {
    protocols: [LIVE_SUBPROTOCOL],
    headers,
  } as unknown as string[]);
  socket.binaryType = 'arraybuffer';
  const subscribed = Promise.withResolvers<void>();
  socket.addEventListener('message', ({ data }: { data: ArrayBuffer }) => {
    const frame = decodeFrame(new Uint8Array(data));
    if (frame === undefined || frame.noticesJson === '') return;
    for (const given of JSON.parse(frame.noticesJson) as unknown[]) {
      const notice = LiveNotice.parse(given);
      if (notice.type === 'subscribed') subscribed.resolve();
      if (notice.type === 'alarms') for (const { subjectId } of notice.alarms) onAlarm(subjectId);
    }
  });
  socket.addEventListener('error', () =>
    subscribed.reject(new Error('the live socket did not open')),
  );
  socket.addEventListener('open', () => {
    // Numbers and waveforms are for screens: the client here watches for alarms.
    socket.send(JSON.stringify({ type: 'subscribe', subjects, waveforms: [] }));
  });
  await subscribed.promise;
  return socket;
}

async function allAlarmed(probes: readonly Probe[]): Promise<void> {
  const untilMs = performance.now() + LAST_ALARM_WITHIN_MS;
  const isWaiting = () => probes.some(({ alarmedMs }) => Number.isNaN(alarmedMs));
  while (isWaiting() && performance.now() < untilMs) await pause(50);
}
