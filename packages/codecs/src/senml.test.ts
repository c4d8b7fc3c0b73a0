import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG, type ReportedReading } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { PARTS_MAX } from './json-message.ts';
import { decodeSenml, encodeSenml } from './senml.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const NOW = 1_772_352_000_000;
const bytes = (text: string) => new TextEncoder().encode(text);

function decode(pack: unknown) {
  const decoded = decodeSenml(bytes(JSON.stringify(pack)), NOW);
  assert.ok(decoded.ok, 'the pack is taken');
  return decoded.value;
}

function refusal(pack: unknown) {
  const decoded = decodeSenml(bytes(JSON.stringify(pack)), NOW);
  assert.ok(!decoded.ok, 'the pack is refused');
  return decoded.fault.code;
}

test('base fields hold for their own record and all that follow', () => {
  const { readings, faults } = decode([
    { bn: 'urn:dev:mac:0024befffe804ff1:', bt: 1.772e9, bu: '/min', n: 'heart-rate', v: 72 },
    { n: 'resp-rate', t: 1.5, v: 16 },
    { n: 'spo2', u: '%', t: 2, v: 97 },
    { bn: 'urn:dev:ow:10e2073a01080063:', bu: 'Cel', bt: 1.773e9, n: '8310-5', v: 36.8 },
  ]);
  assert.deepEqual(faults, []);
  assert.deepEqual(readings, [
    { metric: 'heart-rate', unit: '/min', stampMs: 1_772_000_000_000, value: 72, flags: 0 },
    { metric: 'resp-rate', unit: '/min', stampMs: 1_772_000_001_500, value: 16, flags: 0 },
    { metric: 'spo2', unit: '%', stampMs: 1_772_000_002_000, value: 97, flags: 0 },
    { metric: '8310-5', unit: 'Cel', stampMs: 1_773_000_000_000, value: 36.8, flags: 0 },
  ]);
});

test('a base value is added, and alone it is the value', () => {
  const { readings } = decode([
    { bn: 'a:', bv: 36, n: 'body-temperature', v: 0.5 },
    { n: 'body-temperature', t: -1 },
  ]);
  assert.deepEqual(
    readings.map(({ value }) => value),
    [36.5, 36],
  );
  assert.deepEqual(
    decode([{ bn: 'a:spo2', bv: 97 }]).readings.map(({ value }) => value),
    [97],
  );
});

const TIMES = [
  { t: -60, stampMs: NOW - 60_000, why: 'a minute ago' },
  { t: 5, stampMs: NOW + 5_000, why: 'in five seconds' },
  { t: 2 ** 28 - 1, stampMs: NOW + (2 ** 28 - 1) * 1000, why: 'the last relative time' },
  { t: 2 ** 28, stampMs: 2 ** 28 * 1000, why: 'the first absolute time' },
  { t: 1_772_000_000.123, stampMs: 1_772_000_000_123, why: 'milliseconds are kept' },
  { t: 0, stampMs: undefined, why: 'no clock' },
] as const;

for (const { t, stampMs, why } of TIMES) {
  test(`a time of ${t} s: ${why}`, () => {
    assert.equal(decode([{ n: 'spo2', v: 97, t }]).readings[0]?.stampMs, stampMs);
  });
}

test('the metric is the last part of the full name', () => {
  const names = ['urn:dev:mac:0024:spo2', 'devices/d1/spo2', 'spo2', 'urn:a/b:spo2'];
  for (const n of names) assert.equal(decode([{ n, v: 97 }]).readings[0]?.metric, 'spo2');
  assert.equal(decode([{ bn: 'urn:dev:x:', n: '147842', v: 72 }]).readings[0]?.metric, '147842');
  assert.equal(decode([{ n: 'urn:dev:x:', v: 97 }]).readings[0]?.metric, '');
});

test('HI and > 600 as text are one-sided; other text is not a reading', () => {
  const { readings, faults } = decode([
    { bn: 'm:', n: 'glucose-capillary', vs: 'HI' },
    { n: 'glucose-capillary', vs: '>600', u: 'mg/dL' },
    { n: 'glucose-capillary', vs: '101' },
    { n: 'glucose-capillary', vs: 'ok' },
  ]);
  assert.deepEqual(readings, [
    { metric: 'glucose-capillary', unit: 'mg/dL', value: 600, flags: FLAG.ABOVE },
    { metric: 'glucose-capillary', unit: 'mg/dL', value: 600, flags: FLAG.ABOVE },
  ]);
  assert.deepEqual(
    faults.map(({ index }) => index),
    [2, 3],
  );
});

test('each record is judged alone', () => {
  const { readings, faults } = decode([
    { bn: 'm:', n: 'spo2', v: 97 },
    { n: 'door', vb: true },
    { n: 'image', vd: 'aGk' },
    { n: 'steps', s: 900 },
    { n: 'spo2' },
    { n: 'spo2', v: 97, vb: true },
    { n: 'spo 2', v: 97 },
    { n: 'spo2', v: '97' },
    { n: 7, v: 97 },
    { n: 'spo2', u: 7, v: 97 },
    { n: 'spo2', t: 'now', v: 97 },
    { n: 'spo2', t: -1e12, v: 97 },
    { n: 'spo2', v: 97, flags: 'none' },
    'spo2',
    { n: 'x'.repeat(300), v: 97 },
    { n: 'spo2', v: 96, flags: ['simulated'], maker: 'ignored' },
  ]);
  assert.deepEqual(
    readings.map(({ value, flags }) => [value, flags]),
    [
      [97, 0],
      [96, FLAG.SIMULATED],
    ],
  );
  assert.deepEqual(
    faults.map(({ index }) => index),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
  );
  assert.deepEqual(faults[8]?.fault.code, 'UNIT_UNKNOWN');
  assert.deepEqual(faults[9]?.fault.code, 'STAMP_INVALID');
});

test('a record that only sets the base is no reading and no fault', () => {
  const { readings, faults } = decode([
    { bn: 'm:', bver: 10 },
    { n: 'spo2', v: 97 },
  ]);
  assert.deepEqual([readings.length, faults.length], [1, 0]);
});

const WHOLE = [
  { pack: {}, why: 'it is no array' },
  { pack: [{ bver: 11, n: 'spo2', v: 97 }], why: 'its version is newer' },
  { pack: [{ bver: '10', n: 'spo2', v: 97 }], why: 'its version is text' },
  { pack: [{ bn: 7, n: 'spo2', v: 97 }], why: 'its base name is no text' },
  { pack: [{ bt: 'now', n: 'spo2', v: 97 }], why: 'its base time is no number' },
  { pack: [{ bu: 1, n: 'spo2', v: 97 }], why: 'its base unit is no text' },
  { pack: [{ bv: '1', n: 'spo2', v: 97 }], why: 'its base value is no number' },
  { pack: [{ bs: '1', n: 'spo2', v: 97 }], why: 'its base sum is no number' },
  { pack: [{ n: 'spo2', v: 97, must_: 1 }], why: 'a field must be understood and is not' },
];

for (const { pack, why } of WHOLE) {
  test(`a pack is refused whole when ${why}`, () => {
    assert.equal(refusal(pack), 'PAYLOAD_MALFORMED');
  });
}

test('a pack may hold a thousand records and no more', () => {
  const records = (length: number) => Array.from({ length }, () => ({ n: 'spo2', v: 97 }));
  assert.equal(decode(records(PARTS_MAX)).readings.length, PARTS_MAX);
  assert.equal(refusal(records(PARTS_MAX + 1)), 'PAYLOAD_TOO_LARGE');
});

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const reading: fc.Arbitrary<ReportedReading> = fc.record(
  {
    metric: name,
    unit: fc.string(),
    stampMs: fc.integer({ min: 2 ** 28 * 1000, max: 4e12 }),
    value: finite,
    flags: fc.constantFrom(0, FLAG.SIMULATED, FLAG.ABOVE, FLAG.BELOW | FLAG.QUESTIONABLE),
  },
  { noNullPrototype: true, requiredKeys: ['metric', 'value', 'flags'] },
);

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.array(reading, { maxLength: 20 }), (readings) => {
      const pack = encodeSenml(readings, { baseName: 'urn:dev:mac:0024befffe804ff1:' });
      const decoded = decodeSenml(pack, NOW);
      assert.ok(decoded.ok);
      assert.deepEqual(decoded.value, { readings, faults: [] });
    }),
  );
});

test('a time that SenML would read as relative is never written', () => {
  const early = { metric: 'spo2', stampMs: 2 ** 28 * 1000 - 1, value: 97, flags: 0 };
  assert.throws(() => encodeSenml([early], { baseName: 'urn:dev:x:' }), /broken invariant/);
});

test('any JSON gives readings and faults, never an exception', () => {
  const field = fc.constantFrom('bn', 'bt', 'bu', 'bv', 'n', 'u', 'v', 'vs', 't', 's', '__proto__');
  const packs = fc.array(fc.dictionary(field, fc.jsonValue())).map((pack) => JSON.stringify(pack));
  fc.assert(
    fc.property(fc.oneof(fc.json(), packs), (text) => {
      const decoded = decodeSenml(bytes(text), NOW);
      if (!decoded.ok) return;
      for (const { value } of decoded.value.readings) assert.ok(Number.isFinite(value));
    }),
  );
});

const fromHex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

test('a pack in CBOR is read as its JSON would be', () => {
  const readings = [
    { metric: 'heart-rate', unit: '/min', stampMs: 1_768_462_200_500, value: 72, flags: 0 },
    { metric: 'body-temperature', unit: 'Cel', stampMs: 1_768_462_200_500, value: 36.6, flags: 16 },
    { metric: 'spo2', value: 97, flags: 0 },
  ];
  const baseName = 'urn:dev:mac:0024befffe804ff1:';
  const json = encodeSenml(readings, { baseName });
  const cbor = encodeSenml(readings, { baseName, form: 'cbor' });
  assert.deepEqual(decodeSenml(cbor, NOW), decodeSenml(json, NOW));
  assert.deepEqual(decodeSenml(cbor, NOW), { ok: true, value: { readings, faults: [] } });
  assert.ok(cbor.length < 0.75 * json.length, `${cbor.length} of ${json.length} bytes`);
});

test('CBOR by the hand of another: base fields under their numbers, a half float, a NaN', () => {
  const pack =
    '83 a2 21 63 75 72 6e 22 1a 6968a7f8 a2 00 6b 3a68656172742d72617465 02 f95480 a2 00 65 3a73706f32 02 f97e00';
  const decoded = decodeSenml(fromHex(pack), NOW);
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.value.readings, [
    { metric: 'heart-rate', stampMs: 1_768_466_424_000, value: 72, flags: 0 },
  ]);
  assert.deepEqual(
    decoded.value.faults.map(({ index, fault }) => `${index} ${fault.code}`),
    ['2 VALUE_NOT_FINITE'],
  );
  assert.equal(decodeSenml(fromHex('83a1'), NOW).ok, false);
});
