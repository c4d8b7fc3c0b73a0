/**
 * A device that measured before anybody said who wears it: its messages are parked, and once somebody
 * says so, nothing of them is lost, nothing comes twice, and what was critical still calls.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { decodeRuns, encodeRuns } from '@ausculta/blocks/waveform-block';
import type { EventList } from '@ausculta/contract/readings';
import { freshDatabase } from './support/database.ts';
import {
  eventually,
  iso,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
  temporaryDirectory,
} from './support/server.ts';

const MINUTE = 60_000;
const SECOND = 1_000;

function reading(time: number, values: Record<string, number>): string {
  return JSON.stringify({ time, sent: Date.now(), values });
}

describe('what a device measured before anybody said who wears it', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  before(async () => {
    here = await startServerHere();
    server = here.server;
  });
  after(async () => {
    assert.deepEqual(here.problems, []);
    await here[Symbol.asyncDispose]();
  });

  const parkedOf = ({ id }: TestDevice) => here.database.line<{ fault: string; waits: boolean }[]>`
    SELECT fault, kind IS NOT NULL AS waits FROM parked WHERE device_id = ${id} ORDER BY message_id`;

  const act = async (device: TestDevice, what: string, body: object): Promise<void> => {
    await server.post(`/api/devices/${device.id}/${what}`, body);
  };

  const claimed = (device: TestDevice, left = 0) =>
    eventually('parked messages to be claimed', async () => {
      const rows = await parkedOf(device);
      return rows.filter(({ waits }) => waits).length === left ? rows : undefined;
    });

  async function send(device: TestDevice, body: string | Uint8Array<ArrayBuffer>, kind?: string) {
    const { status } = await server.send(device, body, kind);
    assert.ok([202, 422].includes(status), String(status));
    return status;
  }

  /** Taken off, as a device that waits in a drawer for its next patient. */
  async function idleDevice(): Promise<TestDevice> {
    const device = await server.addPatient('Before');
    await send(device, reading(Date.now(), { spo2: 97 }));
    await act(device, 'unassignment', {});
    return device;
  }

  const valuesOf = async (subjectId: string, metric = 'spo2'): Promise<number[]> =>
    (await server.readings(subjectId, metric)).map(({ value }) => value);

  test('readings, events and waveforms go to whom it was given after the fact', async () => {
    const device = await idleDevice();
    const fromMs = Date.now();
    assert.equal(await send(device, reading(fromMs + 1, { spo2: 96, 'heart-rate': 70 })), 422);
    assert.equal(
      await send(device, JSON.stringify({ values: { spo2: 95 } })),
      422,
      'without a time',
    );
    const pressed = {
      events: [
        { time: fromMs + 2, kind: 'button' },
        { time: fromMs + 3, kind: 'button' },
      ],
    };
    assert.equal(await send(device, JSON.stringify(pressed), 'events'), 422);
    const samples = Int32Array.from({ length: 50 }, (_, i) => i);
    const rate = { numerator: 250, denominator: 1 };
    const run = {
      metric: 'ecg-ii',
      startMs: fromMs + 5,
      rate,
      samples,
      gain: 200,
      zero: 0,
      flags: 0,
    };
    const block = encodeRuns([run], NO_COMPRESSION);
    assert.ok(block.ok);
    assert.equal(await send(device, new Uint8Array(block.value), 'waveforms'), 422);
    assert.equal((await parkedOf(device)).length, 6);

    const wearer = await server.addSubject('After');
    await act(device, 'assignment', { subjectId: wearer.id, from: iso(fromMs) });
    assert.equal((await claimed(device)).length, 0);
    assert.deepEqual((await valuesOf(wearer.id)).sort(), [95, 96]);
    assert.deepEqual(await valuesOf(wearer.id, 'heart-rate'), [70]);
    assert.deepEqual(
      await valuesOf(device.subjectId),
      [97],
      'who wore it before has nothing of it',
    );
    const path = `/api/subjects/${wearer.id}`;
    const { events } = await server.get<EventList>(`${path}/events`);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['button', 'button'],
    );
    const wave = await server.fetch(
      `${path}/waveforms?metrics=ecg-ii&from=${fromMs}&to=${fromMs + SECOND}`,
    );
    const runs = decodeRuns(new Uint8Array(await wave.arrayBuffer()), NO_COMPRESSION);
    assert.deepEqual(runs.ok && runs.value.flatMap((found) => [...found.samples]), [...samples]);
  });

  test('what lies outside of the time that is told waits on, and is claimed by the next word', async () => {
    const device = await idleDevice();
    const borderMs = Date.now();
    const early = reading(borderMs - 2 * MINUTE - 1, { spo2: 90 });
    assert.equal(await send(device, early), 422);
    assert.equal(await send(device, reading(borderMs, { spo2: 91 })), 422);
    const wearer = await server.addSubject('Border');
    await act(device, 'assignment', { subjectId: wearer.id, from: iso(borderMs) });
    const [left] = await claimed(device, 1);
    assert.equal(left?.fault, 'DEVICE_UNASSIGNED');
    assert.deepEqual(await valuesOf(wearer.id), [91]);
    await send(device, reading(borderMs, { spo2: 91 }));
    assert.deepEqual(await valuesOf(wearer.id), [91], 'sent again, it is the same');

    const other = await server.addSubject('Earlier');
    const span = { from: iso(borderMs - 3 * MINUTE), until: iso(borderMs - 2 * MINUTE) };
    await act(device, 'correction', { subjectId: other.id, ...span });
    await claimed(device);
    assert.deepEqual(await valuesOf(other.id), [90]);
    assert.deepEqual(await valuesOf(wearer.id), [91]);
  });

  test('of a message with other faults the rest stays parked, under the key of its subject', async () => {
    const device = await idleDevice();
    const time = Date.now();
    const readings = [
      { time, values: { 'no-such-metric': 1 } },
      { time, values: { spo2: 89 } },
      { time: time - 2 * MINUTE - SECOND, values: { spo2: 88 } },
    ];
    assert.equal(await send(device, JSON.stringify({ sent: time, readings })), 422);
    const wearer = await server.addSubject('Partly');
    await act(device, 'assignment', { subjectId: wearer.id, from: iso(time) });
    await eventually('its reading', async () => (await valuesOf(wearer.id))[0]);
    assert.deepEqual(await valuesOf(wearer.id), [89]);
    const rows = await eventually('the rows to be fewer', async () => {
      const found = await parkedOf(device);
      return found.length === 2 ? found : undefined;
    });
    assert.deepEqual(rows.map(({ fault }) => fault).sort(), [
      'DEVICE_UNASSIGNED',
      'METRIC_UNKNOWN',
    ]);
    const owners = await here.database.line<{ subject_id: string }[]>`
      SELECT subject_id FROM parked WHERE device_id = ${device.id} AND message_sealed IS NOT NULL`;
    assert.deepEqual([...owners], [{ subject_id: wearer.id }]);
  });

  test('a critical value of then calls now, and says how long ago it was', async () => {
    const device = await idleDevice();
    const fromMs = Date.now();
    for (let i = 0; i < 4; i += 1) await send(device, reading(fromMs + i, { spo2: 71 }));
    const wearer = await server.addSubject('Late');
    await act(device, 'assignment', { subjectId: wearer.id, from: iso(fromMs) });
    await claimed(device);
    const alarm = await eventually('its alarm', async () => (await server.alarms(wearer.id))[0]);
    const { metric, openingValue, openedMs } = alarm;
    assert.deepEqual([metric, openingValue, openedMs], ['spo2', 71, fromMs]);
  });
});

test('what a stop left unclaimed is claimed by the next start, once', async () => {
  await using database = await freshDatabase();
  const dataDir = await temporaryDirectory();
  const start = () => startServerHere({ config: { database: database.connection, dataDir } });
  let device: TestDevice;
  const fromMs = Date.now() - 10 * SECOND;
  {
    await using here = await start();
    device = await here.server.addPatient('Stopped');
    await here.server.send(device, reading(Date.now(), { spo2: 97 }));
    await here.server.post(`/api/devices/${device.id}/unassignment`, {});
    for (const value of [81, 82]) {
      await here.server.send(device, reading(fromMs + value, { spo2: value }));
    }
  }
  const wearerId = device.subjectId;
  // As if the server had died between the act and its claims.
  await database.line`
    UPDATE device_assignment SET valid_from_ms = ${fromMs}, valid_until_ms = NULL
    WHERE device_id = ${device.id}`;
  for (let restart = 0; restart < 2; restart += 1) {
    await using here = await start();
    await eventually('nothing to be parked', async () => {
      const rows = await database.line`SELECT FROM parked`;
      return rows.length === 0 || undefined;
    });
    const values = (await here.server.readings(wearerId, 'spo2')).map(({ value }) => value);
    assert.deepEqual(values, [81, 82, 97]);
  }
});
