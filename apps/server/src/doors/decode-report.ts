/** From a report block to readings: the columns of many series become parts that are judged alone. */
import { readBlockHeader } from '@ausculta/blocks/block-frame';
import type { Compression } from '@ausculta/blocks/compression';
import { decodeReport } from '@ausculta/blocks/report-block';
import type { DecodedReadings, PartFault } from '@ausculta/codecs/decoded';
import { STAMP_MAX_MS } from '@ausculta/codecs/iso-time';
import { contradicts } from '@ausculta/codecs/reading-flags';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { FLAG, type ReportedReading } from '@ausculta/vitals/reading';

/** Ten minutes of sixteen vitals a second; the work of one message stays below some milliseconds. */
export const REPORT_READINGS_MAX = 10_000;

/** What only the platform itself finds, and a bit that means nothing yet. */
const NOT_THE_SENDERS = FLAG.IMPLAUSIBLE | FLAG.CONFLICT;
const KNOWN = FLAG.QUESTIONABLE * 2 - 1;

/** The version in a block's first four bits: no text and no CBOR array begins so. */
const BLOCK_VERSION = 1;

export function isReport(bytes: Uint8Array): boolean {
  if ((bytes[0] ?? 0) >>> 4 !== BLOCK_VERSION) return false;
  const header = readBlockHeader(bytes);
  return header.ok && header.value.kind === 'report';
}

/** The index of a fault is the reading's place in the report, series after series. */
export function decodeReportMessage(
  bytes: Uint8Array,
  compression: Compression,
): Result<DecodedReadings> {
  const header = readBlockHeader(bytes);
  if (header.ok && header.value.count > REPORT_READINGS_MAX)
    return fail('BLOCK_TOO_LARGE', `more than ${REPORT_READINGS_MAX} readings`);
  const report = decodeReport(bytes, compression);
  if (!report.ok) return report;
  const { series, sentMs } = report.value;
  if (sentMs !== undefined && !isTime(sentMs)) return fail('STAMP_INVALID', 'sent');
  const readings: ReportedReading[] = [];
  const faults: PartFault[] = [];
  let index = 0;
  for (const { metric, unit, stampsMs, values, flags } of series) {
    for (let i = 0; i < stampsMs.length; i += 1, index += 1) {
      const stampMs = stampsMs[i] as number;
      const flag = flags[i] as number;
      const value = values[i] as number;
      if (!isTime(stampMs)) faults.push({ index, fault: fail('STAMP_INVALID').fault });
      else if (flag > KNOWN || contradicts(flag))
        faults.push({ index, fault: fail('PAYLOAD_MALFORMED', 'flags').fault });
      else {
        const reading = { metric, stampMs, value, flags: flag & ~NOT_THE_SENDERS };
        readings.push(unit === undefined ? reading : { ...reading, unit });
      }
    }
  }
  return ok(sentMs === undefined ? { readings, faults } : { readings, faults, sentMs });
}

function isTime(stampMs: number): boolean {
  return stampMs >= 0 && stampMs <= STAMP_MAX_MS;
}
