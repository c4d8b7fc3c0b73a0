/** What is stored, asked for in every form: lines, a table, blocks; and of many patients at once. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { decodeReadings } from '@ausculta/blocks/readings-block';
import { Latest } from '@ausculta/contract/latest';
import { decodeReadingSections } from '@ausculta/contract/reading-sections';
import { READING_CSV_COLUMNS } from '@ausculta/contract/readings';
import {
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';

const ZSTD = {
  compress: (bytes: Uint8Array) => bytes,
  decompress: (bytes: Uint8Array, sizeMax: number) =>
    zstdDecompressSync(bytes, { maxOutputLength: sizeMax }),
};

const COUNT = 45;

describe('queries', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  let device: TestDevice;
  /** A device is worn from a minute before it was added. */
  const startMs = Math.floor(Date.now() / 1000) * 1000 - 50_000;

  before(async () => {
    here = await startServerHere();
    server = here.server;
    device = await server.addPatient();
    const readings = Array.from({ length: COUNT }, (_, i) => ({
      time: startMs + i * 1000,
      // Twenty seconds of low oxygen, from the tenth on.
      values: { spo2: i >= 10 && i < 30 ? 88 : 97, 'body-temperature': 37 },
    }));
    assert.equal((await server.send(device, JSON.stringify({ readings }))).status, 202);
    const high = { readings: [{ time: startMs, values: { 'glucose-capillary': 'HI' } }] };
    assert.equal((await server.send(device, JSON.stringify(high))).status, 202);
  });
  after(() => here[Symbol.asyncDispose]());

  const readings = (query: string, accept = '*/*') =>
    server.fetch(`/api/subjects/${device.subjectId}/readings?${query}`, { headers: { accept } });

  test('readings as CSV keep decimals, sides and flags, by Accept or by format', async () => {
    const asked = 'metric=body-temperature,glucose-capillary&limit=2';
    for (const response of [
      await readings(`${asked}&format=csv`),
      await readings(asked, 'text/csv'),
    ]) {
      assert.equal(response.status, 200);
      assert.match(response.headers.get('content-type') ?? '', /^text\/csv/);
      const time = new Date(startMs).toISOString();
      const lines = (await response.text()).split('\r\n');
      assert.deepEqual(
        lines.toSorted(),
        [
          '',
          `${time},${time},body-temperature,,37.0,Cel,,${device.id}`,
          `${time},${time},glucose-capillary,>,600,mg/dL,above,${device.id}`,
          READING_CSV_COLUMNS.join(','),
        ].toSorted(),
      );
    }
    const none = await readings('metric=heart-rate&format=csv');
    assert.equal(await none.text(), `${READING_CSV_COLUMNS.join(',')}\r\n`);
  });

  test('readings as blocks are those of the lines', async () => {
    const response = await readings('metric=spo2&format=blocks');
    const sections = decodeReadingSections(new Uint8Array(await response.arrayBuffer()));
    const lines = await server.readings(device.subjectId, 'spo2');
    const found = (sections ?? []).flatMap(({ header, block }) => {
      assert.deepEqual([header.metric, header.unit, header.device], ['spo2', '%', device.id]);
      const decoded = decodeReadings(block, ZSTD);
      assert.ok(decoded.ok);
      return Array.from(decoded.value.stampsMs, (stampMs, i) => [
        new Date(stampMs + header.offsetMs).toISOString(),
        decoded.value.values[i],
      ]);
    });
    assert.equal(found.length, COUNT);
    assert.deepEqual(
      found,
      lines.map(({ time, value }) => [time, value]),
    );
  });

  test('the newest few come first when they are asked for', async () => {
    const text = await (await readings('metric=spo2&order=newest&limit=3')).text();
    const times = text
      .trimEnd()
      .split('\n')
      .map((line) => Date.parse((JSON.parse(line) as { time: string }).time));
    assert.deepEqual(
      times,
      [44, 43, 42].map((second) => startMs + second * 1000),
    );
    for (const bad of [
      'order=random',
      'format=xlsx',
      'format=blocks&limit=3',
      'format=blocks&order=newest',
    ])
      assert.equal((await readings(`metric=spo2&${bad}`)).status, 400, bad);
  });

  test('the last readings of many: of those that are named, or of all, whoever measured last', async () => {
    const other = await server.addPatient();
    const second = await server.addDevice(other.subjectId);
    const send = (from: TestDevice, time: number, spo2: number) =>
      server.send(from, JSON.stringify({ readings: [{ time, values: { spo2 } }] }));
    const now = Date.now();
    assert.equal((await send(other, now - 1_000, 95)).status, 202);
    assert.equal((await send(second, now - 2_000, 94)).status, 202);
    const unknown = '00000000-0000-4000-9000-000000000009';
    const subjects = [other.subjectId, device.subjectId, unknown, other.subjectId];
    const named = Latest.parse(
      await server.post('/api/latest', { metrics: ['spo2', 'body-temperature'], subjects }),
    );
    const rows = named.subject.map((subject, i) => [
      named.subjects[subject],
      named.metrics[named.metric[i] as number],
      named.devices[named.device[i] as number],
      named.timesMs[i],
      named.values[i],
    ]);
    const spo2 = { key: 'spo2', unit: '%' };
    const lastMs = startMs + 44_000;
    assert.deepEqual(rows, [
      [other.subjectId, spo2, other.id, now - 1_000, 95],
      [device.subjectId, spo2, device.id, lastMs, 97],
      [device.subjectId, { key: 'body-temperature', unit: 'Cel' }, device.id, lastMs, 37],
    ]);
    assert.deepEqual(named.notFound, [unknown]);
    const all = Latest.parse(await server.post('/api/latest', { metrics: ['spo2'] }));
    assert.deepEqual(all.values.toSorted(), [95, 97]);
    for (const body of [
      {},
      { metrics: [] },
      { metrics: ['no-such'] },
      { metrics: ['spo2'], subjects: 'all' },
    ])
      await assert.rejects(server.post('/api/latest', body), /: 400/);
  });
});
