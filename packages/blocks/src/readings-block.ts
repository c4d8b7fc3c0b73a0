import { fail } from '@ausculta/vitals/fault';
import {
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
import {
  type DecodedReadings,
  faultOfColumns,
  isAnySet,
  noFlags,
  type ReadingColumns,
  type ReadingRoom,
  readFlags,
  readStamps,
  readValues,
  spanOf,
  writeFlags,
  writeStamps,
  writeValues,
} from './reading-columns.ts';

export type { DecodedReadings, ReadingColumns, ReadingRoom } from './reading-columns.ts';

const FLAGGED = 1;

export function encodeReadings(columns: ReadingColumns, compression: Compression): EncodeResult {
  const { stampsMs } = columns;
  const count = stampsMs.length;
  if (count > VALUES_PER_BLOCK_MAX)
    return fail('BLOCK_TOO_LARGE', `${count} readings; ${VALUES_PER_BLOCK_MAX} fit.`);
  const fault = faultOfColumns(columns);
  if (fault !== undefined) return { ok: false, fault };

  const span = spanOf(stampsMs);
  const writer = new ByteWriter(512 + count * 2);
  if (span !== undefined) writeColumns(writer, columns, span);
  const header = { kind: 'readings', count, span } as const;
  return sealBlock({ header, payload: writer.written() }, compression);
}

/** Into `room` when that is large enough: then what it held before is gone. */
export function decodeReadings(
  bytes: Uint8Array,
  compression: Compression,
  room?: ReadingRoom,
): DecodeResult<DecodedReadings> {
  return openBlock({ bytes, kind: 'readings', compression }, (payload, header) => {
    const decoded =
      header.span === undefined
        ? readNothing(header.count)
        : readColumns(payload, { count: header.count, span: header.span, room });
    const span = spanOf(decoded.stampsMs, decoded.everyMs);
    if (span?.firstMs !== header.span?.firstMs || span?.lastMs !== header.span?.lastMs) {
      throw malformed('The stamps are not those that the header claims.');
    }
    return decoded;
  });
}

function writeColumns(
  writer: ByteWriter,
  { stampsMs, values, flags }: ReadingColumns,
  span: Span,
): void {
  const isFlagged = isAnySet(flags);
  writer.u8(isFlagged ? FLAGGED : 0);
  writeStamps(writer, stampsMs, span);
  writeValues(writer, values);
  if (isFlagged) writeFlags(writer, flags);
}

function readColumns(payload: ByteReader, { count, span, room }: Expected): DecodedReadings {
  const form = payload.u8();
  if ((form & ~FLAGGED) !== 0) throw malformed('The readings have an unknown form.');
  const { stampsMs, everyMs } = readStamps(payload, count, { span, room });
  const { values, decimals } = readValues(payload, count, room);
  const flags = form === FLAGGED ? readFlags(payload, count) : noFlags(count, room);
  return { stampsMs, everyMs, values, flags, decimals };
}

interface Expected {
  readonly count: number;
  readonly span: Span;
  readonly room: ReadingRoom | undefined;
}

/** Only an empty block has no span. */
function readNothing(count: number): DecodedReadings {
  if (count !== 0) throw malformed('A block with readings has no span.');
  return {
    stampsMs: new Float64Array(0),
    everyMs: undefined,
    values: new Float64Array(0),
    flags: new Uint8Array(0),
    decimals: 0,
  };
}
