/** A server that is killed between an alarm and its call, or between sending and noting it, has lost neither. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CallTimeline } from '@ausculta/contract/calling';
import { freshDatabase } from './support/database.ts';
import { gatewayList, gatewayReceiver } from './support/gateway-receiver.ts';
import { startServerProcess, urlOf } from './support/program.ts';
import {
  eventually,
  type ServerUnderTest,
  startServerHere,
  temporaryDirectory,
} from './support/server.ts';

const GATEWAYS = ['pager', 'sms'];
const TIER = {
  ...{ name: 'Both', who: GATEWAYS.map((gateway) => ({ kind: 'gateway', gateway })) },
  ...{ afterSeconds: { high: 0, medium: 0 }, repeatSeconds: { high: 3_600, medium: 3_600 } },
};

async function policy(server: ServerUnderTest): Promise<void> {
  const body = JSON.stringify({ routes: [{ name: 'All', units: [], tiers: [TIER] }] });
  const headers = { 'content-type': 'application/json' };
  const answer = await server.fetch('/api/calling/policy', { method: 'PUT', headers, body });
  assert.equal(answer.status, 200, await answer.text());
}

test('killed before one call was taken, and after another was taken but before that was noted', async () => {
  await using database = await freshDatabase();
  await using pager = await gatewayReceiver();
  await using sms = await gatewayReceiver();
  const directory = await temporaryDirectory();
  const dataDir = join(directory, 'data');
  await mkdir(dataDir);
  const callingFile = await gatewayList(directory, [
    { name: 'pager', receiver: pager },
    { name: 'sms', receiver: sms },
  ]);

  // One takes what it is told, and the server dies before it hears so; at the other nobody listens.
  pager.answer = 'never';
  await sms.close();
  const settings = { AUSCULTA_CALLING: callingFile, DATABASE_URL: urlOf(database.connection) };
  const subjectId = await (async () => {
    await using running = await startServerProcess(dataDir, settings);
    const { server } = running;
    await policy(server);
    const device = await server.addPatient();
    const values = JSON.stringify({ time: Date.now(), values: { spo2: 71 } });
    assert.equal((await server.send(device, values)).status, 202);
    await eventually('the one call to come', () => (pager.seen.length > 0 ? true : undefined));
    await eventually('the other to have been tried', async () => {
      const { length } = await database.line`SELECT FROM notification WHERE attempts > 0`;
      return length > 0 ? true : undefined;
    });
    await running.kill();
    return device.subjectId;
  })();
  assert.deepEqual(pager.taken, []);

  pager.answer = 200;
  await sms.open();
  const config = { dataDir, database: database.connection, callingFile };
  await using here = await startServerHere({ config });
  const [alarm] = await here.server.alarms(subjectId);
  const path = `/api/alarms/${encodeURIComponent(alarm?.id ?? '')}/calls?subject=${subjectId}`;
  const { notifications } = await eventually('the calls to be noted', async () => {
    const timeline = await here.server.get<CallTimeline>(path);
    return timeline.notifications.every(({ state }) => state === 'sent') ? timeline : undefined;
  });
  assert.deepEqual(
    notifications.map(({ round, channel }) => [round, channel]),
    [
      [1, 'gateway/pager'],
      [1, 'gateway/sms'],
    ],
    'one round, though the server was killed',
  );
  const [ofPager, ofSms] = notifications.map(({ id }) => id);
  assert.deepEqual(idsOf(pager.seen), [ofPager], 'what came again came with the same id');
  assert.deepEqual(idsOf(sms.taken), [ofSms]);
});

const idsOf = (calls: readonly { readonly data: { readonly id: string } }[]): string[] => [
  ...new Set(calls.map(({ data }) => data.id)),
];
