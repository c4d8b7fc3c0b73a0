import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { dataTest } from '../../../tools/test-data.ts';
import { OctetWriter } from './octets.ts';
import {
  AGENT,
  decodePhd,
  decodePhdData,
  encodePhd,
  hex,
  MDER,
  type PhdApdu,
  unhex,
} from './phd-apdu.ts';
import { ATTRIBUTE, writeValueMap } from './phd-attribute.ts';
import {
  type PhdConfiguration,
  readConfiguration,
  standardConfiguration,
} from './phd-configuration.ts';
import type { PhdEvent } from './phd-event.ts';
import { PhdFramer } from './phd-framer.ts';
import {
  askMds,
  NEW_MANAGER,
  onPhdBytes,
  type PhdContext,
  type PhdManager,
} from './phd-manager.ts';
import { phdReport } from './phd-readings.ts';
import { writeAbsoluteTime } from './phd-time.ts';

const NOW = Date.UTC(2026, 0, 15, 8);
const CONTEXT: PhdContext = { receivedAtMs: NOW, systemId: '1122334455667788' };

function bytes(text: string): Uint8Array {
  return unhex(text.replaceAll(/[\s|]/g, ''));
}

function decode(octets: Uint8Array): PhdApdu {
  const decoded = decodePhd(octets);
  if (!decoded.ok) assert.fail(decoded.fault.detail);
  return decoded.value;
}

/** Six octets stand twice in these two: their lists contradict their own counts and lengths. */
const DAMAGED = ['H221_ID_0190', 'H221_ID_02BC'];
/** One of the three lengths of the DATA APDU is wrong; nothing else is. */
const WRONG_LENGTH = ['scan_report_info_var', 'pulse_oximeter_buf_scan_report_mp_grouped'];

dataTest(
  {
    dataset: 'ieee11073-apdu',
    name: 'every APDU is read and written back octet by octet',
    cases: 57,
  },
  (directory) => {
    const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile() && !/README|description/.test(entry.name),
    );
    assert.ok(files.length > 0);
    for (const { parentPath, name } of files) {
      const octets = readFileSync(join(parentPath, name));
      // Two traces keep the DATA APDU without the presentation's four octets and its length.
      const bare = name.startsWith('data_apdu');
      const decoded = bare ? decodePhdData(octets) : decodePhd(octets);
      assert.equal(decoded.ok, !DAMAGED.includes(name), name);
      if (!decoded.ok) continue;
      const written = encodePhd(decoded.value).subarray(bare ? 6 : 0);
      if (WRONG_LENGTH.includes(name)) assert.deepEqual(decodePhd(written), decoded, name);
      else assert.equal(hex(written), hex(octets), name);
    }
  },
);

function dataApdu(octets: Uint8Array) {
  const apdu = decode(octets);
  assert.ok(apdu.kind === 'data' && apdu.message.kind === 'event-report');
  return apdu.message;
}

function readingsOf(octets: Uint8Array, configuration: PhdConfiguration) {
  const { event, handle, eventTime } = dataApdu(octets);
  const report = phdReport(event, configuration, { receivedAtMs: NOW, scanner: handle, eventTime });
  return {
    faults: report.faults,
    values: report.readings.map(({ metric, value, userSlot }) => [metric, value, userSlot ?? 0]),
    stamps: report.readings.map(({ stampMs }) => new Date(stampMs ?? 0).toISOString()),
  };
}

dataTest(
  {
    dataset: 'ieee11073-apdu',
    name: 'all twelve kinds of scan report give the same measurements',
    cases: 12,
  },
  (directory) => {
    const file = (name: string) => readFileSync(join(directory, 'pulse_oximeter', name));
    const { event } = dataApdu(file('pulse_oximeter_noti_config_with_scanner'));
    assert.ok(event.kind === 'configuration');
    const configuration = readConfiguration(event.objects);
    for (const buffering of ['unbuf', 'buf']) {
      for (const form of ['fixed', 'var', 'mp_fixed', 'mp_var']) {
        const name = `pulse_oximeter_${buffering}_scan_report_${form}`;
        const { values, stamps, faults } = readingsOf(file(name), configuration);
        const slot = form.startsWith('mp') ? 1 : 0;
        assert.deepEqual(faults, [], name);
        assert.deepEqual(
          values,
          [
            ['spo2', 98, slot],
            ['pulse-rate-oximeter', 72, slot],
          ],
          name,
        );
        assert.deepEqual(stamps, Array(2).fill('2007-12-06T12:10:00.000Z'), name);
      }
    }
    for (const [form, slot] of [
      ['grouped', 0],
      ['mp_grouped', 1],
    ] as const) {
      const { values, stamps, faults } = readingsOf(
        file(`pulse_oximeter_unbuf_scan_report_${form}`),
        configuration,
      );
      assert.deepEqual(faults, []);
      assert.deepEqual(values, [
        ['spo2', 97.5, slot],
        ['pulse-rate-oximeter', 80.1, slot],
      ]);
      assert.deepEqual(stamps, Array(2).fill('2010-08-03T10:51:11.000Z'));
    }
  },
);

dataTest(
  {
    dataset: 'ieee11073-apdu',
    name: 'a scale and a cuff are read by the configuration that they sent',
    cases: 4,
  },
  (directory) => {
    const file = (name: string) => readFileSync(join(directory, name));
    const { event } = dataApdu(file('blood_pressure/roiv_mdc_noti_config'));
    assert.ok(event.kind === 'configuration');
    const cuff = readingsOf(
      file('blood_pressure/roiv_mds_note_scan_report_mp_fixed'),
      readConfiguration(event.objects),
    );
    assert.deepEqual(
      cuff.values.slice(0, 3).map(([metric]) => metric),
      ['nibp-systolic', 'nibp-diastolic', 'nibp-mean'],
    );
    const scale = readingsOf(file('H241_ID_05DC'), standardConfiguration(0x05dc) ?? new Map());
    assert.deepEqual(scale.faults, []);
    assert.deepEqual(scale.values, [
      ['weight', 76.2, 0],
      ['bmi', 24.3, 0],
      ['weight', 76, 0],
      ['bmi', 24.2, 0],
    ]);
  },
);

const GOLDEN = {
  request:
    'e2000032 80000000 0001 002a 5079 0026 80000000 8000 80000000 00000000 00800000 0008 1133557799bbddff 02bc 0001 01 00 0000 0000',
  accepted:
    'e300002c 0000 5079 0026 80000000 8000 80000000 00000000 80000000 0008 1122334455667788 0000 0000 00 00 0000 0000',
  report:
    'e700003e 003c 0000 0101 0036 0000 ffffffff 0d1d 002c f000 0000 0002 0024 0001 0012 0003 0006 007b 004c 0061 2026112101591250 0002 000a 0055 2026112101591250',
  reply: 'e7000012 0010 0000 0201 000a 0000 ffffffff 0d1d 0000',
  release: 'e4000002 0000',
  released: 'e5000002 0000',
};

test('a cuff associates, measures and leaves as in the trace of another manager', () => {
  const associated = onPhdBytes(NEW_MANAGER, bytes(GOLDEN.request), CONTEXT);
  assert.deepEqual(associated.send.map(hex), [hex(bytes(GOLDEN.accepted))]);
  const measured = onPhdBytes(associated.manager, bytes(GOLDEN.report), CONTEXT);
  assert.deepEqual(
    measured.report?.readings.map(({ metric, value, unit }) => [metric, value, unit]),
    [
      ['nibp-systolic', 123, 'mm[Hg]'],
      ['nibp-diastolic', 76, 'mm[Hg]'],
      ['nibp-mean', 97, 'mm[Hg]'],
      ['pulse-rate-nibp', 85, '/min'],
    ],
  );
  assert.equal(measured.report?.readings[0]?.stampMs, Date.UTC(2026, 10, 21, 1, 59, 12, 500));
  // The answer lets the agent forget: it is handed back, to be sent when all is durable.
  assert.deepEqual(measured.send, []);
  assert.equal(measured.reply && hex(measured.reply), hex(bytes(GOLDEN.reply)));
  const left = onPhdBytes(measured.manager, bytes(GOLDEN.release), CONTEXT);
  assert.deepEqual(left.send.map(hex), [hex(bytes(GOLDEN.released))]);
  assert.equal(left.manager.phase, 'unassociated');
});

test('an unconfirmed report with NaN is a gap, with +INF one-sided', () => {
  const fixed = (value: string) =>
    `e700002a 0028 1111 0100 0022 0000 ffffffff 0d1d 0018 f000 0000 0001 0010 0001 000c ${value}`;
  const request = bytes(GOLDEN.request.replace('02bc', '0190'));
  const { manager } = onPhdBytes(NEW_MANAGER, request, CONTEXT);
  const report = (value: string) => {
    const octets = bytes(
      fixed(`${value} 2026112101591250`)
        .replace('000c', '000a')
        .replace('0010 0001', '000e 0001')
        .replace('0018 f000', '0016 f000')
        .replace('0022 0000', '0020 0000')
        .replace('0028 1111', '0026 1111')
        .replace('002a 0026', '0028 0026'),
    );
    const step = onPhdBytes(manager, octets, CONTEXT);
    assert.equal(step.fault, undefined);
    assert.equal(step.reply, undefined);
    return step.report?.readings.map(({ value: measured, flags }) => [measured, flags]);
  };
  assert.deepEqual(report('f3c5'), [[96.5, 0]]);
  assert.deepEqual(report('07ff'), []);
  assert.deepEqual(report('07fe'), [[100, FLAG.ABOVE]]);
});

test('an agent with its own configuration is asked for it, answered and remembered', () => {
  const request = bytes(GOLDEN.request.replace('02bc', '4000'));
  const asked = onPhdBytes(NEW_MANAGER, request, CONTEXT);
  assert.equal(asked.manager.phase, 'configuring');
  assert.equal(hex(asked.send[0] ?? bytes('')).slice(8, 12), '0003');
  const configuration = bytes(
    'e7000044 0042 1245 0101 003c 0000 ffffffff 0d1c 0032 4000 0001 002c 0006 0001 0004 0024 092f 0004 0002e140 0a46 0002 f040 0996 0002 06c3 0a55 000c 0002 0008 0a56 0004 0990 0008',
  );
  const told = onPhdBytes(asked.manager, configuration, CONTEXT);
  assert.equal(told.manager.phase, 'operating');
  assert.equal(told.learnt?.systemId, '1133557799BBDDFF');
  assert.match(hex(told.send[0] ?? bytes('')), /0D1C000440000000$/);
  const objects = told.learnt?.objects ?? [];
  const again = onPhdBytes(NEW_MANAGER, request, { ...CONTEXT, knownConfiguration: () => objects });
  assert.equal(again.manager.phase, 'operating');
});

const REFUSED = [
  { octets: 'e2000008 80000000 0000 0000', result: '0004', why: 'no protocol of ours' },
  { octets: GOLDEN.request.replace('80000000 8000', '80000000 4000'), result: '0005', why: 'XER' },
];

for (const { octets, result, why } of REFUSED) {
  test(`an association with ${why} is refused`, () => {
    const { send, manager } = onPhdBytes(NEW_MANAGER, bytes(octets), CONTEXT);
    assert.equal(hex(send[0] ?? bytes('')).slice(8, 12), result);
    assert.equal(manager.phase, 'unassociated');
  });
}

test('measurements before an association or a configuration end it', () => {
  const early = onPhdBytes(NEW_MANAGER, bytes(GOLDEN.report), CONTEXT);
  assert.equal(hex(early.send[0] ?? bytes('')).slice(0, 4), 'E600');
  assert.ok(early.fault);
});

test('a sensor at home: bit 0 is its event, bits 16 on are its own health', () => {
  const configuration: PhdConfiguration = new Map([
    [1, { handle: 1, objectClass: 5, type: 8_519_681 }],
  ]);
  const report = (bits: string) =>
    phdReport(
      {
        kind: 'variable',
        requestId: 0,
        reportNumber: 0,
        isMultiPerson: false,
        persons: [
          { personId: 0, scans: [{ handle: 1, attributes: [{ id: 2661, value: unhex(bits) }] }] },
        ],
      },
      configuration,
      { receivedAtMs: NOW },
    );
  assert.deepEqual(report('80000000').events, [{ kind: 'fall', stampMs: NOW, flags: 0 }]);
  assert.deepEqual(report('00008000').events, []);
  assert.deepEqual(report('00002000').states, ['battery-low']);
});

test('a simulated thermometer tells its own configuration and is understood', () => {
  const request = {
    protocolVersion: 0x8000_0000,
    encodingRules: MDER,
    nomenclatureVersion: 0x8000_0000,
    functionalUnits: 0,
    systemType: AGENT,
    systemId: '1133557799BBDDFF',
    configId: 0x4001,
    dataRequestMode: 1,
    agentInitiated: 1,
    managerInitiated: 0,
    options: [],
  };
  const send = (manager: PhdManager, apdu: PhdApdu) =>
    onPhdBytes(manager, encodePhd(apdu), CONTEXT);
  const { manager } = send(NEW_MANAGER, { kind: 'association-request', request });
  const map = new OctetWriter('big');
  writeValueMap(map, [
    { id: ATTRIBUTE.SIMPLE_VALUE, octets: 4 },
    { id: ATTRIBUTE.STAMP_ABSOLUTE, octets: 8 },
  ]);
  const attributes = [
    { id: ATTRIBUTE.TYPE, value: unhex('0002E010') },
    { id: ATTRIBUTE.UNIT, value: unhex('17A0') },
    { id: ATTRIBUTE.VALUE_MAP, value: map.finish() },
  ];
  const report = (event: PhdEvent, eventType: number): PhdApdu => ({
    kind: 'data',
    invokeId: 1,
    message: {
      kind: 'event-report',
      isConfirmed: true,
      handle: 0,
      eventTime: 0xffff_ffff,
      eventType,
      event,
    },
  });
  const objects = [{ objectClass: 6, handle: 1, attributes }];
  const told = send(manager, report({ kind: 'configuration', configId: 0x4001, objects }, 0x0d1c));
  const data = new OctetWriter('big').float(33.4);
  writeAbsoluteTime(data, NOW + 120);
  const scan = { requestId: 0xf000, reportNumber: 0, isMultiPerson: false };
  const persons = [{ personId: 0, scans: [{ handle: 1, data: data.finish() }] }];
  const measured = send(told.manager, report({ kind: 'fixed', ...scan, persons }, 0x0d1d));
  assert.deepEqual(measured.report?.readings, [
    { metric: 'skin-temperature', unit: 'Cel', value: 33.4, stampMs: NOW + 120, flags: 0 },
  ]);
});

test('an agent is asked for all that it says of itself', () => {
  assert.equal(hex(askMds(0)), hex(bytes('e700000e 000c 0000 0103 0006 0000 0000 0000')));
});

test('any octets end in a step, never in an exception', () => {
  const seeds = Object.values(GOLDEN).map(bytes);
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(63), fc.nat(255)), { maxLength: 4 }))
    .map(([seed, changes]) => {
      const octets = Uint8Array.from(seed);
      for (const [at, value] of changes) octets[at % octets.length] = value;
      return octets;
    });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(mutated, fc.uint8Array({ maxLength: 60 })), { maxLength: 5 }),
      (apdus) => {
        let manager: PhdManager = NEW_MANAGER;
        for (const octets of apdus) {
          const step = onPhdBytes(manager, octets, CONTEXT);
          for (const { value } of step.report?.readings ?? []) assert.ok(Number.isFinite(value));
          manager = step.manager;
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test('what is read is written back the same, whatever the octets', () => {
  const seeds = Object.values(GOLDEN).map(bytes);
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.nat(63), fc.nat(255), (seed, at, value) => {
      const octets = Uint8Array.from(seed);
      octets[at % octets.length] = value;
      const decoded = decodePhd(octets);
      if (!decoded.ok) return;
      const again = decodePhd(encodePhd(decoded.value));
      assert.deepEqual(again, decoded);
    }),
    { numRuns: 1_000 },
  );
});

test('a stream is cut into APDUs wherever the network cuts it, and given up when it is none', () => {
  const stream = bytes(GOLDEN.request + GOLDEN.report + GOLDEN.release);
  const framer = new PhdFramer();
  const found: string[] = [];
  for (const octet of stream) {
    for (const frame of framer.push(Uint8Array.of(octet))) {
      assert.ok(frame.kind === 'apdu');
      found.push(hex(frame.bytes).slice(0, 4));
    }
  }
  assert.deepEqual(found, ['E200', 'E700', 'E400']);
  const lost = new PhdFramer();
  const [frame] = lost.push(bytes('47455420 2f20'));
  assert.equal(frame?.kind, 'fault');
  assert.deepEqual(lost.push(stream), []);
  assert.equal(lost.heldBytes, 0);
});
