/**
 * The bytes of a live frame. Little-endian throughout.
 *
 *   frame    = u8 version (1) · u32 frame number · f64 server time ms · section*
 *   section  = u8 kind · u32 length · bytes
 *   kind 1   = notices: UTF-8 JSON, an array of LiveNotice
 *   kind 2   = numerics: record* of NUMERIC_BYTES
 *   kind 3   = waveforms of one subject: u16 subject index · a waveform block (packages/blocks)
 *   numeric  = u16 subject · u16 metric · u16 device · u8 flags · u8 decimals · f64 time ms · f64 value
 *
 * Times are corrected ones; `time` of a numeric is when it was measured. A kind that a reader does
 * not know is skipped. Hostile or truncated bytes give undefined, never an exception.
 */
const VERSION = 1;
const HEADER_BYTES = 13;
const SECTION_HEADER_BYTES = 5;
const NUMERIC_BYTES = 24;

const KIND_NOTICES = 1;
const KIND_NUMERICS = 2;
const KIND_WAVEFORMS = 3;

export interface LiveNumeric {
  readonly subject: number;
  readonly metric: number;
  readonly device: number;
  readonly flags: number;
  /** Decimals to show: what the device resolved. */
  readonly decimals: number;
  readonly timeMs: number;
  readonly value: number;
}

export interface LiveWaveforms {
  readonly subject: number;
  /** A waveform block of packages/blocks. */
  readonly block: Uint8Array;
}

export interface LiveFrame {
  readonly number: number;
  readonly serverTimeMs: number;
  /** JSON of an array of LiveNotice; '' when there is none. Parsed by the reader with Zod. */
  readonly noticesJson: string;
  readonly numerics: readonly LiveNumeric[];
  readonly waveforms: readonly LiveWaveforms[];
}

export function encodeFrame(frame: LiveFrame): Uint8Array {
  const notices = new TextEncoder().encode(frame.noticesJson);
  const bytes = new Uint8Array(frameBytes(frame, notices.length));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint32(1, frame.number, true);
  view.setFloat64(5, frame.serverTimeMs, true);
  let at = HEADER_BYTES;
  if (notices.length > 0) {
    at = putSectionHeader(view, { at, kind: KIND_NOTICES, length: notices.length });
    bytes.set(notices, at);
    at += notices.length;
  }
  if (frame.numerics.length > 0) {
    const length = frame.numerics.length * NUMERIC_BYTES;
    at = putSectionHeader(view, { at, kind: KIND_NUMERICS, length });
    for (const numeric of frame.numerics) at = putNumeric(view, at, numeric);
  }
  for (const { subject, block } of frame.waveforms) {
    at = putSectionHeader(view, { at, kind: KIND_WAVEFORMS, length: 2 + block.length });
    view.setUint16(at, subject, true);
    bytes.set(block, at + 2);
    at += 2 + block.length;
  }
  return bytes;
}

function frameBytes(frame: LiveFrame, noticesLength: number): number {
  let size = HEADER_BYTES;
  if (noticesLength > 0) size += SECTION_HEADER_BYTES + noticesLength;
  if (frame.numerics.length > 0) {
    size += SECTION_HEADER_BYTES + frame.numerics.length * NUMERIC_BYTES;
  }
  for (const { block } of frame.waveforms) size += SECTION_HEADER_BYTES + 2 + block.length;
  return size;
}

function putSectionHeader(
  view: DataView,
  section: { at: number; kind: number; length: number },
): number {
  view.setUint8(section.at, section.kind);
  view.setUint32(section.at + 1, section.length, true);
  return section.at + SECTION_HEADER_BYTES;
}

function putNumeric(view: DataView, at: number, numeric: LiveNumeric): number {
  view.setUint16(at, numeric.subject, true);
  view.setUint16(at + 2, numeric.metric, true);
  view.setUint16(at + 4, numeric.device, true);
  view.setUint8(at + 6, numeric.flags);
  view.setUint8(at + 7, numeric.decimals);
  view.setFloat64(at + 8, numeric.timeMs, true);
  view.setFloat64(at + 16, numeric.value, true);
  return at + NUMERIC_BYTES;
}

export function decodeFrame(bytes: Uint8Array): LiveFrame | undefined {
  if (bytes.length < HEADER_BYTES || bytes[0] !== VERSION) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numerics: LiveNumeric[] = [];
  const waveforms: LiveWaveforms[] = [];
  let noticesJson = '';
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    if (at + SECTION_HEADER_BYTES > bytes.length) return undefined;
    const kind = view.getUint8(at);
    const length = view.getUint32(at + 1, true);
    const from = at + SECTION_HEADER_BYTES;
    at = from + length;
    if (at > bytes.length) return undefined;
    if (kind === KIND_NOTICES) noticesJson = new TextDecoder().decode(bytes.subarray(from, at));
    if (kind === KIND_NUMERICS && !readNumerics(view, { from, until: at }, numerics))
      return undefined;
    if (kind === KIND_WAVEFORMS) {
      if (length < 2) return undefined;
      waveforms.push({
        subject: view.getUint16(from, true),
        block: bytes.subarray(from + 2, at),
      });
    }
  }
  return {
    number: view.getUint32(1, true),
    serverTimeMs: view.getFloat64(5, true),
    noticesJson,
    numerics,
    waveforms,
  };
}

function readNumerics(
  view: DataView,
  section: { from: number; until: number },
  into: LiveNumeric[],
): boolean {
  if ((section.until - section.from) % NUMERIC_BYTES !== 0) return false;
  for (let at = section.from; at < section.until; at += NUMERIC_BYTES) {
    into.push({
      subject: view.getUint16(at, true),
      metric: view.getUint16(at + 2, true),
      device: view.getUint16(at + 4, true),
      flags: view.getUint8(at + 6),
      decimals: view.getUint8(at + 7),
      timeMs: view.getFloat64(at + 8, true),
      value: view.getFloat64(at + 16, true),
    });
  }
  return true;
}
