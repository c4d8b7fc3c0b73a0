/** Rows that messages wait for, on a real PostgreSQL: however many ask at once, each is made once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expect } from '@ausculta/vitals/expect';
import { metricOf } from '@ausculta/vitals/lookup';
import { keys, openArchive, SUBJECT } from '../../../../tests/support/archive.ts';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { aloneIn } from '../../../../tests/support/lane.ts';
import { NOON } from '../../../../tests/support/line.ts';
import type { InLane } from '../database/pool.ts';
import { Registry } from './registry.ts';
import { writeClocks } from './store.ts';

test('a series that is asked for many times at once is one series', async () => {
  await using database = await freshDatabase();
  const { registry, series } = await openArchive(database);
  const device = registry.devices.get(series.deviceId);
  const placement = registry.placementOf(SUBJECT);
  expect(
    device !== undefined && placement !== undefined,
    'the archive has a device and its wearer',
  );
  const wanted = ['spo2', 'spo2', 'body-temperature', 'spo2', 'heart-rate'].map((key) => ({
    placement,
    metric: metricOf(key),
    epoch: 1,
  }));
  const needs = { clock: undefined, series: wanted };
  await Promise.all([
    registry.provide(device, needs, NOON),
    registry.provide(device, needs, NOON),
    registry.provideTwin(series, placement),
  ]);
  const metrics = registry.seriesOfSubject(SUBJECT).map(({ metric }) => metric.key);
  assert.deepEqual(metrics.toSorted(), ['body-temperature', 'heart-rate', 'spo2']);
  const again = await Registry.load({ sql: database.line, inLane: aloneIn(database.line), keys });
  assert.equal(again.seriesCount, 3);
});

test('of clocks that are told at once each offset is kept, and of one stamp the last', async () => {
  await using database = await freshDatabase();
  const { series } = await openArchive(database);
  const key = { organisation_id: series.organisationId, device_id: series.deviceId, epoch: 2 };
  const started = { started_received_ms: NOON, started_stamp_ms: 1_000, reason: 'clock went back' };
  const told = (from_stamp_ms: number, offset_ms: number) => ({
    epoch: from_stamp_ms === 1_000 ? { ...key, ...started } : undefined,
    offset: { ...key, from_stamp_ms, offset_ms, uncertainty_ms: 0, source: 'observed' },
  });
  await writeClocks(database.line, [
    told(1_000, 5),
    told(2_000, 6),
    told(2_000, 7),
    told(3_000, 8),
  ]);
  const rows = await database.line`
    SELECT from_stamp_ms, offset_ms FROM clock_offset WHERE epoch = 2 ORDER BY from_stamp_ms`;
  assert.deepEqual(
    rows.map((row) => [row['from_stamp_ms'], row['offset_ms']]),
    [
      [1_000, 5],
      [2_000, 7],
      [3_000, 8],
    ],
  );
});

test('an epoch and its offset are written together or not at all', async () => {
  await using database = await freshDatabase();
  const { series } = await openArchive(database);
  const sql = database.line;
  const failing: InLane = (work) =>
    aloneIn(sql)(async (tx) => {
      await work(tx);
      throw new Error('the server dies before the commit');
    });
  const registry = await Registry.load({ sql, inLane: failing, keys });
  const device = registry.devices.get(series.deviceId);
  expect(device !== undefined, 'the archive has a device');
  const change = { kind: 'epoch', epoch: 1, offsetMs: 3_600_000, fromStampMs: NOON } as const;
  const state = { epoch: 1, offsetMs: 3_600_000, newestStampMs: 0, suspect: undefined };
  const needs = { clock: { change, state }, series: [] };
  await assert.rejects(registry.provide(device, needs, NOON));
  assert.deepEqual([...(await sql`SELECT FROM clock_epoch`)], []);
  assert.deepEqual([...(await sql`SELECT FROM clock_offset`)], []);
});
