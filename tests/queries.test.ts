/** What is stored, asked for in every form: lines, a table, blocks; and of many patients at once. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { decodeReadings } from '@ausculta/blocks/readings-block';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import { decodeEdf } from '@ausculta/codecs/edf-reader';
import { Latest } from '@ausculta/contract/latest';
import { decodeReadingSections } from '@ausculta/contract/reading-sections';
import { READING_CSV_COLUMNS } from '@ausculta/contract/readings';
import { SpellAnswer } from '@ausculta/contract/spells';
import { StatisticsAnswer } from '@ausculta/contract/statistics';
import { FLAG } from '@ausculta/vitals/reading';
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

  test('who was low for how long: told with what ended it, and who was not measured at all', async () => {
    const nobody = await server.addPatient();
    const asked = { metric: 'spo2', below: 92, fromMs: startMs, toMs: startMs + 60_000 };
    const subjects = [device.subjectId, nobody.subjectId];
    const ask = async (more: object) =>
      SpellAnswer.parse(await server.post('/api/spells', { ...asked, subjects, ...more }));
    const { spells, unmeasured, gapMaxMs, unit } = await ask({ atLeastMs: 20_000 });
    assert.deepEqual(spells, [
      {
        subjectId: device.subjectId,
        device: device.id,
        ...{ fromMs: startMs + 10_000, toMs: startMs + 30_000, fromEdge: false },
        ...{ endedBy: 'within', readings: 20, extreme: 88, doubted: 0 },
      },
    ]);
    assert.deepEqual([unmeasured, gapMaxMs, unit], [[nobody.subjectId], 10_000, '%']);
    assert.deepEqual((await ask({ atLeastMs: 20_001 })).spells, []);
    const glucose = { metric: 'glucose-capillary', below: undefined, above: 400, atLeastMs: 0 };
    assert.equal((await ask({ ...glucose, gapMaxMs: 3_600_000 })).spells[0]?.extreme, 600);
    for (const bad of [
      glucose,
      { atLeastMs: -1 },
      { atLeastMs: 0, above: 5 },
      { atLeastMs: 0, toMs: startMs },
      { atLeastMs: 0, metric: 'ecg-ii' },
    ])
      await assert.rejects(ask(bad), /: 400/, JSON.stringify(bad));
  });

  test('statistics are those of all readings, and of an hour of the day where it was measured', async () => {
    const path = `/api/subjects/${device.subjectId}/statistics?metrics=spo2&from=${startMs}&to=${startMs + 60_000}`;
    const { series } = StatisticsAnswer.parse(
      await server.get(`${path}&zone=Asia/Kathmandu&binMinutes=1440`),
    );
    const [one] = series;
    const mean = (20 * 88 + 25 * 97) / 45;
    assert.deepEqual(
      [one?.device, one?.figures?.count, one?.figures?.min, one?.figures?.max],
      [device.id, 45, 88, 97],
    );
    assert.ok(Math.abs((one?.figures?.mean ?? 0) - mean) < 1e-9);
    assert.ok(Math.abs((one?.rmssd ?? 0) - Math.sqrt((2 * 81) / 44)) < 1e-9);
    assert.equal(
      one?.byTimeOfDay.reduce((sum, { figures }) => sum + figures.count, 0),
      45,
    );
    for (const bad of ['&zone=Europe/Atlantis', '&binMinutes=7', '&to=0'])
      assert.equal((await server.fetch(path + bad)).status, 400, bad);
  });

  test('waveforms as EDF+: every sample at its time, nobody named unless asked, gaps left open', async () => {
    const runs = [0, 20_000].map((afterMs) => ({
      metric: 'ecg-ii',
      startMs: startMs + afterMs,
      rate: { numerator: 250, denominator: 1 },
      samples: Int32Array.from({ length: 1_000 }, (_, i) => (i * 13) % 900),
      ...{ gain: 200, zero: 512, flags: FLAG.SIMULATED },
    }));
    const block = encodeRuns(runs, NO_COMPRESSION);
    assert.ok(block.ok);
    assert.equal(
      (await server.send(device, Uint8Array.from(block.value), 'waveforms')).status,
      202,
    );
    const path = `/api/subjects/${device.subjectId}/edf?metrics=ecg-ii&from=${startMs}&to=${startMs + 60_000}`;
    const ask = async (more = '') => {
      const response = await server.fetch(path + more);
      assert.equal(response.status, 200);
      const read = decodeEdf(new Uint8Array(await response.arrayBuffer()));
      assert.ok(read.ok);
      return read.value;
    };
    const edf = await ask();
    assert.deepEqual([edf.form, edf.patient, edf.startMs], ['EDF+D', 'X X X X', startMs]);
    assert.deepEqual(edf.onsetsS, [0, 1, 2, 3, 20, 21, 22, 23]);
    const [ecg] = edf.signals;
    assert.deepEqual([ecg?.label, ecg?.unit, ecg?.transducer], ['ECG II', 'mV', device.id]);
    assert.deepEqual(
      [...(ecg?.digital ?? [])],
      runs.flatMap(({ samples }) => [...samples]),
    );
    assert.deepEqual(
      edf.annotations.map(({ onsetS, durationS, text }) => [onsetS, durationS, text]),
      [0, 20].map((onsetS) => [onsetS, 4, 'ECG II: simulated']),
    );
    const exported = () => here.database.line<{ target: string }[]>`
      SELECT target FROM audit_leaf WHERE act = 'identity-exported'`;
    assert.deepEqual([...(await exported())], [], 'a file without a name needs no entry');
    assert.match((await ask('&identity=full')).patient, / X X Sample$/);
    assert.deepEqual([...(await exported())], [{ target: `subject/${device.subjectId}` }]);
    for (const bad of ['&to=0', '&identity=some', `&to=${startMs + 90_000_000}`])
      assert.equal((await server.fetch(path + bad)).status, 400, bad);
    assert.equal((await server.fetch(path.replace('ecg-ii', 'pleth'))).status, 404);
  });
});
