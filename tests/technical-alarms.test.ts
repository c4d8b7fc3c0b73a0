/** Alarms about the measuring rather than the measured: what they are called, and that they last. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlarmView } from '@ausculta/contract/alarms';
import { startServerProcess } from './support/program.ts';
import { eventually, temporaryDirectory } from './support/server.ts';

test('a value out of range calls for a look at the patient, and is the same alarm after kill -9', async () => {
  const dataDir = await temporaryDirectory();
  let before: AlarmView;
  let subjectId: string;
  const time = Date.now() - 1_000;
  {
    await using running = await startServerProcess(dataDir);
    const { server } = running;
    const subject = await server.addSubject('Sample', 'unknown');
    const device = await server.addDevice(subject.id);
    subjectId = subject.id;
    const live = server.listen([subjectId]);
    await live.opened;
    await server.send(device, JSON.stringify({ time, values: { 'heart-rate': 70 } }));
    const out = JSON.stringify({ time: time + 500, values: { 'heart-rate': 999 } });
    assert.equal((await server.send(device, out)).status, 202);
    before = await eventually('the alarm', async () => (await server.alarms(subjectId))[0]);
    const heard = await eventually('the alarm on the live socket', () =>
      live.notices.find((notice) => notice.type === 'alarms'),
    );
    assert.ok(heard.type === 'alarms');
    assert.deepEqual(
      heard.alarms.map(({ id }) => id),
      [before.id],
    );
    live.close();
    await running.kill();
  }
  assert.equal(before.id, `technical/heart-rate/out-of-range@${time + 500}`);
  assert.equal(before.ruleKey, 'technical/heart-rate/out-of-range');
  assert.deepEqual([before.priority, before.condition], ['medium', 'present']);
  assert.deepEqual([before.openingValue, before.direction], [999, 'high']);

  await using again = await startServerProcess(dataDir);
  assert.deepEqual(await again.server.alarms(subjectId), [before]);
});
