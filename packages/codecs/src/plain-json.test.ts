import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from '@ausculta/vitals/catalogue';
import { FLAG, type ReportedReading } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { MESSAGE_BYTES_MAX, PARTS_MAX } from './json-message.ts';
import { decodePlainJson, encodePlainJson } from './plain-json.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const bytes = (text: string) => new TextEncoder().encode(text);

function decode(message: unknown) {
  const decoded = decodePlainJson(bytes(JSON.stringify(message)));
  assert.ok(decoded.ok, 'the message is taken');
  return decoded.value;
}

function refusal(text: string | Uint8Array) {
  const decoded = decodePlainJson(typeof text === 'string' ? bytes(text) : text);
  assert.ok(!decoded.ok, 'the message is refused');
  return decoded.fault.code;
}

const AT = 1_772_352_000_000;

test('one moment with five values gives five readings of its stamp', () => {
  const values = {
    'heart-rate': 72,
    spo2: 97,
    'resp-rate': 16,
    'body-temperature': 36.8,
    weight: 71,
  };
  const { readings, faults, ...rest } = decode({ time: '2026-03-01T08:00:00Z', values });
  assert.deepEqual(
    readings,
    Object.entries(values).map(([metric, value]) => ({ metric, stampMs: AT, value, flags: 0 })),
  );
  assert.deepEqual([faults, rest], [[], {}]);
});

test('without a time the device has no clock, and the reading no stamp', () => {
  assert.deepEqual(decode({ values: { spo2: 97 } }).readings, [
    { metric: 'spo2', value: 97, flags: 0 },
  ]);
});

test('an array and "readings" hold several moments; sent is the clock of the device', () => {
  const moments = [
    { time: AT, values: { spo2: 97 } },
    { time: AT + 1000, values: { spo2: 96 } },
  ];
  const expected = [
    { metric: 'spo2', stampMs: AT, value: 97, flags: 0 },
    { metric: 'spo2', stampMs: AT + 1000, value: 96, flags: 0 },
  ];
  assert.deepEqual(decode(moments), { readings: expected, faults: [] });
  const backlog = decode({ sent: AT + 5000, readings: moments });
  assert.deepEqual(backlog, { readings: expected, faults: [], sentMs: AT + 5000 });
  assert.equal(decode({ sent: AT, values: { spo2: 97 } }).sentMs, AT);
});

const ONE_SIDED = [
  { given: 'HI', value: 600, flags: FLAG.ABOVE, unit: 'mg/dL' },
  { given: 'lo', value: 10, flags: FLAG.BELOW, unit: 'mg/dL' },
  { given: '+INFINITY', value: 600, flags: FLAG.ABOVE, unit: 'mg/dL' },
  { given: '-INFINITY', value: 10, flags: FLAG.BELOW, unit: 'mg/dL' },
  { given: '>600', value: 600, flags: FLAG.ABOVE },
  { given: '> 33.3', value: 33.3, flags: FLAG.ABOVE },
  { given: '>=500', value: 500, flags: FLAG.ABOVE },
  { given: '<20', value: 20, flags: FLAG.BELOW },
  { given: '<= 1.1', value: 1.1, flags: FLAG.BELOW },
] as const;

for (const { given, ...expected } of ONE_SIDED) {
  test(`a meter's "${given}" is a bound of ${expected.value} with its side`, () => {
    const { readings } = decode({ time: AT, values: { 'glucose-capillary': given } });
    assert.deepEqual(readings, [{ metric: 'glucose-capillary', stampMs: AT, ...expected }]);
  });
}

test('HI under a molar code is bounded in the canonical unit, not in millimoles', () => {
  const { readings } = decode({ values: { '14743-9': 'HI' } });
  assert.deepEqual(readings, [{ metric: '14743-9', unit: 'mg/dL', value: 600, flags: FLAG.ABOVE }]);
  const withUnit = decode({ values: { '14743-9': { value: 'HI', unit: 'mmol/L' } } });
  assert.deepEqual(withUnit.readings, readings);
  const bound = decode({ values: { '14743-9': { value: '>33.3', unit: 'mmol/L' } } });
  assert.equal(bound.readings[0]?.unit, 'mmol/L');
});

test('a number too large for a double is above everything', () => {
  const decoded = decodePlainJson(bytes('{"values":{"heart-rate":1e999,"spo2":-1e999}}'));
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.value.readings, [
    { metric: 'heart-rate', unit: '/min', value: 300, flags: FLAG.ABOVE },
    { metric: 'spo2', unit: '%', value: 30, flags: FLAG.BELOW },
  ]);
});

test('a decimal in quotes is the number it says', () => {
  assert.equal(decode({ values: { 'heart-rate': '72' } }).readings[0]?.value, 72);
  assert.equal(decode({ values: { 'st-ii': '-0.15' } }).readings[0]?.value, -0.15);
});

test('a value may bring its unit and flags; a flag nobody knows is doubt', () => {
  const values = {
    spo2: { value: 97, unit: '%', flags: ['questionable'] },
    'heart-rate': { value: 72, flags: ['correction', 'simulated'] },
    'resp-rate': { value: 16, flags: ['motion'] },
    weight: { value: 71, flags: ['implausible'] },
    height: { value: 171 },
  };
  const flags = decode({ values }).readings.map((reading) => reading.flags);
  const { QUESTIONABLE, CORRECTION, SIMULATED } = FLAG;
  assert.deepEqual(flags, [QUESTIONABLE, CORRECTION | SIMULATED, QUESTIONABLE, QUESTIONABLE, 0]);
});

test('simulated marks a message, a moment or a value, and nothing beside it', () => {
  const { SIMULATED } = FLAG;
  const flagsOf = (message: unknown) => decode(message).readings.map(({ flags }) => flags);
  assert.deepEqual(flagsOf({ simulated: true, values: { spo2: 97, weight: 'HI' } }), [
    SIMULATED,
    SIMULATED | FLAG.ABOVE,
  ]);
  const mixed = { values: { spo2: 97, weight: { value: 71, simulated: true } } };
  assert.deepEqual(flagsOf(mixed), [0, SIMULATED]);
  const first = { simulated: true, values: { spo2: 97 } };
  assert.deepEqual(flagsOf([first, { values: { spo2: 97 } }]), [SIMULATED, 0]);
  assert.deepEqual(flagsOf({ simulated: true, readings: [{ values: { spo2: 97 } }] }), [SIMULATED]);
  assert.deepEqual(flagsOf({ simulated: false, values: { spo2: 97 } }), [0]);
});

test('each value is judged alone: the good ones stay, the others say why', () => {
  const { readings, faults } = decode({
    time: AT,
    values: {
      spo2: 97,
      'resp-rate': null,
      'heart-rate': 'fast',
      'no-such-metric': 'HI',
      weight: { value: 71, unit: 7 },
      height: { value: 171, flags: 'none' },
      'glucose-capillary': { value: '>600', flags: ['below'] },
      bmi: { value: 24, simulated: 'yes' },
      'body-temperature': 36.8,
      fio2: 'NaN',
      pain: '> high',
    },
  });
  assert.deepEqual(
    readings.map(({ metric }) => metric),
    ['spo2', 'body-temperature'],
  );
  assert.deepEqual(
    faults.map(({ index, fault }) => `${index} ${fault.code}`),
    [
      '1 PAYLOAD_MALFORMED',
      '2 PAYLOAD_MALFORMED',
      '3 METRIC_UNKNOWN',
      '4 UNIT_UNKNOWN',
      '5 PAYLOAD_MALFORMED',
      '6 PAYLOAD_MALFORMED',
      '7 PAYLOAD_MALFORMED',
      '9 VALUE_NOT_FINITE',
      '10 PAYLOAD_MALFORMED',
    ],
  );
});

test('a time that cannot be read spoils its own moment only', () => {
  const { readings, faults } = decode([
    { time: '2026-03-01T08:00:00', values: { spo2: 97, 'heart-rate': 72 } },
    { time: AT, values: { spo2: 96 } },
  ]);
  assert.deepEqual(readings, [{ metric: 'spo2', stampMs: AT, value: 96, flags: 0 }]);
  assert.deepEqual(
    faults.map(({ index, fault }) => [index, fault.code]),
    [
      [0, 'STAMP_INVALID'],
      [1, 'STAMP_INVALID'],
    ],
  );
});

test('a moment without values is told, not passed over', () => {
  for (const moment of [{}, { values: {} }, { values: [] }, { values: 7 }, null, 7, 'HI']) {
    const { readings, faults } = decode([moment]);
    assert.equal(readings.length, 0);
    assert.deepEqual(
      faults.map(({ fault }) => fault.code),
      ['PAYLOAD_MALFORMED'],
    );
  }
  assert.deepEqual(decode([]), { readings: [], faults: [] });
});

const REFUSED = ['', '{', 'null', '7', '"HI"', '{"values":{"spo2":NaN}}', '{"readings":{}}'];
for (const text of REFUSED) {
  test(`the message ${text || '(empty)'} is refused whole`, () => {
    assert.equal(refusal(text), 'PAYLOAD_MALFORMED');
  });
}

test('a message that is not UTF-8, or whose sent or simulated cannot be read, is refused whole', () => {
  assert.equal(refusal(new Uint8Array([0x22, 0xff, 0x22])), 'PAYLOAD_MALFORMED');
  assert.equal(refusal('{"sent":"now","values":{"spo2":97}}'), 'STAMP_INVALID');
  assert.equal(refusal('{"simulated":1,"readings":[]}'), 'PAYLOAD_MALFORMED');
});

test('a message may hold a thousand values and 64 KB, and no more', () => {
  const moments = (count: number) =>
    JSON.stringify(Array.from({ length: count }, () => ({ values: { spo2: 97 } })));
  const most = decodePlainJson(bytes(moments(PARTS_MAX)));
  assert.equal(most.ok && most.value.readings.length, PARTS_MAX);
  assert.equal(refusal(moments(PARTS_MAX + 1)), 'PAYLOAD_TOO_LARGE');
  const wide = Object.fromEntries(Array.from({ length: PARTS_MAX + 1 }, (_, at) => [`m${at}`, 1]));
  assert.equal(refusal(JSON.stringify({ values: wide })), 'PAYLOAD_TOO_LARGE');
  const hollow = `[${'0,'.repeat(PARTS_MAX)}0]`;
  assert.equal(refusal(hollow), 'PAYLOAD_TOO_LARGE');
  assert.equal(refusal(' '.repeat(MESSAGE_BYTES_MAX + 1)), 'PAYLOAD_TOO_LARGE');
  const padded = `{"values":{"spo2":97}}${' '.repeat(MESSAGE_BYTES_MAX)}`.slice(
    0,
    MESSAGE_BYTES_MAX,
  );
  assert.ok(decodePlainJson(bytes(padded)).ok);
});

test('deep nesting costs no stack', () => {
  const depth = 30_000;
  const nested = '['.repeat(depth) + ']'.repeat(depth);
  assert.equal(refusal('['.repeat(MESSAGE_BYTES_MAX)), 'PAYLOAD_MALFORMED');
  for (const text of [nested, `{"values":{"spo2":${nested}}}`, `{"values":${nested}}`]) {
    const decoded = decodePlainJson(bytes(text));
    assert.equal(decoded.ok && decoded.value.readings.length, 0);
  }
});

test('names of the language are ordinary metrics, and change no prototype', () => {
  const text =
    '{"__proto__":{"time":1,"simulated":true},"values":{"__proto__":97,"constructor":{"value":1}}}';
  const decoded = decodePlainJson(bytes(text));
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.value.readings, [
    { metric: '__proto__', value: 97, flags: 0 },
    { metric: 'constructor', value: 1, flags: 0 },
  ]);
  assert.equal(({} as { simulated?: unknown }).simulated, undefined);
});

const SENDER_FLAGS = [FLAG.SIMULATED, FLAG.QUESTIONABLE, FLAG.CORRECTION];
const flags = fc
  .tuple(fc.subarray(SENDER_FLAGS), fc.constantFrom(0, FLAG.ABOVE, FLAG.BELOW))
  .map(([some, side]) => some.reduce<number>((all, flag) => all | flag, side));
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const reading: fc.Arbitrary<ReportedReading> = fc.record(
  {
    metric: fc.oneof(
      fc.constantFrom(...CATALOGUE.map(({ key }) => key)),
      fc.string(),
      fc.constant('__proto__'),
    ),
    unit: fc.string(),
    stampMs: fc.oneof(fc.constant(AT), fc.integer({ min: 0, max: 4e12 })),
    value: finite,
    flags,
  },
  { noNullPrototype: true, requiredKeys: ['metric', 'value', 'flags'] },
);

/** Integer-like keys come first in every JavaScript object, so order within a moment is not kept. */
function sorted(readings: readonly ReportedReading[]) {
  return readings.map((one) => JSON.stringify(one, Object.keys(one).sort())).sort();
}

test('what is written is read back, whatever it is', () => {
  const all = fc.array(reading, { maxLength: 20 });
  fc.assert(
    fc.property(all, fc.option(fc.nat(), { nil: undefined }), (readings, sentMs) => {
      const decoded = decodePlainJson(
        encodePlainJson(readings, sentMs === undefined ? {} : { sentMs }),
      );
      assert.ok(decoded.ok);
      assert.deepEqual(decoded.value.faults, []);
      assert.deepEqual(sorted(decoded.value.readings), sorted(readings));
      assert.equal(decoded.value.sentMs, sentMs);
    }),
  );
});

test('any JSON gives readings and faults, never an exception, and no value that is not finite', () => {
  const message = fc.oneof(
    fc.json(),
    fc
      .record({ time: fc.jsonValue(), values: fc.dictionary(fc.string(), fc.jsonValue()) })
      .map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(message, (text) => {
      const decoded = decodePlainJson(bytes(text));
      if (!decoded.ok) return;
      for (const { value, flags } of decoded.value.readings) {
        assert.ok(Number.isFinite(value) && flags >= 0 && flags < 128);
      }
    }),
  );
});
