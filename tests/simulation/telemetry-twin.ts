/** telemetry/store.ts, as statements of the simulated database. */
import type * as real from '../../apps/server/src/telemetry/store.ts';
import { ask } from './memory-database.ts';
import { chunkKey, deleteWhere, type Tables } from './tables.ts';

const DAY_MS = 86_400_000;

/** Rows of the log that one read of a replay brings: few, so that it dies between them. */
const ROWS_OF_A_READ = 8;

const logOf = (tables: Tables, table: string) => {
  const rows = tables.log.get(table);
  if (rows === undefined) throw new Error(`relation ${table} does not exist`);
  return rows;
};

const byGeneration = (a: real.ChunkRow, b: real.ChunkRow): number =>
  a.series_id - b.series_id || a.generation - b.generation || a.first_ms - b.first_ms;

export const telemetryTwin = {
  createLogTable: (sql, table) =>
    ask(sql, 'create log table', () => ({
      result: undefined,
      write: ({ log }) => {
        if (!log.has(table)) log.set(table, new Map());
      },
    })),

  appendLogRow: (sql, table, row) =>
    ask(sql, 'append', (tables) => {
      const known = logOf(tables, table).get(row.sequence);
      const isOurs = tables.fences.get(row.lane) === row.fence;
      if (known !== undefined) return { result: known.fence === row.fence };
      if (!isOurs) return { result: false };
      return {
        result: true,
        write: (then) => logOf(then, table).set(row.sequence, row),
      };
    }),

  listLogTables: (sql) =>
    ask(sql, 'list log tables', ({ log }) => ({ result: [...log.keys()].sort() })),

  dropLogTable: (sql, table) =>
    ask(sql, 'drop log table', () => ({
      result: undefined,
      write: ({ log }) => log.delete(table),
    })),

  lastSequence: (sql, _lane, names) =>
    ask(sql, 'last sequence', (tables) => {
      let result = 0;
      for (const { sequence } of tables.checkpoints.values()) result = Math.max(result, sequence);
      for (const name of names) {
        for (const sequence of logOf(tables, name).keys()) result = Math.max(result, sequence);
      }
      return { result };
    }),

  async *logRowsAfter(sql, table, after) {
    let { sequence } = after;
    for (;;) {
      const rows = await ask(sql, 'read log', (tables) => ({
        result: [...(tables.log.get(table)?.values() ?? [])]
          .filter((row) => row.sequence > sequence)
          .sort((a, b) => a.sequence - b.sequence)
          .slice(0, ROWS_OF_A_READ),
      }));
      yield* rows;
      if (rows.length < ROWS_OF_A_READ) return;
      sequence = rows.at(-1)?.sequence ?? sequence;
    }
  },

  readCheckpoints: (sql) =>
    ask(sql, 'read checkpoints', ({ checkpoints }) => ({
      result: new Map([...checkpoints].map(([partition, { sequence }]) => [partition, sequence])),
    })),

  holdLane: (sql, { lane, fence }) =>
    ask(sql, 'hold lane', ({ fences }) => ({
      result: fences.get(lane) === fence,
      holds: (then) => then.fences.get(lane) === fence,
    })),

  writeCheckpoints: (sql, mark) => {
    const isOurs = ({ fences }: Tables): boolean => fences.get(mark.lane) === mark.fence;
    return ask(sql, 'write checkpoints', (tables) => {
      if (!isOurs(tables)) return { result: false };
      return {
        result: true,
        holds: isOurs,
        write: ({ checkpoints }) => {
          const { sequence, fence, span } = mark;
          for (let at = span.from; at < span.until; at += 1)
            checkpoints.set(at, { sequence, fence });
        },
      };
    });
  },

  takeLane: (sql, lane) =>
    ask(sql, 'take lane', ({ fences }) => {
      const fence = (fences.get(lane) ?? 0) + 1;
      return {
        result: fence,
        holds: (then) => (then.fences.get(lane) ?? 0) === fence - 1,
        write: (then) => then.fences.set(lane, fence),
      };
    }),

  insertChunks: (sql, rows) =>
    ask(sql, 'insert chunks', () => ({
      result: undefined,
      write: ({ chunks }) => {
        for (const row of rows) {
          const siblings = chunks.get(row.series_id) ?? new Map<string, real.ChunkRow>();
          chunks.set(row.series_id, siblings);
          if (!siblings.has(chunkKey(row))) siblings.set(chunkKey(row), row);
        }
      },
    })),

  chunksBetween: (sql, { subjectId, series }) =>
    ask(sql, 'read chunks', (tables, { isSeen }) => ({
      result: series
        .flatMap(({ id, fromMs, toMs }) =>
          [...tables.chunksOf(id)].filter(
            (row) =>
              row.subject_id === subjectId &&
              isSeen(row) &&
              row.last_ms >= fromMs &&
              row.first_ms < toMs &&
              (row.last_ms - row.first_ms > DAY_MS || row.first_ms >= fromMs - DAY_MS),
          ),
        )
        .sort(byGeneration)
        .map(({ series_id, generation, first_ms, last_ms, count, sealed }) => ({
          series_id,
          generation,
          first_ms,
          last_ms,
          count,
          sealed,
        })),
    })),

  chunkStarts: (sql, question, size) =>
    ask(sql, 'read chunk starts', (tables) => ({
      result: question.series.flatMap(({ id, fromMs, toMs }) => {
        const found = [...tables.chunksOf(id)]
          .filter((row) => row.subject_id === question.subjectId)
          .filter(({ first_ms: atMs }) => atMs >= fromMs && atMs < toMs)
          .sort((a, b) => a.first_ms - b.first_ms);
        const next = firstBeyond(found, size);
        return next === undefined ? [] : [{ series_id: id, at_ms: next.first_ms }];
      }),
    })),

  chunkEnds: (sql, question, size) =>
    ask(sql, 'read chunk ends', (tables) => ({
      result: question.series.flatMap(({ id, fromMs, toMs }) => {
        const found = [...tables.chunksOf(id)]
          .filter((row) => row.subject_id === question.subjectId)
          .filter(({ last_ms: atMs }) => atMs >= fromMs && atMs < toMs)
          .sort((a, b) => b.last_ms - a.last_ms);
        const next = firstBeyond(found, size);
        return next === undefined ? [] : [{ series_id: id, at_ms: next.last_ms }];
      }),
    })),

  newestChunkOf: (sql, seriesId) =>
    ask(sql, 'read newest chunk', (tables) => ({
      result: [...tables.chunksOf(seriesId)]
        .filter(({ kind }) => kind === 'readings')
        .sort((a, b) => b.last_ms - a.last_ms || b.generation - a.generation)
        .slice(0, 1),
    })),

  newestChunks: (sql) =>
    ask(sql, 'read newest chunks', (tables) => ({
      result: newestOfEach(tables).filter(({ kind }) => kind === 'readings'),
    })),

  newestSamples: (sql) =>
    ask(sql, 'read newest samples', (tables) => ({
      result: newestOfEach(tables)
        .filter(({ kind }) => kind === 'waveform')
        .map(({ series_id, last_ms }) => ({ series_id, last_ms })),
    })),

  writeDetectorStates: (sql, rows) =>
    ask(sql, 'write detector states', () => ({
      result: undefined,
      write: ({ detectorStates }) => {
        for (const row of rows) detectorStates.set(row.subject_id, row);
      },
    })),

  readDetectorStates: (sql) =>
    ask(sql, 'read detector states', ({ detectorStates }) => ({
      result: [...detectorStates.values()],
    })),

  eventsBefore: (sql, { subjectId, fromMs, toMs, after, limit }) =>
    ask(sql, 'read events', (tables, { isSeen }) => ({
      result: [...tables.events.values()]
        .filter((row) => row.subject_id === subjectId && isSeen(row))
        .filter(({ placed_ms: atMs }) => atMs >= fromMs && atMs < toMs && atMs <= after.placedMs)
        .filter(({ placed_ms: atMs, id }) => atMs < after.placedMs || id < after.id)
        .sort((a, b) => b.placed_ms - a.placed_ms || (a.id < b.id ? 1 : -1))
        .slice(0, limit),
    })),

  insertEvents: (sql, rows) =>
    ask(sql, 'insert events', () => ({
      result: undefined,
      write: ({ events }) => {
        for (const row of rows) {
          const key = `${row.subject_id}/${row.id}`;
          if (!events.has(key)) events.set(key, row);
        }
      },
    })),
} satisfies Partial<typeof real>;

/** The chunk with which there are more than fit; of one alone there is never too much. */
function firstBeyond(
  rows: readonly real.ChunkRow[],
  size: real.WindowSize,
): real.ChunkRow | undefined {
  let readings = 0;
  return rows.slice(0, size.chunks + 1).find((row, i) => {
    readings += row.count;
    return i + 1 > size.chunks || (i > 0 && readings > size.readings);
  });
}

/** Of each series that has a row: as `series CROSS JOIN LATERAL` finds them. */
function newestOfEach(tables: Tables): real.ChunkRow[] {
  const found: real.ChunkRow[] = [];
  for (const { id } of tables.series.values()) {
    const [newest] = [...tables.chunksOf(id)].sort(
      (a, b) => b.last_ms - a.last_ms || b.generation - a.generation,
    );
    if (newest !== undefined) found.push(newest);
  }
  return found;
}

/** For the twin of erasure: some rows at a time. */
export function deleteChunks(tables: Tables, subjectId: string, most: number): number {
  let left = most;
  for (const rows of tables.chunks.values()) {
    left -= deleteWhere(rows, (row) => row.subject_id === subjectId && left > 0);
  }
  return most - left;
}
