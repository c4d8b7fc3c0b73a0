import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeFrame, encodeFrame, type LiveFrame } from './live-frame.ts';

const u16 = fc.nat(0xffff);
const u8 = fc.nat(0xff);
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

const frames: fc.Arbitrary<LiveFrame> = fc.record({
  number: fc.nat(0xffffffff),
  serverTimeMs: finite,
  noticesJson: fc.oneof(fc.constant(''), fc.json()),
  numerics: fc.array(
    fc.record({
      subject: u16,
      metric: u16,
      device: u16,
      flags: u8,
      decimals: u8,
      timeMs: finite,
      value: finite,
    }),
  ),
  waveforms: fc.array(fc.record({ subject: u16, block: fc.uint8Array() })),
});

test('a live frame reads back as it was written', () => {
  fc.assert(
    fc.property(frames, (frame) => {
      assert.deepEqual(decodeFrame(encodeFrame(frame)), structuredClone(frame));
    }),
  );
});

test('a frame cut short at any byte is refused or is a shorter whole frame, never an exception', () => {
  fc.assert(
    fc.property(frames, fc.nat(), (frame, cut) => {
      const bytes = encodeFrame(frame);
      const shorter = bytes.subarray(0, cut % (bytes.length + 1));
      const decoded = decodeFrame(shorter);
      if (decoded !== undefined) assert.ok(shorter.length >= 13);
    }),
  );
});

test('random bytes never throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeFrame(bytes)));
});

test('a frame of another version is refused', () => {
  const bytes = encodeFrame({
    number: 1,
    serverTimeMs: 0,
    noticesJson: '',
    numerics: [],
    waveforms: [],
  });
  bytes[0] = 2;
  assert.equal(decodeFrame(bytes), undefined);
});
