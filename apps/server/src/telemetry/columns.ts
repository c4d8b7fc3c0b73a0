/**
 * Readings of one series in stamp order, as growing columns. Appending in order costs a store into
 * each column; a late reading is inserted where it belongs. Readings of one stamp stand in the order
 * in which they were received: the last one is read.
 */
import type { ReadingColumns } from '@ausculta/blocks/readings-block';

const CAPACITY_FIRST = 16;

/** Of what is expected, an eighth more, and so many: a pace is never quite even. */
const SPARE = 3;

/** Room doubles up to here; then what is full is set aside, and nothing is copied or thrown away. */
const STRETCH_MIN = 256;

/** A flush begins new columns for every series at one instant: they take room when they need it. */
const NO_NUMBERS = new Float64Array(0);
const NO_STRETCHES: readonly ReadingColumns[] = [];

export class Columns {
  /** What came in order and is full; anything but appending joins it with the rest again. */
  #full = NO_STRETCHES;
  #fullLength = 0;
  /** Room for stamps, then as much for values: with a hundred thousand columns each view of memory counts. */
  #numbers = NO_NUMBERS;
  #capacity = 0;
  /** Only where a reading has any. */
  #flags: Uint8Array | undefined;
  #length = 0;
  #firstStampMs = Number.POSITIVE_INFINITY;
  #lastStampMs = Number.NEGATIVE_INFINITY;
  readonly #capacityFirst: number;
  readonly #capacityStretch: number;

  /**
   * Room begins with what is `expected`, or with `CAPACITY_FIRST` readings or up to twice as many:
   * columns that fill at one pace need more one after the other when each has a `stagger` of its own.
   */
  constructor({ stagger = 0, expected = 0 } = {}) {
    const staggered = CAPACITY_FIRST + (stagger % CAPACITY_FIRST);
    const foreseen = Math.min(expected, STRETCH_MIN);
    this.#capacityFirst = foreseen === 0 ? staggered : foreseen + (foreseen >> 3) + SPARE;
    this.#capacityStretch = staggered * (STRETCH_MIN / CAPACITY_FIRST);
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
    return this.#numbers[index] as number;
  }

  valueAt(index: number): number {
    this.#join();
    return this.#numbers[this.#capacity + index] as number;
  }

  flagsAt(index: number): number {
    this.#join();
    return this.#flags?.[index] ?? 0;
  }

  /** Index behind the last reading whose stamp is at or before `stampMs`. */
  indexAfter(stampMs: number): number {
    this.#join();
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#numbers[middle] as number) <= stampMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of the last received reading of exactly this stamp, or -1. */
  indexOf(stampMs: number): number {
    const index = this.indexAfter(stampMs) - 1;
    return index >= 0 && this.#numbers[index] === stampMs ? index : -1;
  }

  insert(stampMs: number, value: number, flags: number): void {
    const isLate = stampMs < this.#lastStampMs;
    if (isLate) this.#join();
    if (this.#length === this.#capacity) this.#makeRoom();
    let at = this.#length;
    if (isLate) {
      at = this.indexAfter(stampMs);
      this.#shift(at);
    }
    this.#numbers[at] = stampMs;
    this.#numbers[this.#capacity + at] = value;
    if (flags !== 0 || this.#flags !== undefined) this.#flagsToWrite()[at] = flags;
    this.#length += 1;
    if (stampMs > this.#lastStampMs) this.#lastStampMs = stampMs;
    if (stampMs < this.#firstStampMs) this.#firstStampMs = stampMs;
  }

  /** Makes a place for one reading before those from `at` on. */
  #shift(at: number): void {
    const values = this.#capacity;
    this.#numbers.copyWithin(at + 1, at, this.#length);
    this.#numbers.copyWithin(values + at + 1, values + at, values + this.#length);
    this.#flags?.copyWithin(at + 1, at, this.#length);
  }

  #flagsToWrite(): Uint8Array {
    this.#flags ??= new Uint8Array(this.#capacity);
    return this.#flags;
  }

  /** Views, valid until the next insert. */
  view(): ReadingColumns {
    return this.slice(0, this.length);
  }

  slice(from: number, until: number): ReadingColumns {
    this.#join();
    return this.#part(from, until);
  }

  #part(from: number, until: number): ReadingColumns {
    const values = this.#capacity;
    return {
      stampsMs: this.#numbers.subarray(from, until),
      values: this.#numbers.subarray(values + from, values + until),
      flags: this.#flags?.subarray(from, until) ?? new Uint8Array(until - from),
    };
  }

  /** A copy of the last `count` readings. */
  tail(count: number): Columns {
    const kept = new Columns();
    kept.add(this.slice(Math.max(0, this.length - count), this.length));
    return kept;
  }

  /** Whether all of `columns` follows what is here, and finds room without anything being moved. */
  hasRoomFor(columns: Columns): boolean {
    const isAfter = columns.#firstStampMs >= this.#lastStampMs;
    return isAfter && this.#fullLength === 0 && this.#length + columns.length <= this.#capacity;
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
    if (this.#length + count > this.#capacity) this.#grow(this.#length + count);
    this.#append(columns);
    this.#firstStampMs = this.#numbers[0] as number;
    this.#lastStampMs = this.#numbers[this.#length - 1] as number;
  }

  #append({ stampsMs, values, flags }: ReadingColumns): void {
    this.#numbers.set(stampsMs, this.#length);
    this.#numbers.set(values, this.#capacity + this.#length);
    if (this.#flags !== undefined || flags.some((each) => each !== 0))
      this.#flagsToWrite().set(flags, this.#length);
    this.#length += stampsMs.length;
  }

  #makeRoom(): void {
    const capacity = this.#capacity;
    if (capacity < STRETCH_MIN) {
      this.#grow(Math.max(capacity * 2, this.#capacityFirst));
      return;
    }
    this.#setAside();
    this.#allocate(this.#capacityStretch);
  }

  #setAside(): void {
    this.#full = [...this.#full, this.#part(0, this.#length)];
    this.#fullLength += this.#length;
    this.#length = 0;
  }

  /** All in one place again. */
  #join(): void {
    if (this.#fullLength === 0) return;
    const last = this.#part(0, this.#length);
    const full = this.#full;
    this.#allocate(this.length + STRETCH_MIN);
    this.#full = NO_STRETCHES;
    this.#fullLength = 0;
    this.#length = 0;
    for (const stretch of full) this.#append(stretch);
    this.#append(last);
  }

  #grow(capacity: number): void {
    const filled = this.#part(0, this.#length);
    this.#allocate(capacity);
    this.#length = 0;
    this.#append(filled);
  }

  #allocate(capacity: number): void {
    this.#numbers = new Float64Array(2 * capacity);
    this.#capacity = capacity;
    this.#flags = undefined;
  }
}
