import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { dataTest } from '../../../tools/test-data.ts';
import type { DeviceReport } from './device-report.ts';
import { decodeGatt, encodeGatt, GATT_CODES, gattName, gattReport } from './gatt.ts';
import { type CgmSessionStart, sessionStartMs } from './gatt-cgm-session.ts';
import type { GattContext } from './gatt-readings.ts';

const NOW = Date.UTC(2026, 0, 15, 8, 0);

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.replaceAll(' ', '').match(/../g) ?? [], (two) =>
    Number.parseInt(two, 16),
  );
}

function hex(octets: Uint8Array): string {
  return [...octets].map((octet) => octet.toString(16).padStart(2, '0')).join('');
}

function fieldsOf(code: string, text: string): Record<string, unknown> {
  const decoded = decodeGatt(code, bytes(text));
  if (!decoded.ok) assert.fail(`${code} ${text}: ${decoded.fault.detail}`);
  return decoded.value as Record<string, unknown>;
}

function reportOf(code: string, text: string, context: Partial<GattContext> = {}): DeviceReport {
  return gattReport(code, fieldsOf(code, text), { receivedAtMs: NOW, ...context });
}

function faultOf(code: string, text: string): string {
  const decoded = decodeGatt(code, bytes(text));
  assert.ok(!decoded.ok, `${code} ${text} was read`);
  return `${decoded.fault.code}: ${decoded.fault.detail}`;
}

/** The checksum of a number that was sent with more zeros than it needs is another. */
function withoutCrc(fields: unknown): unknown {
  return JSON.parse(JSON.stringify(fields), (key, value) => (key === 'e2eCrc' ? 0 : value));
}

interface Vector {
  readonly characteristic: string;
  readonly hex: string;
  readonly expect: 'ok' | 'error';
  readonly expected: object | null;
}

dataTest(
  { dataset: 'gatt-vectors', name: 'every characteristic vector has its fields', cases: 63 },
  (directory) => {
    const text = readFileSync(join(directory, 'characteristics.json'), 'utf8');
    const vectors: Vector[] = JSON.parse(text);
    assert.ok(vectors.length > 0);
    for (const vector of vectors) {
      const decoded = decodeGatt(vector.characteristic, bytes(vector.hex));
      const label = `${vector.characteristic} ${vector.hex}`;
      assert.equal(decoded.ok, vector.expect === 'ok', label);
      if (!decoded.ok) continue;
      if (vector.expected !== null) assert.deepEqual(decoded.value, vector.expected, label);
      const again = encodeGatt(vector.characteristic, decoded.value);
      if (!again.ok) continue;
      const repeated = decodeGatt(vector.characteristic, again.value);
      assert.ok(repeated.ok, label);
      assert.deepEqual(withoutCrc(repeated.value), withoutCrc(decoded.value), label);
    }
  },
);

/** Values whose form has one writing only. */
const CANONICAL = [
  ['2a37', '0055'],
  ['2a37', '1e5532002100'],
  ['2a37', '012c01'],
  ['2a35', '1e8a00580078000000041114293b3c00012700'],
  ['2a1c', '0774010 0ffea07010f081e0004'],
  ['2a5e', '0f5e009300e8070b1d170839204022000057f0'],
  ['2a18', '1b0100e307021b0b0a1efbff1e00120501'],
  ['2a34', 'fe0100011032010a0032320ff04c'],
  ['2aa7', '0fe3d2e405000214ff02f0e5f38e3f'],
  ['2aa8', '6e9e01168ac1'],
  ['2aa9', '05003f3fffa7e0'],
  ['2aaa', 'e20704180d08180804e0c2'],
  ['2aab', '020008c3'],
  ['2aac', '0664000a00321400010004f324'],
  ['2aac', '1c0201'],
  ['2a52', '06000101'],
  ['2a52', '05000300'],
  ['2a9d', '0fb036e7070c190e1e2d05f200e506'],
  ['2a9c', '0c007800054006'],
  ['2a19', '64'],
  ['2a08', 'e20704110f3300'],
  ['2a23', '5634129aff785634'],
  ['2a29', '4162'],
] as const;

for (const [code, text] of CANONICAL) {
  test(`${gattName(code)} ${text} is written as it was read`, () => {
    const again = encodeGatt(code, fieldsOf(code, text));
    assert.ok(again.ok);
    assert.equal(hex(again.value), text.replaceAll(' ', ''));
  });
}

test('a heart rate above 255 needs two octets, one of 255 does not', () => {
  const write = (bpm: number) => encodeGatt('2a37', { bpm, sensorContact: null });
  assert.deepEqual(write(255), { ok: true, value: bytes('00ff') });
  assert.deepEqual(write(256), { ok: true, value: bytes('010001') });
});

const MALFORMED = [
  { code: '2a37', text: '', why: /shorter/ },
  { code: '2a37', text: '105a0008ff', why: /shorter/ },
  { code: '2a19', text: '65', why: /above 100/ },
  { code: '2a19', text: '6400', why: /longer/ },
  { code: '2a35', text: '0678005000 5d00 e7070d010c0000 4800', why: /STAMP_INVALID/ },
  { code: '2a35', text: '0278005000 5d00 e70702 1d 0c0000', why: /STAMP_INVALID/ },
  { code: '2a52', text: '0101', why: /shorter/ },
  { code: '2a52', text: '060101', why: /operator/ },
  { code: '2a52', text: '0500030201', why: /count/ },
  { code: '2aac', text: '1a', why: /no meaning here/ },
  { code: '2aac', text: '1c02013c3c', why: /CRC/ },
  { code: '2aa7', text: '05000c1005', why: /shorter/ },
  { code: '2aa7', text: '07000c1005 0000', why: /contradicts/ },
  { code: '2aa7', text: '', why: /shorter/ },
  { code: '2aa8', text: '6e8e01168ac1', why: /CRC/ },
  { code: '2aa8', text: '6e8e0116', why: /shorter/ },
  { code: '2a23', text: '00', why: /shorter/ },
  { code: '2bff', text: '014142', why: /shorter/ },
  { code: '2a29', text: 'ff', why: /UTF-8/ },
  { code: 'ffff', text: '00', why: /no characteristic/ },
  { code: '2a29', text: '41'.repeat(513), why: /PAYLOAD_TOO_LARGE/ },
] as const;

for (const { code, text, why } of MALFORMED) {
  test(`${code} of ${JSON.stringify(text.slice(0, 30))} is refused: ${why}`, () => {
    assert.match(faultOf(code, text), why);
  });
}

test('29 February is a day in a leap year and in a year that is not known', () => {
  assert.equal(fieldsOf('2a08', 'e807021d000000').dateTime, '2024-02-29T00:00:00');
  assert.equal(fieldsOf('2a08', '0000021d000000').dateTime, '0000-02-29T00:00:00');
  assert.match(faultOf('2a08', 'e707021d000000'), /STAMP_INVALID/);
});

test('of two glucose records with one broken checksum, the other is kept', () => {
  const good = '06000c100500';
  const broken = '08000c10060000 00';
  const { records, faults } = fieldsOf('2aa7', good + broken) as {
    records: unknown[];
    faults: { index: number }[];
  };
  assert.equal(records.length, 1);
  assert.deepEqual(
    faults.map(({ index }) => index),
    [1],
  );
});

test('beats end one after the other, the newest when the message came', () => {
  const { readings } = reportOf('2a37', '105a00040008');
  assert.deepEqual(
    readings.map(({ metric, value, stampMs }) => [metric, value, (stampMs ?? 0) - NOW]),
    [
      ['heart-rate', 90, 0],
      ['rr-interval', 1000, -2000],
      ['rr-interval', 2000, 0],
    ],
  );
});

test('a belt without contact keeps its value, in doubt, and says that it is off', () => {
  const { readings, contact } = reportOf('2a37', '0400');
  assert.deepEqual(
    readings.map(({ value, flags }) => [value, flags]),
    [[0, FLAG.QUESTIONABLE]],
  );
  assert.equal(contact, 'off');
  assert.equal(reportOf('2a37', '0650').contact, 'on');
  assert.equal(reportOf('2a37', '0250').contact, undefined);
});

test('a cuff’s pressures carry slot, stamp and doubt', () => {
  const { readings } = reportOf('2a35', '1e 7800 5000 5d00 ea07010f081e00 4800 02 0100', {
    utcOffsetMinutes: 60,
  });
  assert.deepEqual(
    readings.map(({ metric, value, unit }) => [metric, value, unit]),
    [
      ['nibp-systolic', 120, 'mm[Hg]'],
      ['nibp-diastolic', 80, 'mm[Hg]'],
      ['nibp-mean', 93, 'mm[Hg]'],
      ['pulse-rate-nibp', 72, '/min'],
    ],
  );
  for (const { userSlot, stampMs, flags } of readings) {
    assert.equal(userSlot, 2);
    assert.equal(stampMs, Date.UTC(2026, 0, 15, 7, 30));
    assert.equal(flags, FLAG.QUESTIONABLE);
  }
});

test('user 255 is nobody that the device knows', () => {
  const { readings } = reportOf('2a35', '08 7800 5000 5d00 ff');
  assert.ok(readings.every(({ userSlot }) => userSlot === undefined));
});

test('a mean pressure that was not measured is a gap, one beyond the range is one-sided', () => {
  const { readings, faults } = reportOf('2a35', '00 fe07 0208 ff07');
  assert.deepEqual(
    readings.map(({ metric, value, flags }) => [metric, value, flags]),
    [
      ['nibp-systolic', 300, FLAG.ABOVE],
      ['nibp-diastolic', 10, FLAG.BELOW],
    ],
  );
  assert.deepEqual(faults, []);
});

test('a meter’s "result too high" is one-sided, with its number where it gives one', () => {
  const measured = (status: string, concentration = '58b2') =>
    reportOf('2a18', `0a 0100 ea07010f081e00 ${concentration} 11 ${status}`).readings[0];
  assert.equal(measured('2000')?.flags, FLAG.ABOVE);
  assert.equal(measured('2000')?.value, 600);
  assert.equal(measured('2000', 'fe07')?.value, 600);
  assert.equal(measured('4000', '0208')?.flags, FLAG.BELOW);
  assert.equal(measured('4000', '0208')?.value, 10);
  assert.equal(measured('0400')?.flags, FLAG.QUESTIONABLE);
  assert.equal(measured('0100')?.flags, 0);
});

test('glucose is told in mg/dL or mmol/L, at the time that the user’s clock shows', () => {
  const [mass] = reportOf('2a18', '030100ea07010f081e00f6ff0cc011').readings;
  assert.deepEqual(
    [mass?.metric, mass?.value, mass?.unit, mass?.sequence],
    ['glucose-capillary', 120, 'mg/dL', 1],
  );
  assert.equal(mass?.stampMs, Date.UTC(2026, 0, 15, 8, 20));
  const [molar] = reportOf('2a18', '062a00e807030f081e0037c011').readings;
  assert.deepEqual([molar?.value, molar?.unit], [5.5, 'mmol/L']);
});

test('a control solution is no patient’s glucose', () => {
  const { readings, faults } = reportOf('2a18', '020100ea07010f081e000cc04a');
  assert.deepEqual([readings.length, faults.length], [0, 1]);
});

test('stored sensor glucose needs the start of its session; the newest record is now', () => {
  const two = '06000c10050006000c100600';
  const alone = reportOf('2aa7', two);
  assert.deepEqual(
    alone.readings.map(({ stampMs }) => stampMs),
    [NOW],
  );
  assert.deepEqual(
    alone.faults.map(({ fault }) => fault.code),
    ['STAMP_INVALID'],
  );
  const placed = reportOf('2aa7', two, { sessionStartMs: 1_000 });
  assert.deepEqual(
    placed.readings.map(({ stampMs }) => stampMs),
    [301_000, 361_000],
  );
});

test('a session’s start is in the zone that it names, else in the collector’s', () => {
  const start = (text: string) => {
    // What `fieldsOf` gives is typed for any characteristic; this one's are these.
    const fields = fieldsOf('2aaa', text) as unknown as CgmSessionStart;
    return sessionStartMs(fields, -60);
  };
  assert.equal(start('ea07010f081e000404'), Date.UTC(2026, 0, 15, 6, 30));
  assert.equal(start('ea07010f081e0080ff'), Date.UTC(2026, 0, 15, 9, 30));
  assert.equal(start('00000000081e000404'), undefined);
});

test('an oximeter off the patient says so; a demonstration is marked as made up', () => {
  assert.equal(reportOf('2a5f', '08ff07ff07000800').contact, 'off');
  assert.equal(reportOf('2a5f', '08ff07ff07000800').readings.length, 0);
  assert.equal(reportOf('2a5f', '045f005a000004').readings[0]?.flags, FLAG.SIMULATED);
  assert.equal(reportOf('2a5f', '045f005a000040').readings[0]?.flags, FLAG.QUESTIONABLE);
});

test('a finger is skin and an ear is an ear', () => {
  assert.equal(reportOf('2a1c', '04740100ff04').readings[0]?.metric, 'skin-temperature');
  assert.equal(reportOf('2a1c', '04740100ff03').readings[0]?.metric, 'body-temperature-tympanic');
  assert.equal(reportOf('2a1c', '00740100ff').readings[0]?.metric, 'body-temperature');
  assert.equal(reportOf('2a1c', '01da0300ff').readings[0]?.unit, '[degF]');
});

test('a scale that failed has no weight, and 0 is no height', () => {
  assert.deepEqual(fieldsOf('2a9d', '00ffff'), { unit: 'kg', weight: null });
  assert.deepEqual(reportOf('2a9d', '00ffff').readings, []);
  assert.deepEqual(
    reportOf('2a9d', '0898 3a 0000 0000').readings.map(({ metric }) => metric),
    ['weight'],
  );
});

test('any bytes are fields or a fault, and fields are written and read again as the same', () => {
  const code = fc.constantFrom(...GATT_CODES);
  const octets = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(code, octets, (number, value) => {
      const decoded = decodeGatt(number, value);
      if (!decoded.ok) return;
      for (const { value: measured } of gattReport(number, decoded.value, { receivedAtMs: NOW })
        .readings)
        assert.ok(Number.isFinite(measured));
      const again = encodeGatt(number, decoded.value);
      if (!again.ok) return;
      const repeated = decodeGatt(number, again.value);
      assert.ok(repeated.ok, `${number} ${hex(value)} ${hex(again.value)}`);
      const { faults: _, ...fields } = decoded.value as Record<string, unknown>;
      assert.deepEqual(withoutCrc(repeated.value), withoutCrc(fields));
    }),
    { numRuns: 2_000 },
  );
});
