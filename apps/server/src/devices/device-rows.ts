/**
 * Rows that a message waits for: the series that it begins, what it says of its device's clock. Ten
 * thousand devices that are switched on at once do not wait for each other's commits.
 */

import { GatheredWrites } from '../database/gathered-writes.ts';
import type { InLane, Sql } from '../database/pool.ts';
import * as store from './store.ts';

/** A statement of PostgreSQL takes 65,535 parameters, and a row is seven at most. */
const ROWS_A_STATEMENT = 1_000;

const TOGETHER = { weigh: () => 1, weightMax: ROWS_A_STATEMENT };

export class DeviceRows {
  readonly #series: GatheredWrites<store.SeriesName, number>;
  readonly #clocks: GatheredWrites<store.ClockRows, undefined>;

  constructor({ sql, inLane }: { readonly sql: Sql; readonly inLane: InLane }) {
    this.#series = new GatheredWrites({
      ...TOGETHER,
      // Whoever has the lane finds it when it asks for the same: an id, and nothing that says another.
      write: (rows) => store.upsertSeries(sql, rows),
    });
    this.#clocks = new GatheredWrites({
      ...TOGETHER,
      write: async (changes) => {
        // An epoch without its offset would place what is measured in it wherever the clock says.
        await inLane((tx) => store.writeClocks(tx, changes));
        return changes.map(() => undefined);
      },
    });
  }

  /** The id of a series, made on first use. */
  series(row: store.SeriesName): Promise<number> {
    return this.#series.write(row);
  }

  async clock(rows: store.ClockRows): Promise<void> {
    await this.#clocks.write(rows);
  }

  /** Resolves when no row of a series is on its way to the database that was asked for before. */
  settle(): Promise<void> {
    return this.#series.settle();
  }
}
