/**
 * The first promise of the house. Five times the server and its PostgreSQL die by kill -9 at a random
 * moment, while devices send. Whatever was acknowledged is there afterwards, once, with its value;
 * what was sent and not acknowledged may be there, at most once.
 *
 * AUSCULTA_SEED repeats a run's moments; the seed is printed.
 */
import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';
import { openDataDirectory } from '../apps/server/src/database/data-directory.ts';
import { openDatabase } from '../apps/server/src/database/open.ts';
import {
  ALARM_RATE,
  checkStored,
  makeStreams,
  mulberry32,
  type Stream,
  send,
} from './support/device-streams.ts';
import { type ServerProcess, startServerProcess } from './support/program.ts';
import { eventually, type ServerUnderTest, temporaryDirectory } from './support/server.ts';

const ROUNDS = 5;

/** The round that begins after an orderly stop: from then on chunks and head have to be merged. */
const ROUND_AFTER_STOP = 3;

const KILLED_WITHIN_MS = 900;
test('five times kill -9 of server and PostgreSQL: nothing acknowledged is lost, nothing is doubled', async (t) => {
  const seed = Number(process.env['AUSCULTA_SEED'] ?? randomInt(2 ** 31));
  t.diagnostic(`seed ${seed}`);
  const chance = mulberry32(seed);
  const dataDir = await temporaryDirectory();
  let running = await startServerProcess(dataDir);
  const streams = await makeStreams(running.server);
  const raised = new Map<string, number>();
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const killAfterMs = Math.round(40 + chance() * KILLED_WITHIN_MS);
      await sendUntilKilled(running, { streams, killAfterMs, raised });
      running = await startServerProcess(dataDir);
      await checkStored(running.server, streams);
      await checkAlarms(running.server, streams, raised);
      if (round === ROUND_AFTER_STOP) {
        await running.stop();
        running = await startServerProcess(dataDir);
        await checkStored(running.server, streams);
      }
    }
    const total = streams.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
    t.diagnostic(`${total} messages acknowledged, ${raised.size} alarms raised`);
    assert.ok(total > ROUNDS * streams.length, 'the devices were heard');
    running = await continuesItsDelays(running, dataDir);
    // An orderly stop leaves everything in its tables.
    await running.stop();
  } finally {
    await running[Symbol.asyncDispose]();
  }
  await checkEvents(dataDir, streams);
});

async function sendUntilKilled(
  running: ServerProcess,
  round: { streams: readonly Stream[]; killAfterMs: number; raised: Map<string, number> },
): Promise<void> {
  const { streams, killAfterMs, raised } = round;
  const clients = await Promise.all(streams.map(({ device }) => running.server.connect(device)));
  const over = new AbortController();
  const sending = streams.map((stream, i) => send(stream, clients[i] as MqttClient, over.signal));
  await sleep(killAfterMs / 2);
  // Alarms as a nurse saw them before the fall.
  for (const { device } of streams) {
    for (const alarm of await running.server.alarms(device.subjectId)) {
      raised.set(`${alarm.subjectId} ${alarm.id}`, alarm.openedMs);
    }
  }
  await sleep(killAfterMs / 2);
  await running.kill();
  over.abort();
  await Promise.all(sending);
  for (const client of clients) client.end(true);
}

async function checkAlarms(
  server: ServerUnderTest,
  streams: readonly Stream[],
  raised: ReadonlyMap<string, number>,
): Promise<void> {
  const seen = new Map<string, number>();
  for (const { device } of streams) {
    for (const { id, subjectId, openedMs } of await server.alarms(device.subjectId)) {
      assert.ok(!seen.has(`${subjectId} ${id}`), `${id} is there once`);
      seen.set(`${subjectId} ${id}`, openedMs);
    }
  }
  for (const [key, openedMs] of raised)
    assert.equal(seen.get(key), openedMs, `${key} is still there`);
}

/** A delay that was running when the server died runs out after it is back, though nothing more is sent. */
async function continuesItsDelays(running: ServerProcess, dataDir: string): Promise<ServerProcess> {
  const device = await running.server.addPatient();
  const client = await running.server.connect(device);
  const openedMs = Date.now();
  const body = JSON.stringify({ time: openedMs, values: { 'heart-rate': ALARM_RATE } });
  await client.publishAsync(`devices/${device.id}/readings`, body, { qos: 1 });
  await running.kill();
  client.end(true);
  const again = await startServerProcess(dataDir);
  const [alarm] = await eventually('the alarm of a silent device', async () => {
    const alarms = await again.server.alarms(device.subjectId);
    return alarms.length > 0 ? alarms : undefined;
  });
  assert.equal(alarm?.openedMs, openedMs);
  return again;
}

/** Events have no route of their own yet: they are looked up where they lie. */
async function checkEvents(dataDir: string, streams: readonly Stream[]): Promise<void> {
  using dataDirectory = await openDataDirectory({ path: dataDir });
  await using database = await openDatabase({ dataDirectory, randomBytes });
  for (const { kind, device, acknowledged, sent } of streams) {
    if (kind !== 'events') continue;
    const rows = await database.line<{ id: string; stamp_ms: number }[]>`
      SELECT id, stamp_ms FROM event WHERE subject_id = ${device.subjectId}`;
    const stored = new Map(
      rows.map(({ id, stamp_ms }) => [Number(id.split('/').at(-1)), stamp_ms]),
    );
    assert.equal(stored.size, rows.length);
    for (const number of acknowledged)
      assert.equal(stored.get(number), sent.get(number), `event ${number}`);
  }
}
