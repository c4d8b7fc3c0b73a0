/**
 * The disk reserve, with a disk in the test's own hand: nothing is written below it, every device is told
 * in its own language or waits, alarms sound from memory (safety S3), and all goes on by itself.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveNotice } from '@ausculta/contract/live';
import type { Status } from '@ausculta/contract/status';
import { DISK_RESERVE_BYTES } from '../apps/server/src/database/data-directory.ts';
import { eventually, type ServerUnderTest, startServerHere } from './support/server.ts';

const MUCH = 8 * DISK_RESERVE_BYTES;

async function isReady(server: ServerUnderTest): Promise<boolean> {
  return (await fetch(`${server.url}/readyz`)).status === 200;
}

test('a full disk: refused or waiting, alarms from memory, and everything stored in the end', async () => {
  let freeBytes = MUCH;
  await using here = await startServerHere({
    outside: { freeBytesAt: () => Promise.resolve(freeBytes) },
  });
  const { server } = here;
  const [device, bedside] = [await server.addPatient(), await server.addPatient()];
  const client = await server.connect(device);
  const heard: string[] = [];
  client.on('message', (_, payload) => heard.push(payload.toString()));
  await client.subscribeAsync(`devices/${device.id}/errors`);
  const topic = `devices/${device.id}/readings`;
  // Below the outer limit an alarm has no delay (safety S6).
  const message = (spo2: number): string => JSON.stringify({ time: Date.now(), values: { spo2 } });
  await client.publishAsync(topic, message(97), { qos: 1 });
  await server.send(bedside, message(97));
  const live = server.listen([device.subjectId, bedside.subjectId]);
  const { notices } = live;
  await eventually('the subscription', () => notices.find(({ type }) => type === 'subscribed'));

  freeBytes = DISK_RESERVE_BYTES - 1;
  await eventually('intake to stop', async () => ((await isReady(server)) ? undefined : true));
  const degraded = await eventually('the notice', () => degradedIn(notices));
  assert.equal(degraded.reason, 'full');
  const { parts } = await server.get<Status>('/api/status');
  const disk = parts.find(({ name }) => name === 'disk');
  assert.deepEqual([disk?.ready, disk?.detail.includes('576 MiB')], [false, true]);

  // HTTP is told at once; what it sent is watched all the same.
  const refused = await server.send(bedside, message(78));
  assert.deepEqual([refused.status, Number(refused.headers.get('retry-after')) > 0], [507, true]);
  await eventually('the alarm of a refused device', () =>
    alarmOf(notices, bedside.subjectId, true),
  );

  // MQTT waits, and is watched.
  let acknowledged = 0;
  const publish = (payload: string): void => {
    client.publish(topic, payload, { qos: 1 }, (error) => {
      if (!error) acknowledged += 1;
    });
  };
  publish(message(78));
  const raised = await eventually('the alarm of a waiting device', () =>
    alarmOf(notices, device.subjectId, true),
  );
  publish('no readings at all');
  await eventually('word of what waits', () => heard.find((text) => text.includes('STORE_FULL')));
  assert.deepEqual([acknowledged, client.connected], [0, true]);
  assert.equal((await server.readings(device.subjectId, 'spo2')).length, 1);

  freeBytes = MUCH;
  await eventually('all acknowledgements', () => (acknowledged === 2 ? true : undefined));
  await eventually('readiness', async () => ((await isReady(server)) ? true : undefined));
  assert.equal((await server.readings(device.subjectId, 'spo2')).length, 2);
  const stored = await eventually('the mark to go', () =>
    alarmOf(notices, device.subjectId, false),
  );
  assert.equal(stored.id, raised.id);
  assert.equal((await server.send(bedside, message(97))).status, 202);
  await eventually('the end of the notice', () =>
    notices.find((notice) => notice.type === 'degraded' && notice.since === null),
  );
  live.close();
  await client.endAsync();
});

function degradedIn(notices: readonly LiveNotice[]) {
  for (const notice of notices) if (notice.type === 'degraded') return notice;
  return undefined;
}

function alarmOf(notices: readonly LiveNotice[], subjectId: string, notYetStored: boolean) {
  const alarms = notices.flatMap((notice) => (notice.type === 'alarms' ? notice.alarms : []));
  return alarms.findLast((a) => a.subjectId === subjectId && a.notYetStored === notYetStored);
}
