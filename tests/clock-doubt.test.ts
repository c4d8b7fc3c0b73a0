/** A new device whose clock nobody has seen yet: no alarm waits for it, and no record takes its readings on trust. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';

const SLOW_MS = 3 * 3_600_000;

describe('a new device with a slow clock', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  before(async () => {
    here = await startServerHere();
    server = here.server;
  });
  after(() => here[Symbol.asyncDispose]());

  const measured = (device: TestDevice, values: object, stampMs: number) =>
    server.send(device, JSON.stringify({ time: stampMs, values }));

  const faultsOf = async (device: TestDevice): Promise<string[]> => {
    return (await server.parkedOf(device)).map(({ fault }) => fault);
  };

  test('one measurement, and no second one: the alarm sounds at the present wearer, the record is left alone', async () => {
    const device = await server.addPatient();
    const listener = server.listen([device.subjectId]);
    await listener.opened;
    const response = await measured(device, { spo2: 78 }, Date.now() - SLOW_MS);
    assert.equal(response.status, 202);
    const [alarm] = await eventually('the alarm', async () => {
      const alarms = await server.alarms(device.subjectId);
      return alarms.length > 0 ? alarms : undefined;
    });
    assert.equal(alarm?.openingValue, 78);
    assert.equal(alarm?.notYetStored, false);
    assert.ok(Math.abs((alarm?.openedMs ?? 0) - Date.now()) < 5_000);
    assert.deepEqual(await server.readings(device.subjectId, 'spo2'), []);
    assert.deepEqual(listener.values, [], 'no screen shows it as a number of the patient');
    assert.deepEqual(await faultsOf(device), ['CLOCK_DOUBTED']);
    listener.close();
  });

  test('a live monitor: its alarm sounds within seconds and ends with the breach, across the placing of its clock', async () => {
    const device = await server.addPatient();
    const seconds = (until: () => boolean, rate: number) =>
      eventually('the clock to be placed', async () => {
        await measured(device, { 'heart-rate': rate }, Date.now() - SLOW_MS);
        // The pace of the device: its lag must hold still over seconds before it is believed.
        await sleep(400);
        return until() ? true : undefined;
      });
    const startMs = Date.now();
    await seconds(() => Date.now() - startMs > 3_000, 150);
    const [early] = await server.alarms(device.subjectId);
    assert.equal(early?.condition, 'present', 'before the clock is known');
    assert.deepEqual(await server.readings(device.subjectId, 'heart-rate'), []);
    let placed = 0;
    await eventually('readings of now', async () => {
      await measured(device, { 'heart-rate': 150 }, Date.now() - SLOW_MS);
      // The pace of the device.
      await sleep(300);
      placed = (await server.readings(device.subjectId, 'heart-rate')).length;
      return placed > 1 ? true : undefined;
    });
    await measured(device, { 'heart-rate': 70 }, Date.now() - SLOW_MS);
    const alarms = await eventually('the end of the condition', async () => {
      const all = await server.alarms(device.subjectId);
      return all.every(({ condition }) => condition === 'absent') ? all : undefined;
    });
    assert.equal(alarms.length, 1, 'one breach, one alarm');
    assert.equal(alarms[0]?.id, early?.id);
    assert.deepEqual([...new Set(await faultsOf(device))], ['CLOCK_DOUBTED']);
  });

  test('a backlog from before the device was worn alarms nobody, but for its first message', async () => {
    const device = await server.addPatient();
    const fromMs = Date.now() - SLOW_MS;
    await measured(device, { spo2: 97 }, fromMs);
    for (let minute = 1; minute <= 10; minute += 1)
      await measured(device, { spo2: 70 }, fromMs + minute * 60_000);
    await measured(device, { spo2: 96 }, Date.now());
    const lines = await server.readings(device.subjectId, 'spo2');
    assert.deepEqual(
      lines.map(({ value }) => value),
      [96],
    );
    assert.deepEqual(await server.alarms(device.subjectId), []);
    const faults = await faultsOf(device);
    assert.equal(faults.filter((fault) => fault === 'CLOCK_DOUBTED').length, 1);
    assert.equal(faults.filter((fault) => fault === 'DEVICE_UNASSIGNED').length, 10);
  });
});
