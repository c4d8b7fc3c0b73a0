/**
 * What the engine holds in memory because no chunk has it yet: what waits for the log, the heads beyond
 * their chunks, and what a flush has in hand. It grows only while the store does not follow; then
 * waveforms wait first, and in the end everything does, where it costs us nothing: with its sender.
 * Not counted is what every series keeps of its last minutes: that is bounded by itself.
 */
import type { LogEntry } from '../line/entry.ts';
import type { PartitionSpan } from './flush-turns.ts';
import { PartitionSums } from './partition-sums.ts';

/** Who has to wait. */
export type Pressure = 'none' | 'waveforms' | 'all';

/** A flush begins long before anybody waits: it takes its time, and as much again comes meanwhile. */
const FLUSH_AT = 1 / 4;
/** Waveforms leave the rest to numbers and events: that is hours of them. */
const WAVEFORMS_WAIT_AT = 3 / 4;

/** An eighth of the machine, and neither less than a ward needs nor more than a restart should replay. */
const SHARE_OF_MACHINE = 1 / 8;
const LEAST_BYTES = 64 * 1024 * 1024;
const MOST_BYTES = 1024 * 1024 * 1024;

export function defaultBudgetBytes(machineBytes: number): number {
  return Math.min(MOST_BYTES, Math.max(LEAST_BYTES, machineBytes * SHARE_OF_MACHINE));
}

export class MemoryBudget {
  readonly #bytes: number;
  #waiting = 0;
  readonly #fresh = new PartitionSums();
  #flushing = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  get pressure(): Pressure {
    const held = this.#waiting + this.#fresh.total + this.#flushing;
    if (held >= this.#bytes) return 'all';
    return held >= this.#bytes * WAVEFORMS_WAIT_AT ? 'waveforms' : 'none';
  }

  get isFlushDue(): boolean {
    return this.#fresh.total >= this.#bytes * FLUSH_AT;
  }

  /** Accepted; the log does not have it yet. */
  accepted(entries: readonly LogEntry[]): void {
    this.#waiting += bytesOf(entries);
  }

  /** The log has it. */
  durable(entries: readonly LogEntry[]): void {
    this.#waiting -= bytesOf(entries);
  }

  /** In the heads now; of a duplicate, too, until the next flush. */
  consumed(entries: readonly LogEntry[]): void {
    for (const entry of entries) this.#fresh.add(entry.partition, bytesOfEntry(entry));
  }

  flushBegins(span: PartitionSpan): void {
    this.#flushing += this.#fresh.taken(span);
  }

  flushEnds(): void {
    this.#flushing = 0;
  }
}

/** About: a message in its array with its place in the maps, and a reading in four columns that may be half full. */
const MESSAGE_BYTES = 200;
const READING_BYTES = 64;
const RUN_BYTES = 200;
const SAMPLE_BYTES = 4;

function bytesOf(entries: readonly LogEntry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += bytesOfEntry(entry);
  return bytes;
}

function bytesOfEntry(entry: LogEntry): number {
  let bytes = MESSAGE_BYTES;
  if (entry.kind === 'readings') bytes += entry.series.length * READING_BYTES;
  else if (entry.kind === 'waveforms') {
    for (const { samples } of entry.runs) bytes += RUN_BYTES + samples.length * SAMPLE_BYTES;
  }
  return bytes;
}
