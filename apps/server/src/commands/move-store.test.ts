import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { PARTITIONS } from '../line/entry.ts';
import { PostgresLog } from '../telemetry/postgres-log.ts';
import { writeCheckpoints } from '../telemetry/store.ts';
import { readProgress } from './move-store.ts';

test('nothing counts as flushed while a partition has never had its turn; then the oldest one says how far', async () => {
  await using database = await freshDatabase();
  const owner = await PostgresLog.takeOver(database.line);
  const flushedAfter = async (from: number, until: number, sequence: number) => {
    await writeCheckpoints(database.line, { ...owner, sequence, span: { from, until } });
    return (await readProgress(database.line, [])).flushed;
  };
  const half = PARTITIONS / 2;
  assert.equal((await readProgress(database.line, [])).flushed, 0);
  assert.equal(await flushedAfter(0, half, 5), 0);
  assert.equal(await flushedAfter(half, PARTITIONS, 7), 5);
  assert.equal(await flushedAfter(0, half, 9), 7);
});
