/** One device with a valid token neither slows nor fills what the others need. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ParkedView } from '@ausculta/contract/readings';
import { type ServerHere, type ServerUnderTest, startServerHere } from './support/server.ts';

const HOUR_MS = 3_600_000;

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
    for (let i = 0; i < 60; i += 1) {
      const time = resetMs - i * HOUR_MS;
      sentMs.push(Date.now());
      const body = JSON.stringify({ sent: time, time, values: { 'heart-rate': 60 + i } });
      const response = await server.send(device, body);
      assert.equal(response.status, 202);
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
      const awayMs = Math.abs(Date.parse(time) - (sentMs[i] ?? 0));
      assert.ok(awayMs < 2_000, `reading ${i} is ${awayMs} ms from when it was sent`);
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
});
