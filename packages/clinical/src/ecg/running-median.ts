/**
 * Median of the last few values: one artefact among eight does not move it (Tukey 1977, Exploratory
 * Data Analysis, ISBN 978-0-201-07616-5). Small sizes only: each push sorts by insertion.
 */
export class RunningMedian {
  readonly #ring: Float64Array;
  readonly #sorted: Float64Array;
  #count = 0;
  #at = 0;

  constructor(size: number) {
    this.#ring = new Float64Array(size);
    this.#sorted = new Float64Array(size);
  }

  get count(): number {
    return this.#count;
  }

  push(value: number): void {
    this.#ring[this.#at] = value;
    this.#at = (this.#at + 1) % this.#ring.length;
    if (this.#count < this.#ring.length) this.#count += 1;
    const sorted = this.#sorted;
    for (let i = 0; i < this.#count; i++) {
      const next = this.#ring[i] as number;
      let at = i;
      for (; at > 0 && (sorted[at - 1] as number) > next; at--) {
        sorted[at] = sorted[at - 1] as number;
      }
      sorted[at] = next;
    }
  }

  /** Of nothing: `otherwise`. */
  value(otherwise: number): number {
    const count = this.#count;
    if (count === 0) return otherwise;
    const upper = this.#sorted[count >> 1] as number;
    return count % 2 === 1 ? upper : (upper + (this.#sorted[(count >> 1) - 1] as number)) / 2;
  }

  clear(): void {
    this.#count = 0;
    this.#at = 0;
  }
}
