import { LeadSlope } from './lead-slope.ts';
import { RunningMedian } from './running-median.ts';

/**
 * One lead as the beat detector sees it: how steep its beats usually are, how steep what lies between
 * them, and so how far it may be trusted. Adaptive signal and noise levels after Pan and Tompkins 1985,
 * doi:10.1109/TBME.1985.325532, and Hamilton and Tompkins 1986, doi:10.1109/TBME.1986.325695, who
 * recommend medians.
 */
export class LeadState {
  readonly slope: LeadSlope;
  /** Steepness now, mV/s. */
  steepness = 0;
  /** Usual steepness of a beat, mV/s. */
  level = 0;
  /** Share of this lead in the decision; those of all leads make 1. */
  weight: number;
  /** The share by its quality alone, silent or not. */
  share: number;
  isSilent = false;
  /** False while the lead is missing or saturated. */
  isReadable = true;
  readonly #ring: Float64Array;
  readonly #beats = new RunningMedian(BEATS_REMEMBERED);
  readonly #between = new RunningMedian(BEATS_REMEMBERED);
  #at = 0;
  #highest = 0;
  #highestBefore = 0;
  #floor = FLOOR;

  constructor(rateHz: number, leadCount: number) {
    this.slope = new LeadSlope(rateHz);
    this.weight = 1 / leadCount;
    this.share = this.weight;
    this.#ring = new Float64Array(Math.ceil(rateHz * RING_SECONDS));
  }

  push(millivolts: number): void {
    const steepness = this.slope.push(millivolts);
    this.steepness = steepness;
    this.#ring[this.#at] = this.slope.smooth;
    this.#at = this.#at + 1 < this.#ring.length ? this.#at + 1 : 0;
    if (steepness > this.#highest) this.#highest = steepness;
  }

  /** The low-passed lead so many samples before the newest one. */
  smoothBefore(samples: number): number {
    const at = this.#at - 1 - samples;
    return this.#ring[at < 0 ? at + this.#ring.length : at] as number;
  }

  /** How many samples back may be asked for. */
  get reach(): number {
    return this.#ring.length - 1;
  }

  /** Steepness in beats: 1 is a usual beat. A giant spike counts little more than a beat. */
  relative(steepness: number): number {
    return Math.min(steepness / Math.max(this.level, this.#floor), RELATIVE_MAX);
  }

  /** What the shapes of this lead are divided by, so that all leads speak of one height. */
  get scale(): number {
    return 1 / Math.max(this.level, FLOOR);
  }

  /** While learning, the highest so far stands for a beat. */
  learnFromNow(): void {
    if (this.steepness > this.level) this.level = this.steepness;
  }

  onBeat(beat: number, between: number): void {
    if (this.isSilent || !this.isReadable) return;
    this.#beats.push(beat);
    this.#between.push(between);
    if (this.#beats.count >= BEATS_MIN) this.level = this.#beats.value(this.level);
    const noise = Math.max(this.#between.value(0), this.level / (QUALITY_MAX + 1), NOISE_MIN);
    this.share = Math.max(QUALITY_MIN, this.level / noise - 1) ** 2;
  }

  /** Whether anything was seen from which a level can be learned. */
  get hasActivity(): boolean {
    return this.level >= this.#floor;
  }

  /** Tells whether anything like a beat was seen since the last but one call. */
  checkSilence(): void {
    const highest = Math.max(this.#highest, this.#highestBefore);
    this.isSilent = highest <= SILENT_SHARE * this.level;
    this.#highestBefore = this.#highest;
    this.#highest = 0;
  }

  /** Forgets the level; what stays far below it is not taken for beats at once. */
  relearn(share: number, isLongAgo: boolean): void {
    this.#floor = isLongAgo ? FLOOR : Math.max(FLOOR, STANDSTILL_SHARE * this.level);
    this.level = 0;
    this.share = share;
    this.weight = share;
    this.isSilent = false;
    this.#beats.clear();
    this.#between.clear();
  }
}

/** Templates reach 0.1 s around a beat that is confirmed 0.45 s late, behind 0.1 s of filters. */
const RING_SECONDS = 1.2;
const BEATS_REMEMBERED = 8;
const BEATS_MIN = 3;
const RELATIVE_MAX = 1.5;
const QUALITY_MAX = 8;
const QUALITY_MIN = 0.05;
/** mV/s: a QRS of 0.1 mV, the least that IEC 60601-2-27 lets a monitor count. */
const FLOOR = 1;
const NOISE_MIN = 0.2;
const SILENT_SHARE = 0.3;
/** P waves that go on in a standstill are about a tenth as steep as the beats that are missing. */
const STANDSTILL_SHARE = 0.12;
