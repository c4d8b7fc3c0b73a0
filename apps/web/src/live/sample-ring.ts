import type { SampleRate, WaveformRun } from '@ausculta/vitals/waveform';
import { sampleOffsetMs } from '@ausculta/vitals/waveform';

/** What a push did, so that a canvas knows whether it must draw again what it has drawn. */
export interface Pushed {
  /** True when samples changed that lie before the newest one held until now. */
  readonly rewrote: boolean;
}

/**
 * The newest seconds of one waveform as a grid of slots, one a sample. A slot without a sample is
 * NaN: a gap stays a gap, and a run that comes late fills its own place.
 */
export class SampleRing {
  readonly #values: Float32Array;
  #rate: SampleRate = { numerator: 1, denominator: 1 };
  #anchorMs = 0;
  /** Absolute slot after the newest one. */
  #head = 0;
  /** Absolute slot of the oldest one still held. */
  #tail = 0;

  constructor(capacity: number) {
    this.#values = new Float32Array(capacity).fill(Number.NaN);
  }

  get isEmpty(): boolean {
    return this.#head === this.#tail;
  }

  get head(): number {
    return this.#head;
  }

  get tail(): number {
    return this.#tail;
  }

  get intervalMs(): number {
    return sampleOffsetMs(this.#rate, 1);
  }

  /** Time just after the newest sample; undefined while there is none. */
  get endMs(): number | undefined {
    return this.isEmpty ? undefined : this.timeOf(this.#head);
  }

  timeOf(slot: number): number {
    return this.#anchorMs + sampleOffsetMs(this.#rate, slot);
  }

  /** The first slot at or after a time. */
  slotAt(timeMs: number): number {
    return Math.ceil((timeMs - this.#anchorMs) / this.intervalMs - 1e-6);
  }

  /** NaN where there is no sample. */
  valueAt(slot: number): number {
    if (slot < this.#tail || slot >= this.#head) return Number.NaN;
    return this.#values[slot % this.#values.length] as number;
  }

  push(run: WaveformRun): Pushed {
    if (run.samples.length === 0) return { rewrote: false };
    if (this.isEmpty || !isSameRate(this.#rate, run.rate)) this.#restart(run);
    let first = this.#placeOf(run.startMs);
    const capacity = this.#values.length;
    if (first - this.#head > capacity) {
      this.#restart(run);
      first = 0;
    }
    const rewrote = first < this.#head && this.#differs(run, first);
    this.#openTo(first + run.samples.length);
    for (let index = Math.max(0, this.#tail - first); index < run.samples.length; index += 1) {
      const slot = (first + index) % capacity;
      this.#values[slot] = ((run.samples[index] as number) - run.zero) / run.gain;
    }
    return { rewrote };
  }

  #restart(run: WaveformRun): void {
    this.#rate = run.rate;
    this.#anchorMs = run.startMs;
    this.#head = 0;
    this.#tail = 0;
  }

  /** A run that continues the last one takes the next slot; any other goes where its time says. */
  #placeOf(startMs: number): number {
    const predictedMs = this.timeOf(this.#head);
    if (Math.abs(startMs - predictedMs) <= 1 + this.intervalMs / 2) return this.#head;
    return Math.round((startMs - this.#anchorMs) / this.intervalMs);
  }

  #differs(run: WaveformRun, first: number): boolean {
    for (let index = 0; index < run.samples.length; index += 1) {
      const slot = first + index;
      if (slot < this.#tail) continue;
      if (slot >= this.#head) return false;
      const value = Math.fround(((run.samples[index] as number) - run.zero) / run.gain);
      if (!Object.is(this.valueAt(slot), value)) return true;
    }
    return false;
  }

  #openTo(head: number): void {
    const capacity = this.#values.length;
    for (let slot = Math.max(this.#head, head - capacity); slot < head; slot += 1) {
      this.#values[((slot % capacity) + capacity) % capacity] = Number.NaN;
    }
    this.#head = Math.max(this.#head, head);
    this.#tail = Math.max(this.#tail, this.#head - capacity);
  }
}

function isSameRate(one: SampleRate, other: SampleRate): boolean {
  return one.numerator * other.denominator === other.numerator * one.denominator;
}
