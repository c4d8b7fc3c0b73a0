/**
 * Whether a lead can be read just now. After Clifford et al. 2012, "Signal quality indices and data
 * fusion for determining clinical acceptability of electrocardiograms", doi:10.1088/0967-3334/33/9/1419:
 * missing samples, flat line, saturation. A finding says what is wrong and where; it never hides a
 * rhythm (safety S1): a flat line stays a flat line for the detectors.
 */
export type QualityKind = 'missing' | 'flat' | 'saturated';

export interface QualityFinding {
  readonly lead: number;
  readonly kind: QualityKind;
  /** First and last sample of it. */
  readonly from: number;
  readonly to: number;
}

/** Within this span of values for a second a lead shows no heart. 5 µV is below any amplifier's noise. */
const FLAT_MV = 0.005;
const FLAT_SECONDS = 1;
/** IEC 60601-2-27: a monitor must take ±5 mV on top of an offset; beyond 10 mV nothing is ECG. */
const RANGE_MV = 10;
/** A beat's top is never level for so long. */
const STUCK_SECONDS = 0.1;
const STUCK_OFF_MEAN_MV = 2;
const MEAN_SECONDS = 2;
const MISSING_SECONDS = 0.1;

export class SignalQuality {
  /** What the beat detector may see: without a jump where the lead had been lost. */
  value = 0;
  current: QualityKind | undefined;
  readonly #lead: number;
  readonly #rateHz: number;
  #now = -1;
  #from = 0;
  #offset = Number.NaN;
  #last = 0;
  #mean = 0;
  #missing = 0;
  #stuck = 0;
  #low = 0;
  #high = 0;
  #levelSince = 0;

  constructor(lead: number, rateHz: number) {
    this.#lead = lead;
    this.#rateHz = rateHz;
  }

  /** A finding comes back when what was wrong is over, or has become something else. */
  push(millivolts: number): QualityFinding | undefined {
    this.#now += 1;
    const isMissing = !Number.isFinite(millivolts);
    this.#missing = isMissing ? this.#missing + 1 : 0;
    if (isMissing)
      return this.#become(
        this.#isLong(this.#missing, MISSING_SECONDS) ? 'missing' : this.current,
        this.#missing,
      );
    if (Number.isNaN(this.#offset)) this.#begin(millivolts);
    const isStuck = millivolts === this.#last;
    this.#stuck = isStuck ? this.#stuck + 1 : 0;
    this.#last = millivolts;
    const isSaturated = this.#isSaturated(millivolts);
    if (isSaturated) return this.#become('saturated', this.#stuck + 1);
    // Back again: the lead goes on from where it was held, whatever its offset is now.
    if (this.current === 'missing' || this.current === 'saturated') {
      this.#offset = millivolts - this.value;
      this.#levelFrom(millivolts);
    }
    this.value = millivolts - this.#offset;
    this.#mean += (this.value - this.#mean) / (MEAN_SECONDS * this.#rateHz);
    const levelFor = this.#followLevel(millivolts);
    return this.#become(this.#isLong(levelFor, FLAT_SECONDS) ? 'flat' : undefined, levelFor);
  }

  end(): QualityFinding | undefined {
    this.#now += 1;
    return this.#become(undefined, 0);
  }

  #begin(millivolts: number): void {
    this.#offset = millivolts;
    this.#last = Number.NaN;
    this.#levelFrom(millivolts);
  }

  #isLong(samples: number, seconds: number): boolean {
    return samples >= seconds * this.#rateHz;
  }

  #isSaturated(millivolts: number): boolean {
    const value = millivolts - this.#offset;
    if (Math.abs(value) > RANGE_MV) return true;
    const isFar = Math.abs(value - this.#mean) > STUCK_OFF_MEAN_MV;
    return isFar && this.#isLong(this.#stuck, STUCK_SECONDS);
  }

  #levelFrom(millivolts: number): void {
    this.#low = millivolts;
    this.#high = millivolts;
    this.#levelSince = this.#now;
  }

  /** For how many samples the lead has stayed within the span. */
  #followLevel(millivolts: number): number {
    this.#low = Math.min(this.#low, millivolts);
    this.#high = Math.max(this.#high, millivolts);
    if (this.#high - this.#low > FLAT_MV) this.#levelFrom(millivolts);
    return this.#now - this.#levelSince;
  }

  /** `samples`: for how long it has been so already. */
  #become(kind: QualityKind | undefined, samples: number): QualityFinding | undefined {
    if (kind === this.current) return undefined;
    const before = this.current;
    const from = this.#from;
    const begins = Math.max(0, this.#now - Math.max(0, samples - 1));
    this.current = kind;
    this.#from = begins;
    if (before === undefined) return undefined;
    const to = Math.max(from, (kind === undefined ? this.#now : begins) - 1);
    return { lead: this.#lead, kind: before, from, to };
  }
}
