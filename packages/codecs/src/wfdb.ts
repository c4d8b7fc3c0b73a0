import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { SampleRate } from '@ausculta/vitals/waveform';
import { readRate, readWholeNumber } from './wfdb-fields.ts';

/**
 * WFDB, the form of PhysioNet's recordings: a text header (.hea) that names its signals, and signal
 * files of interleaved samples. Formats 212 (two 12-bit samples in three bytes) and 16 (two bytes,
 * little end first) are read. Annotations are in wfdb-annotations.ts. See header(5) and signal(5)
 * of the WFDB Applications Guide.
 */

/** One line of a header. `value = (sample - baseline) / gain` in `unit`. */
export interface WfdbSignal {
  readonly fileName: string;
  readonly format: number;
  readonly samplesPerFrame: number;
  readonly byteOffset: number;
  /** Steps of the converter for one unit. header(5): absent or 0 means uncalibrated, read as 200. */
  readonly gain: number;
  readonly calibrated: boolean;
  /** The sample that means zero. */
  readonly baseline: number;
  readonly unit: string;
  readonly resolutionBits: number;
  readonly adcZero: number;
  readonly firstSample: number;
  /** Sum of all samples, as 16 bits with sign; undefined where the header leaves it out. */
  readonly checksum: number | undefined;
  readonly description: string;
}

export interface WfdbHeader {
  readonly recordName: string;
  /** Frames a second. */
  readonly rate: SampleRate;
  readonly frameCount: number;
  readonly signals: readonly WfdbSignal[];
  /** Lines that begin with '#', without it. */
  readonly comments: readonly string[];
}

/** A record of 48 h at 1 kHz is 173 million frames; the largest that a signed 32-bit index holds. */
const FRAMES_MAX = 2 ** 31 - 1;
/** More than any bedside or polysomnography recorder has. */
const SIGNALS_MAX = 256;
const SAMPLES_PER_FRAME_MAX = 1024;
const DEFAULT_GAIN = 200;
const DEFAULT_RATE: SampleRate = { numerator: 250, denominator: 1 };
const FORMATS_READ: ReadonlySet<number> = new Set([16, 212]);

export function readWfdbHeader(text: string): Result<WfdbHeader> {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const comments = lines.filter((line) => line.startsWith('#')).map((line) => line.slice(1).trim());
  const [recordLine, ...signalLines] = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (recordLine === undefined) return fail('PAYLOAD_MALFORMED', 'the WFDB header is empty');
  const [name = '', count = '', rateText, frames] = recordLine.split(/\s+/);
  if (name.includes('/'))
    return fail('PAYLOAD_MALFORMED', 'WFDB records of several segments are not read');
  const signalCount = readWholeNumber(count);
  if (signalCount === undefined || signalCount > SIGNALS_MAX) {
    return fail('PAYLOAD_MALFORMED', 'the WFDB header states no readable number of signals');
  }
  if (signalLines.length < signalCount)
    return fail('PAYLOAD_MALFORMED', 'the WFDB header lacks signal lines');
  const rate = rateText === undefined ? DEFAULT_RATE : readRate(rateText);
  if (rate === undefined)
    return fail('PAYLOAD_MALFORMED', 'the WFDB header states no readable sampling rate');
  const frameCount = frames === undefined ? 0 : readWholeNumber(frames);
  if (frameCount === undefined || frameCount > FRAMES_MAX) {
    return fail('PAYLOAD_MALFORMED', 'the WFDB header states no readable number of samples');
  }
  const signals: WfdbSignal[] = [];
  for (const line of signalLines.slice(0, signalCount)) {
    const signal = readSignalLine(line);
    if (!signal.ok) return signal;
    signals.push(signal.value);
  }
  return ok({ recordName: name, rate, frameCount, signals, comments });
}

function readSignalLine(line: string): Result<WfdbSignal> {
  const [fileName = '', formatText = '', gainText, bits, zero, first, sum, , ...description] =
    line.split(/\s+/);
  // format[xSAMPLES_PER_FRAME][:SKEW][+BYTE_OFFSET]
  const format = /^(\d{1,4})(?:x(\d{1,5}))?(?::(-?\d{1,6}))?(?:\+(\d{1,9}))?$/.exec(formatText);
  if (format === null)
    return fail('PAYLOAD_MALFORMED', 'a WFDB signal line has no readable format');
  if (format[3] !== undefined && Number(format[3]) !== 0) {
    return fail('PAYLOAD_MALFORMED', 'skewed WFDB signals are not read');
  }
  const samplesPerFrame = Number(format[2] ?? 1);
  if (samplesPerFrame < 1 || samplesPerFrame > SAMPLES_PER_FRAME_MAX) {
    return fail(
      'PAYLOAD_MALFORMED',
      'a WFDB signal line has an impossible number of samples a frame',
    );
  }
  // gain[(BASELINE)][/UNIT]
  const scale = /^(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?:\((-?\d+)\))?(?:\/(\S+))?$/.exec(
    gainText ?? '0',
  );
  if (scale === null) return fail('PAYLOAD_MALFORMED', 'a WFDB signal line has no readable gain');
  const gain = Number(scale[1]);
  if (!Number.isFinite(gain)) return fail('VALUE_NOT_FINITE', 'the gain of a WFDB signal');
  const numbers = [bits ?? '0', zero ?? '0', first ?? zero ?? '0', sum ?? '0'].map(readSigned);
  const [resolutionBits, adcZero, firstSample, checksum] = numbers;
  if (
    resolutionBits === undefined ||
    adcZero === undefined ||
    firstSample === undefined ||
    checksum === undefined
  ) {
    return fail('PAYLOAD_MALFORMED', 'a WFDB signal line has a field that is no whole number');
  }
  return ok({
    fileName,
    format: Number(format[1]),
    samplesPerFrame,
    byteOffset: Number(format[4] ?? 0),
    gain: gain === 0 ? DEFAULT_GAIN : gain,
    calibrated: gain !== 0,
    baseline: scale[2] === undefined ? adcZero : Number(scale[2]),
    unit: scale[3] ?? 'mV',
    resolutionBits,
    adcZero,
    firstSample,
    checksum: sum === undefined ? undefined : checksum,
    description: description.join(' '),
  });
}

function readSigned(text: string): number | undefined {
  return /^-?\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/**
 * The samples of every signal, in the header's order, from the bytes of the files that it names.
 * First sample and checksum are held against the header: a cut or damaged file is a fault, never a
 * quiet half.
 */
export function readWfdbSignals(
  header: WfdbHeader,
  files: ReadonlyMap<string, Uint8Array>,
): Result<Int32Array[]> {
  const out: Int32Array[] = [];
  for (let at = 0; at < header.signals.length; ) {
    const group = fileGroup(header.signals, at);
    const bytes = files.get(group.fileName);
    if (bytes === undefined)
      return fail('PAYLOAD_MALFORMED', 'a signal file that the WFDB header names is missing');
    const decoded = readGroup({ group: group.signals, frameCount: header.frameCount, bytes });
    if (!decoded.ok) return decoded;
    out.push(...decoded.value);
    at += group.signals.length;
  }
  const damaged = header.signals.findIndex(
    (signal, index) => !agrees(signal, out[index] ?? NO_SAMPLES),
  );
  if (damaged >= 0) {
    return fail(
      'PAYLOAD_MALFORMED',
      `WFDB signal ${damaged} contradicts the header's checksum or first sample`,
    );
  }
  return ok(out);
}

const NO_SAMPLES = new Int32Array(0);

/** Consecutive signals of one file are one group: their samples are interleaved frame by frame. */
function fileGroup(
  signals: readonly WfdbSignal[],
  from: number,
): { fileName: string; signals: readonly WfdbSignal[] } {
  const fileName = signals[from]?.fileName ?? '';
  const rest = signals.slice(from);
  const end = rest.findIndex((signal) => signal.fileName !== fileName);
  return { fileName, signals: end < 0 ? rest : rest.slice(0, end) };
}

function readGroup(input: {
  group: readonly WfdbSignal[];
  frameCount: number;
  bytes: Uint8Array;
}): Result<Int32Array[]> {
  const format = input.group[0]?.format ?? 0;
  const byteOffset = input.group[0]?.byteOffset ?? 0;
  if (!FORMATS_READ.has(format))
    return fail('PAYLOAD_MALFORMED', `WFDB format ${format} is not read`);
  if (input.group.some((signal) => signal.format !== format)) {
    return fail('PAYLOAD_MALFORMED', 'one WFDB signal file holds two formats');
  }
  const samplesPerFrame = input.group.reduce((sum, signal) => sum + signal.samplesPerFrame, 0);
  const total = samplesPerFrame * input.frameCount;
  const bytes = input.bytes.subarray(byteOffset);
  // Compared before anything is allocated: a header cannot ask for more memory than its file has.
  if (bytes.length < sampleBytes(format, total)) {
    return fail('PAYLOAD_MALFORMED', 'a WFDB signal file is shorter than its header says');
  }
  const stream = format === 212 ? unpack212(bytes, total) : unpack16(bytes, total);
  return ok(deinterleave(stream, input.group, samplesPerFrame));
}

function sampleBytes(format: number, count: number): number {
  return format === 212 ? Math.ceil((count * 3) / 2) : count * 2;
}

function deinterleave(
  stream: Int32Array,
  group: readonly WfdbSignal[],
  samplesPerFrame: number,
): Int32Array[] {
  let slot = 0;
  return group.map((signal) => {
    const frames = stream.length / samplesPerFrame;
    const samples = new Int32Array(frames * signal.samplesPerFrame);
    for (let frame = 0; frame < frames; frame += 1) {
      const from = frame * samplesPerFrame + slot;
      for (let k = 0; k < signal.samplesPerFrame; k += 1) {
        samples[frame * signal.samplesPerFrame + k] = stream[from + k] ?? 0;
      }
    }
    slot += signal.samplesPerFrame;
    return samples;
  });
}

/** Low byte of the first, the high nibbles of both (second's above), low byte of the second. */
function unpack212(bytes: Uint8Array, count: number): Int32Array {
  const samples = new Int32Array(count);
  for (let index = 0; index < count; index += 1) {
    const at = (index >> 1) * 3;
    const nibbles = bytes[at + 1] ?? 0;
    const word =
      (index & 1) === 0
        ? ((nibbles & 0x0f) << 8) | (bytes[at] ?? 0)
        : ((nibbles & 0xf0) << 4) | (bytes[at + 2] ?? 0);
    samples[index] = (word << 20) >> 20;
  }
  return samples;
}

function unpack16(bytes: Uint8Array, count: number): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Int32Array(count);
  for (let index = 0; index < count; index += 1) samples[index] = view.getInt16(index * 2, true);
  return samples;
}

function agrees(signal: WfdbSignal, samples: Int32Array): boolean {
  if (samples.length > 0 && samples[0] !== signal.firstSample) return false;
  return signal.checksum === undefined || wfdbChecksum(samples) === (signal.checksum << 16) >> 16;
}

/** header(5): the 16-bit sum, with sign, of all samples. */
export function wfdbChecksum(samples: Int32Array): number {
  let sum = 0;
  for (const sample of samples) sum = (sum + sample) | 0;
  return (sum << 16) >> 16;
}
