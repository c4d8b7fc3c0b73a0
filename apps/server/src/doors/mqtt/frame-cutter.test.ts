import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { lengthBytes, packet } from '../../../../../tests/support/mqtt-bytes.ts';
import { FrameCutter } from './frame-cutter.ts';

interface Cut {
  readonly header: number;
  readonly body: string;
}

const BYTES_MAX = 70_000;

function cutterInto(cuts: Cut[], bytesMax = BYTES_MAX): FrameCutter {
  return new FrameCutter(bytesMax, (header, bytes, from, to) => {
    cuts.push({ header, body: bytes.toString('latin1', from, to) });
    return true;
  });
}

function bodyOf(length: number, seed: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff));
}

describe('the frame cutter', () => {
  const lengths = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 300 }) },
    { weight: 2, arbitrary: fc.constantFrom(0, 1, 2, 127, 128, 129, 1023, 1024, 1025) },
    { weight: 1, arbitrary: fc.constantFrom(16_383, 16_384, 16_385) },
  );
  const packets = fc.array(fc.record({ header: fc.nat(255), length: lengths }), { maxLength: 12 });

  test('gives the same packets however the stream is split', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(packets, sizes, fc.nat(40), (wanted, chunkSizes, unfinished) => {
        const stream = Buffer.concat([
          ...wanted.map(({ header, length }, i) => packet(header, bodyOf(length, i))),
          packet(0x30, bodyOf(50, 7)).subarray(0, unfinished),
        ]);
        const cuts: Cut[] = [];
        const cutter = cutterInto(cuts);
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = chunkSizes[turn % chunkSizes.length] ?? 1;
          const chunk = Buffer.from(stream.subarray(at, at + size));
          assert.equal(cutter.push(chunk), undefined);
          // The network's buffer is used again.
          chunk.fill(0xee);
          at += size;
        }
        assert.deepEqual(
          cuts,
          wanted.map(({ header, length }, i) => ({
            header,
            body: bodyOf(length, i).toString('latin1'),
          })),
        );
        assert.equal(cutter.held.length, unfinished);
      }),
      { numRuns: 300 },
    );
  });

  for (const length of [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
    test(`reads a body of ${length} bytes, whole or split at every byte of its header`, () => {
      const whole = packet(0x32, bodyOf(length, 3));
      for (let split = 0; split <= Math.min(6, whole.length); split += 1) {
        let taken = -1;
        const cutter = new FrameCutter(3_000_000, (header, bytes, from, to) => {
          assert.equal(header, 0x32);
          assert.ok(bytes.subarray(from, to).equals(whole.subarray(-length || whole.length)));
          taken = to - from;
          return true;
        });
        cutter.push(whole.subarray(0, split));
        cutter.push(whole.subarray(split));
        assert.equal(taken, length);
        assert.equal(cutter.held.length, 0);
      }
    });
  }

  test('a length may be written in more bytes than it takes, but in no more than four', () => {
    const cuts: Cut[] = [];
    const cutter = cutterInto(cuts);
    assert.equal(cutter.push(Buffer.from([0xc0, 0x80, 0x80, 0x80, 0x00])), undefined);
    assert.deepEqual(cuts, [{ header: 0xc0, body: '' }]);
    assert.equal(cutter.push(Buffer.from([0xc0, 0x80, 0x80, 0x80])), undefined);
    assert.equal(cutter.push(Buffer.from([0x80])), 'MALFORMED', 'the fifth is not waited for');
    const atOnce = cutterInto([]);
    assert.equal(atOnce.push(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01])), 'MALFORMED');
  });

  test('the largest packet passes; one byte more is refused by its length alone', () => {
    const cuts: Cut[] = [];
    const cutter = cutterInto(cuts, 200);
    assert.equal(cutter.push(packet(0x30, bodyOf(197, 0))), undefined);
    assert.equal(cuts.length, 1);
    const larger = packet(0x30, bodyOf(198, 0));
    assert.equal(cutter.push(larger.subarray(0, 2)), undefined, 'its length is not whole');
    assert.equal(cutter.push(larger.subarray(2, 10)), 'TOO_LARGE');
    assert.deepEqual(cutter.held, larger.subarray(0, 10), 'what has come of it can be looked at');
    assert.equal(cuts.length, 1);
  });

  test('what is allowed counts from the next packet on, in the same chunk too', () => {
    const sizes: number[] = [];
    const cutter: FrameCutter = new FrameCutter(16, (_, __, from, to) => {
      sizes.push(to - from);
      cutter.allow(1_000);
      return true;
    });
    const stream = Buffer.concat([packet(0x10, bodyOf(10, 0)), packet(0x30, bodyOf(500, 0))]);
    assert.equal(cutter.push(stream), undefined);
    assert.deepEqual(sizes, [10, 500]);
  });

  test('nothing is cut after a packet that ends the connection', () => {
    let count = 0;
    const cutter = new FrameCutter(BYTES_MAX, () => {
      count += 1;
      return false;
    });
    cutter.push(Buffer.concat([packet(0xe0), packet(0xc0), packet(0xc0)]));
    assert.equal(count, 1);
  });

  test('paused, it holds all that comes; resumed, it gives the rest in order', () => {
    const bodies: number[] = [];
    const cutter: FrameCutter = new FrameCutter(BYTES_MAX, (_, bytes, from) => {
      bodies.push(bytes[from] ?? 0);
      if (bodies.length % 2 === 0) cutter.pause();
      return true;
    });
    const stream = Buffer.concat([1, 2, 3, 4, 5].map((body) => packet(0x30, [body])));
    cutter.push(stream.subarray(0, 13));
    assert.deepEqual(bodies, [1, 2]);
    cutter.push(stream.subarray(13));
    assert.deepEqual([bodies.length, cutter.held.length], [2, 9]);
    cutter.resume();
    assert.deepEqual(bodies, [1, 2, 3, 4]);
    cutter.resume();
    assert.deepEqual([bodies.join(''), cutter.held.length], ['12345', 0]);
  });

  test('a packet that comes byte by byte is moved a few times, not once for each byte', () => {
    const whole = packet(0x30, bodyOf(65_000, 5));
    const cuts: Cut[] = [];
    const cutter = cutterInto(cuts);
    const places = new Set<ArrayBufferLike>();
    let roomMax = 0;
    for (let at = 0; at < whole.length; at += 1) {
      cutter.push(Buffer.from(whole.subarray(at, at + 1)));
      places.add(cutter.held.buffer);
      roomMax = Math.max(roomMax, cutter.held.buffer.byteLength);
    }
    assert.equal(cuts.length, 1);
    assert.ok(places.size <= 10, `${places.size} places`);
    assert.ok(roomMax <= 2 * whole.length, `${roomMax} bytes for a packet of ${whole.length}`);
  });

  test('holds no more than a packet and a chunk, whatever comes', () => {
    const bytes = fc.uint8Array({ maxLength: 400 });
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 60 }), (chunks) => {
        const cutter = cutterInto([], 300);
        for (const chunk of chunks) {
          if (cutter.push(Buffer.from(chunk)) !== undefined) break;
          assert.ok(cutter.held.length < 300);
          assert.ok(cutter.held.buffer.byteLength <= Math.max(1024, 2 * (300 + 400)));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a length that promises much reserves nothing', () => {
    const cutter = cutterInto([], 1_049_600);
    cutter.push(Buffer.concat([Buffer.from([0x30]), lengthBytes(1_000_000), Buffer.alloc(10)]));
    assert.equal(cutter.held.length, 14);
    assert.ok(cutter.held.buffer.byteLength <= 1024);
  });
});
