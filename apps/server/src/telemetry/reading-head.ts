/**
 * The recent part of one series of readings. Three stretches: `fresh` is not yet in a chunk,
 * `flushing` is on its way there, `kept` is a tail of what is already stored, so that a message that
 * is sent again meets its first copy. The last reading is always known.
 */
import type { ReadingColumns } from '@ausculta/blocks/readings-block';
import { FLAG, hasFlag, type Reading } from '@ausculta/vitals/reading';
import type { Insertion } from '../line/consume.ts';
import type { Series } from '../line/entry.ts';
import { Columns } from './columns.ts';
import { keep, NOTHING_KEPT } from './kept-readings.ts';

/** Ten minutes at 1 Hz: longer than any session keeps a message for sending again. */
const KEPT_READINGS = 600;

/** A message that is sent again meets its copy among so many; more contradictions of one stamp are noise. */
const TWINS_MAX = 32;

export interface LastReading extends Reading {
  /** Corrected: when it was measured. */
  readonly timeMs: number;
}

/** Readings on their way to chunks, of the flush's generation where they have none of their own. */
export interface HeadStretch {
  readonly columns: Columns;
  readonly generation: number | undefined;
}

const NONE: readonly HeadStretch[] = [];

export class ReadingHead {
  readonly series: Series;
  #fresh: Columns;
  /** Not in a flush yet and closed all the same, oldest first. */
  #ranked: readonly HeadStretch[] = NONE;
  #flushing: readonly HeadStretch[] = NONE;
  #kept = NOTHING_KEPT;
  #lastStampMs = Number.NEGATIVE_INFINITY;
  #lastTimeMs = 0;
  #lastValue = 0;
  #lastFlags = 0;
  /** Number of the change that last touched this series; live sockets compare it with their own. */
  changed = 0;

  constructor(series: Series) {
    this.series = series;
    this.#fresh = new Columns({ stagger: series.id });
  }

  get last(): LastReading | undefined {
    if (this.#lastStampMs === Number.NEGATIVE_INFINITY) return undefined;
    const [stampMs, timeMs] = [this.#lastStampMs, this.#lastTimeMs];
    return { stampMs, timeMs, value: this.#lastValue, flags: this.#lastFlags };
  }

  #setLast(reading: Reading, flags: number, offsetMs: number): void {
    this.#lastStampMs = reading.stampMs;
    this.#lastTimeMs = reading.stampMs + offsetMs;
    this.#lastValue = reading.value;
    this.#lastFlags = flags;
  }

  /** The newest stored reading, at start-up: the head knows the last reading of every series. */
  recall(columns: ReadingColumns, offsetMs: number): void {
    const kept = new Columns();
    for (let i = 0; i < columns.stampsMs.length; i += 1) {
      kept.insert(
        columns.stampsMs[i] as number,
        columns.values[i] as number,
        columns.flags[i] as number,
      );
    }
    this.#kept = [kept];
    const at = kept.length - 1;
    if (at < 0) return;
    const flags = kept.flagsAt(at);
    this.#setLast({ stampMs: kept.lastStampMs, value: kept.valueAt(at), flags }, flags, offsetMs);
  }

  /** As if nothing were known yet; what no chunk holds is still flushed. */
  conceal(): void {
    this.#lastStampMs = Number.NEGATIVE_INFINITY;
    this.#kept = NOTHING_KEPT;
  }

  insert(reading: Reading, offsetMs: number): Insertion {
    const { stampMs, value, flags } = reading;
    if (stampMs > this.#lastStampMs) {
      this.#fresh.insert(stampMs, value, flags);
      this.#setLast(reading, flags, offsetMs);
      return 'new';
    }
    const corrects = hasFlag(flags, FLAG.CORRECTION);
    const twins = this.#twinsOf(stampMs);
    const [latest] = twins;
    if (latest === undefined) {
      this.#fresh.insert(stampMs, value, flags);
      return 'late';
    }
    // A message that is sent again does not undo what corrected or contradicted it meanwhile; a
    // correction back to an earlier value does.
    const known = corrects ? [latest] : twins;
    if (known.some((twin) => twin.value === value && isSameSide(twin.flags, flags)))
      return 'duplicate';
    const kept = corrects ? flags : flags | FLAG.CONFLICT;
    this.#fresh.insert(stampMs, value, kept);
    if (stampMs === this.#lastStampMs) this.#setLast(reading, kept, offsetMs);
    return corrects ? 'correction' : 'conflict';
  }

  /** What was last received for exactly this stamp, the latest first. */
  #twinsOf(stampMs: number): { value: number; flags: number }[] {
    const twins: { value: number; flags: number }[] = [];
    for (const columns of this.#newestFirst()) {
      for (let index = columns.indexOf(stampMs); index >= 0; index -= 1) {
        if (columns.stampAt(index) !== stampMs) break;
        if (twins.length >= TWINS_MAX) return twins;
        twins.push({ value: columns.valueAt(index), flags: columns.flagsAt(index) });
      }
    }
    return twins;
  }

  *#newestFirst(): Generator<Columns> {
    yield this.#fresh;
    for (const stretches of [this.#ranked, this.#flushing])
      for (let i = stretches.length - 1; i >= 0; i -= 1)
        yield (stretches[i] as HeadStretch).columns;
    for (let i = this.#kept.length - 1; i >= 0; i -= 1) yield this.#kept[i] as Columns;
  }

  /** What is fresh now goes to chunks of this generation: older than all that is received from here on. */
  rank(generation: number): void {
    if (this.#fresh.length === 0) return;
    this.#ranked = [...this.#ranked, { columns: this.#fresh, generation }];
    this.#startAnew();
  }

  /** A flush later about as much has come again. */
  #startAnew(): void {
    this.#fresh = new Columns({ stagger: this.series.id, expected: this.#fresh.length });
  }

  /** Hands what is in no chunk to a flush and starts anew; oldest first, and often nothing. */
  beginFlush(): readonly HeadStretch[] {
    if (this.#flushing.length > 0) return this.#flushing;
    this.#flushing = this.#ranked;
    this.#ranked = NONE;
    if (this.#fresh.length > 0) {
      this.#flushing = [...this.#flushing, { columns: this.#fresh, generation: undefined }];
      this.#startAnew();
    }
    return this.#flushing;
  }

  /** The flush is durable: its tail stays for meeting duplicates. */
  endFlush(): void {
    for (const { columns } of this.#flushing) this.#kept = keep(this.#kept, columns, KEPT_READINGS);
    this.#flushing = NONE;
  }

  /** What is not yet in a chunk, oldest stretch first: queries put it behind the chunks. */
  unflushed(): ReadingColumns[] {
    const stretches: ReadingColumns[] = [];
    for (const { columns } of this.#flushing) stretches.push(columns.view());
    for (const { columns } of this.#ranked) stretches.push(columns.view());
    if (this.#fresh.length > 0) stretches.push(this.#fresh.view());
    return stretches;
  }
}

const SIDES = FLAG.ABOVE | FLAG.BELOW;

/** "> 600" and 600 are different statements. */
function isSameSide(a: number, b: number): boolean {
  return (a & SIDES) === (b & SIDES);
}
