/** A new device whose clock nobody has seen yet: no alarm waits for it, and no record takes its readings on trust. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
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
  /** Turned by hand: however long a message takes here, the lag of the device holds still. */
  let nowMs = Date.now();
  before(async () => {
    here = await startServerHere({ outside: { nowMs: () => nowMs } });
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
    const response = await measured(device, { spo2: 78 }, nowMs - SLOW_MS);
    assert.equal(response.status, 202);
    const [alarm] = await eventually('the alarm', async () => {
      const alarms = await server.alarms(device.subjectId);
      return alarms.length > 0 ? alarms : undefined;
    });
    assert.equal(alarm?.openingValue, 78);
    assert.equal(alarm?.notYetStored, false);
    assert.equal(alarm?.openedMs, nowMs);
    assert.deepEqual(await server.readings(device.subjectId, 'spo2'), []);
    assert.deepEqual(listener.values, [], 'no screen shows it as a number of the patient');
    assert.deepEqual(await faultsOf(device), ['CLOCK_DOUBTED']);
    listener.close();
  });

  test('a live monitor: its alarm sounds within seconds and ends with the breach, across the placing of its clock', async () => {
    const device = await server.addPatient();
    const beat = async (rate: number): Promise<void> => {
      nowMs += 400;
      await measured(device, { 'heart-rate': rate }, nowMs - SLOW_MS);
    };
    // Its lag must hold still over four seconds before it is believed.
    for (let ms = 0; ms < 3_200; ms += 400) await beat(150);
    const early = await eventually('the alarm', async () => {
      return (await server.alarms(device.subjectId))[0];
    });
    assert.equal(early.condition, 'present', 'before the clock is known');
    assert.deepEqual(await server.readings(device.subjectId, 'heart-rate'), []);
    let placed = 0;
    await eventually('readings of now', async () => {
      await beat(150);
      placed = (await server.readings(device.subjectId, 'heart-rate')).length;
      return placed > 1 ? true : undefined;
    });
    await beat(70);
    const alarms = await eventually('the end of the condition', async () => {
      const all = await server.alarms(device.subjectId);
      return all.every(({ condition }) => condition === 'absent') ? all : undefined;
    });
    assert.equal(alarms.length, 1, 'one breach, one alarm');
    assert.equal(alarms[0]?.id, early.id);
    assert.deepEqual([...new Set(await faultsOf(device))], ['CLOCK_DOUBTED']);
  });

  test('three hours slow it is placed rightly within seconds; nothing of it is lost', async () => {
    const device = await server.addPatient();
    const client = await server.connect(device);
    const sent: number[] = [];
    const startMs = nowMs;
    const placed = await eventually('readings of now', async () => {
      // The pace of the device: its lag must hold still over seconds before it is believed.
      nowMs += 250;
      const time = nowMs - SLOW_MS;
      sent.push(time);
      const body = JSON.stringify({ time, values: { 'heart-rate': 70 } });
      await client.publishAsync(`devices/${device.id}/readings`, body, { qos: 1 });
      const lines = await server.readings(device.subjectId, 'heart-rate');
      return lines.length > 2 ? lines : undefined;
    });
    assert.ok(nowMs - startMs < 15_000);
    for (const { stamp, time } of placed) {
      assert.ok(sent.includes(Date.parse(stamp)), "the stamp is the device's own");
      assert.ok(Math.abs(Date.parse(time) - Date.parse(stamp) - SLOW_MS) < 1000, time);
    }
    // Before the clock was known, nobody could say who had worn the device at that hour: held, with the reason.
    const parked = await server.parkedOf(device);
    assert.equal(parked.length + placed.length, sent.length);
    assert.deepEqual([...new Set(parked.map(({ fault }) => fault))], ['CLOCK_DOUBTED']);
    await client.endAsync();
  });

  test('a backlog from before the device was worn alarms nobody, but for its first message', async () => {
    const device = await server.addPatient();
    const fromMs = nowMs - SLOW_MS;
    await measured(device, { spo2: 97 }, fromMs);
    for (let minute = 1; minute <= 10; minute += 1)
      await measured(device, { spo2: 70 }, fromMs + minute * 60_000);
    await measured(device, { spo2: 96 }, nowMs);
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

  for (const kind of ['button', 'fall']) {
    test(`a ${kind} calls at the present wearer, whatever the clock says, and is in no record`, async () => {
      const device = await server.addPatient();
      const press = (stampMs: number) =>
        server.send(device, JSON.stringify({ events: [{ kind, time: stampMs }] }), 'events');
      for (const agoMs of [SLOW_MS, SLOW_MS - 60_000]) await press(nowMs - agoMs);
      const [alarm] = await eventually('the alarm', async () => {
        const alarms = await server.alarms(device.subjectId);
        return alarms.length > 0 ? alarms : undefined;
      });
      assert.equal(alarm?.priority, 'high');
      assert.equal(alarm?.episode, 'raised');
      const { events } = await server.get<{ events: unknown[] }>(
        `/api/subjects/${device.subjectId}/events`,
      );
      assert.deepEqual(events, []);
      assert.equal((await faultsOf(device)).length, 2, 'held for a person to say whose it was');
    });
  }
});
