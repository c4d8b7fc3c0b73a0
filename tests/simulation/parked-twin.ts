/** parked/store.ts, as statements of the simulated database. */
import type * as real from '../../apps/server/src/parked/store.ts';
import { ask } from './memory-database.ts';
import { deleteWhere } from './tables.ts';

function amountOf(rows: Iterable<real.ParkedRow>): real.ParkedAmount {
  let [count, bytes] = [0, 0];
  for (const { message_sealed: sealed } of rows) {
    count += 1;
    bytes += sealed?.length ?? 0;
  }
  return { rows: count, bytes };
}

const keyOf = (row: real.ParkedRow): string => `${row.device_id}/${row.message_id}`;

export const parkedTwin = {
  insertParked: (sql, rows) =>
    ask(sql, 'park', ({ parked }) => {
      // One statement may bring the same message twice: its first row is the one that is kept.
      const firsts = new Map(rows.toReversed().map((row) => [keyOf(row), row]));
      const added = [...firsts.values()].filter((row) => !parked.has(keyOf(row)));
      return {
        result: new Set(added.map(({ id }) => id)),
        write: (then) => {
          for (const row of added)
            if (!then.parked.has(keyOf(row))) then.parked.set(keyOf(row), row);
        },
      };
    }),

  parkedAmountOf: (sql, deviceId) =>
    ask(sql, 'how much is parked', ({ parked }) => ({
      result: amountOf([...parked.values()].filter(({ device_id }) => device_id === deviceId)),
    })),

  parkedAmount: (sql) =>
    ask(sql, 'how much is parked', ({ parked }) => ({ result: amountOf(parked.values()) })),

  deleteExpired: (sql, nowMs) =>
    ask(sql, 'delete expired', () => ({
      result: undefined,
      write: ({ parked }) => deleteWhere(parked, ({ expires_ms }) => expires_ms < nowMs),
    })),
} satisfies Partial<typeof real>;
