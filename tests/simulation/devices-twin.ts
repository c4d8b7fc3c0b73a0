/** devices/store.ts, as statements of the simulated database. */
import type * as real from '../../apps/server/src/devices/store.ts';
import { ask } from './memory-database.ts';

/** A unique index says so, by its SQLSTATE. */
export class Taken extends Error {
  readonly code = '23505';
}

const byNumbers =
  <R>(...parts: ((row: R) => string | number)[]) =>
  (a: R, b: R): number => {
    for (const part of parts) {
      if (part(a) !== part(b)) return part(a) < part(b) ? -1 : 1;
    }
    return 0;
  };

export const devicesTwin = {
  readSubjects: (sql) =>
    ask(sql, 'read subjects', ({ subjects }) => ({ result: [...subjects.values()] })),

  insertSubject: (sql, row) =>
    ask(sql, 'insert subject', ({ subjects }) => {
      if (subjects.has(row.id)) throw new Taken('subject');
      return { result: undefined, write: (then) => then.subjects.set(row.id, row) };
    }),

  readDevices: (sql) =>
    ask(sql, 'read devices', ({ devices }) => ({ result: [...devices.values()] })),

  insertDevice: (sql, row) =>
    ask(sql, 'insert device', ({ devices }) => {
      if (devices.has(row.id)) return { result: false };
      return {
        result: true,
        write: (then) => then.devices.set(row.id, { ...row, is_disabled: false }),
      };
    }),

  readAssignments: (sql) =>
    ask(sql, 'read assignments', ({ assignments }) => ({
      result: [...assignments.values()].sort(
        byNumbers(
          ({ device_id }) => device_id,
          ({ valid_from_ms }) => valid_from_ms,
        ),
      ),
    })),

  insertAssignment: (sql, row) =>
    ask(sql, 'insert assignment', ({ assignments }) => {
      const key = `${row.device_id}/${row.valid_from_ms}`;
      const ofDevice = [...assignments.values()].filter((one) => one.device_id === row.device_id);
      const isOpenTaken =
        row.valid_until_ms === null && ofDevice.some((one) => one.valid_until_ms === null);
      if (assignments.has(key) || isOpenTaken) throw new Taken('device_assignment');
      return { result: undefined, write: (then) => then.assignments.set(key, row) };
    }),

  readClockEpochs: (sql) =>
    ask(sql, 'read clock epochs', ({ epochs }) => ({
      result: [...epochs.values()].sort(
        byNumbers(
          ({ device_id }) => device_id,
          ({ epoch }) => epoch,
        ),
      ),
    })),

  readClockOffsets: (sql) =>
    ask(sql, 'read clock offsets', ({ offsets }) => ({
      result: [...offsets.values()].sort(
        byNumbers(
          ({ device_id }) => device_id,
          ({ epoch }) => epoch,
          ({ from_stamp_ms }) => from_stamp_ms,
        ),
      ),
    })),

  // Two statements, each a commit of its own.
  async writeClock(sql, { epoch, offset }) {
    if (epoch !== undefined) {
      const key = `${epoch.device_id}/${epoch.epoch}`;
      await ask(sql, 'insert clock epoch', () => ({
        result: undefined,
        write: ({ epochs }) => {
          if (!epochs.has(key)) epochs.set(key, epoch);
        },
      }));
    }
    const key = `${offset.device_id}/${offset.epoch}/${offset.from_stamp_ms}`;
    await ask(sql, 'write clock offset', () => ({
      result: undefined,
      write: ({ offsets }) => offsets.set(key, offset),
    }));
  },

  readSeries: (sql) =>
    ask(sql, 'read series', ({ series }) => ({
      result: [...series.values()].sort((a, b) => a.id - b.id),
    })),

  upsertSeries: (sql, row) => {
    const key = `${row.subject_id}/${row.device_id}/${row.metric}/${row.epoch}`;
    return ask(sql, 'upsert series', (tables) => {
      const known = tables.series.get(key);
      if (known !== undefined) return { result: known.id };
      // A sequence gives no number back.
      tables.lastSeriesId += 1;
      const id = tables.lastSeriesId;
      return { result: id, write: ({ series }) => series.set(key, { ...row, id }) };
    });
  },
} satisfies Partial<typeof real>;
