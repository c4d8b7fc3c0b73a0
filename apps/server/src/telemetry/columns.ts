/**
 * Readings of one series in stamp order, as growing columns. Appending in order costs a store into
 * each column; a late reading is inserted where it belongs. Readings of one stamp stand in the order
 * in which they were received: the last one is read.
 */
import type { ReadingColumns } from '@ausculta/blocks/readings-block';

const CAPACITY_FIRST = 16;

/** Room doubles up to here; then what is full is set aside, and nothing is copied or thrown away. */
const STRETCH_MIN = 256;

/** A stamp and a value are doubles, the flags a byte. */
const BYTES_A_READING = 17;

/** A flush begins new columns for every series at one instant: they take room when they need it. */
const NO_DOUBLES = new Float64Array(0);
const NO_FLAGS = new Uint8Array(0);

export class Columns {
  /** What came in order and is full; anything but appending joins it with the rest again. */
  #full: ReadingColumns[] = [];
  #fullLength = 0;
  #stampsMs = NO_DOUBLES;
  #values = NO_DOUBLES;
  #flags = NO_FLAGS;
  #length = 0;
  #firstStampMs = Number.POSITIVE_INFINITY;
  #lastStampMs = Number.NEGATIVE_INFINITY;
  readonly #capacityFirst: number;

  /**
   * Room begins with `CAPACITY_FIRST` readings, or up to twice as many: columns that fill at one pace
   * need more one after the other when each has a `stagger` of its own.
   */
  constructor(stagger = 0) {
    this.#capacityFirst = CAPACITY_FIRST + (stagger % CAPACITY_FIRST);
  }

  get length(): number {
    return this.#fullLength + this.#length;
  }

  get firstStampMs(): number {
    return this.#firstStampMs;
  }

  get lastStampMs(): number {
    return this.#lastStampMs;
  }

  stampAt(index: number): number {
    this.#join();
    return this.#stampsMs[index] as number;
  }

  valueAt(index: number): number {
    this.#join();
    return this.#values[index] as number;
  }

  flagsAt(index: number): number {
    this.#join();
    return this.#flags[index] as number;
  }

  /** Index behind the last reading whose stamp is at or before `stampMs`. */
  indexAfter(stampMs: number): number {
    this.#join();
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
    const isLate = stampMs < this.#lastStampMs;
    if (isLate) this.#join();
    if (this.#length === this.#stampsMs.length) this.#makeRoom();
    let at = this.#length;
    if (isLate) {
      at = this.indexAfter(stampMs);
      this.#stampsMs.copyWithin(at + 1, at, this.#length);
      this.#values.copyWithin(at + 1, at, this.#length);
      this.#flags.copyWithin(at + 1, at, this.#length);
    }
    this.#stampsMs[at] = stampMs;
    this.#values[at] = value;
    this.#flags[at] = flags;
    this.#length += 1;
    if (stampMs > this.#lastStampMs) this.#lastStampMs = stampMs;
    if (stampMs < this.#firstStampMs) this.#firstStampMs = stampMs;
  }

  /** Views, valid until the next insert. */
  view(): ReadingColumns {
    return this.slice(0, this.length);
  }

  slice(from: number, until: number): ReadingColumns {
    this.#join();
    return {
      stampsMs: this.#stampsMs.subarray(from, until),
      values: this.#values.subarray(from, until),
      flags: this.#flags.subarray(from, until),
    };
  }

  /** A copy of the last `count` readings. */
  tail(count: number): Columns {
    const kept = new Columns();
    kept.add(this.slice(Math.max(0, this.length - count), this.length));
    return kept;
  }

  /** Adds readings that are in order: as one copy where they follow, else one by one. */
  add(columns: ReadingColumns): void {
    const { stampsMs, values, flags } = columns;
    const count = stampsMs.length;
    if (count === 0) return;
    if ((stampsMs[0] as number) < this.#lastStampMs) {
      for (let i = 0; i < count; i += 1) {
        this.insert(stampsMs[i] as number, values[i] as number, flags[i] as number);
      }
      return;
    }
    this.#join();
    if (this.#length + count > this.#stampsMs.length) this.#grow(this.#length + count);
    this.#append(columns);
    this.#firstStampMs = this.#stampsMs[0] as number;
    this.#lastStampMs = this.#stampsMs[this.#length - 1] as number;
  }

  #append({ stampsMs, values, flags }: ReadingColumns): void {
    this.#stampsMs.set(stampsMs, this.#length);
    this.#values.set(values, this.#length);
    this.#flags.set(flags, this.#length);
    this.#length += stampsMs.length;
  }

  #makeRoom(): void {
    const capacity = this.#stampsMs.length;
    if (capacity < STRETCH_MIN) {
      this.#grow(Math.max(capacity * 2, this.#capacityFirst));
      return;
    }
    this.#setAside();
    this.#allocate(this.#capacityFirst * (STRETCH_MIN / CAPACITY_FIRST));
  }

  #setAside(): void {
    this.#full.push({ stampsMs: this.#stampsMs, values: this.#values, flags: this.#flags });
    this.#fullLength += this.#length;
    this.#length = 0;
  }

  /** All in one place again. */
  #join(): void {
    if (this.#fullLength === 0) return;
    const last = this.#filled();
    const full = this.#full;
    this.#allocate(this.length + STRETCH_MIN);
    this.#full = [];
    this.#fullLength = 0;
    this.#length = 0;
    for (const stretch of full) this.#append(stretch);
    this.#append(last);
  }

  #filled(): ReadingColumns {
    return {
      stampsMs: this.#stampsMs.subarray(0, this.#length),
      values: this.#values.subarray(0, this.#length),
      flags: this.#flags.subarray(0, this.#length),
    };
  }

  #grow(capacity: number): void {
    const filled = this.#filled();
    this.#allocate(capacity);
    this.#length = 0;
    this.#append(filled);
  }

  /** One buffer for the three: making a buffer is what costs. */
  #allocate(capacity: number): void {
    const bytes = new ArrayBuffer(capacity * BYTES_A_READING);
    this.#stampsMs = new Float64Array(bytes, 0, capacity);
    this.#values = new Float64Array(bytes, capacity * 8, capacity);
    this.#flags = new Uint8Array(bytes, capacity * 16, capacity);
  }
}
