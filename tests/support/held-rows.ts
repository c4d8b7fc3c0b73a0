/** Rows that another transaction holds: whoever wants to write them waits until it ends. */
import { openConnection, type Transaction } from '../../apps/server/src/database/pool.ts';
import type { TestDatabase } from './database.ts';

/** As the superuser. */
export async function holdRows(
  { superuser }: TestDatabase,
  take: (tx: Transaction) => Promise<unknown>,
): Promise<AsyncDisposable> {
  const sql = openConnection(superuser);
  const taken = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const held = sql.begin(async (tx) => {
    await take(tx);
    taken.resolve();
    await end.promise;
  });
  await Promise.race([taken.promise, held]);
  return {
    async [Symbol.asyncDispose]() {
      end.resolve();
      await held;
      await sql.end();
    },
  };
}
