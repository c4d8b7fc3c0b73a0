// A server process with patients and their devices, and the thread that asks it.

import { Worker } from 'node:worker_threads';
import { isWholeIn } from '@ausculta/fhir/whole-in';
import { findPostmaster, postgresCpuSeconds, processCpuSeconds } from '../load/cpu.ts';
import {
  type Platform,
  type PlatformDevice,
  registerDevices,
  startPlatform,
} from '../load/platform.ts';
import type { Report, Target } from '../report.ts';
import type { Leg, LegResult } from './asker.ts';
import type { AskedPatient, Question, Sample } from './asking.ts';

const WARM_UP_MS = 3_000;
const MEASURE_MS = 8_000;

export interface Stage extends AsyncDisposable {
  readonly platform: Platform;
  /** Invented patients with a device each. */
  addPatients(prefix: string, count: number): Promise<(PlatformDevice & AskedPatient)[]>;
  fetch(path: string, body?: string): Promise<Response>;
  run(question: Question, patients: readonly AskedPatient[]): Promise<Measured>;
}

export interface Measured extends LegResult {
  /** Of an answer. */
  readonly serverCpuMs: number;
  readonly postgresCpuMs: number;
}

export type Section = (stage: Stage, report: Report) => Promise<void>;

export async function openStage(): Promise<Stage> {
  await using parts = new AsyncDisposableStack();
  const platform = parts.use(await startPlatform());
  const asker = new Worker(new URL('./asker.ts', import.meta.url));
  parts.defer(async () => void (await asker.terminate()));
  const kept = parts.move();
  const port = Number(new URL(platform.httpUrl).port);
  return {
    platform,
    async addPatients(prefix, count) {
      const devices = await registerDevices(platform, { prefix, count });
      return devices.map((device) => ({ ...device, id: device.subjectId, deviceId: device.id }));
    },
    fetch(path, body) {
      const headers = { ...platform.headers(), 'content-type': 'application/fhir+json' };
      const options = body === undefined ? { headers } : { method: 'POST', headers, body };
      return fetch(`${platform.httpUrl}${path}`, options);
    },
    run: (question, patients) =>
      measured(platform, () =>
        ask(asker, {
          ...{ question, patients, port, token: platform.adminToken },
          ...{ warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS },
        }),
      ),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function ask(asker: Worker, leg: Leg): Promise<LegResult> {
  return new Promise((resolve, reject) => {
    asker.once('error', reject);
    asker.once('message', (answer: LegResult | { failed: string }) => {
      asker.off('error', reject);
      if ('failed' in answer) reject(new Error(answer.failed));
      else resolve(answer);
    });
    asker.postMessage(leg);
  });
}

/** CPU times are of the whole leg, so an answer's share is a little above its own. */
async function measured(
  { pid, dataDir }: Platform,
  run: () => Promise<LegResult>,
): Promise<Measured> {
  const postmaster = findPostmaster(dataDir);
  const used = () => [processCpuSeconds(pid), postgresCpuSeconds(postmaster)] as const;
  const [server, postgres] = used();
  const startMs = performance.now();
  const result = await run();
  const share = ((result.seconds * 1000) / (performance.now() - startMs)) * 1000;
  const [serverAfter, postgresAfter] = used();
  const { answers } = result;
  return {
    ...result,
    serverCpuMs: ((serverAfter - server) * share) / answers,
    postgresCpuMs: ((postgresAfter - postgres) * share) / answers,
  };
}

export interface Asked {
  readonly what: string;
  /** What an answer counts for. */
  readonly each?: number;
  readonly unit: string;
  readonly atLeast?: number;
  readonly p99MaxMs?: number;
}

export function tell(report: Report, measured: Measured, asked: Asked): void {
  const { what, each = 1, unit, atLeast, p99MaxMs } = asked;
  const { answers, seconds, p50Ms, p99Ms, serverCpuMs, postgresCpuMs, wrong, why } = measured;
  const add = (metric: string, value: number, of: string, target?: Target): void =>
    report.add({ bench: 'fhir', metric, value, unit: of, ...(target && { target }) });
  const round = (value: number): number => Number(value.toPrecision(3));
  add(what, Math.round((answers * each) / seconds), unit, atLeastOf(atLeast));
  add(`${what}, p50`, round(p50Ms), 'ms');
  const most = p99MaxMs === undefined ? undefined : ({ bound: 'atMost', value: p99MaxMs } as const);
  add(`${what}, p99`, round(p99Ms), 'ms', most);
  add(`${what}, CPU of the server each`, round((serverCpuMs * 1000) / each), 'µs');
  add(`${what}, CPU of PostgreSQL each`, round((postgresCpuMs * 1000) / each), 'µs');
  add(`${what}, load generator`, round(measured.generatorShare), 'cores');
  add(`${what}, wrong answers`, wrong, 'answers', { bound: 'atMost', value: 0 });
  if (why !== undefined) process.stderr.write(`${what}: ${why}\n`);
}

function atLeastOf(value: number | undefined): Target | undefined {
  return value === undefined ? undefined : { bound: 'atLeast', value };
}

/** Each sample is there, as it was sent; its id and version are the server's. */
export async function compareSamples(
  stage: Stage,
  report: Report,
  { what, samples }: { readonly what: string; readonly samples: readonly Sample[] },
): Promise<void> {
  let different = 0;
  for (const { sent, at } of samples) {
    const response = await stage.fetch(at);
    const { id: _, meta: __, ...found } = (await response.json()) as Record<string, unknown>;
    const { meta: ___, ...given } = JSON.parse(sent) as Record<string, unknown>;
    // A reading is told with all the codes of its metric.
    if (!isWholeIn(given, found)) different += 1;
  }
  const line = { bench: 'fhir', unit: 'Observations' } as const;
  report.add({
    ...line,
    metric: `${what}, read back and compared`,
    value: samples.length,
    target: { bound: 'atLeast', value: 1 },
  });
  report.add({
    ...line,
    metric: `${what}, different or missing`,
    value: different,
    target: { bound: 'atMost', value: 0 },
  });
}
