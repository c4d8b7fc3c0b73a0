import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Result } from '@ausculta/vitals/fault';
import fc from 'fast-check';
import { dataTest } from '../../../tools/test-data.ts';
import { isBeat, readWfdbAnnotations, writeWfdbAnnotations } from './wfdb-annotations.ts';

function unwrap<T>(result: Result<T>): T {
  if (!result.ok) assert.fail(`${result.fault.code}: ${result.fault.detail ?? ''}`);
  return result.value;
}

function words(...list: readonly number[]): Uint8Array {
  return new Uint8Array(Uint16Array.from(list).buffer);
}

const NORMAL = 1 << 10;
const RHYTHM = 28 << 10;
const NOISE = 14 << 10;
const SKIP = 59 << 10;
const SUBTYPE = 61 << 10;
const AUX = 63 << 10;

test('eight seconds of record 203 hold its fast beats and its ventricular tachycardia', () => {
  const bytes = readFileSync(join(import.meta.dirname, 'fixtures/wfdb-203.atr'));
  const annotations = unwrap(readWfdbAnnotations(bytes));
  assert.equal(annotations.filter(isBeat).length, 14);
  assert.deepEqual(
    annotations.filter(({ symbol }) => symbol === '+').map(({ aux }) => aux),
    ['(AFIB', '(VT', '(AFIB'],
  );
});

test('a step beyond ten bits comes from a skip, high word first', () => {
  const [beat] = unwrap(readWfdbAnnotations(words(SKIP, 1, 2, NORMAL | 3, 0)));
  assert.equal(beat?.sample, 65_536 + 2 + 3);
});

test('an odd text is padded to whole words, and its closing zero is no part of it', () => {
  const text = [AUX | 5, 0x4128, 0x4946, 0x0042];
  const read = unwrap(readWfdbAnnotations(words(RHYTHM, ...text, NORMAL | 9, 0)));
  assert.equal(read[0]?.aux, '(AFIB');
  assert.equal(read[1]?.sample, 9);
  const closed = unwrap(readWfdbAnnotations(words(RHYTHM, AUX | 3, 0x4e28, 0x0000, 0)));
  assert.equal(closed[0]?.aux, '(N');
});

test('noise on all signals reads as -1', () => {
  const [noise] = unwrap(readWfdbAnnotations(words(NOISE | 1, SUBTYPE | 0xff, 0)));
  assert.equal(noise?.symbol, '~');
  assert.equal(noise?.subtype, -1);
});

const NO_BEATS = ['x', '|', '~', '!', '+', '"', '[', ']'];
for (const symbol of NO_BEATS) {
  test(`"${symbol}" is no beat`, () => assert.equal(isBeat({ symbol }), false));
}
for (const symbol of 'NLRaVFJASEj/Qefnr?B') {
  test(`"${symbol}" is a beat`, () => assert.equal(isBeat({ symbol }), true));
}

const BAD = [
  { name: 'no bytes at all', bytes: words(), why: /no end mark/ },
  { name: 'beats without an end mark', bytes: words(NORMAL | 5), why: /no end mark/ },
  { name: 'an odd number of bytes', bytes: words(NORMAL | 5).subarray(0, 1), why: /no end mark/ },
  { name: 'a skip that is cut off', bytes: words(SKIP, 1), why: /cut off/ },
  { name: 'a text longer than the file', bytes: words(RHYTHM, AUX | 9, 0), why: /cut off/ },
  { name: 'a text that belongs to nothing', bytes: words(AUX | 2, 65, 0), why: /belongs to none/ },
  { name: 'a subtype before any annotation', bytes: words(SUBTYPE | 1, 0), why: /before any/ },
  {
    name: 'a skip to before the start',
    bytes: words(SKIP, 0xffff, 0, NORMAL, 0),
    why: /outside time/,
  },
  { name: 'a code that nobody defined', bytes: words(15 << 10, 0), why: /code 15/ },
] as const;

for (const { name, bytes, why } of BAD) {
  test(`annotations with ${name} are refused`, () => {
    const result = readWfdbAnnotations(bytes);
    assert.ok(!result.ok);
    assert.match(result.fault.detail ?? '', why);
  });
}

const annotation = fc.record({
  step: fc.oneof(fc.integer({ min: 0, max: 1023 }), fc.integer({ min: 1024, max: 1_000_000 })),
  symbol: fc.constantFrom('N', 'V', '+', '~', 'x', '"', 'Q'),
  subtype: fc.integer({ min: -128, max: 127 }),
  channel: fc.integer({ min: 0, max: 255 }),
  number: fc.integer({ min: -128, max: 127 }),
  aux: fc.string({ unit: fc.constantFrom('(', 'A', 'F', 'T', ' '), maxLength: 9 }),
});

test('whatever annotations are written, the same are read', () => {
  fc.assert(
    fc.property(fc.array(annotation, { maxLength: 20 }), (list) => {
      let sample = 0;
      const annotations = list.map(({ step, ...rest }) => {
        sample += step;
        return { ...rest, sample };
      });
      const bytes = unwrap(writeWfdbAnnotations(annotations));
      assert.deepEqual(unwrap(readWfdbAnnotations(bytes)), annotations);
    }),
  );
});

test('whatever bytes come, reading ends with annotations or a fault', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.equal(typeof readWfdbAnnotations(bytes).ok, 'boolean');
    }),
  );
});

test('annotations out of order are not written', () => {
  const beat = { symbol: 'N', subtype: 0, channel: 0, number: 0, aux: '' };
  const result = writeWfdbAnnotations([
    { ...beat, sample: 5 },
    { ...beat, sample: 4 },
  ]);
  assert.equal(result.ok, false);
});

dataTest(
  {
    dataset: 'ecg-mitdb',
    name: 'the annotations of every MIT-BIH record survive writing and reading',
    cases: 3,
  },
  (directory) => {
    for (const record of ['105', '203', '222']) {
      const annotations = unwrap(
        readWfdbAnnotations(readFileSync(join(directory, `${record}.atr`))),
      );
      assert.deepEqual(
        unwrap(readWfdbAnnotations(unwrap(writeWfdbAnnotations(annotations)))),
        annotations,
      );
    }
  },
);
