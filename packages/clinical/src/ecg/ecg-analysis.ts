import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { type BeatClass, BeatClassifier } from './beat-classes.ts';
import { type DetectedBeat, QrsDetector } from './qrs-detector.ts';
import { type RhythmFinding, RhythmWatch } from './rhythm.ts';
import { type QualityFinding, SignalQuality } from './signal-quality.ts';

/**
 * One patient's electrocardiogram, sample after sample: quality, beats, rhythms. The whole of it in
 * batch feeds the same object, so both find the same whatever the packets. Parts and sources: the
 * files imported here; the whole is judged by ANSI/AAMI EC57:2012
 * (https://physionet.org/physiotools/wag/bxb-1.htm).
 */
export interface EcgBeat {
  readonly sample: number;
  /** Seconds from the first sample. */
  readonly time: number;
  readonly class: BeatClass;
  /** How much it looks like this patient's beats, 0 to 1. */
  readonly confidence: number;
}

export interface EcgFindings {
  readonly beats: readonly EcgBeat[];
  readonly rhythm: readonly RhythmFinding[];
  readonly quality: readonly QualityFinding[];
}

/** Every finding belongs to the version that found it. */
const ANALYSIS_VERSION = 'ecg-1';

/** Below 100 Hz a QRS has too few samples; beyond 2 kHz nothing is gained. */
const RATE_HZ_MIN = 100;
const RATE_HZ_MAX = 2000;
const LEADS_MAX = 16;
/** The asystole of `rhythm.ts` is looked for so often. */
const IDLE_SECONDS = 0.25;
/** So long must all leads be lost before rhythms are cut in two. */
const INTERRUPTION_SECONDS = 1;

const NOTHING: EcgFindings = { beats: [], rhythm: [], quality: [] };

export class EcgAnalysis {
  readonly rateHz: number;
  readonly #qualities: readonly SignalQuality[];
  readonly #detector: QrsDetector;
  readonly #classifier = new BeatClassifier();
  readonly #rhythm: RhythmWatch;
  readonly #frame: Float64Array;
  #now = -1;
  #unreadable = 0;
  #beats: EcgBeat[] = [];
  #rhythms: RhythmFinding[] = [];
  #findings: QualityFinding[] = [];

  private constructor(rateHz: number, leadCount: number) {
    this.rateHz = rateHz;
    this.#qualities = Array.from(
      { length: leadCount },
      (_, lead) => new SignalQuality(lead, rateHz),
    );
    this.#detector = new QrsDetector(rateHz, leadCount);
    this.#rhythm = new RhythmWatch(rateHz);
    this.#frame = new Float64Array(leadCount);
  }

  static open(settings: {
    readonly rateHz: number;
    readonly leadCount: number;
  }): Result<EcgAnalysis> {
    const { rateHz, leadCount } = settings;
    if (!(rateHz >= RATE_HZ_MIN && rateHz <= RATE_HZ_MAX)) {
      return fail('PAYLOAD_MALFORMED', 'the sampling rate is none of an electrocardiogram');
    }
    if (!(Number.isInteger(leadCount) && leadCount >= 1 && leadCount <= LEADS_MAX)) {
      return fail('PAYLOAD_MALFORMED', 'the number of leads cannot be analysed');
    }
    return ok(new EcgAnalysis(rateHz, leadCount));
  }

  /** The rhythms that last at this moment. */
  get current(): readonly RhythmFinding['kind'][] {
    return this.#rhythm.current;
  }

  /** False while no lead can be read: then there is no arrhythmia monitoring (safety S4). */
  get isMonitoring(): boolean {
    return this.#unreadable < INTERRUPTION_SECONDS * this.rateHz;
  }

  /** A packet: the samples of each lead in mV, all of one length; NaN where one is missing. */
  push(leads: readonly ArrayLike<number>[]): EcgFindings {
    const length = leads[0]?.length ?? 0;
    for (let i = 0; i < length; i++) this.#step(leads, i);
    return this.#take();
  }

  end(): EcgFindings {
    for (const beat of this.#detector.end()) this.#onBeat(beat);
    this.#rhythms.push(...this.#rhythm.end());
    for (const quality of this.#qualities) this.#note(quality.end());
    return this.#take();
  }

  #step(leads: readonly ArrayLike<number>[], at: number): void {
    this.#now += 1;
    let readable = 0;
    for (let l = 0; l < this.#qualities.length; l++) {
      const quality = this.#qualities[l] as SignalQuality;
      this.#note(quality.push(leads[l]?.[at] ?? Number.NaN));
      this.#frame[l] = quality.value;
      const isReadable = quality.current !== 'missing' && quality.current !== 'saturated';
      this.#detector.setReadable(l, isReadable);
      if (isReadable) readable += 1;
    }
    if (readable > 0 && !this.isMonitoring) this.#rhythm.resume(this.#now);
    this.#unreadable = readable === 0 ? this.#unreadable + 1 : 0;
    for (const beat of this.#detector.push(this.#frame)) this.#onBeat(beat);
    if (this.#unreadable === Math.ceil(INTERRUPTION_SECONDS * this.rateHz)) {
      this.#rhythms.push(...this.#rhythm.interrupt());
    } else if (this.#unreadable === 0 && this.#now % Math.ceil(IDLE_SECONDS * this.rateHz) === 0) {
      this.#lookForAsystole();
    }
  }

  #onBeat(beat: DetectedBeat): void {
    const { sample, likeness } = beat;
    const kind = this.#classifier.push(beat);
    const time = sample / this.rateHz;
    this.#beats.push({ sample, time, class: kind, confidence: Math.max(0, likeness) });
    this.#rhythms.push(...this.#rhythm.push({ sample, class: kind }));
  }

  /** A beat that is not certain yet counts: it must not be overtaken by an alarm. */
  #lookForAsystole(): void {
    const sinceBeat = this.#now - this.#detector.lastBeatSample;
    if (sinceBeat < this.rateHz) return;
    const finding = this.#rhythm.idle(this.#now);
    if (finding !== undefined) this.#rhythms.push(finding);
  }

  #note(finding: QualityFinding | undefined): void {
    if (finding !== undefined) this.#findings.push(finding);
  }

  #take(): EcgFindings {
    if (this.#beats.length + this.#rhythms.length + this.#findings.length === 0) return NOTHING;
    const found = { beats: this.#beats, rhythm: this.#rhythms, quality: this.#findings };
    this.#beats = [];
    this.#rhythms = [];
    this.#findings = [];
    return found;
  }
}

/** A whole recording at once: the streaming analysis, fed in one piece. */
export function analyseEcg(recording: {
  readonly rateHz: number;
  readonly leads: readonly ArrayLike<number>[];
}): Result<EcgFindings & { readonly fs: number; readonly version: string }> {
  const { rateHz, leads } = recording;
  const opened = EcgAnalysis.open({ rateHz, leadCount: leads.length });
  if (!opened.ok) return opened;
  const first = opened.value.push(leads);
  const last = opened.value.end();
  return ok({
    fs: rateHz,
    version: ANALYSIS_VERSION,
    beats: [...first.beats, ...last.beats],
    rhythm: [...first.rhythm, ...last.rhythm],
    quality: [...first.quality, ...last.quality],
  });
}
