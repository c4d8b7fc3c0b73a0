/**
 * Atrial fibrillation from the irregularity of the beats alone: Zhou et al. 2015, "A real-time atrial
 * fibrillation detection algorithm based on the instantaneous state of heart rate", PLoS ONE,
 * doi:10.1371/journal.pone.0136544. Each interval's rate is a symbol, three symbols are a word, and
 * the entropy of the last 127 words is held against 0.639. Published: sensitivity 97.4 % and specificity
 * 98.4 % on AFDB; much ectopy is mistaken for it (specificity 87.4 % on MIT-BIH).
 */
export class AtrialFibrillationRule {
  readonly #words = new Int32Array(WORDS);
  readonly #counts = new Map<number, number>();
  #count = 0;
  #at = 0;
  #symbols = 0;
  #intervals = 0;

  /** The entropy with this interval, 0 to 1; undefined until 127 words are there. */
  push(intervalSeconds: number): number | undefined {
    const ratePerMinute = Math.floor(60 / intervalSeconds);
    const symbol = ratePerMinute >= RATE_MAX ? SYMBOL_MAX : Math.floor(ratePerMinute / RATE_STEP);
    // Three symbols of six bits each.
    this.#symbols = ((this.#symbols << 6) | symbol) & 0x3ffff;
    this.#intervals += 1;
    if (this.#intervals < 3) return undefined;
    if (this.#count === WORDS) this.#remove(this.#words[this.#at] as number);
    else this.#count += 1;
    this.#words[this.#at] = this.#symbols;
    this.#at = (this.#at + 1) % WORDS;
    this.#counts.set(this.#symbols, (this.#counts.get(this.#symbols) ?? 0) + 1);
    return this.#count === WORDS ? this.#entropy() : undefined;
  }

  /** After beats were lost, the words on both sides must not be joined. */
  clear(): void {
    this.#counts.clear();
    this.#count = 0;
    this.#at = 0;
    this.#intervals = 0;
  }

  #remove(word: number): void {
    const left = (this.#counts.get(word) ?? 0) - 1;
    if (left > 0) this.#counts.set(word, left);
    else this.#counts.delete(word);
  }

  #entropy(): number {
    let sum = 0;
    for (const count of this.#counts.values()) {
      const share = count / WORDS;
      sum -= share * Math.log2(share);
    }
    return (this.#counts.size / (WORDS * Math.log2(WORDS))) * sum;
  }
}

export const AF_THRESHOLD = 0.639;
const WORDS = 127;
const RATE_MAX = 315;
const RATE_STEP = 5;
const SYMBOL_MAX = 63;
