import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { oneKey } from '../../../../tests/support/keys.ts';
import { NOON, readingsEntry, seriesSample } from '../../../../tests/support/line.ts';
import type { Sql } from '../database/pool.ts';
import type { LogKeys } from '../vault/vault.ts';
import { PostgresLog, TakenOver } from './postgres-log.ts';
import { writeCheckpoints } from './store.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const series = seriesSample({ id: 1 });

const openLog = async (sql: Sql, logKeys: LogKeys): Promise<PostgresLog> =>
  PostgresLog.open(sql, logKeys, await PostgresLog.takeOver(sql));

async function replayed(log: PostgresLog): Promise<number[]> {
  const sequences: number[] = [];
  const ports = {
    seriesById: () => series,
    keptFromMs: 0,
    onExpired: () => {},
    onBroken: assert.fail,
  };
  for await (const { sequence } of log.replay(ports)) sequences.push(sequence);
  return sequences;
}

const batchAt = (baseMs: number, sequence: number) => ({
  entries: [readingsEntry(series, { stampMs: baseMs, value: 70 })],
  sequence,
  baseMs,
});

test('a clock that is set forward by weeks drops no hour that is not wholly flushed', async () => {
  await using database = await freshDatabase();
  const destroyed: string[] = [];
  const keys = { ...oneKey(), retireBefore: (table: string) => destroyed.push(table) };
  const log = await openLog(database.line, keys);
  for (const [hour, sequence] of [
    [0, 1],
    [1, 2],
    [1, 3],
  ] as const) {
    await log.write(batchAt(NOON + hour * HOUR_MS, sequence));
  }
  await log.retire(NOON + 9 * DAY_MS, 2);
  assert.deepEqual(await replayed(log), [2, 3], 'the second hour is still needed');
  assert.deepEqual(destroyed, ['log_2026011513'], 'and so is its key');

  const again = await openLog(database.line, keys);
  await again.retire(NOON + 9 * DAY_MS, 2);
  assert.deepEqual(await replayed(again), [2, 3], 'as after a restart');
  await again.retire(NOON + 9 * DAY_MS, 3);
  assert.deepEqual(await replayed(again), []);
});

test('a commit that is written while old hours are dropped is in none of them', async () => {
  await using database = await freshDatabase();
  const keys = oneKey();
  const log = await openLog(database.line, keys);
  await log.write(batchAt(NOON, 1));
  // Accepted before the clock was set forward.
  const dropped = log.retire(NOON + 9 * DAY_MS, 1);
  await log.write(batchAt(NOON + 1, 2));
  await dropped;
  assert.deepEqual(await replayed(await openLog(database.line, keys)), [2]);
});

test('once another server has begun to take over, no commit and no flush of the older one succeeds', async () => {
  await using database = await freshDatabase();
  const older = await openLog(database.line, oneKey());
  await older.write(batchAt(NOON, 1));
  const mark = { lane: older.lane, fence: older.fence, sequence: 1, span: { from: 0, until: 2 } };
  assert.equal(await writeCheckpoints(database.line, mark), true);
  await PostgresLog.takeOver(database.line);
  await assert.rejects(older.write(batchAt(NOON, 2)), TakenOver);
  assert.equal(await writeCheckpoints(database.line, { ...mark, sequence: 2 }), false);
});
