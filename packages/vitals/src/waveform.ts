/** Samples a second as an exact ratio: 360/1 for MIT-BIH, 125/1 for BIDMC, 250/3 where it must be. */
export interface SampleRate {
  readonly numerator: number;
  readonly denominator: number;
}

/**
 * Many values at a fixed rate. `value = (sample - zero) / gain` in the metric's canonical unit, so
 * that a converter's integers travel and are stored as they came.
 */
export interface WaveformRun {
  /** Catalogue key of a waveform metric, e.g. "ecg-ii". */
  readonly metric: string;
  /** The device's own time of the first sample, integer milliseconds since 1970. */
  readonly startMs: number;
  readonly rate: SampleRate;
  readonly samples: Int32Array;
  /** Steps of the converter for one canonical unit; > 0 and finite. */
  readonly gain: number;
  /** The sample that means zero. */
  readonly zero: number;
  readonly flags: number;
}

/** Milliseconds from the first sample to the one `index` later. */
export function sampleOffsetMs(rate: SampleRate, index: number): number {
  return (index * 1000 * rate.denominator) / rate.numerator;
}

/** The first sample that is `offsetMs` or more behind the first one; may lie behind the last. */
export function sampleIndexFrom(rate: SampleRate, offsetMs: number): number {
  return Math.max(0, Math.ceil((offsetMs * rate.numerator) / (1000 * rate.denominator)));
}

/**
 * Whether a run that starts at `startMs` continues one that would have its next sample at
 * `predictedMs`: within 1 ms and half a sample. From then on the sample index is the truth.
 */
export function continuesRun(run: {
  rate: SampleRate;
  predictedMs: number;
  startMs: number;
}): boolean {
  return Math.abs(run.startMs - run.predictedMs) <= 1 + sampleOffsetMs(run.rate, 0.5);
}
