/** erasure/store.ts, as statements of the simulated database. */
import type * as documents from '../../apps/server/src/erasure/document-store.ts';
import type * as real from '../../apps/server/src/erasure/store.ts';
import { ask } from './memory-database.ts';
import { deleteWhere } from './tables.ts';
import { deleteChunks } from './telemetry-twin.ts';

/** Few at a time, so that something happens in between. */
const CHUNKS_AT_ONCE = 5;

/** erasure/document-store.ts: nobody here has documents. */
export const documentTwin = {
  deleteDocuments: (sql) => ask(sql, 'delete documents', () => ({ result: undefined })),
  deleteExports: (sql) => ask(sql, 'delete exports', () => ({ result: undefined })),
  deleteWriteBack: (sql) => ask(sql, 'delete what was written back', () => ({ result: [] })),
  emptySubscriptionEvents: (sql) =>
    ask(sql, 'empty events of subscriptions', () => ({ result: undefined })),
} satisfies Partial<typeof documents>;

export const erasureTwin = {
  readHolds: (sql) => ask(sql, 'read holds', ({ holds }) => ({ result: [...holds.values()] })),

  insertHold: (sql, row) =>
    ask(sql, 'insert hold', () => ({
      result: undefined,
      write: ({ holds }) => holds.set(`${row.subject_id}/${row.id}`, row),
    })),

  releaseHold: (sql, hold) =>
    ask(sql, 'release hold', () => ({
      result: undefined,
      write: ({ holds }) => holds.delete(`${hold.subjectId}/${hold.id}`),
    })),

  readErasures: (sql) =>
    ask(sql, 'read erasures', ({ erasures }) => ({ result: [...erasures.values()] })),

  insertErasure: (sql, row) =>
    ask(sql, 'insert erasure', (tables) => ({
      result: !tables.erasures.has(row.subject_id),
      write: ({ erasures }) => {
        if (!erasures.has(row.subject_id)) erasures.set(row.subject_id, row);
      },
    })),

  deleteIndexRows: (sql, subjectId) =>
    ask(sql, 'delete index rows', () => ({
      result: undefined,
      write: (tables) => {
        const isOf = (row: { readonly subject_id: string | null }): boolean =>
          row.subject_id === subjectId;
        for (const worn of [...tables.assignments.values()].filter(isOf)) {
          const untilMs = worn.valid_until_ms ?? Number.POSITIVE_INFINITY;
          deleteWhere(
            tables.parked,
            (row) =>
              row.device_id === worn.device_id &&
              row.received_ms >= worn.valid_from_ms &&
              row.received_ms < untilMs,
          );
        }
        deleteWhere(tables.parked, isOf);
        deleteWhere(tables.transitions, isOf);
        deleteWhere(tables.alarms, isOf);
        deleteWhere(
          tables.orders,
          (row) => row.from_subject_id === subjectId || row.to_subject_id === subjectId,
        );
        deleteWhere(tables.holds, isOf);
        deleteWhere(tables.assignments, isOf);
        deleteWhere(tables.series, isOf);
        tables.subjects.delete(subjectId);
      },
    })),

  deleteSealedRows: (sql, { id }) =>
    ask(sql, 'delete sealed rows', (tables) => {
      const isOf = (row: { readonly subject_id: string }): boolean => row.subject_id === id;
      const isAny =
        [...tables.allChunks()].some(isOf) ||
        [...tables.events.values()].some(isOf) ||
        tables.detectorStates.has(id);
      return {
        result: isAny,
        write: (then) => {
          deleteChunks(then, id, CHUNKS_AT_ONCE);
          deleteWhere(then.events, isOf);
          then.detectorStates.delete(id);
        },
      };
    }),
} satisfies Partial<typeof real>;
