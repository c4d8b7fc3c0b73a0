import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { frameMllp, MllpParser } from './mllp.ts';

test('however a stream is cut, the same messages come out', () => {
  const message = fc
    .uint8Array({ maxLength: 30 })
    .map((octets) => octets.filter((o) => o !== 0x0b && o !== 0x1c));
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 5 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (messages, cuts) => {
        const stream = Uint8Array.from(messages.flatMap((each) => [...frameMllp(each)]));
        const parser = new MllpParser({ bytesMax: 1000 });
        const found: Uint8Array[] = [];
        for (let at = 0; at < stream.length; ) {
          const step = cuts.next().value as number;
          for (const event of parser.push(stream.subarray(at, at + step))) {
            assert.ok(event.kind === 'message');
            found.push(event.bytes);
          }
          at += step;
        }
        assert.deepEqual(found, messages);
        assert.equal(parser.heldBytes, 0);
      },
    ),
  );
});

test('a message that never ends is held up to the limit and then refused', () => {
  const parser = new MllpParser({ bytesMax: 10 });
  parser.push(Uint8Array.of(0x0b, ...Array(10).fill(65)));
  assert.equal(parser.heldBytes, 10);
  assert.deepEqual(parser.push(Uint8Array.of(65)), []);
  assert.equal(parser.heldBytes, 0);
  const [refused] = parser.push(Uint8Array.of(65, 0x1c, 0x0d));
  assert.ok(refused?.kind === 'fault' && refused.fault.code === 'PAYLOAD_TOO_LARGE');
  const [next] = parser.push(frameMllp(Uint8Array.of(66)));
  assert.deepEqual(next, { kind: 'message', bytes: Uint8Array.of(66) });
});

test('noise between messages is passed over; a cut-off message is told', () => {
  const parser = new MllpParser({ bytesMax: 100 });
  const events = parser.push(Uint8Array.of(65, 0x1c, 13, 0x0b, 66, 0x0b, 67, 0x1c, 13, 10));
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['fault', 'message'],
  );
});
