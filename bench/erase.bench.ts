// `npm run bench -- erase --json`: a subject with ten million readings, from the order to the signed receipt.
//
// The readings are as flushes leave them at worst: a chunk for each minute at 1 Hz. Their bytes are put
// into the database directly, because a receipt does not depend on what they say, only on how many rows
// there are.
import { randomBytes } from 'node:crypto';
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { findRunningPostgres } from '../apps/server/src/database/embedded.ts';
import { openPools, type Sql } from '../apps/server/src/database/pool.ts';
import { type Platform, registerDevices, startPlatform } from './load/platform.ts';
import { median } from './median.ts';
import { openReport } from './report.ts';

const BENCH = 'erase';
const RUNS = 5;
const READINGS = 10_000_000;
const READINGS_PER_CHUNK = 60;
const CHUNKS = Math.ceil(READINGS / READINGS_PER_CHUNK);
/** About what a minute of a heart rate takes, with its seal. */
const CHUNK_BYTES = 110;
const INSERT_AT_ONCE = 20_000;
const RECEIPT_MAX_MS = 1_000;

export async function main(args: readonly string[]): Promise<number> {
  const report = openReport(args);
  report.add({
    bench: BENCH,
    metric: 'load of the machine',
    value: loadavg()[0] ?? 0,
    unit: 'runnable',
  });
  await using platform = await startPlatform();
  const running = await findRunningPostgres(platform.dataDir, randomBytes);
  if (running === undefined) throw new Error('the platform has its PostgreSQL');
  await using pools = openPools(running.connection, { line: 1, people: 1 });
  const devices = await registerDevices(platform, { prefix: 'erase', count: RUNS });
  const receipts: number[] = [];
  const sweeps: number[] = [];
  for (const device of devices) {
    await sendOne(platform, device);
    await fill(pools.line, device.subjectId);
    const { receiptMs, sweptMs } = await erase(platform, device);
    receipts.push(receiptMs);
    sweeps.push(sweptMs);
  }
  const target = { bound: 'atMost', value: RECEIPT_MAX_MS } as const;
  const add = (metric: string, value: number, isJudged = false): void =>
    report.add({
      bench: BENCH,
      metric,
      value: Math.round(value),
      unit: 'ms',
      ...(isJudged && { target }),
    });
  add('order to receipt, 10 million readings, median', median(receipts), true);
  add('order to receipt, longest', Math.max(...receipts), true);
  add('until the last row is gone, median', median(sweeps));
  return report.exitCode();
}

interface Device {
  readonly id: string;
  readonly token: string;
  readonly subjectId: string;
}

/** So that there is a series. */
async function sendOne({ httpUrl }: Platform, { id, token }: Device): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ time: Date.now(), values: { 'heart-rate': 70 } });
  const answer = await fetch(`${httpUrl}/api/devices/${id}/readings`, {
    method: 'POST',
    headers,
    body,
  });
  if (answer.status !== 202) throw new Error(`the reading was answered with ${answer.status}`);
}

async function fill(sql: Sql, subjectId: string): Promise<void> {
  for (let from = 0; from < CHUNKS; from += INSERT_AT_ONCE) {
    const until = Math.min(CHUNKS, from + INSERT_AT_ONCE) - 1;
    await sql`
      INSERT INTO chunk (organisation_id, partition, subject_id, series_id, kind, first_ms, last_ms,
        generation, count, bytes, sealed)
      SELECT organisation_id, partition, subject_id, id, 'readings', minute * 60000::bigint,
        minute * 60000::bigint + 59000, 1, ${READINGS_PER_CHUNK}, ${CHUNK_BYTES}, ${randomBytes(CHUNK_BYTES)}
      FROM series, generate_series(${from}::bigint, ${until}::bigint) AS minute
      WHERE subject_id = ${subjectId}`;
  }
}

async function erase(
  { httpUrl, adminToken }: Platform,
  { id, subjectId }: Device,
): Promise<{ receiptMs: number; sweptMs: number }> {
  const url = `${httpUrl}/api/subjects/${subjectId}/erasure`;
  const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ recordNumber: id, stopMonitoring: true });
  const startMs = performance.now();
  const answer = await fetch(url, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`the erasure was answered with ${answer.status}`);
  await answer.json();
  const receiptMs = performance.now() - startMs;
  for (;;) {
    const { rowsRemoved } = (await (await fetch(url, { headers })).json()) as {
      rowsRemoved: boolean;
    };
    if (rowsRemoved) return { receiptMs, sweptMs: performance.now() - startMs };
    await pause(20);
  }
}
