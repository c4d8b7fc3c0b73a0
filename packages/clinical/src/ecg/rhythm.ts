import { AF_THRESHOLD, AtrialFibrillationRule } from './atrial-fibrillation.ts';
import type { BeatClass } from './beat-classes.ts';
import { RunningMedian } from './running-median.ts';

/**
 * Rhythms as stretches with a beginning and an end. Bounds: bradycardia below 50 and pauses after
 * Kusumoto et al. 2019, doi:10.1161/CIR.0000000000000628; tachycardia above 100; ventricular runs and
 * asystole as the house's alarm defaults have them (ventricular tachycardia: at least 5 beats at 100 a
 * minute; asystole: 4 s), after IEC 60601-2-27. Fibrillation by `atrial-fibrillation.ts`, held for at
 * least 30 s (Hindricks et al. 2021, doi:10.1093/eurheartj/ehaa612).
 */
export type RhythmKind =
  | 'bradycardia'
  | 'tachycardia'
  | 'pause'
  | 'asystole'
  | 'couplet'
  | 'ventricular-run'
  | 'ventricular-tachycardia'
  | 'bigeminy'
  | 'atrial-fibrillation';

export interface RhythmFinding {
  readonly kind: RhythmKind;
  /** Samples of the first and the last beat of it. */
  readonly from: number;
  readonly to: number;
}

export interface RhythmBeat {
  readonly sample: number;
  readonly class: BeatClass;
}

const RATE_BEATS = 8;
const BRADYCARDIA_BELOW = 50;
const TACHYCARDIA_ABOVE = 100;
const PAUSE_SECONDS = 3;
const ASYSTOLE_SECONDS = 4;
/** The beat detector learns for so long before it tells the first beat. */
const LEARNING_SECONDS = 3;
const VT_BEATS = 5;
const VT_RATE = 100;
const RUN_BEATS = 3;
const BIGEMINY_PAIRS = 3;
const AF_SECONDS = 30;
/** A positive window says most about its middle. */
const AF_HALF_WINDOW = 63;
const AF_ECTOPIC_MAX = 0.4;

/** A stretch that lasts as long as its condition is told to hold. */
class Stretch {
  readonly kind: RhythmKind;
  readonly minSamples: number;
  #from = -1;
  #to = -1;

  constructor(kind: RhythmKind, minSamples = 0) {
    this.kind = kind;
    this.minSamples = minSamples;
  }

  get isOpen(): boolean {
    return this.#from >= 0;
  }

  follow(holds: boolean, span: Omit<RhythmFinding, 'kind'>, out: RhythmFinding[]): void {
    if (!holds) {
      this.close(out);
      return;
    }
    if (this.#from < 0) this.#from = span.from;
    this.#to = span.to;
  }

  close(out: RhythmFinding[]): void {
    if (this.#from >= 0 && this.#to - this.#from >= this.minSamples) {
      out.push({ kind: this.kind, from: this.#from, to: this.#to });
    }
    this.#from = -1;
  }
}

export class RhythmWatch {
  readonly #rateHz: number;
  readonly #intervals = new RunningMedian(RATE_BEATS);
  readonly #fibrillation = new AtrialFibrillationRule();
  readonly #slow = new Stretch('bradycardia');
  readonly #fast = new Stretch('tachycardia');
  readonly #af: Stretch;
  readonly #recent: RhythmBeat[] = [];
  #run: RhythmBeat[] = [];
  #pairs = 0;
  #pairsFrom = 0;
  #isAsystoleTold = false;
  #isIrregular = false;
  #watchedFrom: number;
  #ectopicShare = 0;

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
    this.#watchedFrom = LEARNING_SECONDS * rateHz;
    this.#af = new Stretch('atrial-fibrillation', AF_SECONDS * rateHz);
  }

  /** What is still going on. */
  get current(): readonly RhythmKind[] {
    return [this.#slow, this.#fast, this.#af]
      .filter((each) => each.isOpen)
      .map((each) => each.kind);
  }

  /** Beats in their order; findings whose end is known come back. */
  push(beat: RhythmBeat): RhythmFinding[] {
    const out: RhythmFinding[] = [];
    const before = this.#recent.at(-1);
    this.#recent.push(beat);
    if (this.#recent.length > AF_HALF_WINDOW + 1) this.#recent.shift();
    this.#isAsystoleTold = false;
    if (before === undefined) return out;
    const seconds = (beat.sample - before.sample) / this.#rateHz;
    if (seconds >= PAUSE_SECONDS) this.#onPause(seconds, before, beat, out);
    else this.#onInterval(seconds, before, beat, out);
    this.#followVentricular(beat, out);
    this.#followBigeminy(before, beat, out);
    return out;
  }

  /** `now`: the sample up to which no further beat was found. Tells an asystole while it lasts, once. */
  idle(now: number): RhythmFinding | undefined {
    if (this.#isAsystoleTold) return undefined;
    // Without any beat yet, from when one could have been found: a flat line may be there from the start.
    const from = this.#recent.at(-1)?.sample ?? this.#watchedFrom;
    if (now - from < ASYSTOLE_SECONDS * this.#rateHz) return undefined;
    this.#isAsystoleTold = true;
    return { kind: 'asystole', from, to: now };
  }

  /** A lead can be read again from this sample on. */
  resume(now: number): void {
    this.#watchedFrom = now + LEARNING_SECONDS * this.#rateHz;
    this.#isAsystoleTold = false;
  }

  /** Nothing could be read for a while: what came before must not be joined to what comes now. */
  interrupt(): RhythmFinding[] {
    const out = this.end();
    this.#recent.length = 0;
    this.#intervals.clear();
    this.#fibrillation.clear();
    this.#isIrregular = false;
    return out;
  }

  end(): RhythmFinding[] {
    const out: RhythmFinding[] = [];
    for (const stretch of [this.#slow, this.#fast, this.#af]) stretch.close(out);
    this.#endRun(out);
    this.#endBigeminy(this.#recent.at(-1)?.sample ?? 0, out);
    return out;
  }

  #onPause(seconds: number, from: RhythmBeat, to: RhythmBeat, out: RhythmFinding[]): void {
    const kind = seconds >= ASYSTOLE_SECONDS ? 'asystole' : 'pause';
    out.push({ kind, from: from.sample, to: to.sample });
    for (const stretch of [this.#slow, this.#fast]) stretch.close(out);
    this.#intervals.clear();
  }

  #onInterval(seconds: number, before: RhythmBeat, beat: RhythmBeat, out: RhythmFinding[]): void {
    this.#intervals.push(seconds);
    // Ectopic beats are the rule's weakness: their intervals say nothing of the atria, and where they
    // are many too few others are left to judge by.
    const isEctopic = before.class === 'V' || beat.class === 'V';
    this.#ectopicShare += (Number(isEctopic) - this.#ectopicShare) / AF_HALF_WINDOW;
    if (!isEctopic) {
      const entropy = this.#fibrillation.push(seconds);
      this.#isIrregular = entropy !== undefined && entropy > AF_THRESHOLD;
    }
    if (this.#ectopicShare > AF_ECTOPIC_MAX) this.#isIrregular = false;
    const middle = this.#recent[0]?.sample ?? beat.sample;
    this.#af.follow(this.#isIrregular, { from: middle, to: beat.sample }, out);
    if (this.#intervals.count < RATE_BEATS) return;
    const rate = 60 / this.#intervals.value(1);
    const from = this.#recent.at(-1 - RATE_BEATS)?.sample ?? beat.sample;
    const span = { from, to: beat.sample };
    this.#slow.follow(rate < BRADYCARDIA_BELOW, span, out);
    this.#fast.follow(rate > TACHYCARDIA_ABOVE, span, out);
  }

  #followVentricular(beat: RhythmBeat, out: RhythmFinding[]): void {
    if (beat.class === 'V') this.#run.push(beat);
    else this.#endRun(out);
  }

  #endRun(out: RhythmFinding[]): void {
    const run = this.#run;
    this.#run = [];
    const first = run[0];
    const last = run.at(-1);
    if (first === undefined || last === undefined || run.length < 2) return;
    const rate = (60 * (run.length - 1) * this.#rateHz) / (last.sample - first.sample);
    const kind =
      run.length < RUN_BEATS
        ? 'couplet'
        : run.length >= VT_BEATS && rate >= VT_RATE
          ? 'ventricular-tachycardia'
          : 'ventricular-run';
    out.push({ kind, from: first.sample, to: last.sample });
  }

  #followBigeminy(before: RhythmBeat, beat: RhythmBeat, out: RhythmFinding[]): void {
    const alternates = (before.class === 'V') !== (beat.class === 'V');
    if (!alternates) {
      this.#endBigeminy(before.sample, out);
      return;
    }
    if (this.#pairs === 0) this.#pairsFrom = before.sample;
    this.#pairs += 1;
  }

  #endBigeminy(to: number, out: RhythmFinding[]): void {
    // Three pairs are five changes between normal and ventricular.
    if (this.#pairs >= 2 * BIGEMINY_PAIRS - 1) {
      out.push({ kind: 'bigeminy', from: this.#pairsFrom, to });
    }
    this.#pairs = 0;
  }
}
