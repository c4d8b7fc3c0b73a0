/**
 * Mean of the last `length` samples, at the cost of one addition and one subtraction a sample: the
 * running sum of Lynn's recursive filters (Lynn 1977, doi:10.1007/BF02442348), as in Pan and
 * Tompkins 1985, doi:10.1109/TBME.1985.325532. Before it is full, what is missing counts as 0.
 */
export class MovingMean {
  readonly length: number;
  readonly #ring: Float64Array;
  #sum = 0;
  #at = 0;

  constructor(length: number) {
    this.length = Math.max(1, Math.round(length));
    this.#ring = new Float64Array(this.length);
  }

  push(value: number): number {
    const ring = this.#ring;
    const at = this.#at;
    this.#sum += value - (ring[at] as number);
    ring[at] = value;
    if (at + 1 < this.length) this.#at = at + 1;
    else {
      this.#at = 0;
      this.#settle();
    }
    return this.#sum / this.length;
  }

  /** Once a turn the sum is made anew, so that rounding cannot gather over days. */
  #settle(): void {
    let sum = 0;
    for (let i = 0; i < this.length; i++) sum += this.#ring[i] as number;
    this.#sum = sum;
  }
}
