/** What lasts until a person has answered: the answer is in the log, and what happens again is told again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlarmView } from '@ausculta/contract/alarms';
import { acknowledge, answerAlarm } from './support/nurse.ts';
import { eventually, startServerHere } from './support/server.ts';

const RULE = {
  ...{ key: 'call/door-crossed', episodeKey: 'call/door-crossed', priority: 'medium' },
  ...{ role: 'alarm', source: 'a clinician' },
  detector: { kind: 'event', event: 'door-crossed', latching: true, lateAfterMs: 60_000 },
};

test('what latched is not snoozed, is over once it is acknowledged, and calls anew', async () => {
  await using here = await startServerHere({ config: { demo: true } });
  const { server } = here;
  const version = { categories: ['adult'], rules: [RULE], reason: 'somebody walks off' };
  await server.post('/api/protocols/door/versions', version);
  const device = await server.addPatient();
  await server.post(`/api/subjects/${device.subjectId}/protocol`, { protocol: 'door' });
  const cross = async (): Promise<void> => {
    const body = JSON.stringify({ kind: 'door-crossed' });
    assert.equal((await server.send(device, body, 'events')).status, 202);
  };
  const alarmsWhere = (isSo: (all: readonly AlarmView[]) => boolean) =>
    eventually('the alarms', async () => {
      const all = await server.alarms(device.subjectId);
      return isSo(all) ? all : undefined;
    });
  await cross();
  const [owed] = await alarmsWhere((all) => all.length === 1);
  const asked = { subjectId: device.subjectId, minutes: 15, reason: 'on the way' };
  assert.equal((await answerAlarm(server.url, owed, 'snooze', asked)).status, 409);
  assert.equal(await acknowledge(server.url, owed), 200);
  const [over] = await alarmsWhere(([one]) => one?.condition === 'absent');
  assert.deepEqual([over?.endedBecause, over?.episode], ['answered', 'resolved']);
  await cross();
  const both = await alarmsWhere((all) => all.length === 2);
  assert.ok(both.some(({ id, episode }) => id !== owed?.id && episode === 'raised'));
});
