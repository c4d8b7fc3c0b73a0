/**
 * Where samples of several signals stand in data records. All records last equally long and hold a whole
 * number of samples of every signal; where nobody measured there are none (EDF+D). Each stretch of
 * records begins at the very time of its first sample.
 */
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { type SampleRate, sampleOffsetMs, type WaveformRun } from '@ausculta/vitals/waveform';

/** A rate that would need longer records is refused; every usual one fits a second. */
const RECORD_S_MAX = 60;

export interface Placed {
  readonly run: WaveformRun;
  /** Which signal it belongs to. */
  readonly signal: number;
  /** Of its first sample, in its signal, from the start of the stretch. */
  readonly index: number;
}

export interface Stretch {
  readonly startMs: number;
  readonly records: number;
  /** In order of time. */
  readonly placed: readonly Placed[];
}

/** Whole seconds in which every rate has a whole number of samples. */
export function recordSeconds(rates: readonly SampleRate[]): Result<number> {
  let seconds = 1;
  for (const { numerator, denominator } of rates) {
    const own = denominator / greatestCommon(numerator, denominator);
    seconds = (seconds * own) / greatestCommon(seconds, own);
  }
  if (seconds > RECORD_S_MAX) return fail('QUERY_TOO_WIDE', 'rates that share no short time');
  return ok(seconds);
}

function greatestCommon(a: number, b: number): number {
  return b === 0 ? a : greatestCommon(b, a % b);
}

export function layOut(
  runs: readonly { readonly run: WaveformRun; readonly signal: number }[],
  seconds: number,
): Stretch[] {
  const stretches: { startMs: number; records: number; placed: Placed[] }[] = [];
  for (const { run, signal } of runs.toSorted((a, b) => a.run.startMs - b.run.startMs)) {
    let stretch = stretches.at(-1);
    // One that begins within the last record has its place there; a later one begins a record of its own.
    if (
      stretch === undefined ||
      run.startMs >= stretch.startMs + stretch.records * seconds * 1000
    ) {
      stretch = { startMs: run.startMs, records: 0, placed: [] };
      stretches.push(stretch);
    }
    const index = indexIn(stretch.placed, { run, signal, startMs: stretch.startMs });
    stretch.placed.push({ run, signal, index });
    const endMs = sampleOffsetMs(run.rate, index + run.samples.length);
    // Sums of fractions of a millisecond may lie a hair beyond a border that they mean.
    const records = Math.ceil(endMs / (seconds * 1000) - 1e-9);
    stretch.records = Math.max(stretch.records, records);
  }
  return stretches;
}

/** Right behind the run before it where it continues that one, else at the nearest sample. */
function indexIn(
  placed: readonly Placed[],
  { run, signal, startMs }: { run: WaveformRun; signal: number; startMs: number },
): number {
  const nearest = Math.round((run.startMs - startMs) / sampleOffsetMs(run.rate, 1));
  const before = placed.findLast((one) => one.signal === signal);
  const behind = before === undefined ? Number.NaN : before.index + before.run.samples.length;
  return Math.abs(nearest - behind) <= 1 ? behind : nearest;
}
