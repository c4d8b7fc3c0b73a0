import { MovingMean } from './moving-mean.ts';

/**
 * How steep a lead is just now: band-passed, differentiated, squared, averaged over the length of a QRS
 * (Pan and Tompkins 1985, "A real-time QRS detection algorithm", doi:10.1109/TBME.1985.325532), and
 * its root taken, so that a beat of half the height has half the steepness.
 *
 * Two moving means of one period of 50 and of 60 Hz are the low-pass and take out either mains hum.
 */
export class LeadSlope {
  /** Samples by which `push` answers later than the middle of what it saw. */
  readonly delay: number;
  readonly #lowPass: readonly [MovingMean, MovingMean];
  readonly #past: Float64Array;
  readonly #energy: MovingMean;
  readonly #perMillivolt: number;
  #at = 0;
  /** The first value: an offset of the amplifier is no slope. */
  #origin = Number.NaN;
  /** The low-passed lead, mV, `smoothDelay` samples late. */
  smooth = 0;
  readonly smoothDelay: number;

  constructor(rateHz: number) {
    this.#lowPass = [new MovingMean(rateHz / 50), new MovingMean(rateHz / 60)];
    this.#past = new Float64Array(Math.max(1, Math.round(rateHz * STEP_SECONDS)));
    this.#energy = new MovingMean(rateHz * QRS_SECONDS);
    this.#perMillivolt = 1 / (this.#past.length / rateHz);
    this.smoothDelay = (this.#lowPass[0].length + this.#lowPass[1].length - 2) / 2;
    this.delay = this.smoothDelay + this.#past.length / 2 + (this.#energy.length - 1) / 2;
  }

  /** mV in, mV/s out. */
  push(millivolts: number): number {
    const [first, second] = this.#lowPass;
    if (Number.isNaN(this.#origin)) this.#origin = millivolts;
    const smooth = second.push(first.push(millivolts - this.#origin));
    this.smooth = smooth;
    const past = this.#past;
    const change = (smooth - (past[this.#at] as number)) * this.#perMillivolt;
    past[this.#at] = smooth;
    this.#at = this.#at + 1 < past.length ? this.#at + 1 : 0;
    // Rounding may leave a sum of squares a hair below zero.
    return Math.sqrt(Math.max(0, this.#energy.push(change * change)));
  }
}

/** The difference over this long passes 5–20 Hz, where the energy of a QRS lies. */
const STEP_SECONDS = 0.025;
const QRS_SECONDS = 0.13;
