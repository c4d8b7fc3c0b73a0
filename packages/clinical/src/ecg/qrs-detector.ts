import { BeatShapes, type BeatWindow, type LearnedBeat } from './beat-shapes.ts';
import { LeadState } from './lead-state.ts';
import { RunningMedian } from './running-median.ts';

/**
 * Heart beats in one or more leads, as the samples come: adaptive thresholds between beat and noise,
 * refractory time, T wave test and search back after Pan and Tompkins 1985,
 * doi:10.1109/TBME.1985.325532, on the weighted steepness of all leads, each candidate judged by its
 * likeness to this patient's beats (`beat-shapes.ts`) and by how early it comes.
 *
 * A beat is told up to half a second late: until then a better candidate close by may take its place.
 */
export interface DetectedBeat extends LearnedBeat {
  /** Index of the sample at its peak, counted from the first one pushed. */
  readonly sample: number;
  /** Weighted steepness: 1 is usual. */
  readonly strength: number;
  /** Correlation with the known shapes before it was learned, -1 to 1. */
  readonly likeness: number;
}

interface Candidate {
  readonly at: number;
  readonly steepness: Float64Array;
  readonly window: BeatWindow;
  readonly peak: number;
  strength: number;
  likeness: number;
  score: number;
}

const SETTLE_SECONDS = 0.4;
const LEARN_SECONDS = 2.5;
/** A candidate is a peak that nothing has passed for so long. */
const PEAK_SECONDS = 0.12;
const STRENGTH_MIN = 0.02;
const REFRACTORY_SECONDS = 0.2;
const REPLACE_SECONDS = 0.3;
const REPLACE_RATIO = 1.15;
const REPLACE_LIKENESS_BELOW = 0.95;
const T_WAVE_SECONDS = 0.36;
const T_WAVE_RATIO = 0.7;
const BETWEEN = 0.4;
const THRESHOLD_MIN = 0.25;
const THRESHOLD_MAX = 0.6;
const EARLY_GAIN = 1;
const EARLY_BEFORE = 0.7;
const UNLIKE_GAIN = 0.5;
const UNLIKE = 0.4;
const LIKE = 0.93;
const BACK_AFTER = 1.6;
const BACK_SHARE = 0.8;
const BACK_MIN = 0.14;
const BACK_REFRACTORY_SECONDS = 0.3;
const SILENCE_AFTER = 1.5;
const RELEARN_SECONDS = 4;
const LONG_AGO_SECONDS = 20;
const REMEMBERED = 8;
const INTERVALS_MIN = 3;
const INTERVAL_MAX_SECONDS = 3;
/** Peaks between two beats: twelve a second for longer than a search back waits. */
const PENDING_MAX = 60;
const FIDUCIAL_SECONDS = 0.07;

const NO_BEATS: readonly DetectedBeat[] = [];

export class QrsDetector {
  readonly leads: readonly LeadState[];
  readonly #rateHz: number;
  readonly #shapes: BeatShapes;
  readonly #strengths = new RunningMedian(REMEMBERED);
  readonly #noises = new RunningMedian(REMEMBERED);
  readonly #intervals = new RunningMedian(REMEMBERED);
  readonly #steepness: Float64Array;
  #peakAt = -1;
  #peakStrength = 0;
  #now = -1;
  #learnFrom = 0;
  #isLearned = false;
  #silenceCheckedAt = 0;
  #pending: Candidate[] = [];
  #tentative: Candidate | undefined;
  #between: Candidate[] = [];
  #lastAt = Number.NEGATIVE_INFINITY;
  #beforeLastAt = Number.NEGATIVE_INFINITY;
  #lastStrength = 0;
  #out: DetectedBeat[] = [];

  constructor(rateHz: number, leadCount: number) {
    this.#rateHz = rateHz;
    this.leads = Array.from({ length: leadCount }, () => new LeadState(rateHz, leadCount));
    this.#shapes = new BeatShapes(rateHz);
    this.#steepness = new Float64Array(leadCount);
  }

  /** One sample of each lead, mV. Beats that are certain now come back, in order. */
  push(millivolts: ArrayLike<number>): readonly DetectedBeat[] {
    this.#now += 1;
    const isSettled = this.#now - this.#learnFrom > this.#rateHz * SETTLE_SECONDS;
    let strength = 0;
    for (let l = 0; l < this.leads.length; l++) {
      const lead = this.leads[l] as LeadState;
      lead.push(millivolts[l] as number);
      if (!this.#isLearned && isSettled) lead.learnFromNow();
      strength += lead.weight * lead.relative(lead.steepness);
    }
    if (this.#now < this.#rateHz * SETTLE_SECONDS) return NO_BEATS;
    this.#followPeak(strength);
    if (!this.#isLearned) this.#learn();
    else this.#lookBack();
    return this.#take();
  }

  /** Tells that a lead is lost or back; the others decide without it. */
  setReadable(lead: number, isReadable: boolean): void {
    const state = this.leads[lead];
    if (state === undefined || state.isReadable === isReadable) return;
    state.isReadable = isReadable;
    this.#shareWeights();
  }

  /** Index of the last beat found, certain or not yet; -1 before the first. */
  get lastBeatSample(): number {
    const delay = Math.round((this.leads[0] as LeadState).slope.delay);
    return Number.isFinite(this.#lastAt) ? this.#lastAt - delay : -1;
  }

  /** After the last sample: what was still waiting. */
  end(): readonly DetectedBeat[] {
    if (this.#peakAt >= 0) this.#onPeak();
    if (this.#tentative !== undefined) this.#confirm(this.#tentative);
    return this.#take();
  }

  #take(): readonly DetectedBeat[] {
    if (this.#out.length === 0) return NO_BEATS;
    const beats = this.#out;
    this.#out = [];
    return beats;
  }

  #followPeak(strength: number): void {
    if (this.#peakAt < 0 || strength > this.#peakStrength) {
      if (strength <= STRENGTH_MIN) return;
      this.#peakAt = this.#now;
      this.#peakStrength = strength;
      for (let l = 0; l < this.leads.length; l++) {
        this.#steepness[l] = (this.leads[l] as LeadState).steepness;
      }
    } else if (this.#now - this.#peakAt > PEAK_SECONDS * this.#rateHz) {
      this.#onPeak();
    } else {
      for (let l = 0; l < this.leads.length; l++) {
        const { steepness } = this.leads[l] as LeadState;
        if (steepness > (this.#steepness[l] as number)) this.#steepness[l] = steepness;
      }
    }
  }

  #onPeak(): void {
    const at = this.#peakAt;
    this.#peakAt = -1;
    const candidate: Candidate = {
      at,
      steepness: this.#steepness.slice(),
      window: this.#shapes.cut(this.leads, this.#now - at + this.#energyDelay()),
      // Now, for the leads are not kept until a search back.
      peak: this.#fiducial(at),
      strength: 0,
      likeness: 0,
      score: 0,
    };
    if (this.#isLearned) this.#consider(candidate);
    else this.#keep(candidate);
  }

  /** From the low-passed leads to the middle of the energy's window. */
  #energyDelay(): number {
    const slope = (this.leads[0] as LeadState).slope;
    return Math.round(slope.delay - slope.smoothDelay);
  }

  #learn(): void {
    const settleSamples = Math.floor(SETTLE_SECONDS * this.#rateHz);
    // A flat line teaches nothing: the learning begins with the first activity.
    if (!this.leads.some(({ hasActivity }) => hasActivity)) {
      this.#learnFrom = Math.max(this.#learnFrom, this.#now - settleSamples - 1);
      this.#pending = [];
    }
    if (this.#now - this.#learnFrom <= LEARN_SECONDS * this.#rateHz) return;
    this.#isLearned = true;
    for (const candidate of this.#pending.splice(0)) this.#consider(candidate);
  }

  #consider(candidate: Candidate): void {
    this.#judge(candidate);
    const sinceSeconds = (candidate.at - this.#lastAt) / this.#rateHz;
    const rival = this.#tentative;
    if (rival !== undefined && sinceSeconds < REPLACE_SECONDS && isBetter(candidate, rival)) {
      // What stood before was noise or a P wave of this very beat.
      this.#keep(rival);
      this.#tentative = undefined;
      this.#lastAt = this.#beforeLastAt;
      this.#accept(candidate);
      return;
    }
    if (sinceSeconds < REFRACTORY_SECONDS) return;
    const threshold = this.#threshold() * this.#earliness(sinceSeconds);
    if (candidate.score > threshold && !this.#isTWave(candidate, sinceSeconds)) {
      this.#accept(candidate);
    } else {
      this.#keep(candidate);
    }
  }

  #keep(candidate: Candidate): void {
    this.#pending.push(candidate);
    if (this.#pending.length > PENDING_MAX) this.#pending.shift();
  }

  #judge(candidate: Candidate): void {
    let strength = 0;
    for (const [l, lead] of this.leads.entries()) {
      strength += lead.weight * lead.relative(candidate.steepness[l] as number);
    }
    candidate.strength = strength;
    candidate.likeness = this.#shapes.compare(candidate.window, this.leads).toKnown;
    const share = (candidate.likeness - UNLIKE) / (LIKE - UNLIKE);
    const gain = UNLIKE_GAIN + (1 - UNLIKE_GAIN) * Math.min(1, Math.max(0, share));
    candidate.score = this.#shapes.hasKnown ? strength * gain : strength;
  }

  #threshold(): number {
    const beat = this.#strengths.value(1);
    const noise = this.#noises.value(0);
    const between = noise + BETWEEN * (beat - noise);
    return Math.min(THRESHOLD_MAX * beat, Math.max(THRESHOLD_MIN * beat, between));
  }

  #interval(): number {
    const isKnown = this.#intervals.count >= INTERVALS_MIN;
    return isKnown ? this.#intervals.value(this.#rateHz) : this.#rateHz;
  }

  /** The earlier, the more it takes: 1 from the time on at which a beat may be expected. */
  #earliness(sinceSeconds: number): number {
    const expected = EARLY_BEFORE * (this.#interval() / this.#rateHz);
    return 1 + EARLY_GAIN * Math.max(0, 1 - sinceSeconds / expected);
  }

  #isTWave(candidate: Candidate, sinceSeconds: number): boolean {
    if (sinceSeconds >= T_WAVE_SECONDS) return false;
    const before = this.#tentative?.strength ?? this.#lastStrength;
    return candidate.strength < T_WAVE_RATIO * before;
  }

  #lookBack(): void {
    const confirmAfter = (REPLACE_SECONDS + PEAK_SECONDS) * this.#rateHz;
    if (this.#tentative !== undefined && this.#now - this.#tentative.at > confirmAfter) {
      this.#confirm(this.#tentative);
    }
    if (this.#now - this.#silenceCheckedAt > SILENCE_AFTER * this.#interval()) this.#checkSilence();
    const waited = this.#now - this.#lastAt - PEAK_SECONDS * this.#rateHz;
    if (waited > BACK_AFTER * this.#interval() && this.#pending.length > 0) this.#searchBack();
    const relearnAfter = RELEARN_SECONDS * this.#rateHz;
    const isLost = this.#now - this.#lastAt > relearnAfter;
    if (isLost && this.#now - this.#learnFrom > relearnAfter) this.#relearn();
  }

  /** The best of what was passed over, if it is a fair deal like a beat. */
  #searchBack(): void {
    let best: Candidate | undefined;
    for (const candidate of this.#pending) {
      const sinceSeconds = (candidate.at - this.#lastAt) / this.#rateHz;
      if (sinceSeconds < BACK_REFRACTORY_SECONDS) continue;
      if (this.#isTWave(candidate, sinceSeconds)) continue;
      if (best === undefined || candidate.score > best.score) best = candidate;
    }
    if (best === undefined) return;
    if (best.score <= Math.max(BACK_MIN, BACK_SHARE * this.#threshold())) return;
    const { at } = best;
    const later = this.#pending.filter((candidate) => candidate.at > at);
    this.#accept(best);
    this.#pending = [];
    for (const candidate of later) this.#consider(candidate);
  }

  #accept(candidate: Candidate): void {
    if (this.#tentative !== undefined) this.#confirm(this.#tentative);
    this.#tentative = candidate;
    this.#between = this.#pending.filter(({ at }) => at < candidate.at);
    this.#pending = this.#pending.filter(({ at }) => at > candidate.at);
    this.#beforeLastAt = this.#lastAt;
    this.#lastAt = candidate.at;
  }

  #confirm(beat: Candidate): void {
    this.#tentative = undefined;
    const interval = beat.at - this.#beforeLastAt;
    if (interval < INTERVAL_MAX_SECONDS * this.#rateHz) this.#intervals.push(interval);
    let noise = 0;
    for (const { score } of this.#between) noise = Math.max(noise, score);
    this.#noises.push(noise);
    this.#strengths.push(beat.strength);
    for (const [l, lead] of this.leads.entries()) {
      let between = 0;
      for (const { steepness } of this.#between) {
        between = Math.max(between, steepness[l] as number);
      }
      lead.onBeat(beat.steepness[l] as number, between);
    }
    this.#shareWeights();
    this.#lastStrength = beat.strength;
    const learned = this.#shapes.learn(beat.window, this.leads, beat.at);
    const { peak, strength, likeness } = beat;
    this.#out.push({ ...learned, sample: peak, strength, likeness });
  }

  #checkSilence(): void {
    this.#silenceCheckedAt = this.#now;
    for (const lead of this.leads) lead.checkSilence();
    this.#shareWeights();
  }

  /** Where all are silent none is believed less: that is the patient, not a lead. */
  #shareWeights(): void {
    const isOut = (lead: LeadState) => lead.isSilent || !lead.isReadable;
    const areAllOut = this.leads.every(isOut);
    const shareOf = (lead: LeadState) => (isOut(lead) && !areAllOut ? 0 : lead.share);
    let sum = 0;
    for (const lead of this.leads) sum += shareOf(lead);
    for (const lead of this.leads) lead.weight = shareOf(lead) / sum;
  }

  /** No beat for so long: the leads may have changed beyond recognition. */
  #relearn(): void {
    if (this.#tentative !== undefined) this.#confirm(this.#tentative);
    const isLongAgo = this.#now - this.#lastAt > LONG_AGO_SECONDS * this.#rateHz;
    for (const lead of this.leads) lead.relearn(1 / this.leads.length, isLongAgo);
    this.#isLearned = false;
    this.#learnFrom = this.#now;
    this.#pending = [];
    this.#strengths.clear();
    this.#noises.clear();
    this.#intervals.clear();
  }

  /** The farthest from the local mean in the most trusted lead, near the middle of the energy. */
  #fiducial(at: number): number {
    const lead = this.leads.reduce((best, other) => (other.weight > best.weight ? other : best));
    const { delay, smoothDelay } = lead.slope;
    const middle = this.#now - at + this.#energyDelay();
    const half = Math.round(FIDUCIAL_SECONDS * this.#rateHz);
    const valueAt = (shift: number) =>
      lead.smoothBefore(Math.min(lead.reach, Math.max(0, middle - shift)));
    let mean = 0;
    for (let shift = -half; shift <= half; shift++) mean += valueAt(shift) / (2 * half + 1);
    let best = 0;
    for (let shift = -half; shift <= half; shift++) {
      if (Math.abs(valueAt(shift) - mean) > Math.abs(valueAt(best) - mean)) best = shift;
    }
    return Math.max(0, Math.round(at - Math.round(delay - smoothDelay) - smoothDelay + best));
  }
}

function isBetter(candidate: Candidate, rival: Candidate): boolean {
  return rival.likeness < REPLACE_LIKENESS_BELOW && candidate.score > REPLACE_RATIO * rival.score;
}
