/** reattribution/store.ts, as statements of the simulated database. */
import type * as real from '../../apps/server/src/reattribution/store.ts';
import { ask } from './memory-database.ts';

const inOrder = (a: real.OrderRow, b: real.OrderRow): number =>
  a.ordered_ms - b.ordered_ms || (a.id < b.id ? -1 : 1);

export const reattributionTwin = {
  insertOrders: (sql, rows) =>
    ask(sql, 'insert orders', () => ({
      result: undefined,
      write: (tables) => {
        for (const row of rows) tables.orders.set(row.id, row);
        tables.everOrdered.push(...rows);
      },
    })),

  readUnfinished: (sql) =>
    ask(sql, 'read unfinished orders', ({ orders }) => ({
      result: [...orders.values()].filter(({ stage }) => stage !== 'done').sort(inOrder),
    })),

  readUnfinishedOf: (sql, deviceId) =>
    ask(sql, 'read unfinished orders of a device', ({ orders }) => ({
      result: [...orders.values()]
        .filter(({ stage, device_id }) => stage !== 'done' && device_id === deviceId)
        .sort(inOrder),
    })),

  readEffective: (sql, sinceMs) =>
    ask(sql, 'read effective orders', ({ orders }) => ({
      result: [...orders.values()]
        .filter(({ ordered_ms, values_moved }) => ordered_ms >= sinceMs && values_moved > 0)
        .sort(inOrder),
    })),

  readArrivals: (sql) =>
    ask(sql, 'read arrivals', ({ orders }) => {
      const newest = new Map<real.OrderRow['to_subject_id'], number>();
      for (const { to_subject_id: to, ordered_ms: atMs, values_moved: moved } of orders.values()) {
        if (moved > 0) newest.set(to, Math.max(atMs, newest.get(to) ?? atMs));
      }
      return {
        result: [...newest].map(([to_subject_id, ordered_ms]) => ({ to_subject_id, ordered_ms })),
      };
    }),

  addMoved: (sql, id, values) =>
    ask(sql, 'count what has moved', () => ({
      result: undefined,
      write: ({ orders }) => {
        const row = orders.get(id);
        if (row !== undefined) orders.set(id, { ...row, values_moved: row.values_moved + values });
      },
    })),

  writeStage: (sql, { id, stage }) =>
    ask(sql, 'write stage', ({ orders }) => ({
      result: orders.get(id)?.values_moved,
      write: (then) => {
        const row = then.orders.get(id);
        if (row !== undefined) then.orders.set(id, { ...row, stage });
      },
    })),
} satisfies Partial<typeof real>;
