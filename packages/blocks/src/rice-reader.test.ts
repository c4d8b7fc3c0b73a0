import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteWriter } from './byte-writer.ts';
import { DecodeError } from './decode-error.ts';
import { ESCAPE_ZEROS, GROUP_BYTES_MAX, GROUP_SIZE } from './rice.ts';
import { paddedReader, readRice, riceBytesMin } from './rice-reader.ts';
import { writeRice } from './rice-writer.ts';

function written(values: Int32Array): Uint8Array {
  const writer = new ByteWriter(1);
  writeRice(writer, values);
  return writer.finish();
}

function assertComesBack(values: Int32Array): void {
  const bytes = written(values);
  const reader = paddedReader(bytes);
  const read = new Int32Array(values.length).fill(-7);
  const isAnySet = readRice(reader, read);
  reader.expectEnd();
  assert.equal(
    isAnySet,
    values.some((value) => value !== 0),
  );
  assert.deepEqual(isAnySet ? read : values, values);
  assert.ok(bytes.length >= riceBytesMin(values.length));
  assert.ok(bytes.length <= Math.ceil(values.length / GROUP_SIZE) * GROUP_BYTES_MAX);
}

const EXTREMES = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 30, 2 ** 24, 255];
const anyColumn = fc
  .array(fc.oneof(fc.integer(), fc.constantFrom(...EXTREMES), fc.integer({ min: -40, max: 40 })), {
    maxLength: 200,
  })
  .map((values) => Int32Array.from(values));
const smoothColumn = fc
  .array(fc.integer({ min: -300, max: 300 }), { minLength: 1, maxLength: 400 })
  .map((steps) => {
    let value = 0;
    return Int32Array.from(steps, (step) => (value += step));
  });

test('any 32-bit integers come back', () => {
  fc.assert(fc.property(anyColumn, assertComesBack), { seed: 3, numRuns: 300 });
});

test('a wandering line comes back', () => {
  fc.assert(fc.property(smoothColumn, assertComesBack), { seed: 4, numRuns: 200 });
});

/** Codes of one to three bits, rarely a long one: four at a time they fit into a look-up, or do not. */
const calmColumn = fc
  .array(fc.constantFrom(0, 0, 0, 0, 0, 1, -1, 1, -1, 2, -3, 6, 90), { maxLength: 300 })
  .map((steps) => {
    let value = 0;
    return Int32Array.from(steps, (step) => (value += step));
  });

test('a calm line comes back', () => {
  fc.assert(fc.property(calmColumn, assertComesBack), { seed: 6, numRuns: 400 });
});

// Eight flat groups at once are passed over, from the beginning on.
for (const flat of [0, 1, 31, 32, 255, 256, 257, 511, 512, 513, 800]) {
  test(`a line that is flat for ${flat} integers comes back, and with it what follows`, () => {
    assertComesBack(new Int32Array(flat));
    for (const next of [1, -1, 4_000]) {
      const bent = new Int32Array(flat + 600);
      bent[flat] = next;
      bent[flat + 400] = -next;
      assertComesBack(bent);
    }
  });
}

test('a flat line that is cut anywhere is refused', () => {
  const bytes = written(new Int32Array(1000));
  for (let length = 0; length < bytes.length; length++) {
    const reader = paddedReader(bytes.subarray(0, length));
    assert.throws(() => readRice(reader, new Int32Array(1000)), DecodeError);
  }
});

for (const count of [0, 1, GROUP_SIZE - 1, GROUP_SIZE, GROUP_SIZE + 1, 3 * GROUP_SIZE]) {
  test(`${count} integers come back`, () => {
    assertComesBack(Int32Array.from({ length: count }, (_, i) => (i * i) % 17));
  });
}

// One residual among small ones, on both sides of every length that its unary part can have.
for (let bit = 0; bit < 32; bit++) {
  test(`a lone jump of 2^${bit} comes back from among zeros and from among noise`, () => {
    for (const jump of [2 ** bit - 1, 2 ** bit, -(2 ** bit)]) {
      for (const noise of [0, 1, 7, 400]) {
        const values = new Int32Array(GROUP_SIZE);
        for (let i = 0; i < values.length; i++) values[i] = ((i * 7919) % (2 * noise + 1)) - noise;
        values[11] = jump;
        assertComesBack(values);
      }
    }
  });
}

test('a jump just below and just at the escape comes back', () => {
  for (let residual = 2 * ESCAPE_ZEROS - 4; residual <= 2 * ESCAPE_ZEROS + 4; residual++) {
    const values = new Int32Array(GROUP_SIZE);
    values[GROUP_SIZE - 1] = residual % 2 === 0 ? residual / 2 : -(residual + 1) / 2;
    assertComesBack(values);
  }
});

test('a flat line of 1,000 integers takes 12 bytes', () => {
  assert.equal(written(new Int32Array(1000)).length, 12);
});

test('a column that is cut anywhere is refused', () => {
  const values = Int32Array.from({ length: 300 }, (_, i) => Math.round(500 * Math.sin(i / 9)));
  const bytes = written(values);
  for (let length = 0; length < bytes.length; length++) {
    const reader = paddedReader(bytes.subarray(0, length));
    assert.throws(() => readRice(reader, new Int32Array(values.length)), DecodeError);
  }
});

test('a group with an impossible width is refused', () => {
  // Fifteen zeros, then the width 33 in six bits.
  const bytes = Uint8Array.of(0b00000000, 0b00000001, 0b00001000, 0, 0, 0);
  assert.throws(() => readRice(paddedReader(bytes), new Int32Array(1)), DecodeError);
});
