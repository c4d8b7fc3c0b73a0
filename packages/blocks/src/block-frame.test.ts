import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { PAYLOAD_BYTES_MAX, readBlockHeader, VALUES_PER_BLOCK_MAX } from './block-frame.ts';
import { ByteWriter } from './byte-writer.ts';
import { type Compression, NO_COMPRESSION } from './compression.ts';
import { decodeReadings, encodeReadings, type ReadingColumns } from './readings-block.ts';
import { decodeRuns, encodeRuns } from './waveform-block.ts';

const ZSTD: Compression = {
  compress: (bytes) =>
    zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
  decompress: (bytes, sizeMax) => zstdDecompressSync(bytes, { maxOutputLength: sizeMax + 1 }),
};

/** Readings that repeat every minute: what zstd sees and the columns do not. */
function repetitive(count: number): ReadingColumns {
  return {
    stampsMs: Float64Array.from({ length: count }, (_, i) => i * 1000),
    values: Float64Array.from({ length: count }, (_, i) => ((i % 60) * 7919) % 101),
    flags: Uint8Array.from({ length: count }, (_, i) => i & 1),
  };
}

function block(columns: ReadingColumns, compression: Compression): Uint8Array {
  const result = encodeReadings(columns, compression);
  assert.ok(result.ok);
  return result.value;
}

function waveformBlock(): Uint8Array {
  const description = { metric: 'ecg-ii', rate: { numerator: 360, denominator: 1 }, flags: 0 };
  const samples = Int32Array.from({ length: 500 }, (_, i) => Math.round(300 * Math.sin(i / 7)));
  const run = { ...description, startMs: 1_700_000_000_000, samples, gain: 200, zero: 1024 };
  const result = encodeRuns([run, { ...run, startMs: run.startMs + 1389 }], ZSTD);
  assert.ok(result.ok);
  return result.value;
}

function decodeAny(bytes: Uint8Array) {
  return [decodeReadings(bytes, ZSTD), decodeRuns(bytes, ZSTD), readBlockHeader(bytes)] as const;
}

test('a compressor is used where it helps, and the block comes back', () => {
  const columns = repetitive(6000);
  const compressed = block(columns, ZSTD);
  assert.ok(compressed.length < block(columns, NO_COMPRESSION).length / 4);
  const decoded = decodeReadings(compressed, ZSTD);
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.value, { ...columns, everyMs: 1000, decimals: 0 });
});

test('small blocks and blocks that gain nothing are left alone, so any reader opens them', () => {
  const noisy = { ...repetitive(2000), flags: new Uint8Array(2000) };
  let state = 1;
  for (let i = 0; i < noisy.values.length; i++) {
    state = (state * 48_271) % 2_147_483_647;
    noisy.values[i] = state % 1000;
  }
  for (const columns of [repetitive(10), noisy]) {
    assert.ok(decodeReadings(block(columns, ZSTD), NO_COMPRESSION).ok);
  }
});

test('compressed readings of every kind come back', () => {
  const kind = fc.constantFrom(
    (i: number) => i % 7,
    (i: number) => Math.fround(i / 3),
    (i: number) => Math.sin(i),
    (i: number) => (i % 3) / 1000,
    () => -0,
  );
  const property = fc.property(kind, fc.integer({ min: 0, max: 3000 }), (valueAt, count) => {
    const columns = {
      ...repetitive(count),
      values: Float64Array.from({ length: count }, (_, i) => valueAt(i)),
    };
    const decoded = decodeReadings(block(columns, ZSTD), ZSTD);
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.value.values, columns.values);
  });
  fc.assert(property, { seed: 12, numRuns: 60 });
});

const SAMPLES = [
  { name: 'a compressed block', bytes: block(repetitive(400), ZSTD) },
  { name: 'a plain block', bytes: block(repetitive(40), NO_COMPRESSION) },
  {
    name: 'a block of doubles',
    bytes: block({ ...repetitive(40), values: new Float64Array(40).fill(Math.PI) }, ZSTD),
  },
  { name: 'a waveform block', bytes: waveformBlock() },
] as const;

for (const { name, bytes } of SAMPLES) {
  test(`${name} that is cut anywhere is refused, never misread`, () => {
    for (let length = 0; length < bytes.length; length++) {
      const [readings, runs] = decodeAny(bytes.subarray(0, length));
      assert.ok(!readings.ok && !runs.ok, `cut to ${length}`);
    }
  });

  test(`${name} with any bit flipped neither throws nor hangs`, () => {
    const flipped = bytes.slice();
    for (let bit = 0; bit < Math.min(bytes.length, 400) * 8; bit++) {
      const at = bit >>> 3;
      flipped[at] = (bytes[at] as number) ^ (1 << (bit & 7));
      decodeAny(flipped);
      flipped[at] = bytes[at] as number;
    }
  });

  test(`${name} as the wrong kind is refused`, () => {
    const [readings, runs] = decodeAny(bytes);
    assert.ok(readings.ok !== runs.ok);
  });
}

test('random bytes, alone, behind an honest header and inside a compressed payload, decode to a fault or to values', () => {
  const lead = fc.constantFrom(
    [],
    [0x11, 2],
    [0x12, 2],
    [0x11, 2, 40, 0, 80],
    [0x12, 2, 200, 1, 0, 80],
  );
  const property = fc.property(lead, fc.uint8Array({ maxLength: 300 }), (head, tail) => {
    decodeAny(Uint8Array.of(...head, ...tail));
    const packed = zstdCompressSync(tail);
    const writer = new ByteWriter();
    for (const byte of head) writer.u8(byte);
    if (head.length > 1) {
      writer.varint(tail.length);
      writer.bytes(packed);
      const bytes = writer.finish();
      bytes[1] = 3;
      decodeAny(bytes);
    }
  });
  fc.assert(property, { seed: 13, numRuns: 1500 });
});

test('a byte too many behind the columns is noticed', () => {
  const bytes = block(repetitive(40), NO_COMPRESSION);
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  assert.ok(decodeReadings(bytes, ZSTD).ok);
  assert.ok(!decodeReadings(longer, ZSTD).ok);
});

function header(fields: {
  kind?: number;
  form?: number;
  count: number;
  rest?: readonly number[];
}): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(fields.kind ?? 0x11);
  writer.u8(fields.form ?? 0);
  writer.varint(fields.count);
  for (const each of fields.rest ?? []) writer.varint(each);
  return writer.finish();
}

const LIES = [
  { name: 'nothing', bytes: new Uint8Array(0), code: 'BLOCK_MALFORMED' },
  {
    name: 'another version',
    bytes: header({ kind: 0x21, count: 0 }),
    code: 'BLOCK_VERSION_UNKNOWN',
  },
  { name: 'another kind', bytes: header({ kind: 0x13, count: 0 }), code: 'BLOCK_MALFORMED' },
  { name: 'an unknown form', bytes: header({ form: 8, count: 0 }), code: 'BLOCK_MALFORMED' },
  {
    name: 'too many values',
    bytes: header({ count: VALUES_PER_BLOCK_MAX + 1 }),
    code: 'BLOCK_TOO_LARGE',
  },
  {
    name: 'more values than its bytes can hold',
    bytes: header({ form: 2, count: VALUES_PER_BLOCK_MAX, rest: [0, 0, 0, 0] }),
    code: 'BLOCK_MALFORMED',
  },
  {
    name: 'values without a span',
    bytes: header({ count: 1, rest: [0] }),
    code: 'BLOCK_MALFORMED',
  },
  {
    name: 'a span without values',
    bytes: header({ form: 2, count: 0, rest: [0, 0] }),
    code: 'BLOCK_MALFORMED',
  },
  {
    name: 'an end before its beginning',
    bytes: header({ form: 2, count: 1, rest: [0, 1, 0, 0] }),
    code: 'BLOCK_MALFORMED',
  },
  {
    name: 'a payload beyond all bounds',
    bytes: header({ form: 3, count: 1, rest: [0, 0, PAYLOAD_BYTES_MAX + 1] }),
    code: 'BLOCK_TOO_LARGE',
  },
] as const;

for (const { name, bytes, code } of LIES) {
  test(`a block that claims ${name} is refused with ${code}`, () => {
    const result = decodeReadings(bytes, ZSTD);
    assert.equal(result.ok || result.fault.code, code);
  });
}

test('a bomb stops at the size that its header claims', () => {
  const bomb = zstdCompressSync(new Uint8Array(8 * PAYLOAD_BYTES_MAX));
  for (const claimed of [10, PAYLOAD_BYTES_MAX]) {
    const lead = header({ form: 3, count: 1, rest: [0, 0, claimed] });
    const bytes = new Uint8Array(lead.length + bomb.length);
    bytes.set(lead);
    bytes.set(bomb, lead.length);
    const result = decodeReadings(bytes, ZSTD);
    assert.equal(result.ok || result.fault.code, 'BLOCK_MALFORMED');
  }
});

test('a compressor that answers with another length is not believed', () => {
  const bytes = block(repetitive(6000), ZSTD);
  for (const change of [-1, 1]) {
    const lying = {
      ...ZSTD,
      decompress: (_: Uint8Array, size: number) => new Uint8Array(size + change),
    };
    const result = decodeReadings(bytes, lying);
    assert.equal(result.ok || result.fault.code, 'BLOCK_MALFORMED');
  }
});

test('a header that lies about its stamps is found out', () => {
  const bytes = block(repetitive(40), NO_COMPRESSION).slice();
  // Kind, form, count, start, length: the length is the fifth field and begins at the fifth byte.
  bytes[4] = (bytes[4] as number) ^ 4;
  assert.ok(readBlockHeader(bytes).ok);
  assert.ok(!decodeReadings(bytes, ZSTD).ok);
});
