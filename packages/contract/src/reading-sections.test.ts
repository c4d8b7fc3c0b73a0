import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeReadingSections, encodeReadingSection } from './reading-sections.ts';

const sections = fc.array(
  fc.record({
    header: fc.record({
      metric: fc.string(),
      unit: fc.string(),
      device: fc.string(),
      offsetMs: fc.integer(),
    }),
    block: fc.uint8Array(),
  }),
  { maxLength: 5 },
);

const joined = (pieces: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(pieces.flatMap((piece) => [...piece]));

test('sections of readings read back as they were written', () => {
  fc.assert(
    fc.property(sections, (all) => {
      const bytes = joined(all.map(({ header, block }) => encodeReadingSection(header, block)));
      assert.deepEqual(decodeReadingSections(bytes), structuredClone(all));
    }),
  );
});

test('an answer cut short inside a section is no answer, and random bytes never throw', () => {
  const header = { metric: 'spo2', unit: '%', device: 'monitor-1', offsetMs: 0 };
  const whole = encodeReadingSection(header, Uint8Array.of(1, 2, 3));
  for (let length = 1; length < whole.length; length += 1)
    assert.equal(decodeReadingSections(whole.subarray(0, length)), undefined);
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void decodeReadingSections(bytes)));
});
