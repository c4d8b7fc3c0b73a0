/** telemetry/move-store.ts, as statements of the simulated database. */
import type * as real from '../../apps/server/src/telemetry/move-store.ts';
import { ask } from './memory-database.ts';
import { chunkKey, type Tables } from './tables.ts';

const byName = (a: real.MovableChunk, b: real.MovableChunk): number =>
  a.first_ms - b.first_ms || a.generation - b.generation;

type Name = Pick<real.MovableChunk, 'first_ms' | 'generation'>;

const areAllThere = (tables: Tables, seriesId: number, names: readonly Name[]): boolean =>
  names.every((name) => tables.chunks.get(seriesId)?.has(chunkKey(name)));

export const moveTwin = {
  chunksWithin: (sql, { subjectId, id }, { fromMs, untilMs, after, limit }) =>
    ask(sql, 'read chunks to move', (tables) => ({
      result: [...tables.chunksOf(id)]
        .filter((row) => row.subject_id === subjectId && row.sealed.length > 0)
        .filter((row) => row.first_ms < untilMs && row.last_ms >= fromMs)
        .filter((row) => byName(row, { ...row, ...cursorName(after) }) > 0)
        .sort(byName)
        .slice(0, limit),
    })),

  takeChunks: (sql, { id }, names) =>
    ask(sql, 'take chunks', (tables) => {
      if (!areAllThere(tables, id, names)) return { result: false };
      return {
        result: true,
        holds: (then) => areAllThere(then, id, names),
        takes: names.map((name) => `${id}/${chunkKey(name)}`),
        write: (then) => {
          for (const name of names) then.chunks.get(id)?.delete(chunkKey(name));
        },
      };
    }),

  namesTaken: (sql, { id }, names) =>
    ask(sql, 'look for names', (tables, { taken }) => ({
      result: names.filter((name) => {
        const key = chunkKey(name);
        return tables.chunks.get(id)?.has(key) === true && !taken.has(`${id}/${key}`);
      }),
    })),

  eventsWithin: (sql, { subjectId, deviceId, fromMs, untilMs }, { after, limit }) =>
    ask(sql, 'read events to move', ({ events }) => ({
      result: [...events.values()]
        .filter((row) => row.subject_id === subjectId && row.device_id === deviceId)
        .filter(({ placed_ms, id }) => placed_ms >= fromMs && placed_ms < untilMs && id > after)
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit),
    })),

  replaceEvents: (sql, { from, ids, rows }) =>
    ask(sql, 'replace events', () => ({
      result: undefined,
      write: ({ events }) => {
        for (const id of ids) events.delete(`${from}/${id}`);
        for (const row of rows) {
          const key = `${row.subject_id}/${row.id}`;
          if (!events.has(key)) events.set(key, row);
        }
      },
    })),

  parkedWithin: (sql, { subjectId, deviceId, fromMs, untilMs }, { after, limit }) =>
    ask(sql, 'read parked messages to move', ({ parked }) => ({
      result: [...parked.values()]
        .flatMap((row) => (row.device_id === deviceId ? [{ ...row, device_id: deviceId }] : []))
        .filter((row) => row.subject_id === subjectId)
        .filter(({ received_ms: atMs, id }) => atMs >= fromMs && atMs < untilMs && id > after)
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit),
    })),

  sealParkedAnew: (sql, to, rows) =>
    ask(sql, 'seal parked messages anew', () => ({
      result: undefined,
      write: ({ parked }) => {
        const sealedOf = new Map(rows.map((row) => [row.id, row.message_sealed]));
        for (const [key, row] of parked) {
          const sealed = sealedOf.get(row.id);
          if (sealed !== undefined)
            parked.set(key, { ...row, subject_id: to, message_sealed: sealed });
        }
      },
    })),
} satisfies Partial<typeof real>;

const cursorName = ({ firstMs, generation }: real.ChunkCursor): Name => ({
  first_ms: firstMs,
  generation,
});
