/**
 * Readings of one series in stamp order, as growing columns. Appending in order costs a store into
 * each column; a late reading is inserted where it belongs. Readings of one stamp stand in the order
 * in which they were received: the last one is read.
 */
import type { ReadingColumns } from '@ausculta/blocks/readings-block';

const CAPACITY_FIRST = 16;

/** A flush begins new columns for every series at one instant: they take room when they need it. */
const NO_DOUBLES = new Float64Array(0);
const NO_FLAGS = new Uint8Array(0);

export class Columns {
  #stampsMs = NO_DOUBLES;
  #values = NO_DOUBLES;
  #flags = NO_FLAGS;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get firstStampMs(): number {
    return this.#length === 0 ? Number.POSITIVE_INFINITY : (this.#stampsMs[0] as number);
  }

  get lastStampMs(): number {
    return this.#length === 0
      ? Number.NEGATIVE_INFINITY
      : (this.#stampsMs[this.#length - 1] as number);
  }

  stampAt(index: number): number {
    return this.#stampsMs[index] as number;
  }

  valueAt(index: number): number {
    return this.#values[index] as number;
  }

  flagsAt(index: number): number {
    return this.#flags[index] as number;
  }

  /** Index behind the last reading whose stamp is at or before `stampMs`. */
  indexAfter(stampMs: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#stampsMs[middle] as number) <= stampMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of the last received reading of exactly this stamp, or -1. */
  indexOf(stampMs: number): number {
    const index = this.indexAfter(stampMs) - 1;
    return index >= 0 && this.#stampsMs[index] === stampMs ? index : -1;
  }

  insert(stampMs: number, value: number, flags: number): void {
    if (this.#length === this.#stampsMs.length) this.#grow();
    let at = this.#length;
    if (stampMs < this.lastStampMs) {
      at = this.indexAfter(stampMs);
      this.#stampsMs.copyWithin(at + 1, at, this.#length);
      this.#values.copyWithin(at + 1, at, this.#length);
      this.#flags.copyWithin(at + 1, at, this.#length);
    }
    this.#stampsMs[at] = stampMs;
    this.#values[at] = value;
    this.#flags[at] = flags;
    this.#length += 1;
  }

  /** Views, valid until the next insert. */
  view(): ReadingColumns {
    return this.slice(0, this.#length);
  }

  slice(from: number, until: number): ReadingColumns {
    return {
      stampsMs: this.#stampsMs.subarray(from, until),
      values: this.#values.subarray(from, until),
      flags: this.#flags.subarray(from, until),
    };
  }

  /** A copy of the last `count` readings. */
  tail(count: number): Columns {
    const kept = new Columns();
    kept.add(this.slice(Math.max(0, this.#length - count), this.#length));
    return kept;
  }

  /** Adds readings that are in order: as one copy where they follow, else one by one. */
  add({ stampsMs, values, flags }: ReadingColumns): void {
    const count = stampsMs.length;
    if (count > 0 && (stampsMs[0] as number) < this.lastStampMs) {
      for (let i = 0; i < count; i += 1) {
        this.insert(stampsMs[i] as number, values[i] as number, flags[i] as number);
      }
      return;
    }
    if (this.#length + count > this.#stampsMs.length) this.#grow(this.#length + count);
    this.#stampsMs.set(stampsMs, this.#length);
    this.#values.set(values, this.#length);
    this.#flags.set(flags, this.#length);
    this.#length += count;
  }

  #grow(needed = 0): void {
    const capacity = Math.max(needed, this.#stampsMs.length * 2, CAPACITY_FIRST);
    const stampsMs = new Float64Array(capacity);
    const values = new Float64Array(capacity);
    const flags = new Uint8Array(capacity);
    stampsMs.set(this.#stampsMs);
    values.set(this.#values);
    flags.set(this.#flags);
    this.#stampsMs = stampsMs;
    this.#values = values;
    this.#flags = flags;
  }
}
