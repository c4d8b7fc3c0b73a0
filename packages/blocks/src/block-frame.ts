import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { Compression } from './compression.ts';
import { DecodeError, malformed } from './decode-error.ts';
import { paddedReader } from './rice-reader.ts';

/**
 * What every block begins with: its kind, how many values it holds, and the stamps it spans, all
 * readable without decompressing. Behind it lies the payload, compressed where that is worth it.
 */
export type BlockKind = 'readings' | 'waveform' | 'report';

export interface BlockHeader {
  readonly kind: BlockKind;
  /** Readings (of all series together), or samples of all runs together. */
  readonly count: number;
  /** The earliest and the latest stamp; absent when nothing in the block has one. */
  readonly span: Span | undefined;
}

export interface Span {
  readonly firstMs: number;
  readonly lastMs: number;
}

export type EncodeResult = Result<Uint8Array<ArrayBuffer>>;
export type DecodeResult<T> = Result<T>;

/** Twelve days at one a second. What it decodes into stays below 20 MB, whoever sent it. */
export const VALUES_PER_BLOCK_MAX = 2 ** 20;

/** Sixteen bytes a value; whoever has more random data than that writes two blocks. */
export const PAYLOAD_BYTES_MAX = 2 ** 24;

const VERSION = 1;
const KIND_CODES = { readings: 1, waveform: 2, report: 3 } as const satisfies Record<
  BlockKind,
  number
>;

const COMPRESSED = 1;
const SPANNED = 2;
/** The span is longer than a safe integer, so its end is written by itself. */
const WIDE_SPAN = 4;

/** Below this a compressor's own frame eats what it could save, and setting it up costs microseconds. */
const COMPRESSIBLE_BYTES_MIN = 128;

/**
 * A saving below 1/8 is not worth a reader's decompression: of heart rates at 1 Hz it is 1/20, and setting
 * up a decompressor for them takes a sixth of all the time that a scan takes.
 */
const SAVING_SHIFT_MIN = 3;

export interface Block {
  readonly header: BlockHeader;
  readonly payload: Uint8Array;
}

export function sealBlock({ header, payload }: Block, compression: Compression): EncodeResult {
  if (payload.length > PAYLOAD_BYTES_MAX) return fail('BLOCK_TOO_LARGE');
  const compressed =
    payload.length < COMPRESSIBLE_BYTES_MIN ? payload : compression.compress(payload);
  const isCompressed =
    compressed.length <= payload.length - (payload.length >>> SAVING_SHIFT_MIN) - 1;
  const { span } = header;
  const isWide = span !== undefined && !Number.isSafeInteger(span.lastMs - span.firstMs);

  const body = isCompressed ? compressed : payload;
  const writer = new ByteWriter(body.length + 32);
  writer.u8((VERSION << 4) | KIND_CODES[header.kind]);
  writer.u8(
    (isCompressed ? COMPRESSED : 0) | (span === undefined ? 0 : SPANNED) | (isWide ? WIDE_SPAN : 0),
  );
  writer.varint(header.count);
  if (span !== undefined) {
    writer.zigzag(span.firstMs);
    writer.zigzag(isWide ? span.lastMs : span.lastMs - span.firstMs);
  }
  if (isCompressed) writer.varint(payload.length);
  writer.bytes(body);
  return ok(writer.written());
}

/** Reads the header alone: cheap, and safe on any bytes. It proves nothing about the payload. */
export function readBlockHeader(bytes: Uint8Array): DecodeResult<BlockHeader> {
  return decoding(() => readHeader(new ByteReader(bytes)).header);
}

/** Hands the payload of a block to `read`, which must use all of it. */
export function openBlock<T>(
  {
    bytes,
    kind,
    compression,
  }: { readonly bytes: Uint8Array; readonly kind: BlockKind; readonly compression: Compression },
  read: (payload: ByteReader, header: BlockHeader) => T,
): DecodeResult<T> {
  return decoding(() => {
    const reader = new ByteReader(bytes);
    const { header, isCompressed } = readHeader(reader);
    if (header.kind !== kind) throw malformed(`This block holds ${header.kind}, not ${kind}.`);
    const payload = isCompressed
      ? decompressed(reader, compression)
      : reader.bytes(reader.remaining);
    if (payload.length > PAYLOAD_BYTES_MAX)
      throw new DecodeError('BLOCK_TOO_LARGE', 'The payload is too long.');
    const payloadReader = paddedReader(payload);
    const value = read(payloadReader, header);
    payloadReader.expectEnd();
    return value;
  });
}

function readHeader(reader: ByteReader): { header: BlockHeader; isCompressed: boolean } {
  const lead = reader.u8();
  if (lead >>> 4 !== VERSION)
    throw new DecodeError('BLOCK_VERSION_UNKNOWN', 'The first byte names another version.');
  const kind = kindOf(lead & 0x0f);
  const form = reader.u8();
  if ((form & ~(COMPRESSED | SPANNED | WIDE_SPAN)) !== 0)
    throw malformed('The block has an unknown form.');
  const count = reader.varint();
  if (count > VALUES_PER_BLOCK_MAX)
    throw new DecodeError('BLOCK_TOO_LARGE', 'The block claims too many values.');
  const span = (form & SPANNED) === 0 ? undefined : readSpan(reader, (form & WIDE_SPAN) !== 0);
  return { header: { kind, count, span }, isCompressed: (form & COMPRESSED) !== 0 };
}

function kindOf(code: number): BlockKind {
  if (code === KIND_CODES.readings) return 'readings';
  if (code === KIND_CODES.waveform) return 'waveform';
  if (code === KIND_CODES.report) return 'report';
  throw malformed('The block is of an unknown kind.');
}

function readSpan(reader: ByteReader, isWide: boolean): Span {
  const firstMs = reader.zigzag();
  const second = reader.zigzag();
  const lastMs = isWide ? second : firstMs + second;
  if (lastMs < firstMs || !Number.isSafeInteger(lastMs))
    throw malformed('The block ends before it begins.');
  return { firstMs, lastMs };
}

function decompressed(reader: ByteReader, compression: Compression): Uint8Array {
  const size = reader.varint();
  if (size > PAYLOAD_BYTES_MAX)
    throw new DecodeError('BLOCK_TOO_LARGE', 'The payload claims to be too long.');
  const compressed = reader.bytes(reader.remaining);
  let payload: Uint8Array;
  try {
    payload = compression.decompress(compressed, size);
  } catch {
    // The compressor's own words may quote what it read; ours say all that the sender can use.
    throw malformed('The payload does not decompress.');
  }
  if (payload.length !== size) throw malformed('The payload is not as long as the block claims.');
  return payload;
}

function decoding<T>(read: () => T): DecodeResult<T> {
  try {
    return ok(read());
  } catch (error) {
    if (error instanceof DecodeError) return { ok: false, fault: error.fault };
    throw error;
  }
}
