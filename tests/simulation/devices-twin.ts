/** devices/store.ts, as statements of the simulated database. */
import type * as real from '../../apps/server/src/devices/store.ts';
import { ask } from './memory-database.ts';
import type { Tables } from './tables.ts';

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

function historyOf({ assignments }: Tables, deviceId: string): real.AssignmentRow[] {
  return [...assignments.values()].filter((row) => row.device_id === deviceId);
}

const isSame = (a: real.AssignmentRow, b: real.AssignmentRow): boolean =>
  a.subject_id === b.subject_id &&
  a.valid_from_ms === b.valid_from_ms &&
  a.valid_until_ms === b.valid_until_ms;

const assignmentKey = (row: real.AssignmentRow): string => `${row.device_id}/${row.valid_from_ms}`;

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
      const key = assignmentKey(row);
      const ofDevice = [...assignments.values()].filter((one) => one.device_id === row.device_id);
      const isOpenTaken =
        row.valid_until_ms === null && ofDevice.some((one) => one.valid_until_ms === null);
      if (assignments.has(key) || isOpenTaken) throw new Taken('device_assignment');
      return { result: undefined, write: (then) => then.assignments.set(key, row) };
    }),

  lockAssignments: (sql, deviceId) =>
    ask(sql, 'lock assignments', (tables) => ({
      result: historyOf(tables, deviceId).sort(byNumbers(({ valid_from_ms }) => valid_from_ms)),
    })),

  writeAssignments: (sql, deviceId, rows) =>
    ask(sql, 'write assignments', (tables) => {
      const known = historyOf(tables, deviceId);
      return {
        result: undefined,
        // The rows were locked when they were read.
        holds: (then) => {
          const now = historyOf(then, deviceId);
          return now.length === known.length && now.every((row) => known.includes(row));
        },
        write: ({ assignments }) => {
          const gone = known.filter((row) => !rows.some((one) => isSame(one, row)));
          for (const row of gone) assignments.delete(assignmentKey(row));
          for (const row of rows) {
            if (known.some((one) => isSame(one, row))) continue;
            if (assignments.has(assignmentKey(row))) throw new Taken('device_assignment');
            assignments.set(assignmentKey(row), row);
          }
        },
      };
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

  async writeClocks(sql, changes) {
    const fresh = changes.flatMap(({ epoch }) => epoch ?? []);
    if (fresh.length > 0)
      await ask(sql, 'insert clock epochs', () => ({
        result: undefined,
        write: ({ epochs }) => {
          for (const epoch of fresh) {
            const key = `${epoch.device_id}/${epoch.epoch}`;
            if (!epochs.has(key)) epochs.set(key, epoch);
          }
        },
      }));
    await ask(sql, 'write clock offsets', () => ({
      result: undefined,
      write: ({ offsets }) => {
        for (const { offset } of changes)
          offsets.set(`${offset.device_id}/${offset.epoch}/${offset.from_stamp_ms}`, offset);
      },
    }));
  },

  readSeries: (sql) =>
    ask(sql, 'read series', ({ series }) => ({
      result: [...series.values()].sort((a, b) => a.id - b.id),
    })),

  upsertSeries: (sql, rows) =>
    ask(sql, 'upsert series', (tables) => {
      const made = new Map<string, real.SeriesRow>();
      const result = rows.map((row) => {
        const key = `${row.subject_id}/${row.device_id}/${row.metric}/${row.epoch}`;
        const known = tables.series.get(key) ?? made.get(key);
        if (known !== undefined) return known.id;
        // A sequence gives no number back.
        tables.lastSeriesId += 1;
        const id = tables.lastSeriesId;
        tables.seriesNames.set(id, `${row.device_id}/${row.metric}/${row.epoch}`);
        made.set(key, { ...row, id });
        return id;
      });
      return {
        result,
        write: ({ series }) => {
          for (const [key, row] of made) series.set(key, row);
        },
      };
    }),
} satisfies Partial<typeof real>;
