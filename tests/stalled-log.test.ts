/**
 * Safety S3: while the log does not move, the device's acknowledgement is withheld; the alarm is not.
 * PostgreSQL is suspended for as long as it takes to see it, then let go.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveNotice } from '@ausculta/contract/live';
import { sendSignal, startServerProcess } from './support/program.ts';
import { eventually, temporaryDirectory } from './support/server.ts';

/** So many messages wait at least; the store stands still until the alarm is told all the same. */
const WAITING = 4;

test('a stalled log: alarms from memory under their lasting name, and everything stored in the end', async () => {
  await using running = await startServerProcess(await temporaryDirectory());
  const { server } = running;
  const device = await server.addPatient();
  const client = await server.connect(device);
  const topic = `devices/${device.id}/readings`;
  const message = (value: number, time = Date.now()): string =>
    JSON.stringify({ time, values: { 'heart-rate': value } });
  await client.publishAsync(topic, message(70), { qos: 1 });
  const live = server.listen([device.subjectId]);
  const { notices } = live;
  await eventually('the subscription', () => notices.find(({ type }) => type === 'subscribed'));
  // What a page asks for must be known already: nothing can be looked up while the store is away.
  await server.alarms(device.subjectId);

  const pids = running.postgresPids();
  const resume = (): void => {
    for (const pid of pids) sendSignal(pid, 'SIGCONT');
  };
  after(resume);
  for (const pid of pids) sendSignal(pid, 'SIGSTOP');
  const acknowledged: boolean[] = [];
  const firstMs = Date.now();
  const provisional = await eventually('the alarm from memory', async () => {
    const at = acknowledged.push(false) - 1;
    client.publish(topic, message(150, firstMs + at * 500), { qos: 1 }, (error) => {
      acknowledged[at] = error === undefined || error === null;
    });
    // The pace of the device: two messages a second, for as long as the store stalls.
    await sleep(500);
    return at + 1 < WAITING ? undefined : alarmIn(notices, true);
  });
  const degraded = await eventually('the notice', () =>
    notices.find(({ type }) => type === 'degraded'),
  );
  assert.ok(degraded.type === 'degraded' && degraded.since !== null);
  assert.ok(
    acknowledged.every((isAcknowledged) => !isAcknowledged),
    'nothing is acknowledged',
  );
  assert.equal((await fetch(`${server.url}/readyz`)).status, 503);

  resume();
  await eventually('all acknowledgements', () => (acknowledged.every(Boolean) ? true : undefined));
  const stored = await eventually('the mark to go', () => alarmIn(notices, false));
  assert.equal(stored.id, provisional.id);
  assert.equal(stored.openedMs, firstMs);
  await eventually('the end of the notice', () =>
    notices.find((notice) => notice.type === 'degraded' && notice.since === null),
  );
  const alarms = await server.alarms(device.subjectId);
  assert.deepEqual(
    alarms.map(({ id, notYetStored }) => [id, notYetStored]),
    [[provisional.id, false]],
  );
  assert.equal(
    (await server.readings(device.subjectId, 'heart-rate')).length,
    acknowledged.length + 1,
  );
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
  live.close();
  await client.endAsync();
  await running.stop();
});

function alarmIn(notices: readonly LiveNotice[], notYetStored: boolean) {
  const alarms = notices.flatMap((notice) => (notice.type === 'alarms' ? notice.alarms : []));
  return alarms.findLast((alarm) => alarm.notYetStored === notYetStored);
}
