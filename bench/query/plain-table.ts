// What everybody would build first: a table of (series, time, value) with the right index, in the same
// PostgreSQL. It has no flags, no sealing, no row-level security: all of that is to its advantage.
import type { ReadingColumns } from '@ausculta/blocks/readings-block';
import type { Sql } from '../../apps/server/src/database/pool.ts';

const ROWS_AT_ONCE = 100_000;

export interface PlainTable {
  readonly name: string;
  add(series: number, columns: Pick<ReadingColumns, 'stampsMs' | 'values'>): Promise<void>;
}

/** Filled in time order, so that it lies on the disk as a table lies that grew. */
export async function makePlainTable(sql: Sql, name: string): Promise<PlainTable> {
  await sql`
    CREATE TABLE ${sql(name)} (
      series bigint NOT NULL, time_ms bigint NOT NULL, value double precision NOT NULL,
      PRIMARY KEY (series, time_ms))`;
  return {
    name,
    async add(series, { stampsMs, values }) {
      for (let from = 0; from < stampsMs.length; from += ROWS_AT_ONCE) {
        const times = Array.from(stampsMs.subarray(from, from + ROWS_AT_ONCE));
        const numbers = Array.from(values.subarray(from, from + ROWS_AT_ONCE));
        await sql`
          INSERT INTO ${sql(name)}
          SELECT ${series}::bigint, time_ms, value
          FROM unnest(${times}::bigint[], ${numbers}::double precision[]) AS one (time_ms, value)`;
      }
    },
  };
}
