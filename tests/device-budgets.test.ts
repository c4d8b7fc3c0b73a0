/** One device with a valid token neither slows nor fills what the others need. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ParkedView } from '@ausculta/contract/parked';
import type { Status } from '@ausculta/contract/status';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
} from './support/server.ts';

const HOUR_MS = 3_600_000;

/** What a device may send at once, and some seconds' worth more. */
const FLOOD = 6_300;

describe('the budgets of a device', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  before(async () => {
    here = await startServerHere();
    server = here.server;
  });
  after(() => here[Symbol.asyncDispose]());

  const count = async (table: string, deviceId: string): Promise<number> => {
    const sql = here.database.line;
    const [row] = await sql<{ count: number }[]>`
      SELECT count(*)::int AS count FROM ${sql(table)} WHERE device_id = ${deviceId}`;
    return row?.count ?? 0;
  };

  test('a clock that changes with every message makes a dozen series, and loses no reading', async () => {
    const device = await server.addPatient();
    const resetMs = Date.UTC(2000, 0, 1);
    const answers: string[] = [];
    const sentMs: number[] = [];
    const takenMs: number[] = [];
    for (let i = 0; i < 60; i += 1) {
      const time = resetMs - i * HOUR_MS;
      sentMs.push(Date.now());
      const body = JSON.stringify({ sent: time, time, values: { 'heart-rate': 60 + i } });
      const response = await server.send(device, body);
      assert.equal(response.status, 202);
      takenMs.push(Date.now());
      answers.push(await response.text());
    }
    assert.equal(await count('clock_epoch', device.id), 12);
    assert.equal(await count('series', device.id), 13, 'twelve epochs, and the receipt');
    const lines = await server.readings(device.subjectId, 'heart-rate');
    assert.deepEqual(
      lines.map(({ value }) => value),
      Array.from({ length: 60 }, (_, i) => 60 + i),
    );
    for (const [i, { time }] of lines.entries()) {
      const [from = 0, to = 0] = [sentMs[i], takenMs[i]];
      const atMs = Date.parse(time);
      const isNear = atMs > from - 2_000 && atMs < to + 2_000;
      assert.ok(isNear, `reading ${i} is ${atMs - from} ms from when it was sent`);
    }
    const told = answers.filter((answer) => answer.includes('CLOCK_UNSTEADY'));
    assert.equal(told.length, 1, 'the device is told once a minute');
    const { parked } = await server.get<{ parked: ParkedView[] }>('/api/parked');
    const own = parked.filter((row) => row.device === device.id);
    assert.deepEqual(
      own.map(({ fault }) => fault),
      ['CLOCK_UNSTEADY'],
    );
  });

  test('a device that floods is slowed, its neighbour is not, and what was acknowledged is there', async () => {
    const [rogue, neighbour] = [await server.addPatient(), await server.addPatient()];
    const client = await server.connect(rogue);
    const beside = await server.connect(neighbour);
    const startMs = Date.now();
    const acknowledged = new Set<number>();
    for (let i = 0; i < FLOOD; i += 1) {
      const stampMs = startMs - 20_000 + i;
      const body = JSON.stringify({ time: stampMs, values: { 'heart-rate': 70 } });
      client.publish(`devices/${rogue.id}/readings`, body, { qos: 1 }, (error) => {
        if (!error) acknowledged.add(stampMs);
      });
    }
    const body = JSON.stringify({ values: { 'heart-rate': 71 } });
    for (let i = 0; i < 20; i += 1)
      await beside.publishAsync(`devices/${neighbour.id}/readings`, body, { qos: 1 });
    assert.ok(acknowledged.size < FLOOD, 'the neighbour did not wait for all of it');
    const allowed = (): number => 6_000 + (100 * (Date.now() - startMs)) / 1000 + 1;
    await eventually('what it may send at once', () => {
      assert.ok(acknowledged.size <= allowed(), `${acknowledged.size} acknowledged`);
      return acknowledged.size >= 6_000 ? true : undefined;
    });
    await eventually('the rest of the flood, at the pace of the allowance', () => {
      assert.ok(acknowledged.size <= allowed(), `${acknowledged.size} acknowledged`);
      return acknowledged.size === FLOOD ? true : undefined;
    });
    assert.ok(client.connected && beside.connected, 'nobody was cut off');
    const stored = await server.readings(rogue.subjectId, 'heart-rate');
    assert.equal(stored.length, FLOOD, 'all of it, once');
    const stamps = new Set(stored.map(({ stamp }) => Date.parse(stamp)));
    for (const stampMs of acknowledged) assert.ok(stamps.has(stampMs));
    await Promise.all([client.endAsync(), beside.endAsync()]);
  });

  test('HTTP: more bytes than a device may send are refused with the time to wait, and park no more', async () => {
    const device = await server.addPatient();
    const nonsense = (i: number) => Buffer.alloc(1024 * 1024, 65 + i);
    const statuses: number[] = [];
    const parked: number[] = [];
    // A slow machine takes so long that a little more is allowed meanwhile.
    for (let i = 0; i < 64 && statuses.at(-1) !== 429; i += 1) {
      const response = await server.send(device, nonsense(i));
      statuses.push(response.status);
      const body = (await response.json()) as { parked?: number; fault?: string };
      if (body.parked !== undefined) parked.push(body.parked);
      else assert.equal(body.fault, 'RATE_EXCEEDED');
      if (response.status === 429) assert.ok(Number(response.headers.get('retry-after')) >= 1);
    }
    assert.ok(statuses.length > 32);
    assert.deepEqual([...new Set(statuses.slice(0, -1)), statuses.at(-1)], [422, 429]);
    assert.deepEqual(parked.slice(0, 8), [1, 1, 1, 1, 1, 1, 1, 0], 'the eighth is only counted');
    assert.equal(await count('parked', device.id), 7);
    const { counts } = await server.get<Status>('/api/status');
    const countedOnly = parked.filter((messages) => messages === 0).length;
    assert.ok(countedOnly > 0 && counts.parkedBeyondQuota >= countedOnly);
  });
});
