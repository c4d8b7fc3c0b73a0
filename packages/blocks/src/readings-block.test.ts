import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readBlockHeader, VALUES_PER_BLOCK_MAX } from './block-frame.ts';
import { NO_COMPRESSION } from './compression.ts';
import {
  decodeReadings,
  encodeReadings,
  type ReadingColumns,
  type ReadingRoom,
} from './readings-block.ts';

interface Row {
  readonly stampMs: number;
  readonly value: number;
  readonly flags: number;
}

function columnsOf(rows: readonly Row[]): ReadingColumns {
  return {
    stampsMs: Float64Array.from(rows, (row) => row.stampMs),
    values: Float64Array.from(rows, (row) => row.value),
    flags: Uint8Array.from(rows, (row) => row.flags),
  };
}

function encoded(columns: ReadingColumns): Uint8Array {
  const result = encodeReadings(columns, NO_COMPRESSION);
  assert.ok(result.ok);
  return result.value;
}

/** Something else was decoded into it before. */
function usedRoom(size: number): ReadingRoom {
  return {
    stampsMs: new Float64Array(size).fill(Number.NaN),
    values: new Float64Array(size).fill(-1 / 3),
    flags: new Uint8Array(size).fill(255),
  };
}

function assertComesBack(columns: ReadingColumns): void {
  const bytes = encoded(columns);
  const decoded = decodeReadings(bytes, NO_COMPRESSION);
  assert.ok(decoded.ok);
  // Typed arrays are compared with Object.is: a negative zero is not a zero.
  assert.deepEqual(decoded.value.stampsMs, columns.stampsMs);
  assert.deepEqual(decoded.value.values, columns.values);
  assert.deepEqual(decoded.value.flags, columns.flags);
  for (const room of [0, columns.stampsMs.length, columns.stampsMs.length + 7].map(usedRoom))
    assert.deepEqual(decodeReadings(bytes, NO_COMPRESSION, room), decoded);
  const { everyMs } = decoded.value;
  for (let i = 1; everyMs !== undefined && i < columns.stampsMs.length; i += 1)
    assert.equal((columns.stampsMs[i] as number) - (columns.stampsMs[i - 1] as number), everyMs);

  const header = readBlockHeader(bytes);
  assert.ok(header.ok);
  const stamps = [...columns.stampsMs].sort((a, b) => a - b);
  assert.equal(header.value.kind, 'readings');
  assert.equal(header.value.count, stamps.length);
  assert.equal(header.value.span?.firstMs, stamps[0]);
  assert.equal(header.value.span?.lastMs, stamps.at(-1));
}

const anyStamp = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
  fc.constantFrom(0, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER),
);
const anyValue = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 300, max: 450 }).map((tenths) => tenths / 10),
  fc.constantFrom(-0, 5e-324, -5e-324, 1e308, Number.MAX_VALUE, 0.1 + 0.2, 37.0),
);
const anyFlags = fc.oneof(fc.constant(0), fc.nat({ max: 255 }));
const anyRow = fc.record({ stampMs: anyStamp, value: anyValue, flags: anyFlags });

test('any readings come back bit for bit', () => {
  const property = fc.property(fc.array(anyRow, { maxLength: 120 }), (rows) => {
    assertComesBack(columnsOf(rows));
  });
  fc.assert(property, { seed: 8, numRuns: 400 });
});

test('readings as a ward sends them come back bit for bit', () => {
  const row = fc.tuple(fc.nat({ max: 2100 }), fc.integer({ min: -3, max: 3 }), anyFlags);
  const series = fc.tuple(fc.array(row, { maxLength: 300 }), fc.nat({ max: 3 }));
  const property = fc.property(series, ([steps, decimals]) => {
    let stampMs = 1_700_000_000_000;
    let digits = 720;
    const rows = steps.map(([stepMs, change, flags]) => {
      stampMs += stepMs;
      digits += change;
      return { stampMs, value: digits / 10 ** decimals, flags };
    });
    assertComesBack(columnsOf(rows));
  });
  fc.assert(property, { seed: 9, numRuns: 150 });
});

const SHAPES: readonly { readonly name: string; readonly rows: readonly Row[] }[] = [
  { name: 'none', rows: [] },
  { name: 'one', rows: [{ stampMs: 1_700_000_000_000, value: 72, flags: 0 }] },
  { name: 'one before 1970', rows: [{ stampMs: -1, value: -0, flags: 255 }] },
  {
    name: 'duplicates, latest first',
    rows: [2000, 2000, 1000, 1000].map((stampMs) => ({ stampMs, value: 36.6, flags: 2 })),
  },
  {
    name: 'a gap of the whole of time',
    rows: [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER].map((stampMs) => ({
      stampMs,
      value: 1,
      flags: 0,
    })),
  },
];

for (const { name, rows } of SHAPES) {
  test(`readings come back: ${name}`, () => assertComesBack(columnsOf(rows)));
}

test('37 beside 36.6 is shown with one decimal', () => {
  const rows = [37, 36.6].map((value, i) => ({ stampMs: i, value, flags: 0 }));
  const decoded = decodeReadings(encoded(columnsOf(rows)), NO_COMPRESSION);
  assert.ok(decoded.ok);
  assert.equal(decoded.value.decimals, 1);
});

test('a value that no decimals hold has no decimals to show', () => {
  const rows = [{ stampMs: 0, value: Math.PI, flags: 0 }];
  const decoded = decodeReadings(encoded(columnsOf(rows)), NO_COMPRESSION);
  assert.ok(decoded.ok);
  assert.equal(decoded.value.decimals, undefined);
});

test('a block of one reading takes at most 20 bytes', () => {
  const rows = [{ stampMs: 1_700_000_000_000, value: 72, flags: 0 }];
  assert.ok(encoded(columnsOf(rows)).length <= 20);
});

test('readings without flags do not pay for them', () => {
  const rows = Array.from({ length: 1000 }, (_, i) => ({ stampMs: i, value: 72, flags: 0 }));
  const plain = encoded(columnsOf(rows)).length;
  const flagged = encoded(columnsOf(rows.map((row) => ({ ...row, flags: 16 })))).length;
  assert.ok(plain < flagged);
});

for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
  test(`${value} is refused and its place is named`, () => {
    const rows = [72, 73, value].map((each, i) => ({ stampMs: i, value: each, flags: 0 }));
    const result = encodeReadings(columnsOf(rows), NO_COMPRESSION);
    assert.deepEqual(result, {
      ok: false,
      fault: { code: 'VALUE_NOT_FINITE', detail: 'The value at index 2 is not a finite number.' },
    });
  });
}

for (const stampMs of [0.5, 2 ** 53, -(2 ** 53), Number.NaN, Number.POSITIVE_INFINITY]) {
  test(`a stamp of ${stampMs} is refused and its place is named`, () => {
    const rows = [0, stampMs].map((each) => ({ stampMs: each, value: 1, flags: 0 }));
    const result = encodeReadings(columnsOf(rows), NO_COMPRESSION);
    assert.ok(!result.ok);
    assert.equal(result.fault.code, 'STAMP_INVALID');
    assert.match(result.fault.detail ?? '', /index 1/);
  });
}

test('a block takes a million readings and not one more', () => {
  const columns = (count: number) => ({
    stampsMs: Float64Array.from({ length: count }, (_, i) => i * 1000),
    values: new Float64Array(count),
    flags: new Uint8Array(count),
  });
  assert.ok(encoded(columns(VALUES_PER_BLOCK_MAX)).length < 30_000);
  const result = encodeReadings(columns(VALUES_PER_BLOCK_MAX + 1), NO_COMPRESSION);
  assert.ok(!result.ok);
  assert.equal(result.fault.code, 'BLOCK_TOO_LARGE');
});

test('columns of different lengths are our own bug', () => {
  const columns = { ...columnsOf([]), flags: new Uint8Array(1) };
  assert.throws(() => encodeReadings(columns, NO_COMPRESSION), /broken invariant/);
});

const EVENLY = [
  { name: 'every second', stampsMs: [5_000, 6_000, 7_000, 8_000], everyMs: 1_000 },
  { name: 'every millisecond', stampsMs: [-1, 0, 1], everyMs: 1 },
  { name: 'one a millisecond late', stampsMs: [5_000, 6_001, 7_000, 8_000], everyMs: undefined },
  { name: 'going back', stampsMs: [8_000, 7_000, 6_000], everyMs: undefined },
  { name: 'all of one stamp', stampsMs: [5_000, 5_000, 5_000], everyMs: undefined },
  { name: 'a single one', stampsMs: [5_000], everyMs: undefined },
] as const;

for (const { name, stampsMs, everyMs } of EVENLY) {
  test(`stamps say whether each is as much later than the one before: ${name}`, () => {
    const rows = stampsMs.map((stampMs) => ({ stampMs, value: 80, flags: 0 }));
    const decoded = decodeReadings(encoded(columnsOf(rows)), NO_COMPRESSION);
    assert.ok(decoded.ok);
    assert.equal(decoded.value.everyMs, everyMs);
    assert.deepEqual([...decoded.value.stampsMs], [...stampsMs]);
  });
}
