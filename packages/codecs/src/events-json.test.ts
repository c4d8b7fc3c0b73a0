import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVENT_KINDS, type ReportedEvent } from '@ausculta/vitals/event';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { decodeEventsJson, encodeEventsJson } from './events-json.ts';
import { PARTS_MAX } from './json-message.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const AT = 1_772_352_000_000;
const bytes = (message: unknown) => new TextEncoder().encode(JSON.stringify(message));

function decode(message: unknown) {
  const decoded = decodeEventsJson(bytes(message));
  assert.ok(decoded.ok, 'the message is taken');
  return decoded.value;
}

test('an event stands alone, in an array, or beside the time of sending', () => {
  const fall = { time: '2026-03-01T08:00:00Z', kind: 'fall', boot: 3, sequence: 17 };
  const expected = { kind: 'fall', stampMs: AT, boot: 3, sequence: 17, flags: 0 };
  assert.deepEqual(decode(fall), { events: [expected], faults: [] });
  assert.deepEqual(decode([fall, fall]).events, [expected, expected]);
  const backlog = decode({ sent: AT + 1, events: [fall] });
  assert.deepEqual(backlog, { events: [expected], faults: [], sentMs: AT + 1 });
});

test('a help button without clock or counters is an event all the same', () => {
  assert.deepEqual(decode({ kind: 'button' }).events, [{ kind: 'button', flags: 0 }]);
});

test('a simulated event says so', () => {
  const flagsOf = (event: object) => decode({ kind: 'fall', ...event }).events[0]?.flags;
  assert.equal(flagsOf({ simulated: true }), FLAG.SIMULATED);
  assert.equal(
    flagsOf({ flags: ['simulated', 'questionable'] }),
    FLAG.SIMULATED | FLAG.QUESTIONABLE,
  );
});

test('each event is judged alone', () => {
  const { events, faults } = decode([
    { kind: 'fall' },
    { kind: 'explosion' },
    { kind: '__proto__' },
    { time: '2026-03-01', kind: 'fall' },
    { kind: 'fall', boot: -1 },
    { kind: 'fall', sequence: 1.5 },
    { kind: 'fall', flags: 'simulated' },
    { kind: 'fall', simulated: 'yes' },
    'fall',
    { kind: 'button' },
  ]);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['fall', 'button'],
  );
  assert.deepEqual(
    faults.map(({ index }) => index),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  assert.equal(faults[2]?.fault.code, 'STAMP_INVALID');
});

test('what is no message of events is refused whole', () => {
  for (const message of [null, 7, 'fall', { events: {} }]) {
    const decoded = decodeEventsJson(bytes(message));
    assert.equal(!decoded.ok && decoded.fault.code, 'PAYLOAD_MALFORMED');
  }
  const sent = decodeEventsJson(bytes({ sent: 'now', kind: 'fall' }));
  assert.equal(!sent.ok && sent.fault.code, 'STAMP_INVALID');
  const many = decodeEventsJson(bytes(Array.from({ length: PARTS_MAX + 1 }, () => 0)));
  assert.equal(!many.ok && many.fault.code, 'PAYLOAD_TOO_LARGE');
});

test('what is written is read back', () => {
  const event: fc.Arbitrary<ReportedEvent> = fc.record(
    {
      kind: fc.constantFrom(...EVENT_KINDS),
      stampMs: fc.integer({ min: 0, max: 4e12 }),
      boot: fc.nat(),
      sequence: fc.maxSafeNat(),
      flags: fc.constantFrom(0, FLAG.SIMULATED, FLAG.SIMULATED | FLAG.QUESTIONABLE),
    },
    { noNullPrototype: true, requiredKeys: ['kind', 'flags'] },
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), (events) => {
      const decoded = decodeEventsJson(encodeEventsJson(events, { sentMs: AT }));
      assert.ok(decoded.ok);
      assert.deepEqual(decoded.value, { events, faults: [], sentMs: AT });
    }),
  );
});

test('any JSON gives events and faults, never an exception', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (message) => {
      decodeEventsJson(bytes(message));
    }),
  );
});
