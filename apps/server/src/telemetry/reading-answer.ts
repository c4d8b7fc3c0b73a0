/**
 * Readings as an answer that may be of any length: JSON lines or CSV for programs, blocks for the web.
 * Written window by window, as fast as whoever asked takes them.
 */

import { encodeReadings } from '@ausculta/blocks/readings-block';
import { csvLine, decimalText } from '@ausculta/codecs/csv-writer';
import { encodeReadingSection, READING_SECTIONS_TYPE } from '@ausculta/contract/reading-sections';
import {
  READING_CSV_COLUMNS,
  type ReadingLine,
  type UnreadableLine,
  type UnreadablePart,
} from '@ausculta/contract/readings';
import { expect } from '@ausculta/vitals/expect';
import { metricOf } from '@ausculta/vitals/lookup';
import { FLAG, flagNames, hasFlag } from '@ausculta/vitals/reading';
import { decimalsOfStep } from '@ausculta/vitals/units';
import type { FastifyReply } from 'fastify';
import type { SeriesRange } from './merge.ts';
import { inTimeOrder, type OrderedReading } from './reading-order.ts';
import { zstd } from './zstd.ts';

export const READING_FORMATS = ['ndjson', 'csv', 'blocks'] as const;
export type ReadingFormat = (typeof READING_FORMATS)[number];

export const TYPE_OF: Record<ReadingFormat, string> = {
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8; header=present',
  blocks: READING_SECTIONS_TYPE,
};

/** Lines written before the socket gets a chance to say that it is full. */
const LINES_AT_ONCE = 2_000;

/** Encoded in some milliseconds. */
const SECTION_READINGS_MAX = 65_536;

/** Sums of doubles that mean the same differ by less. */
const SAME_OFFSET_MS = 0.01;

export interface ReadingAnswer {
  readonly windows: AsyncIterable<readonly SeriesRange[]>;
  /** Grows as windows are read; each part is told in the window in which it is met. */
  readonly unreadable: readonly UnreadablePart[];
  readonly newestFirst: boolean;
  /** Of lines; blocks have none. */
  readonly limit: number;
}

/** Answers with what has been asked for; ends early, without an end, when nobody reads any more. */
export async function writeReadings(
  reply: FastifyReply,
  format: ReadingFormat,
  answer: ReadingAnswer,
): Promise<void> {
  const { raw } = reply;
  raw.writeHead(200, { ...headersOf(reply), 'content-type': TYPE_OF[format] });
  const pieces = format === 'blocks' ? asBlocks(answer) : asLines(format, answer);
  // A piece goes out when the next one is there, and the last one with the end: short answers in one packet.
  let held: string | Uint8Array = '';
  for await (const piece of pieces) {
    await written(raw, held);
    if (raw.destroyed) return;
    held = piece;
  }
  raw.end(held);
}

/** What every answer says: whoever writes by themselves says it too. */
function headersOf(reply: FastifyReply): Record<string, string> {
  const told = Object.entries(reply.getHeaders());
  return Object.fromEntries(told.map(([name, value]) => [name, String(value)]));
}

/** Resolves when there is room for more, or nobody is left to read it. */
async function written(raw: FastifyReply['raw'], piece: string | Uint8Array): Promise<void> {
  if (piece.length === 0 || raw.write(piece) || raw.destroyed) return;
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      raw.off('drain', goOn);
      raw.off('close', goOn);
      resolve();
    };
    raw.once('drain', goOn);
    raw.once('close', goOn);
  });
}

async function* asLines(
  format: 'ndjson' | 'csv',
  { windows, unreadable, newestFirst, limit }: ReadingAnswer,
): AsyncGenerator<string> {
  const lineOf = format === 'csv' ? csvOf : ndjsonOf;
  const warningOf = format === 'csv' ? csvWarning : ndjsonWarning;
  let [lines, told] = [0, 0];
  let text = format === 'csv' ? csvLine(READING_CSV_COLUMNS) : '';
  for await (const ranges of windows) {
    for (const part of unreadable.slice(told)) text += warningOf(part);
    told = unreadable.length;
    for (const reading of inTimeOrder(ranges, newestFirst)) {
      text += lineOf(reading);
      lines += 1;
      if (lines === limit) break;
      if (lines % LINES_AT_ONCE !== 0) continue;
      yield text;
      text = '';
    }
    yield text;
    if (lines === limit) return;
    text = '';
  }
  // Without any series there was no window either.
  yield text;
}

function ndjsonOf({ range, index }: OrderedReading): string {
  const { metric, deviceId } = range.series;
  const [stampMs, timeMs] = [range.stampsMs[index], range.timesMs[index]];
  const time = timeText(timeMs);
  const line: ReadingLine = {
    // Most clocks are right, and a date is dear to write.
    stamp: stampMs === timeMs ? time : timeText(stampMs),
    time,
    value: range.values[index] as number,
    unit: metric.unit,
    flags: flagNames(range.flags[index] as number),
    device: deviceId,
    metric: metric.key,
  };
  return `${JSON.stringify(line)}\n`;
}

function ndjsonWarning(part: UnreadablePart): string {
  return `${JSON.stringify({ unreadable: part } satisfies UnreadableLine)}\n`;
}

function csvWarning({ metric, device, fromMs, toMs }: UnreadablePart): string {
  const flags = `unreadable-until ${timeText(toMs)}`;
  return csvLine([timeText(fromMs), '', metric, '', '', '', flags, device]);
}

function csvOf({ range, index }: OrderedReading): string {
  const { metric, deviceId } = range.series;
  const flags = range.flags[index] as number;
  const value = decimalText(range.values[index] as number, decimalsOfStep(metric.resolution));
  return csvLine([
    timeText(range.timesMs[index]),
    timeText(range.stampsMs[index]),
    metric.key,
    sideOf(flags),
    { number: value },
    metric.unit,
    flagNames(flags).join(' '),
    deviceId,
  ]);
}

/** "> 600" is no 600: whoever adds up a column must see it. */
function sideOf(flags: number): string {
  if (hasFlag(flags, FLAG.ABOVE)) return '>';
  return hasFlag(flags, FLAG.BELOW) ? '<' : '';
}

function timeText(timeMs: number | undefined): string {
  return new Date(timeMs ?? Number.NaN).toISOString();
}

async function* asBlocks({ windows, unreadable }: ReadingAnswer): AsyncGenerator<Uint8Array> {
  let told = 0;
  for await (const ranges of windows) {
    for (const part of unreadable.slice(told)) {
      const { metric, device } = part;
      const header = { metric, unit: metricOf(metric).unit, device, offsetMs: 0, unreadable: part };
      yield encodeReadingSection(header, new Uint8Array());
    }
    told = unreadable.length;
    for (const range of ranges) yield* sectionsOf(range);
  }
}

/** One for each stretch of one clock offset. */
function* sectionsOf({ series, stampsMs, timesMs, values, flags }: SeriesRange) {
  const { metric, deviceId: device } = series;
  const offsetAt = (i: number): number => (timesMs[i] as number) - (stampsMs[i] as number);
  let from = 0;
  while (from < stampsMs.length) {
    const offsetMs = offsetAt(from);
    const most = Math.min(stampsMs.length, from + SECTION_READINGS_MAX);
    let until = from + 1;
    while (until < most && Math.abs(offsetAt(until) - offsetMs) < SAME_OFFSET_MS) until += 1;
    const columns = {
      stampsMs: stampsMs.subarray(from, until),
      values: values.subarray(from, until),
      flags: flags.subarray(from, until),
    };
    const block = encodeReadings(columns, zstd);
    expect(block.ok, 'a window of readings fits a block');
    yield encodeReadingSection(
      { metric: metric.key, unit: metric.unit, device, offsetMs },
      block.value,
    );
    from = until;
  }
}
