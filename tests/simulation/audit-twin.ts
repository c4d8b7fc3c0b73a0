/** vault/audit-store.ts, as a statement of the simulated database. */
import type * as real from '../../apps/server/src/vault/audit-store.ts';
import { ask } from './memory-database.ts';

export const auditTwin = {
  insertLeaf: (sql, row) =>
    ask(sql, 'audit', () => ({
      result: undefined,
      write: ({ audit }) => audit.push(row),
    })),
} satisfies Partial<typeof real>;
