/**
 * A report: what one device measured, of many metrics at many moments, as one block. It is what a
 * gateway or a monitor sends instead of a hundred lines of JSON; series that were measured at the
 * same moments share their stamps.
 */
import { type Fault, fail } from '@ausculta/vitals/fault';
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
import {
  type DecodedReadings,
  faultOfColumns,
  isAnySet,
  type ReadingColumns,
  readFlags,
  readStamps,
  readValues,
  spanOf,
  writeFlags,
  writeStamps,
  writeValues,
} from './reading-columns.ts';
import { METRIC_BYTES_MAX } from './waveform-block.ts';

/** A catalogue of vitals several times over. */
export const SERIES_PER_REPORT_MAX = 1024;

/** Longer than any UCUM unit of a vital. */
const UNIT_BYTES_MAX = 64;

export interface ReportedSeries extends ReadingColumns {
  /** A catalogue key or a code of the metric; at most 128 bytes of UTF-8. */
  readonly metric: string;
  /** A UCUM or MDC unit code; absent: the catalogue's unit. */
  readonly unit?: string;
}

export interface Report {
  /** The device's clock when it sent this, integer milliseconds since 1970. */
  readonly sentMs?: number;
  /** Each with at least one reading. */
  readonly series: readonly ReportedSeries[];
}

export interface DecodedReport {
  readonly sentMs?: number;
  readonly series: readonly (Omit<DecodedReadings, 'everyMs'> &
    Pick<ReportedSeries, 'metric' | 'unit'>)[];
}

const SENT = 1;
const FLAGGED = 1;
const SAME_STAMPS = 2;

export function encodeReport(report: Report, compression: Compression): EncodeResult {
  const { series, sentMs } = report;
  const count = series.reduce((sum, { stampsMs }) => sum + stampsMs.length, 0);
  const fault = faultOfReport(report, count);
  if (fault !== undefined) return { ok: false, fault };

  const span = spanOfAll(series);
  const writer = new ByteWriter(64 + count * 2);
  writer.u8(sentMs === undefined ? 0 : SENT);
  if (sentMs !== undefined) writer.zigzag(sentMs);
  writer.varint(series.length);
  let previous: Float64Array | undefined;
  for (const one of series) {
    if (span !== undefined) writeSeries(writer, one, { span, previous });
    previous = one.stampsMs;
  }
  const header = { kind: 'report', count, span } as const;
  return sealBlock({ header, payload: writer.written() }, compression);
}

export function decodeReport(
  bytes: Uint8Array,
  compression: Compression,
): DecodeResult<DecodedReport> {
  return openBlock({ bytes, kind: 'report', compression }, (payload, header) => {
    const form = payload.u8();
    if (form > SENT) throw malformed('The report has an unknown form.');
    const sent = form === SENT ? { sentMs: payload.zigzag() } : {};
    const seriesCount = payload.varint();
    if (seriesCount > SERIES_PER_REPORT_MAX) throw malformed('The report claims too many series.');
    const series: DecodedReport['series'][number][] = [];
    let countLeft = header.count;
    for (let i = 0; i < seriesCount; i += 1) {
      const one = readSeries(payload, { header, countMax: countLeft, previous: series.at(-1) });
      countLeft -= one.stampsMs.length;
      series.push(one);
    }
    checkAgainst(header, series, countLeft);
    return { ...sent, series };
  });
}

/** Why a report cannot be written, or undefined. */
function faultOfReport({ series, sentMs }: Report, count: number): Fault | undefined {
  if (count > VALUES_PER_BLOCK_MAX)
    return fail('BLOCK_TOO_LARGE', `${count} readings; ${VALUES_PER_BLOCK_MAX} fit.`).fault;
  if (series.length > SERIES_PER_REPORT_MAX)
    return fail('BLOCK_TOO_LARGE', `${series.length} series; ${SERIES_PER_REPORT_MAX} fit.`).fault;
  if (sentMs !== undefined && !Number.isSafeInteger(sentMs))
    return fail('STAMP_INVALID', 'The time of sending is not an integer millisecond.').fault;
  for (const [index, one] of series.entries()) {
    const fault = faultOfSeries(one);
    if (fault !== undefined) return fail(fault.code, `Series ${index}: ${fault.detail}`).fault;
  }
  return undefined;
}

function faultOfSeries(series: ReportedSeries): Fault | undefined {
  if (series.stampsMs.length === 0)
    return fail('BLOCK_MALFORMED', 'A series of a report has a reading.').fault;
  if (bytesOf(series.metric) > METRIC_BYTES_MAX)
    return fail('BLOCK_TOO_LARGE', `the metric is longer than ${METRIC_BYTES_MAX} bytes.`).fault;
  if (bytesOf(series.unit ?? '') > UNIT_BYTES_MAX)
    return fail('BLOCK_TOO_LARGE', `the unit is longer than ${UNIT_BYTES_MAX} bytes.`).fault;
  return faultOfColumns(series);
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

function writeSeries(
  writer: ByteWriter,
  { metric, unit, stampsMs, values, flags }: ReportedSeries,
  { span, previous }: { readonly span: Span; readonly previous: Float64Array | undefined },
): void {
  const isFlagged = isAnySet(flags);
  const sharesStamps = previous !== undefined && isSame(stampsMs, previous);
  writer.utf8(metric);
  writer.utf8(unit ?? '');
  writer.u8((isFlagged ? FLAGGED : 0) | (sharesStamps ? SAME_STAMPS : 0));
  if (!sharesStamps) {
    writer.varint(stampsMs.length);
    writeStamps(writer, stampsMs, span);
  }
  writeValues(writer, values);
  if (isFlagged) writeFlags(writer, flags);
}

function readSeries(
  payload: ByteReader,
  {
    header,
    countMax,
    previous,
  }: {
    readonly header: BlockHeader;
    readonly countMax: number;
    readonly previous: ReadingColumns | undefined;
  },
): DecodedReport['series'][number] {
  const metric = payload.utf8(METRIC_BYTES_MAX);
  const unit = payload.utf8(UNIT_BYTES_MAX);
  const form = payload.u8();
  if ((form & ~(FLAGGED | SAME_STAMPS)) !== 0) throw malformed('A series has an unknown form.');
  const sharesStamps = (form & SAME_STAMPS) !== 0;
  if (sharesStamps && previous === undefined)
    throw malformed('The first series shares the stamps of another.');
  const count = sharesStamps ? (previous?.stampsMs.length ?? 0) : payload.varint();
  if (count === 0) throw malformed('A series of the report is empty.');
  if (count > countMax) throw malformed('The series hold more readings than the header claims.');
  const { span } = header;
  if (span === undefined) throw malformed('A report with readings has no span.');
  const stampsMs =
    sharesStamps && previous !== undefined
      ? previous.stampsMs
      : readStamps(payload, count, { span }).stampsMs;
  const { values, decimals } = readValues(payload, count);
  const flags = (form & FLAGGED) !== 0 ? readFlags(payload, count) : new Uint8Array(count);
  return { metric, ...(unit === '' ? {} : { unit }), stampsMs, values, flags, decimals };
}

function isSame(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

function checkAgainst(
  header: BlockHeader,
  series: readonly ReadingColumns[],
  countLeft: number,
): void {
  if (countLeft !== 0) throw malformed('The series hold fewer readings than the header claims.');
  const span = spanOfAll(series);
  if (span?.firstMs !== header.span?.firstMs || span?.lastMs !== header.span?.lastMs)
    throw malformed('The stamps are not those that the header claims.');
}

function spanOfAll(series: readonly ReadingColumns[]): Span | undefined {
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { stampsMs } of series) {
    const span = spanOf(stampsMs);
    if (span === undefined) continue;
    firstMs = Math.min(firstMs, span.firstMs);
    lastMs = Math.max(lastMs, span.lastMs);
  }
  return firstMs > lastMs ? undefined : { firstMs, lastMs };
}
