import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { dataTest } from '../../../tools/test-data.ts';
import { decodeHl7, type Hl7Decoded, type Hl7Group } from './hl7.ts';
import { hl7Fields } from './hl7-header.ts';
import { parseHl7, writeHl7 } from './hl7-message.ts';

const MSH = 'MSH|^~\\&|MONITOR^00A0^EUI-64||||20260115083000+0100||ORU^R01^ORU_R01|7|P|2.6';

function encode(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => `${line}\r`).join(''));
}

function decode(...lines: string[]): Hl7Decoded {
  const decoded = decodeHl7(encode(lines));
  if (!decoded.ok) assert.fail(decoded.fault.detail);
  return decoded.value;
}

function groupsOf(decoded: Hl7Decoded): readonly Hl7Group[] {
  assert.ok('groups' in decoded);
  return decoded.groups;
}

/** The one order of a message that is made of these observations. */
function observe(...rows: string[]) {
  const decoded = decode(MSH, 'PID|||1^^^H^MR', 'OBR|1|a|a|x|||20260115082900+0100', ...rows);
  const order = groupsOf(decoded)[0]?.orders[0];
  assert.ok(order);
  return order;
}

const SPO2 = '150456^MDC_PULS_OXIM_SAT_O2^MDC';

dataTest(
  {
    dataset: 'hl7v2',
    name: 'every message splits into the stated fields and is written back',
    cases: 27,
  },
  (directory) => {
    const expected = JSON.parse(readFileSync(join(directory, 'expected_fields.json'), 'utf8'));
    const files = readdirSync(directory).filter((file) => file.endsWith('.hl7'));
    assert.ok(files.length > 0);
    for (const file of files) {
      const bytes = readFileSync(join(directory, file));
      const parsed = parseHl7(bytes);
      assert.ok(parsed.ok, file);
      const fields = hl7Fields(parsed.value);
      assert.deepEqual(JSON.parse(JSON.stringify(fields)), expected[file], file);
      assert.equal(writeHl7(parsed.value), bytes.toString('utf8'), file);
      assert.ok(decodeHl7(bytes).ok, file);
    }
  },
);

dataTest(
  {
    dataset: 'hl7v2',
    name: 'a message that breaks the Continua profile says which rows, a valid one does not',
    cases: 4,
  },
  (directory) => {
    const untyped = (file: string) => {
      const decoded = decodeHl7(readFileSync(join(directory, file)));
      assert.ok(decoded.ok);
      const faults = groupsOf(decoded.value).flatMap(({ orders }) =>
        orders.flatMap((order) => order.faults.map(({ fault }) => fault.detail)),
      );
      return faults.filter((detail) => detail === 'OBX-2 is missing').length;
    };
    assert.equal(untyped('ipf-invalid-glucose-continua-wan.hl7'), 3);
    assert.equal(untyped('ipf-valid-bp-continua-wan.hl7'), 0);
    assert.equal(untyped('ipf-valid-oximeter-continua-wan.hl7'), 0);
    assert.equal(untyped('ipf-valid-scale-continua-wan.hl7'), 0);
  },
);

dataTest(
  {
    dataset: 'hl7v2',
    name: 'a low SpO2 alert has value, limits, priority and the same id as its follow-ups',
    cases: 2,
  },
  (directory) => {
    const alertOf = (file: string) => {
      const decoded = decodeHl7(readFileSync(join(directory, file)));
      assert.ok(decoded.ok && decoded.value.kind === 'alerts');
      return decoded.value.groups[0]?.alerts[0];
    };
    const low = alertOf('ihe-tf2-e3-1-acm-low-spo2-oru_r40.hl7');
    assert.equal(low?.event.text, 'MDC_EVT_LO');
    assert.deepEqual([low?.metric, low?.value, low?.limits], ['spo2', 88, { low: 90, high: 96 }]);
    assert.deepEqual([low?.priority, low?.type, low?.phase], ['medium', 'physiological', 'start']);
    assert.equal(low?.stampMs, Date.UTC(2012, 0, 11, 21, 4, 57));
    const unplugged = alertOf('draeger-PCD04_alarm.hl7');
    assert.equal(unplugged?.event.text, 'MDC_EVT_SENSOR_DISCONN');
    assert.deepEqual([unplugged?.priority, unplugged?.state], ['low', 'active']);
  },
);

for (const version of ['2.3', '2.3.1', '2.4', '2.5', '2.5.1', '2.6', '2.7.1', '2.8', '2.8.2', '']) {
  test(`version ${version || 'unsaid'} is read`, () => {
    const row = `OBX|1|NM|${SPO2}|1|97|%`;
    const msh = MSH.replace(/2\.6$/, version);
    const [group] = groupsOf(decode(msh, 'PID|||1', 'OBR|1|a|a|x|||20260115082900+0100', row));
    assert.equal(group?.orders[0]?.readings[0]?.value, 97);
  });
}

for (const version of ['2.2', '2.9', '3.0', '2', 'x']) {
  test(`version ${version} is refused`, () => {
    assert.ok(!decodeHl7(encode([MSH.replace(/2\.6$/, version)])).ok);
  });
}

test('a reading takes its time from OBX-14, else from the row above, else from OBR-7', () => {
  const { readings } = observe(
    'OBX|1||69965^X^MDC|1.0.0.0|||||||X|||||||BED7^^0011^EUI-64',
    'OBX|2||150020^MDC_PRESS_BLD_NONINV^MDC|1.0.1|||||||X|||20260115082000+0100',
    'OBX|3|NM|150021^MDC_PRESS_BLD_NONINV_SYS^MDC|1.0.1.1|120|266016^MDC_DIM_MMHG^MDC|||||R',
    `OBX|4|NM|${SPO2}|1.1.1.1|97|262688^MDC_DIM_PERCENT^MDC|||||R|||20260115082930.5+0100`,
    'OBX|5|NM|147842^MDC_ECG_CARD_BEAT_RATE^MDC|1.1.2.1|72|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R',
  );
  assert.deepEqual(
    readings.map(({ metric, value, unit, stampMs }) => [
      metric,
      value,
      unit,
      new Date(stampMs ?? 0).toISOString().slice(11, 21),
    ]),
    [
      ['nibp-systolic', 120, 'mm[Hg]', '07:20:00.0'],
      ['spo2', 97, '%', '07:29:30.5'],
      ['heart-rate', 72, '/min', '07:29:00.0'],
    ],
  );
  assert.equal(readings[0]?.equipment, 'BED7^^0011^EUI-64');
});

test('a time without a zone is in the zone of MSH-7', () => {
  const { readings } = observe(`OBX|1|NM|${SPO2}|1|97|%|||||R|||20260115083000`);
  assert.equal(readings[0]?.stampMs, Date.UTC(2026, 0, 15, 7, 30));
});

const VALUES = [
  { row: '|NM|C|1|97|%', value: 97, flags: 0, why: 'a number' },
  { row: '|NM|C|1|>98|%', value: 98, flags: FLAG.ABOVE, why: 'one-sided in a number' },
  { row: '|SN|C|1|<^85|%', value: 85, flags: FLAG.BELOW, why: 'a structured comparison' },
  { row: '|SN|C|1|^97|%', value: 97, flags: 0, why: 'a structured number' },
  { row: '|ST|C|1|LO|%', value: 30, flags: FLAG.BELOW, why: 'a meter’s LO' },
  { row: '|NM|C|1|97|%||DEMO', value: 97, flags: FLAG.SIMULATED, why: 'a demonstration' },
  { row: '|NM|C|1|97|%||<~QUES', value: 97, flags: FLAG.BELOW | FLAG.QUESTIONABLE, why: 'flags' },
  { row: '|NM|C|1|97|%|||||C', value: 97, flags: FLAG.CORRECTION, why: 'a correction' },
  { row: '|NM|C|1|97|%|||||X', value: 97, flags: FLAG.QUESTIONABLE, why: '“no result” with one' },
] as const;

for (const { row, value, flags, why } of VALUES) {
  test(`${row.slice(1)} is read: ${why}`, () => {
    const { readings, faults } = observe(`OBX|1${row.replace('C', SPO2)}`);
    assert.deepEqual(faults, []);
    assert.deepEqual([readings[0]?.value, readings[0]?.flags], [value, flags]);
  });
}

const REFUSED = [
  { row: '|NM|C|1|97~98|%', why: /several values/ },
  { row: '|SN|C|1|^90^-^96|%', why: /range/ },
  { row: '|ST|C|1|ABN|%', why: /neither a number/ },
  { row: '|NM|C|1|97|%|||||R|||2026', why: undefined },
  { row: '|NM|C|1|97|%|||||R|||20261332', why: /OBX-14/ },
] as const;

for (const { row, why } of REFUSED) {
  test(`${row.slice(1)} is ${why === undefined ? 'read' : `a fault: ${why}`}`, () => {
    const { readings, faults } = observe(`OBX|1${row.replace('C', SPO2)}`);
    assert.equal(readings.length, why === undefined ? 1 : 0);
    if (why !== undefined) assert.match(faults[0]?.fault.detail ?? '', why);
  });
}

test('an empty value, a null and a monitor’s -100 are gaps, and 0 is a value', () => {
  const rows = ['', '""', '-100', '0'].map((value, at) => `OBX|${at}|NM|${SPO2}|${at}|${value}|%`);
  const { readings, faults } = observe(...rows);
  assert.deepEqual(
    readings.map(({ value }) => value),
    [0],
  );
  assert.deepEqual(faults, []);
});

test('a wrong or deleted result is taken back, not stored', () => {
  const { readings, retracted } = observe(`OBX|1|NM|${SPO2}|1|97|%|||||W`);
  assert.deepEqual([readings.length, retracted.length], [0, 1]);
});

const TERMS = [
  { code: '8867-4^Heart rate^LN', metric: 'heart-rate', why: 'LOINC' },
  { code: 'X^^99V^150456^MDC_PULS_OXIM_SAT_O2^MDC', metric: 'spo2', why: 'the alternate' },
  { code: '131331^MDC_ECG_HEART_RATE^MDC', metric: 'heart-rate', why: 'name before number' },
  { code: '150456^Sat^MDC', metric: 'spo2', why: 'the number alone' },
  { code: '150302^MDC_PRESS_CUFF_DIA^MDC', metric: 'nibp-diastolic', why: 'a maker’s term' },
  { code: '150456^Sat^99V', metric: undefined, why: 'a private system' },
  { code: 'spo2', metric: undefined, why: 'a word of ours is not the sender’s' },
  { code: '18458^x^MDC', metric: undefined, why: 'a term without its partition' },
] as const;

for (const { code, metric, why } of TERMS) {
  test(`OBX-3 ${code} is ${metric}: ${why}`, () => {
    const { readings } = observe(`OBX|1|NM|${code}|1|60|1`);
    assert.equal(readings[0]?.metric, metric);
  });
}

test('a training system’s values are marked as made up', () => {
  const decoded = decode(MSH.replace('|P|', '|T|'), 'OBR|1', `OBX|1|NM|${SPO2}|1|97|%`);
  assert.equal(groupsOf(decoded)[0]?.orders[0]?.readings[0]?.flags, FLAG.SIMULATED);
});

test('two patients in one message stay two', () => {
  const obx = `OBX|1|NM|${SPO2}|1`;
  const groups = groupsOf(
    decode(MSH, 'PID|||1^^^H^MR', 'OBR|1', `${obx}|97|%`, 'PID|||2^^^H^MR', 'OBR|1', `${obx}|88|%`),
  );
  assert.deepEqual(
    groups.map(({ patient, orders }) => [
      patient?.identifiers[0]?.id,
      orders[0]?.readings[0]?.value,
    ]),
    [
      ['1', 97],
      ['2', 88],
    ],
  );
});

test('a bed without a patient is a bed, not nothing', () => {
  const [group] = groupsOf(decode(MSH, 'PV1||I|ICU^^7', 'OBR|1', `OBX|1|NM|${SPO2}|1|97|%`));
  assert.equal(group?.patient, undefined);
  assert.equal(group?.visit?.location?.bed, '7');
  assert.equal(group?.orders[0]?.readings.length, 1);
});

test('delimiters are the message’s own, and escapes are undone', () => {
  const decoded = decode(
    'MSH#*!%$#A#B#C#D#2026##ADT*A08#1#P#2.5',
    'PID###9***$x*MR##O%T%N%F%*J%E%n',
  );
  assert.ok(decoded.kind === 'patient');
  const { patient } = decoded.adt.persons[0] ?? {};
  assert.equal(patient?.familyName, 'O$N#');
  assert.equal(patient?.givenName, 'J%n');
});

const UNREADABLE = [
  { text: '', why: /empty/ },
  { text: 'PID|1', why: /no readable MSH/ },
  { text: 'MSH|^^\\&|A|B|C|D|2026||ORU^R01|1|P|2.6', why: /no readable MSH/ },
  { text: 'MSHA^~\\&AA', why: /no readable MSH/ },
  { text: `${MSH}\rpid|1`, why: /segment has no name/ },
  { text: `${MSH}\r|1`, why: /segment has no name/ },
  { text: MSH.replace('|2.6', '|3.0'), why: /version/ },
  { text: MSH.replace('|2.6', '|2.2'), why: /version/ },
  { text: MSH.replace('ORU^R01^ORU_R01', 'SIU^S12'), why: /type of message/ },
  { text: MSH.replace('ORU^R01^ORU_R01', 'ACK'), why: /without MSA/ },
] as const;

for (const { text, why } of UNREADABLE) {
  test(`${JSON.stringify(text.slice(0, 30))} is refused: ${why}`, () => {
    const decoded = decodeHl7(new TextEncoder().encode(text));
    assert.ok(!decoded.ok);
    assert.match(decoded.fault.detail ?? '', why);
  });
}

test('names are read in the charset that the message says', () => {
  const name = (charset: string, octets: readonly number[]) => {
    const head = new TextEncoder().encode(
      `MSH|^~\\&|A||||2026||ADT^A08|1|P|2.5||||||${charset}\rPID|||1||`,
    );
    const decoded = decodeHl7(Uint8Array.from([...head, ...octets, 13]));
    if (!decoded.ok) return decoded.fault.detail;
    assert.ok(decoded.value.kind === 'patient');
    return decoded.value.adt.persons[0]?.patient.familyName;
  };
  assert.equal(name('8859/1', [0x4d, 0xfc]), 'Mü');
  assert.equal(name('UNICODE UTF-8', [0x4d, 0xc3, 0xbc]), 'Mü');
  assert.equal(name('', [0x4d, 0xc3, 0xbc]), 'Mü');
  assert.equal(name('', [0x4d, 0xfc]), 'Mü');
  assert.equal(name('8859/5~ASCII', [0xbc]), 'М');
  assert.match(name('UNICODE UTF-8', [0x4d, 0xfc]) ?? '', /charset/);
});

test('any text behind an MSH gives finite readings or a fault', () => {
  const piece = fc.constantFrom(
    '|',
    '^',
    '~',
    '\\',
    '&',
    '\r',
    'OBX',
    'OBR',
    'PID',
    '150456',
    'NM',
    'NA',
    '97',
    'MDC',
    '2026',
    'PV1',
    '.',
  );
  const soup = fc.array(fc.oneof(piece, fc.string({ maxLength: 4 })), { maxLength: 60 });
  fc.assert(
    fc.property(soup, (pieces) => {
      const decoded = decodeHl7(
        new TextEncoder().encode(`${MSH}\rOBR|1\rOBX|1|${pieces.join('')}`),
      );
      if (!decoded.ok) return;
      for (const { orders } of groupsOf(decoded.value)) {
        for (const { readings } of orders) {
          for (const { value } of readings) assert.ok(Number.isFinite(value));
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('what was split is written back letter by letter', () => {
  const text = fc.array(fc.constantFrom('PID|1', 'OBX|\\F\\||~^&', 'NTE||ü "" \\X0D\\'), {
    maxLength: 9,
  });
  fc.assert(
    fc.property(text, (lines) => {
      const bytes = encode([MSH, ...lines]);
      const parsed = parseHl7(bytes);
      assert.ok(parsed.ok);
      assert.deepEqual(new TextEncoder().encode(writeHl7(parsed.value)), bytes);
    }),
  );
});
