import { type Fault, fail } from '@ausculta/vitals/fault';
import { type SampleRate, sampleOffsetMs, type WaveformRun } from '@ausculta/vitals/waveform';
import {
  type BlockHeader,
  type DecodeResult,
  type EncodeResult,
  openBlock,
  type Span,
  sealBlock,
  VALUES_PER_BLOCK_MAX,
} from './block-frame.ts';
import type { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { Compression } from './compression.ts';
import { malformed } from './decode-error.ts';
import { readInt32s, writeInt32s } from './integer-column.ts';

/** Longer than any catalogue key. */
export const METRIC_BYTES_MAX = 128;

/** A minute of quarter-second frames from sixteen leads; merged runs need one. */
export const RUNS_PER_BLOCK_MAX = 4096;

/** How a run differs from the one before it. */
const REPEATS_DESCRIPTION = 1;
/** Gain and zero are integers, as a converter's are; else they are doubles. */
const INTEGER_SCALE = 2;

export function encodeRuns(runs: readonly WaveformRun[], compression: Compression): EncodeResult {
  const count = runs.reduce((sum, run) => sum + run.samples.length, 0);
  if (count > VALUES_PER_BLOCK_MAX)
    return fail('BLOCK_TOO_LARGE', `${count} samples; ${VALUES_PER_BLOCK_MAX} fit.`);
  if (runs.length > RUNS_PER_BLOCK_MAX)
    return fail('BLOCK_TOO_LARGE', `${runs.length} runs; ${RUNS_PER_BLOCK_MAX} fit.`);
  for (const [index, run] of runs.entries()) {
    const fault = faultOf(run);
    if (fault !== undefined) return fail(fault.code, `Run ${index}: ${fault.detail}`);
  }

  const writer = new ByteWriter(64 + count);
  writer.varint(runs.length);
  let previous: WaveformRun | undefined;
  for (const run of runs) {
    writeRun(writer, run, previous);
    previous = run;
  }
  const header = { kind: 'waveform', count, span: spanOf(runs) } as const;
  return sealBlock({ header, payload: writer.written() }, compression);
}

export function decodeRuns(
  bytes: Uint8Array,
  compression: Compression,
): DecodeResult<WaveformRun[]> {
  return openBlock({ bytes, kind: 'waveform', compression }, (payload, header) => {
    const runCount = payload.varint();
    if (runCount > RUNS_PER_BLOCK_MAX) throw malformed('The block claims too many runs.');
    const runs: WaveformRun[] = [];
    let countLeft = header.count;
    for (let i = 0; i < runCount; i++) {
      const run = readRun(payload, { previous: runs.at(-1), countMax: countLeft });
      countLeft -= run.samples.length;
      runs.push(run);
    }
    checkAgainst(header, { runs, countLeft });
    return runs;
  });
}

/** Why a run cannot be stored, or undefined. Both sides of the wire hold to it. */
function faultOf(run: WaveformRun): Fault | undefined {
  const { rate, gain, zero, flags } = run;
  if (!Number.isSafeInteger(run.startMs))
    return { code: 'STAMP_INVALID', detail: 'the start is not an integer millisecond.' };
  if (!isPositiveInteger(rate.numerator) || !isPositiveInteger(rate.denominator)) {
    return { code: 'BLOCK_MALFORMED', detail: 'the rate is not a ratio of positive integers.' };
  }
  if (!Number.isFinite(gain) || !Number.isFinite(zero))
    return { code: 'VALUE_NOT_FINITE', detail: 'the scale is not finite.' };
  if (gain <= 0) return { code: 'BLOCK_MALFORMED', detail: 'the gain is not positive.' };
  if ((flags & 0xff) !== flags)
    return { code: 'BLOCK_MALFORMED', detail: 'the flags do not fit a byte.' };
  if (new TextEncoder().encode(run.metric).length > METRIC_BYTES_MAX) {
    return {
      code: 'BLOCK_TOO_LARGE',
      detail: `the metric is longer than ${METRIC_BYTES_MAX} bytes.`,
    };
  }
  return undefined;
}

function isPositiveInteger(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

function writeRun(writer: ByteWriter, run: WaveformRun, previous: WaveformRun | undefined): void {
  const repeats = previous !== undefined && hasSameDescription(run, previous);
  const hasIntegerScale = isExactInteger(run.gain) && isExactInteger(run.zero);
  writer.u8(
    (repeats ? REPEATS_DESCRIPTION : 0) | (!repeats && hasIntegerScale ? INTEGER_SCALE : 0),
  );
  writer.zigzag(run.startMs);
  writer.varint(run.samples.length);
  if (!repeats) {
    writer.utf8(run.metric);
    writer.varint(run.rate.numerator);
    writer.varint(run.rate.denominator);
    if (hasIntegerScale) {
      writer.zigzag(run.gain);
      writer.zigzag(run.zero);
    } else {
      writer.f64(run.gain);
      writer.f64(run.zero);
    }
    writer.u8(run.flags);
  }
  writeInt32s(writer, run.samples);
}

function readRun(
  payload: ByteReader,
  { previous, countMax }: { readonly previous: WaveformRun | undefined; readonly countMax: number },
): WaveformRun {
  const form = payload.u8();
  const startMs = payload.zigzag();
  const count = payload.varint();
  if (count > countMax) throw malformed('The runs hold more samples than the header claims.');
  const description = readDescription(payload, form, previous);
  const run: WaveformRun = { ...description, startMs, samples: readInt32s(payload, count) };
  const fault = faultOf(run);
  if (fault !== undefined) throw malformed(`In a run ${fault.detail}`);
  return run;
}

type Description = Pick<WaveformRun, 'metric' | 'rate' | 'gain' | 'zero' | 'flags'>;

function readDescription(
  payload: ByteReader,
  form: number,
  previous: WaveformRun | undefined,
): Description {
  switch (form) {
    case REPEATS_DESCRIPTION: {
      if (previous === undefined) throw malformed('The first run repeats another.');
      const { metric, rate, gain, zero, flags } = previous;
      return { metric, rate, gain, zero, flags };
    }
    case 0:
    case INTEGER_SCALE: {
      const metric = payload.utf8(METRIC_BYTES_MAX);
      const rate: SampleRate = { numerator: payload.varint(), denominator: payload.varint() };
      const gain = form === 0 ? payload.f64() : payload.zigzag();
      const zero = form === 0 ? payload.f64() : payload.zigzag();
      return { metric, rate, gain, zero, flags: payload.u8() };
    }
    default:
      throw malformed('A run has an unknown form.');
  }
}

function hasSameDescription(run: WaveformRun, other: WaveformRun): boolean {
  return (
    run.metric === other.metric &&
    run.rate.numerator === other.rate.numerator &&
    run.rate.denominator === other.rate.denominator &&
    run.gain === other.gain &&
    Object.is(run.zero, other.zero) &&
    run.flags === other.flags
  );
}

/** A negative zero is no integer here: it would come back positive. */
function isExactInteger(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

function checkAgainst(
  header: BlockHeader,
  { runs, countLeft }: { readonly runs: readonly WaveformRun[]; readonly countLeft: number },
): void {
  const span = spanOf(runs);
  if (countLeft !== 0) throw malformed('The runs hold fewer samples than the header claims.');
  if (span?.firstMs !== header.span?.firstMs || span?.lastMs !== header.span?.lastMs) {
    throw malformed('The runs do not span what the header claims.');
  }
}

/** From the first run's start to the last sample, rounded up; kept within the safe integers. */
function spanOf(runs: readonly WaveformRun[]): Span | undefined {
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { startMs, rate, samples } of runs) {
    const lastSampleMs = startMs + Math.ceil(sampleOffsetMs(rate, Math.max(0, samples.length - 1)));
    firstMs = Math.min(firstMs, startMs);
    lastMs = Math.max(lastMs, Math.min(lastSampleMs, Number.MAX_SAFE_INTEGER));
  }
  return runs.length === 0 ? undefined : { firstMs, lastMs };
}
