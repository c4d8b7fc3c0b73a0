// `npm run bench -- mllp --json`: how many HL7 v2 messages the MLLP door makes durable, and whether all
// of them are there afterwards. A hundred beds behind a gateway, a connection each, and each waits for its
// acknowledgement before it sends its next: a bedside monitor's report of 23 segments, nine values.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { frameMllp, MllpParser } from '../packages/codecs/src/mllp.ts';
import { ORU_23 } from './codecs/messages.ts';
import { processCpuSeconds } from './load/cpu.ts';
import {
  freePort,
  type Platform,
  type PlatformDevice,
  registerDevices,
  startPlatform,
} from './load/platform.ts';
import { openReport } from './report.ts';

const BEDS = 100;
/** Code is compiled and connections are open by then; no figure counts what came before. */
const WARM_UP_MS = 2000;
/** A rate is counted over a span of time, and the span is what is waited for. */
const MEASURE_MS = 6000;
const PER_SECOND_MIN = 3000;

export async function main(args: readonly string[]): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'ausculta-bench-'));
  try {
    return await measure(args, directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function measure(args: readonly string[], directory: string): Promise<number> {
  const senders = join(directory, 'senders.json');
  const gateway = { device: 'bed-0000', application: 'MONITOR', speaksFor: ['bed-*'] };
  writeFileSync(senders, JSON.stringify({ senders: [{ ...gateway, addresses: ['127.0.0.1'] }] }));
  const port = await freePort();
  const settings = { AUSCULTA_HL7_PORT: String(port), AUSCULTA_HL7_SENDERS: senders };
  await using platform = await startPlatform({ settings });
  const devices = await registerDevices(platform, { prefix: 'bed', count: BEDS });
  const beds = await Promise.all(devices.map((device) => openBed(device, port)));

  for (const bed of beds) bed.send();
  await sleep(WARM_UP_MS);
  const before = { cpu: processCpuSeconds(platform.pid), count: sum(beds, ({ acks }) => acks) };
  for (const bed of beds) bed.delaysMs.length = 0;
  const startMs = performance.now();
  await sleep(MEASURE_MS);
  const seconds = (performance.now() - startMs) / 1000;
  const messages = sum(beds, ({ acks }) => acks) - before.count;
  const cpu = processCpuSeconds(platform.pid) - before.cpu;
  await Promise.all(beds.map((bed) => bed.stop()));

  const delays = beds.flatMap(({ delaysMs }) => delaysMs).sort((a, b) => a - b);
  const report = openReport(args);
  const add = (metric: string, value: number, unit: string, atLeast?: number) =>
    report.add({
      bench: 'mllp',
      metric,
      value,
      unit,
      ...(atLeast !== undefined && { target: { bound: 'atLeast', value: atLeast } }),
    });
  add('durable ORU of 23 segments', Math.round(messages / seconds), 'message/s', PER_SECOND_MIN);
  add('CPU of the server a message', Math.round((cpu / messages) * 1e6), 'µs');
  add('acknowledged, p50', at(delays, 0.5), 'ms');
  add('acknowledged, p99', at(delays, 0.99), 'ms');
  const missing = await countMissing(platform, beds);
  report.add({
    bench: 'mllp',
    metric: 'acknowledged and not read back',
    value: missing,
    unit: 'readings',
    target: { bound: 'atMost', value: 0 },
  });
  return missing === 0 ? 0 : 1;
}

interface Bed {
  readonly device: PlatformDevice;
  acks: number;
  readonly delaysMs: number[];
  send(): void;
  /** Resolves once the last answer is here. */
  stop(): Promise<void>;
}

async function openBed(device: PlatformDevice, port: number): Promise<Bed> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  const parser = new MllpParser({ bytesMax: 64 * 1024 });
  const template = new TextDecoder()
    .decode(ORU_23)
    .replaceAll('00A037EB2175780F^^00A037EB2175780F^EUI-64', device.id)
    .replace('PID|||4711^', `PID|||${device.id}^`);
  let sentMs = 0;
  let isStopping = false;
  const bed: Bed = {
    device,
    acks: 0,
    delaysMs: [],
    send() {
      sentMs = performance.now();
      const text = template
        .replaceAll('20260115083000+0100', hl7Time(Date.now()))
        .replace('|M4711|', `|${device.id}-${bed.acks}|`);
      socket.write(frameMllp(new TextEncoder().encode(text)));
    },
    async stop() {
      isStopping = true;
      await once(socket, 'close');
    },
  };
  socket.on('data', (bytes) => {
    for (const event of parser.push(bytes)) {
      assert.equal(event.kind, 'message');
      const text = event.kind === 'message' ? new TextDecoder().decode(event.bytes) : '';
      // AL in MSH-16 alone asks for an application acknowledgement.
      assert.match(text, new RegExp(`MSA\\|AA\\|${device.id}-${bed.acks}\r`));
      bed.acks += 1;
      bed.delaysMs.push(performance.now() - sentMs);
      if (isStopping) socket.end();
      else bed.send();
    }
  });
  return bed;
}

function hl7Time(atMs: number): string {
  return `${new Date(atMs).toISOString().replaceAll(/[-:T]/g, '').replace('Z', '')}+0000`;
}

/** A bed sends at most once a millisecond, so that each of its messages is a reading of its own. */
async function countMissing(
  { httpUrl, adminToken }: Platform,
  beds: readonly Bed[],
): Promise<number> {
  let missing = 0;
  for (const { device, acks } of beds) {
    const url = `${httpUrl}/api/subjects/${device.subjectId}/readings?metric=heart-rate`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${adminToken}` } });
    const lines = (await response.text()).split('\n').filter((line) => line !== '');
    missing += Math.max(0, acks - lines.length);
  }
  return missing;
}

function sum(beds: readonly Bed[], of: (bed: Bed) => number): number {
  return beds.reduce((total, bed) => total + of(bed), 0);
}

function at(sorted: readonly number[], share: number): number {
  return Number((sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(1));
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
