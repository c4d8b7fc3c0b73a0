/**
 * The bytes of a chunk's summary, before they are sealed: its totals, then each roll-up behind its
 * length, so that whoever wants the hours reads over the minutes.
 */
import { ByteReader } from '@ausculta/blocks/byte-reader';
import { ByteWriter } from '@ausculta/blocks/byte-writer';
import { readDoubles, writeDoubles } from '@ausculta/blocks/double-column';
import { readIntegers, writeIntegers } from '@ausculta/blocks/integer-column';
import { paddedReader } from '@ausculta/blocks/rice-reader';
import type { ChunkSummary, RollUp, Scale, Totals } from './rollup.ts';

const VERSION = 1;

/** The numbers are safe integers, and so are their sums. */
const INTEGERS = 1;
/** The scale is of integers; else of doubles. */
const INTEGER_SCALE = 2;
const FLAGGED = 4;

export function encodeSummary(summary: ChunkSummary): Uint8Array<ArrayBuffer> {
  const { scale, totals, rollUps } = summary;
  const form =
    (isOfIntegers(summary) ? INTEGERS : 0) |
    (isIntegerScale(scale) ? INTEGER_SCALE : 0) |
    (totals.flags === 0 ? 0 : FLAGGED);
  const writer = new ByteWriter();
  writer.u8(VERSION);
  writer.u8(form);
  writeScale(writer, scale, form);
  writeTotals(writer, totals, form);
  writer.varint(rollUps.length);
  for (const rollUp of rollUps) {
    const rows = encodeRollUp(rollUp, form);
    writer.varint(rollUp.levelMs);
    writer.varint(rows.length);
    writer.bytes(rows);
  }
  return writer.finish();
}

/**
 * Totals, and of the roll-ups the coarsest that is no coarser than `levelMaxMs`. Undefined for a
 * version that is not known here: then the block itself is read.
 */
export function decodeSummary(
  bytes: Uint8Array,
  levelMaxMs: number,
): { scale: Scale | undefined; totals: Totals; rollUp: RollUp | undefined } | undefined {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== VERSION) return undefined;
  const form = reader.u8();
  const scale = readScale(reader, form);
  const totals = readTotals(reader, form);
  let best: { levelMs: number; rows: Uint8Array } | undefined;
  for (let left = reader.varint(); left > 0; left -= 1) {
    const levelMs = reader.varint();
    const rows = reader.bytes(reader.varint());
    if (levelMs <= levelMaxMs) best = { levelMs, rows };
  }
  return { scale, totals, rollUp: best && decodeRollUp(best.rows, best.levelMs, form) };
}

function isOfIntegers({ scale, totals, rollUps }: ChunkSummary): boolean {
  const { low, high, sum } = totals;
  const reach = Math.max(Math.abs(low), Math.abs(high)) * totals.count;
  const isSafe = Number.isSafeInteger(reach) && Number.isSafeInteger(sum);
  return (
    scale !== undefined && isSafe && rollUps.every(({ sums }) => sums.every(Number.isSafeInteger))
  );
}

/** Those of readings without decimals are 1 and 0; a negative zero would come back positive. */
function isIntegerScale(scale: Scale | undefined): boolean {
  if (scale === undefined) return false;
  return [scale.gain, scale.zero].every((n) => Number.isSafeInteger(n) && !Object.is(n, -0));
}

function writeScale(writer: ByteWriter, scale: Scale | undefined, form: number): void {
  // No gain is 0: it stands for numbers that are the values themselves.
  const { gain, zero } = scale ?? { gain: 0, zero: 0 };
  const write = (form & INTEGER_SCALE) === 0 ? writer.f64 : writer.zigzag;
  write.call(writer, gain);
  write.call(writer, zero);
}

function readScale(reader: ByteReader, form: number): Scale | undefined {
  const read = (form & INTEGER_SCALE) === 0 ? reader.f64 : reader.zigzag;
  const gain = read.call(reader);
  const zero = read.call(reader);
  return gain === 0 ? undefined : { gain, zero };
}

function writeTotals(writer: ByteWriter, totals: Totals, form: number): void {
  const write = (form & INTEGERS) === 0 ? writer.f64 : writer.zigzag;
  writer.varint(totals.count);
  for (const name of TOTALS) write.call(writer, totals[name]);
  writer.u8(totals.flags);
}

const TOTALS = ['low', 'high', 'sum', 'first', 'last'] as const;

function readTotals(reader: ByteReader, form: number): Totals {
  const read = (form & INTEGERS) === 0 ? reader.f64 : reader.zigzag;
  const count = reader.varint();
  const [low = 0, high = 0, sum = 0, first = 0, last = 0] = TOTALS.map(() => read.call(reader));
  return { count, low, high, sum, first, last, flags: reader.u8() };
}

function encodeRollUp(rows: RollUp, form: number): Uint8Array {
  const { levelMs, startsMs, counts, lows, highs, sums, flags } = rows;
  const writer = new ByteWriter();
  writer.varint(startsMs.length);
  writeIntegers(
    writer,
    startsMs.map((startMs) => startMs / levelMs),
    { origin: 0, rising: true },
  );
  writeIntegers(writer, counts);
  if ((form & INTEGERS) === 0) {
    for (const column of [lows, highs, sums]) writeDoubles(writer, column);
  } else {
    // What is above the least is small, wherever the values lie.
    writeIntegers(writer, lows);
    writeIntegers(
      writer,
      highs.map((high, i) => high - (lows[i] as number)),
    );
    writeIntegers(
      writer,
      sums.map((sum, i) => sum - (lows[i] as number) * (counts[i] as number)),
    );
  }
  if ((form & FLAGGED) !== 0) writeIntegers(writer, Float64Array.from(flags));
  return writer.written();
}

function decodeRollUp(bytes: Uint8Array, levelMs: number, form: number): RollUp {
  const reader = paddedReader(bytes);
  const length = reader.varint();
  const startsMs = readIntegers(reader, length);
  for (let i = 0; i < length; i += 1) startsMs[i] = (startsMs[i] as number) * levelMs;
  const counts = readIntegers(reader, length);
  const isOfIntegers = (form & INTEGERS) !== 0;
  const read = isOfIntegers ? readIntegers : readDoubles;
  const lows = read(reader, length);
  const highs = read(reader, length);
  const sums = read(reader, length);
  for (let i = 0; isOfIntegers && i < length; i += 1) {
    (highs[i] as number) += lows[i] as number;
    (sums[i] as number) += (lows[i] as number) * (counts[i] as number);
  }
  const flags =
    (form & FLAGGED) === 0 ? new Uint8Array(length) : Uint8Array.from(readIntegers(reader, length));
  return { levelMs, startsMs, counts, lows, highs, sums, flags };
}
