import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { decodeHl7, type Hl7Decoded } from './hl7.ts';
import { readAck, writeAck } from './hl7-ack.ts';
import type { Hl7Alert } from './hl7-alert.ts';
import { readHeader } from './hl7-header.ts';
import { escapeText, HL7_DELIMITERS, parseHl7Text, plain } from './hl7-message.ts';
import { readHl7Time, writeHl7Time } from './hl7-time.ts';
import { writeAlert, writeObservations } from './hl7-writer.ts';

const NOW = Date.UTC(2026, 0, 15, 7, 30);
const US = { nowMs: NOW, controlId: '99', sendingApplication: 'AUSCULTA' };
const WEARER = {
  recordNumber: '4711',
  familyName: 'O’Neil|^&',
  givenName: 'Ann',
  location: { unit: 'ICU', room: '', bed: '7', facility: 'H' },
};
const SENDER = {
  application: 'SIM^0011^EUI-64',
  equipment: 'M7^^0011^EUI-64',
  nowMs: NOW,
  controlId: '5',
};

function decode(text: string): Hl7Decoded {
  const decoded = decodeHl7(new TextEncoder().encode(text));
  if (!decoded.ok) assert.fail(decoded.fault.detail);
  return decoded.value;
}

test('a monitor’s readings and waveforms are written as IHE has it and read back', () => {
  const readings = [
    { metric: 'spo2', unit: '%', value: 97, stampMs: NOW, flags: FLAG.QUESTIONABLE },
    { metric: 'heart-rate', unit: '/min', value: 72.5, stampMs: NOW - 500, flags: 0 },
    { metric: 'glucose-capillary', unit: 'mg/dL', value: 600, stampMs: NOW, flags: FLAG.ABOVE },
  ];
  const run = {
    metric: 'ecg-ii',
    startMs: NOW,
    rate: { numerator: 250, denominator: 1 },
    samples: Int32Array.of(1, -2, 300),
    gain: 200,
    zero: 0,
    flags: 0,
  };
  const decoded = decode(writeObservations({ readings, waveforms: [run] }, WEARER, SENDER));
  assert.ok(decoded.kind === 'observations');
  const [group] = decoded.groups;
  assert.equal(group?.patient?.familyName, WEARER.familyName);
  assert.deepEqual(group?.visit?.location, WEARER.location);
  const [order] = group?.orders ?? [];
  assert.deepEqual(order?.faults, []);
  assert.deepEqual(
    order?.readings.map(({ equipment: _, ...reading }) => reading),
    readings.map((reading) => ({ ...reading })),
  );
  assert.equal(order?.readings[0]?.equipment, SENDER.equipment);
  assert.deepEqual(order?.waveforms, [run]);
});

test('an alert is written with its facets and read back under the same id', () => {
  const alert: Hl7Alert = {
    id: 'first-7^SIM',
    event: { code: '196670', text: 'MDC_EVT_LO', system: 'MDC' },
    text: 'Low SpO2',
    source: { code: '150456', text: 'MDC_PULS_OXIM_SAT_O2', system: 'MDC' },
    metric: 'spo2',
    value: 88,
    unit: '%',
    limits: { low: 90, high: 96 },
    phase: 'continue',
    state: 'active',
    inactivation: 'enabled',
    priority: 'high',
    type: 'physiological',
    stampMs: NOW,
    equipment: SENDER.equipment,
  };
  const decoded = decode(writeAlert(alert, WEARER, SENDER));
  assert.ok(decoded.kind === 'alerts');
  assert.deepEqual(decoded.groups[0]?.alerts, [alert]);
});

const WAVE = 'OBX|1|NA|131330^MDC_ECG_ELEC_POTL_II^MDC|1.1.1.1|';
const ORU =
  'MSH|^~\\&|M||||20260115073000+0000||ORU^R01|1|P|2.6\rOBR|1||w|CONTINUOUS WAVEFORM|||20260115073000+0000|20260115073001+0000\r';

test('marked and missing samples split a waveform; the rate may be that of the window', () => {
  const decoded = decode(
    `${ORU}${WAVE}1^2^32767^4^^6^7^8|266418^MDC_DIM_MILLI_VOLT^MDC\rOBX|2|NM|262196^MDC_EVT_INOP^MDC|1.1.1.1.3|32767\r`,
  );
  assert.ok(decoded.kind === 'observations');
  const { waveforms, faults } = decoded.groups[0]?.orders[0] ?? {};
  assert.deepEqual(faults, []);
  assert.deepEqual(
    waveforms?.map(({ startMs, samples }) => [startMs - NOW, [...samples]]),
    [
      [0, [1, 2]],
      [375, [4]],
      [625, [6, 7, 8]],
    ],
  );
  assert.deepEqual(waveforms?.[0]?.rate, { numerator: 8, denominator: 1 });
});

test('samples with decimals keep them in the gain', () => {
  const decoded = decode(
    `${ORU}${WAVE}0.25^-1.5|mV\rOBX|2|NM|0^MDC_ATTR_SAMP_RATE^MDC|1.1.1.1.1|250\r`,
  );
  assert.ok(decoded.kind === 'observations');
  const [run] = decoded.groups[0]?.orders[0]?.waveforms ?? [];
  assert.deepEqual([[...(run?.samples ?? [])], run?.gain], [[25, -150], 100]);
});

const ADT = [
  { event: 'A01', action: 'admit' },
  { event: 'A02', action: 'transfer' },
  { event: 'A03', action: 'discharge' },
  { event: 'A04', action: 'register' },
  { event: 'A08', action: 'update' },
  { event: 'A11', action: 'cancel-admit' },
  { event: 'A12', action: 'cancel-transfer' },
  { event: 'A13', action: 'cancel-discharge' },
  { event: 'A40', action: 'merge' },
  { event: 'A99', action: 'other' },
] as const;

for (const { event, action } of ADT) {
  test(`ADT ${event} means ${action}`, () => {
    const decoded = decode(
      `MSH|^~\\&|H||||20260115||ADT^${event}|1|P|2.5\rEVN||20260115|||||\rPID|||1^^^H^MR~2^^^H^PI||Doe^Jane||1990|F\rMRG|3^^^H^MR\rPV1||I|W1^2^3^H|||W0^1^1^H|||||||||||||V9|||||||||||||||||||||||||20260114\r`,
    );
    assert.ok(decoded.kind === 'patient');
    assert.equal(decoded.adt.action, action);
    const [person] = decoded.adt.persons;
    assert.deepEqual(person?.merged, [{ id: '3', authority: 'H', type: 'MR' }]);
    assert.equal(person?.visit?.priorLocation?.unit, 'W0');
    assert.equal(person?.visit?.visitNumber, 'V9');
    assert.equal(person?.visit?.admittedMs, Date.UTC(2026, 0, 14));
    assert.deepEqual([person?.patient.birthDate, person?.patient.sex], ['1990', 'female']);
  });
}

function answer(
  modes: string,
  fault?: { code: 'STORE_UNAVAILABLE' | 'METRIC_UNKNOWN' },
  version = '2.6',
) {
  const parsed = parseHl7Text(`MSH|^~\\&|M|F|||2026||ORU^R01|42|P|${version}|||${modes}\r`);
  assert.ok(parsed.ok);
  return writeAck(readHeader(parsed.value), { ...(fault && { fault }) }, US);
}

const ANSWERS = [
  { modes: '|', code: 'AA', why: 'the original mode' },
  { modes: 'AL|NE', code: 'CA', why: 'safe with us' },
  { modes: 'NE|AL', code: 'AA', why: 'an application answer' },
  { modes: 'NE|NE', code: undefined, why: 'no answer is wanted' },
  { modes: 'ER|NE', code: undefined, why: 'only errors are wanted' },
  { modes: 'ER|NE', fault: 'METRIC_UNKNOWN', code: 'CE', why: 'an error is wanted' },
  { modes: 'AL|NE', fault: 'STORE_UNAVAILABLE', code: 'CR', why: 'send it again later' },
  { modes: '|', fault: 'METRIC_UNKNOWN', code: 'AE', why: 'mend it first' },
  { modes: '|', fault: 'STORE_UNAVAILABLE', code: 'AR', why: 'send it again later' },
  { modes: 'SU|NE', fault: 'METRIC_UNKNOWN', code: undefined, why: 'only successes are wanted' },
] as const;

for (const { modes, code, why, ...rest } of ANSWERS) {
  const fault = 'fault' in rest ? { code: rest.fault } : undefined;
  test(`to "${modes}"${fault ? ` with ${fault.code}` : ''} the answer is ${code}: ${why}`, () => {
    const text = answer(modes, fault);
    if (text === undefined) {
      assert.equal(code, undefined);
      return;
    }
    const parsed = parseHl7Text(text);
    assert.ok(parsed.ok);
    const ack = readAck(parsed.value);
    assert.deepEqual([ack?.code, ack?.controlId], [code, '42']);
    assert.equal(ack?.errors.length, fault ? 1 : 0);
    assert.match(
      text,
      /^MSH\|\^~\\&\|AUSCULTA\|\|M\|F\|20260115073000\+0000\|\|ACK\^R01\^ACK\|99\|P\|2\.6/,
    );
  });
}

test('before 2.5 an error stands in ERR-1, from 2.5 on in ERR-3', () => {
  assert.match(answer('|', { code: 'METRIC_UNKNOWN' }, '2.4') ?? '', /ERR\|\^\^\^103&/);
  assert.match(
    answer('|', { code: 'METRIC_UNKNOWN' }) ?? '',
    /ERR\|\|\|103\^Table value not found\^HL70357\|E/,
  );
  assert.match(answer('|', undefined, '2.4') ?? '', /\|ACK\^R01\|/);
});

const TIMES = [
  { text: '2026', at: Date.UTC(2026, 0), precision: 'year' },
  { text: '202602', at: Date.UTC(2026, 1), precision: 'month' },
  { text: '20260228', at: Date.UTC(2026, 1, 28), precision: 'day' },
  { text: '2026022823', at: Date.UTC(2026, 1, 28, 23), precision: 'hour' },
  { text: '202602282359', at: Date.UTC(2026, 1, 28, 23, 59), precision: 'minute' },
  { text: '20260228235959', at: Date.UTC(2026, 1, 28, 23, 59, 59), precision: 'second' },
  {
    text: '20260228235959.1239-0130',
    at: Date.UTC(2026, 2, 1, 1, 29, 59, 123),
    precision: 'millisecond',
  },
  { text: '20260228235959-0000', at: Date.UTC(2026, 1, 28, 23, 59, 59), precision: 'second' },
] as const;

for (const { text, at, precision } of TIMES) {
  test(`${text} is a ${precision}`, () => {
    const time = readHl7Time(text, 0);
    assert.deepEqual([time?.stampMs, time?.precision], [at, precision]);
  });
}

for (const text of [
  '',
  '20',
  '20260229',
  '20261301',
  '2026022824',
  '20260228235959.',
  '20260228235959+01',
  '2026022823595x',
  '20260228 ',
]) {
  test(`"${text}" is no time`, () => assert.equal(readHl7Time(text, 0), undefined));
}

test('times are written and read back to the millisecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), (stampMs) => {
      assert.equal(readHl7Time(writeHl7Time(stampMs), 60)?.stampMs, stampMs);
    }),
  );
});

test('any text survives its escapes, and ends no segment', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const written = escapeText(text);
      assert.ok(!/[|^~&\r\n]/.test(written));
      if (text !== '""') assert.equal(plain(written, HL7_DELIMITERS), text);
    }),
  );
});
