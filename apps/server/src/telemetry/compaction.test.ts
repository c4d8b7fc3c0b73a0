/** Compaction in the database: what it replaces, and what keeps it from replacing anything. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { decodeReadings } from '@ausculta/blocks/readings-block';
import { expect } from '@ausculta/vitals/expect';
import { freshDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { NOON, ORGANISATION, seriesSample } from '../../../../tests/support/line.ts';
import { createSeal } from '../vault/seal.ts';
import { encodeContent } from './chunk-content.ts';
import { mergeChunks } from './chunk-merge.ts';
import { chunkContext, sealChunk } from './chunk-row.ts';
import { Compaction, type CompactionPorts } from './compaction.ts';
import { TakenOver } from './postgres-log.ts';
import { type ChunkRow, insertChunks, takeLane } from './store.ts';
import { zstd } from './zstd.ts';

const SERIES = seriesSample({ id: 1 });
const seal = createSeal(randomBytes(32), randomBytes);
const MINUTE_MS = 60_000;

/** The readings of one minute, one a second. */
function minute(number: number, series = SERIES): ChunkRow {
  const stampsMs = Float64Array.from(
    { length: 60 },
    (_, i) => NOON + number * MINUTE_MS + i * 1000,
  );
  const values = stampsMs.map((_, i) => 60 + ((number + i) % 40));
  const encoded = encodeContent({
    kind: 'readings',
    columns: { stampsMs, values, flags: new Uint8Array(60) },
  });
  const [firstMs, lastMs] = [stampsMs[0] as number, stampsMs.at(-1) as number];
  const place = { series, kind: 'readings', generation: number + 1, firstMs, lastMs } as const;
  return sealChunk(seal, { ...encoded, ...place, count: 60, closed: false });
}

async function open(database: TestDatabase, change: Partial<CompactionPorts> = {}) {
  const sql = database.line;
  await sql`INSERT INTO organisation (id, name) VALUES (${ORGANISATION}, 'Sample') ON CONFLICT DO NOTHING`;
  const problems: string[] = [];
  const compaction = new Compaction({
    sql,
    sealOf: () => seal,
    seriesById: (id) => ({ ...SERIES, id }),
    merge: async (job) => mergeChunks(job),
    lane: 0,
    fence: await takeLane(sql, 0),
    nowMs: () => NOON,
    pause: async () => undefined,
    onProblem: (what) => problems.push(what),
    ...change,
  });
  const turn = () => compaction.turn(1);
  return { compaction, turn, problems };
}

type Stored = Pick<ChunkRow, 'generation' | 'first_ms' | 'count' | 'sealed' | 'closed'>;

async function chunksOf({ line }: TestDatabase): Promise<Stored[]> {
  return await line`
    SELECT generation, first_ms, count, sealed, closed FROM chunk ORDER BY generation, first_ms`;
}

function valuesOf(rows: readonly Stored[]): number[] {
  return rows.flatMap(({ generation, first_ms, sealed }) => {
    const opened = seal.open(sealed, chunkContext(SERIES.id, generation, first_ms));
    const decoded = opened.ok ? decodeReadings(opened.value, zstd) : opened;
    return decoded.ok ? [...decoded.value.values] : [];
  });
}

const HOUR = Array.from({ length: 60 }, (_, i) => minute(i));

test('an hour of small chunks becomes one, found at the start or as they are flushed', async () => {
  await using database = await freshDatabase();
  await insertChunks(database.line, HOUR.slice(0, 30));
  const { compaction, turn, problems } = await open(database);
  const before = valuesOf(await chunksOf(database));
  await turn();
  const [found, ...none] = await chunksOf(database);
  assert.deepEqual([found?.count, none.length], [30 * 60, 0]);
  assert.deepEqual(valuesOf(found === undefined ? [] : [found]), before);
  const more = HOUR.slice(30, 53);
  await insertChunks(database.line, more);
  compaction.note(more);
  await turn();
  assert.equal((await chunksOf(database)).length, 24, 'too few of a kind are left for later');
  await insertChunks(database.line, HOUR.slice(53));
  compaction.note(HOUR.slice(53));
  await turn();
  assert.deepEqual(
    (await chunksOf(database)).map(({ count }) => count),
    [30 * 60, 30 * 60],
  );
  assert.deepEqual(problems, []);
});

describe('nothing is replaced', () => {
  test('by a server that another has taken over from', async () => {
    await using database = await freshDatabase();
    await insertChunks(database.line, HOUR);
    const { turn } = await open(database);
    await takeLane(database.line, 0);
    await assert.rejects(turn(), TakenOver);
    assert.equal((await chunksOf(database)).length, 60);
  });

  test('of which a part was erased or moved meanwhile, and nothing of it comes back', async () => {
    await using database = await freshDatabase();
    await insertChunks(database.line, HOUR);
    const merge: CompactionPorts['merge'] = async (job) => {
      await database.line`DELETE FROM chunk WHERE generation > 7`;
      return mergeChunks(job);
    };
    const { turn } = await open(database, { merge });
    await turn();
    assert.deepEqual(
      (await chunksOf(database)).map(({ generation }) => generation),
      [1, 2, 3, 4, 5, 6, 7],
    );
  });

  test('of a subject whose key is destroyed while its chunks are being merged', async () => {
    await using database = await freshDatabase();
    await insertChunks(database.line, HOUR);
    let isErased = false;
    const { turn } = await open(database, {
      sealOf: () => (isErased ? undefined : seal),
      merge: async (job) => {
        isErased = true;
        return mergeChunks(job);
      },
    });
    await turn();
    assert.ok((await chunksOf(database)).every(({ count }) => count === 60));
  });

  test('when the merging or the writing fails; the next turn does it', async () => {
    await using database = await freshDatabase();
    await insertChunks(database.line, HOUR);
    let fails = true;
    const { compaction, turn, problems } = await open(database, {
      merge: async (job) => {
        if (fails) throw new Error('the thread ended');
        return mergeChunks(job);
      },
    });
    await turn();
    assert.deepEqual(problems, ['merge chunks of series 1']);
    assert.equal((await chunksOf(database)).length, 60);
    fails = false;
    compaction.note(HOUR);
    await turn();
    assert.equal((await chunksOf(database)).length, 1);
  });
});

test('a chunk that does not open is told of once, kept, and the others are merged around it', async () => {
  await using database = await freshDatabase();
  await insertChunks(database.line, HOUR);
  const generation = 31;
  await database.line`
    UPDATE chunk SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE generation = ${generation}`;
  const { turn, problems } = await open(database);
  await turn();
  const name = `1/${generation}/${NOON + 30 * MINUTE_MS}`;
  assert.deepEqual(problems, [`merge chunk ${name}`]);
  const rows = await chunksOf(database);
  const broken = rows.find((row) => row.generation === generation);
  expect(broken !== undefined, 'the broken one is kept');
  assert.equal(valuesOf(rows).length, 59 * 60);
  assert.ok(rows.length <= 3, `${rows.length} chunks`);
});

test('a large chunk of before, which says nothing of what it holds, is told anew', async () => {
  await using database = await freshDatabase();
  const stampsMs = Float64Array.from({ length: 3_000 }, (_, i) => NOON + i * 1000);
  const columns = { stampsMs, values: stampsMs.map(Math.sin), flags: new Uint8Array(3_000) };
  const [firstMs, lastMs] = [NOON, stampsMs.at(-1) as number];
  const place = { series: SERIES, kind: 'readings', generation: 1, firstMs, lastMs } as const;
  const encoded = encodeContent({ kind: 'readings', columns });
  const row = sealChunk(seal, { ...encoded, ...place, count: 3_000, closed: false });
  const { summary: _, ...bare } = row;
  await insertChunks(database.line, [bare]);
  const { compaction, turn } = await open(database);
  compaction.note(HOUR);
  await turn();
  const rows = await database.line<{ said: boolean }[]>`
    SELECT summary IS NOT NULL AS said FROM chunk`;
  assert.ok(rows.length > 0 && rows.every(({ said }) => said));
  assert.equal(valuesOf(await chunksOf(database)).length, 3_000);
});
