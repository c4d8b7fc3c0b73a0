import type { Sql, Transaction } from '../database/pool.ts';
import { DOC_BLOCK, nextDocs } from './store.ts';

/** Names for the index rows of new documents, taken from the database a block at a time. */
export class DocNames {
  #next = 0;
  #until = 0;

  async take(sql: Sql | Transaction, count: number): Promise<number[]> {
    const taken: number[] = [];
    while (taken.length < count) {
      if (this.#next >= this.#until) {
        const first = await nextDocs(sql);
        // Somebody else may have brought a block meanwhile; what is left of it is let go.
        this.#next = first;
        this.#until = first + DOC_BLOCK;
      }
      taken.push(this.#next++);
    }
    return taken;
  }
}
