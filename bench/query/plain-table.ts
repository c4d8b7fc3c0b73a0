// What everybody would build first: a table of (series, time, value) with the right index, in the same
// PostgreSQL. It has no flags, no sealing, no row-level security: all of that is to its advantage.
import type { Sql } from '../../apps/server/src/database/pool.ts';

export interface PlainSeries {
  readonly series: number;
  readonly fromMs: number;
  readonly count: number;
  readonly everyMs: number;
}

export interface PlainTable {
  readonly name: string;
  add(series: PlainSeries): Promise<void>;
}

/** Filled in time order, so that it lies on the disk as a table lies that grew; the values are no matter. */
export async function makePlainTable(sql: Sql, name: string): Promise<PlainTable> {
  await sql`
    CREATE TABLE ${sql(name)} (
      series bigint NOT NULL, time_ms bigint NOT NULL, value double precision NOT NULL,
      PRIMARY KEY (series, time_ms))`;
  return {
    name,
    async add({ series, fromMs, count, everyMs }) {
      await sql.begin(async (tx) => {
        await tx`SET LOCAL statement_timeout = 0`;
        await tx`
          INSERT INTO ${tx(name)}
          SELECT ${series}::bigint, ${fromMs}::bigint + i * ${everyMs}::bigint, 60 + i % 40
          FROM generate_series(0::bigint, ${count - 1}::bigint) AS i`;
      });
    },
  };
}
