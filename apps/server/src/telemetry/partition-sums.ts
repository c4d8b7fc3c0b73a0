import { PARTITIONS } from '../line/entry.ts';
import type { PartitionSpan } from './flush-turns.ts';

/** How much there is of something in each partition, and in all. */
export class PartitionSums {
  readonly #of = new Float64Array(PARTITIONS);
  total = 0;

  add(partition: number, amount: number): void {
    this.#of[partition] = (this.#of[partition] as number) + amount;
    this.total += amount;
  }

  /** What there was in these partitions, which is none of theirs any more. */
  taken({ from, until }: PartitionSpan): number {
    let taken = 0;
    for (let at = from; at < until; at += 1) taken += this.#of[at] as number;
    this.#of.fill(0, from, until);
    this.total -= taken;
    return taken;
  }
}
