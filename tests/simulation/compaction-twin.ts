/** telemetry/compaction-store.ts, as statements of the simulated database. */
import type * as real from '../../apps/server/src/telemetry/compaction-store.ts';
import { ask } from './memory-database.ts';
import { chunkKey, type Tables } from './tables.ts';

type Place = real.SeriesPlace;

const isAt =
  ({ partition, subjectId }: Place) =>
  (row: { partition: number; subject_id: string }): boolean =>
    row.partition === partition && row.subject_id === subjectId;

function rowOf(tables: Tables, place: Place, name: { generation: number; first_ms: number }) {
  const row = tables.chunks.get(place.seriesId)?.get(chunkKey(name));
  return row !== undefined && isAt(place)(row) ? row : undefined;
}

export const compactionTwin = {
  openSeries: (sql, { after }) =>
    ask(sql, 'look for open chunks', (tables) => {
      const counts = new Map<number, number>();
      for (const { series_id, closed } of tables.allChunks()) {
        if (closed !== true && series_id > after)
          counts.set(series_id, (counts.get(series_id) ?? 0) + 1);
      }
      const result = [...counts].sort(([a], [b]) => a - b);
      return { result: result.map(([series_id, chunks]) => ({ series_id, chunks })) };
    }),

  readMarks: (sql, place, limit) =>
    ask(sql, 'read marks', (tables) => {
      const rows = [...tables.chunksOf(place.seriesId)];
      const open = rows.filter(({ closed }) => closed !== true).map(({ first_ms }) => first_ms);
      const fromMs = Math.min(...open);
      const marks = rows
        .filter((row) => isAt(place)(row) && row.sealed.length > 0 && row.last_ms >= fromMs)
        .sort((a, b) => a.first_ms - b.first_ms || a.generation - b.generation)
        .slice(0, limit)
        .map(({ kind, generation, first_ms, last_ms, count, bytes, closed = false, summary }) => ({
          ...{ kind, generation, first_ms, last_ms, count, bytes, closed },
          summarised: summary !== undefined,
        }));
      return { result: marks };
    }),

  readSealed: (sql, place, chunks) =>
    ask(sql, 'read chunks to merge', (tables) => ({
      result: chunks
        .flatMap((name) => rowOf(tables, place, name) ?? [])
        .sort((a, b) => a.generation - b.generation || a.first_ms - b.first_ms)
        .map(({ generation, first_ms, sealed }) => ({ generation, first_ms, sealed })),
    })),

  closeChunks: (sql, place, chunks) =>
    ask(sql, 'close chunks', () => ({
      result: undefined,
      write: (tables) => {
        for (const name of chunks) {
          const row = rowOf(tables, place, name);
          if (row !== undefined)
            tables.chunks.get(place.seriesId)?.set(chunkKey(name), { ...row, closed: true });
        }
      },
    })),

  replaceChunks: (sql, { lane, fence }, { place, old, rows }) =>
    ask(sql, 'replace chunks', (tables) => {
      if (tables.fences.get(lane) !== fence) return { result: 'taken over' as const };
      if (!old.every((name) => rowOf(tables, place, name) !== undefined))
        return { result: 'changed' as const };
      return {
        result: 'replaced' as const,
        write: ({ chunks }) => {
          const siblings = chunks.get(place.seriesId);
          for (const name of old) siblings?.delete(chunkKey(name));
          for (const row of rows) {
            if (siblings?.has(chunkKey(row)) === false) siblings.set(chunkKey(row), row);
          }
        },
      };
    }),
} satisfies Partial<typeof real>;
