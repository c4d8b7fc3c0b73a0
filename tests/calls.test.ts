/** A help button or a fall: somebody is called, at once and until a person has answered (safety S5). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';

describe('calls', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  before(async () => {
    here = await startServerHere();
    server = here.server;
  });
  after(() => here[Symbol.asyncDispose]());

  const alarmsOf = (device: TestDevice, count: number) =>
    eventually('the call', async () => {
      const alarms = await server.alarms(device.subjectId);
      return alarms.length >= count ? alarms : undefined;
    });

  test('a help button is a high alarm that is owed, and pressed again it is the same one', async () => {
    const device = await server.addPatient();
    for (let press = 0; press < 2; press += 1) {
      const answer = await server.send(device, JSON.stringify({ kind: 'button' }), 'events');
      assert.equal(answer.status, 202);
    }
    const [call, ...others] = await alarmsOf(device, 1);
    assert.deepEqual(others, []);
    assert.equal(call?.ruleKey, `call/button/${device.id}`);
    assert.deepEqual([call?.priority, call?.episode], ['high', 'raised']);
  });

  test('a fall is told beside it; what needs nobody is stored and told by nobody', async () => {
    const device = await server.addPatient();
    for (const kind of ['dose-taken', 'fall']) {
      await server.send(device, JSON.stringify({ kind }), 'events');
    }
    const alarms = await alarmsOf(device, 1);
    assert.deepEqual(
      alarms.map(({ ruleKey }) => ruleKey),
      [`call/fall/${device.id}`],
    );
  });
});
