/** For a test in which no other server comes: transactions of whoever has the lane for certain. */
import type { InLane, Sql } from '../../apps/server/src/database/pool.ts';

export function aloneIn(sql: Sql): InLane {
  return async (work) => {
    const done = await sql.begin(async (tx) => ({ value: await work(tx) }));
    return done.value;
  };
}
