/** What is damaged is named, and hides nothing else. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { UnreadablePart } from '@ausculta/contract/readings';
import { expect } from '@ausculta/vitals/expect';
import {
  chunkOf,
  collect,
  fill,
  MINUTE_MS,
  openArchive,
  QUESTION,
  seal,
} from '../../../../tests/support/archive.ts';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { NOON } from '../../../../tests/support/line.ts';
import { createSeal } from '../vault/seal.ts';
import { chunkContext } from './chunk-row.ts';
import { recallLast } from './last-readings.ts';
import type { QueryPorts } from './query-ports.ts';
import { range, windows } from './reading-windows.ts';
import { insertChunks } from './store.ts';

/** One byte of the sealed bytes is another. */
function flipped(row: ReturnType<typeof chunkOf>, at: number): typeof row {
  const sealed = row.sealed.slice();
  sealed[at] = (sealed[at] as number) ^ 1;
  return { ...row, sealed };
}

const DAMAGES: Record<string, (row: ReturnType<typeof chunkOf>) => typeof row> = {
  'a flipped bit': (row) => flipped(row, row.sealed.length - 20),
  'a flipped bit of its version': (row) => flipped(row, 0),
  'its end cut off': (row) => ({ ...row, sealed: row.sealed.slice(0, -1) }),
  'nearly all of it cut off': (row) => ({ ...row, sealed: row.sealed.slice(0, 3) }),
  'the seal of another key': (row) => ({
    ...row,
    sealed: createSeal(randomBytes(32), randomBytes).seal(randomBytes(40), 'chunk'),
  }),
  'bytes of ours that are no block': (row) => ({
    ...row,
    sealed: seal.seal(randomBytes(40), chunkContext(row.series_id, row.generation, row.first_ms)),
  }),
};

for (const [damage, done] of Object.entries(DAMAGES)) {
  test(`${damage}: the chunk is named, and the rest of the series is read`, async () => {
    await using database = await freshDatabase();
    const archive = await openArchive(database);
    const rows = [0, 1, 2].map((minute) =>
      chunkOf(archive.series, {
        generation: minute + 1,
        stampsMs: [NOON + minute * MINUTE_MS, NOON + minute * MINUTE_MS + 30_000],
        valueOf: () => minute,
      }),
    );
    const [first, second, third] = rows;
    expect(first !== undefined && second !== undefined && third !== undefined, 'three were made');
    await insertChunks(archive.sql, [first, done(second), third]);
    for (const newestFirst of [true, false]) {
      const unreadable: UnreadablePart[] = [];
      const found = await collect(windows(archive, { ...QUESTION, newestFirst, unreadable }));
      const inOrder = newestFirst ? found.toReversed() : found;
      assert.deepEqual(inOrder.flat(), [0, 0, 2, 2]);
      assert.deepEqual(unreadable, [
        {
          metric: 'heart-rate',
          device: 'monitor-1',
          fromMs: NOON + MINUTE_MS,
          toMs: NOON + MINUTE_MS + 30_000,
          chunk: `${archive.series.id}/2/${NOON + MINUTE_MS}`,
        },
      ]);
    }
    assert.match(archive.problems[0] ?? '', /^open chunk \d+\/2\//);
  });
}

test('the newest chunk is damaged: the start goes on, and says so', async () => {
  await using database = await freshDatabase();
  const archive = await openArchive(database);
  const row = chunkOf(archive.series, { generation: 1, stampsMs: [NOON], valueOf: () => 70 });
  await insertChunks(archive.sql, [flipped(row, 30)]);
  await recallLast(archive);
  assert.equal(archive.problems.length, 1);
});

test('a page that PostgreSQL cannot read hides its own chunk alone', async () => {
  await using database = await freshDatabase();
  const archive = await openArchive(database);
  await fill(archive, 3);
  const damaged = { code: 'XX001' };
  let asked = 0;
  const unreadable: UnreadablePart[] = [];
  const read: QueryPorts['read'] = (organisationId, work) => {
    asked += 1;
    // The question for all, then the one for the second of them; the places are asked for between.
    if (asked === 1 || asked === 4) return Promise.reject(damaged);
    return archive.read(organisationId, work);
  };
  const [found] = await range({ ...archive, read }, { ...QUESTION, unreadable });
  assert.equal(found?.values.length, 20);
  assert.deepEqual(
    unreadable.map(({ fromMs }) => fromMs),
    [NOON + MINUTE_MS],
  );
});
