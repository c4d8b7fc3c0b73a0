/** A limit that is broken again and again while nobody has answered: one alarm, not one for each time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlarmView } from '@ausculta/contract/alarms';
import { acknowledge } from './support/nurse.ts';
import { startServerProcess } from './support/program.ts';
import {
  eventually,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
  temporaryDirectory,
} from './support/server.ts';

test('a rate that dances around its limit is one owed alarm; after an answer it is a new one', async () => {
  await using here = await startServerHere({ config: { demo: true } });
  const { server } = here;
  const device = await server.addPatient();
  let time = Date.now() - 55_000;
  const beat = async (value: number): Promise<void> => {
    time += 3_000;
    const message = JSON.stringify({ time, values: { 'heart-rate': value } });
    const answer = await server.send(device, message);
    assert.equal(answer.status, 202);
  };
  const alarms = async () => await server.alarms(device.subjectId);

  for (const value of [80, 150, 150, 90, 155, 155, 90, 140, 170]) await beat(value);
  const [owed, ...others] = await eventually('the alarm', async () => {
    const list = await alarms();
    return list[0]?.extremeValue === 170 ? list : undefined;
  });
  assert.deepEqual(others, [], 'three breaches that nobody answered are one alarm');
  assert.equal(owed?.condition, 'present');
  assert.equal(owed?.openingValue, 150);
  assert.ok((owed?.returnedMs ?? 0) > (owed?.openedMs ?? 0), 'it was on and off');

  assert.equal(owed?.priority, 'high');
  assert.equal(await acknowledge(server.url, { ...owed, priority: 'medium' }), 200);
  const [unseen] = await alarms();
  assert.equal(unseen?.episode, 'raised', 'nobody has seen that it is high');
  assert.equal(await acknowledge(server.url, owed), 200);
  for (const value of [90, 150, 150]) await beat(value);
  const list = await eventually('the second alarm', async () => {
    const all = await alarms();
    return all.length === 2 ? all : undefined;
  });
  assert.deepEqual(list.map(({ episode }) => episode).sort(), ['raised', 'resolved']);
  const anew = list.find(({ episode }) => episode === 'raised');
  assert.equal(anew?.returnedMs, undefined, 'the new one has been but once');
});

test('what a person has answered stays answered when the log is replayed after a kill', async () => {
  const dataDir = await temporaryDirectory();
  const demo = { AUSCULTA_DEMO: '1' };
  let before: AlarmView[];
  let subjectId: string;
  {
    await using running = await startServerProcess(dataDir, demo);
    const { server } = running;
    const device = await server.addPatient();
    subjectId = device.subjectId;
    await beats(server, device, [150, 150, 90, 150, 150, 90]);
    const [owed] = await eventually('the alarm to be over', async () => {
      const list = await server.alarms(subjectId);
      return list[0]?.condition === 'absent' ? list : undefined;
    });
    assert.equal(await acknowledge(server.url, owed), 200);
    before = await server.alarms(subjectId);
    assert.deepEqual(
      before.map(({ episode }) => episode),
      ['resolved'],
    );
    await running.kill();
  }
  await using again = await startServerProcess(dataDir, demo);
  assert.deepEqual(await again.server.alarms(subjectId), before);
});

/** Heart rates three seconds apart, the last of them just now. */
async function beats(
  server: ServerUnderTest,
  device: TestDevice,
  rates: readonly number[],
): Promise<void> {
  const firstMs = Date.now() - (rates.length - 1) * 3_000;
  for (const [index, rate] of rates.entries()) {
    const time = firstMs + index * 3_000;
    const message = JSON.stringify({ time, values: { 'heart-rate': rate } });
    assert.equal((await server.send(device, message)).status, 202);
  }
}
