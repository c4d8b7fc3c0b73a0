// Seeds of every device language, damaged octet by octet: each decoder answers with a value or with a
// fault, soon, whatever comes. The normal run takes 20,000 inputs in all; for a night's million of each:
// node packages/codecs/src/hostile.test.ts --inputs 1000000
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { decodeAstm } from './astm.ts';
import { AstmReceiver } from './astm-frame.ts';
import { explainMessage } from './device-languages.ts';
import { decodeGatt, GATT_CODES, gattReport } from './gatt.ts';
import { decodeHl7 } from './hl7.ts';
import { writeAdt } from './hl7-adt-writer.ts';
import { MllpParser } from './mllp.ts';
import { NEW_MANAGER, onPhdBytes, type PhdManager } from './phd-manager.ts';
import { decodePoct } from './poct1a.ts';

const { values: OPTIONS } = parseArgs({ options: { inputs: { type: 'string' } }, strict: false });
const NOW = Date.UTC(2026, 0, 15);

const utf8 = (text: string) => new TextEncoder().encode(text);
const hex = (text: string) =>
  Uint8Array.from(text.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16));

const PLACE = { unit: 'U', room: 'R', bed: '7', facility: 'F' };
const ADT = writeAdt(
  {
    action: 'merge',
    recordNumber: '1',
    familyName: 'A|B',
    birthDate: '1961-03',
    location: PLACE,
    priorLocation: PLACE,
    visitNumber: 'V',
    recordedMs: NOW,
    occurredMs: NOW,
    mergedNumber: '2',
  },
  { application: 'A', facility: 'F', controlId: '1' },
);

interface Language {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  readonly decode: (bytes: Uint8Array) => void;
}

const ORU =
  'MSH|^~\\&|M^0^EUI-64||||20260115083000+0100||ORU^R01|7|P|2.6||||||8859/1\rPID|||1^^^H^MR||A^B||1961|F\rPV1||I|U^R^7\rOBR|1|a|b|c|||20260115\rOBX|1|SN|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.1.1|>^97|262688^MDC_DIM_PERCENT^MDC|90-96|L~QUES|||C|||20260115083000.5||||D\rOBX|2|NA|131330^^MDC|1.1.1.2|1^2^3.5|mV\rOBX|3|NM|0^MDC_ATTR_SAMP_RATE^MDC|1.1.1.2.1|250\r';

const LANGUAGES: readonly Language[] = [
  {
    name: 'GATT',
    seeds: [
      '0fe3d2e405000214ff02f0e5f38e3f',
      '1b0100e307021b0b0a1efbff1e00120501',
      '1f5f005a00200000000057f0',
    ].map(hex),
    decode: (bytes) => {
      for (const code of GATT_CODES) {
        const decoded = decodeGatt(code, bytes);
        if (decoded.ok) gattReport(code, decoded.value, { receivedAtMs: NOW });
      }
    },
  },
  {
    name: 'HL7 v2',
    seeds: [
      utf8(ORU),
      utf8(ORU.replace('ORU^R01', 'ORU^R40')),
      utf8(ORU.replace('ORU^R01', 'ADT^A40')),
      utf8(ADT),
    ],
    decode: (bytes) => void decodeHl7(bytes),
  },
  {
    name: 'MLLP',
    seeds: [Uint8Array.of(11, 65, 66, 28, 13, 11, 67, 28, 13)],
    decode: (bytes) => {
      const parser = new MllpParser({ bytesMax: 16 });
      parser.push(bytes);
      assert.ok(parser.heldBytes <= 16);
    },
  },
  {
    name: '11073-20601',
    seeds: [
      'e2000032800000000001002a50790026800000008000800000000000000000800000000811335577 99bbddff4000000101000000 0000',
      'e7000044004212450101003c0000ffffffff0d1c003240000001002c0006000100040024092f00040002e1400a460002f0400996000206c30a55000c000200080a56000409900008',
      'e700002c002a00000101002400 00ffffffff0d1d001af000000000010012000100 0eff0002dc2026112101591250',
    ].map((text) => hex(text.replaceAll(' ', ''))),
    decode: (bytes) => {
      let manager: PhdManager = {
        phase: 'operating',
        systemId: '1',
        configId: 0x05dc,
        configuration: new Map([
          [1, { handle: 1, objectClass: 6, type: 188736, valueMap: [{ id: 2646, octets: 4 }] }],
        ]),
      };
      manager = onPhdBytes(manager, bytes, { receivedAtMs: NOW, systemId: '2' }).manager;
      onPhdBytes(NEW_MANAGER, bytes, { receivedAtMs: NOW, systemId: '2' });
    },
  },
  {
    name: 'ASTM',
    seeds: [
      utf8(
        'H|\\^&|||M\rP|1|||4|A^B\rO|1|S\\T||^^^G\rR|1|2339-0|>600|mg/dL||>||F||||20260115\rC|1|I|&F&\rL|1\r',
      ),
    ],
    decode: (bytes) => {
      decodeAstm(bytes);
      new AstmReceiver().push(bytes);
    },
  },
  {
    name: 'POCT1-A',
    seeds: [
      utf8(
        '<OBS.R01><HDR><HDR.control_id V="1"/></HDR><SVC><SVC.role_cd V="OBS"/><PT><OBS><OBS.observation_id V="2339-0" SN="LN"/><OBS.value V="&gt;145" U="mg/dL"/></OBS></PT></SVC></OBS.R01>',
      ),
    ],
    decode: (bytes) => void decodePoct(bytes),
  },
];

const explained = (name: string, language: string, ...seeds: readonly Uint8Array[]): Language => ({
  name,
  seeds,
  decode: (bytes) => void explainMessage(language, bytes, { receivedAtMs: NOW }),
});

const ALL: readonly Language[] = [
  ...LANGUAGES,
  explained(
    'SenML',
    'senml',
    utf8(
      '[{"bn":"urn:a:","bt":1768462200,"bu":"/min"},{"n":"heart-rate","v":72},{"n":"x","vs":"> 6"}]',
    ),
    hex(
      '83a2216375726e221a6968a7f8a2006b3a68656172742d7261746502f95480a200653a73706f3202c48221196ab3',
    ),
  ),
  explained(
    'plain JSON',
    'json',
    utf8('{"sent":1,"readings":[{"time":"2026-01-15T08:30:00Z","values":{"spo2":{"value":97}}}]}'),
  ),
  explained(
    'events',
    'events',
    utf8('{"events":[{"kind":"fall","boot":1,"sequence":2,"time":3}]}'),
  ),
  explained(
    'Nightscout',
    'nightscout',
    utf8('[{"type":"sgv","sgv":"101","date":1768462200000},{"eventType":"x","carbs":3,"mills":1}]'),
  ),
  explained(
    'Clarity',
    'clarity',
    utf8('Timestamp,Event Type,Glucose Value (mg/dL)\n2026-01-15T08:30:00,EGV,"Low"\n'),
  ),
  explained(
    'Open mHealth',
    'open-mhealth',
    utf8(
      '{"header":{"id":"1","creation_date_time":"2026-01-15T08:30:00Z","schema_id":{"namespace":"omh","name":"heart-rate","version":"1.0"}},"body":{"heart_rate":{"value":60,"unit":"beats/min"},"effective_time_frame":{"time_interval":{"start_date_time":"2026-01-15T08:30:00Z","duration":{"value":1,"unit":"h"}}}}}',
    ),
  ),
  explained(
    'Apple Health',
    'apple-health',
    utf8(
      '<!DOCTYPE HealthData [<!ELEMENT a>]><HealthData><Record type="HKQuantityTypeIdentifierHeartRate" unit="count/min" endDate="2026-01-15 08:30:00 +0100" value="70"><MetadataEntry key="a" value="&lt;"/></Record></HealthData>',
    ),
  ),
];

/** Of each language. */
const INPUTS = Number(OPTIONS.inputs ?? Math.ceil(20_000 / ALL.length));

type Change = readonly [kind: 'set' | 'cut' | 'insert' | 'repeat', at: number, value: number];

function damage(seed: Uint8Array, changes: readonly Change[]): Uint8Array {
  let octets = [...seed];
  for (const [kind, place, value] of changes) {
    const at = octets.length === 0 ? 0 : place % octets.length;
    if (kind === 'set') octets[at] = value;
    else if (kind === 'insert') octets.splice(at, 0, value);
    else if (kind === 'cut') octets = octets.slice(0, at);
    else octets.splice(at, 0, ...octets.slice(at, at + value));
  }
  return Uint8Array.from(octets);
}

for (const { name, seeds, decode } of ALL) {
  test(`${name}: damaged messages end in a value or a fault`, () => {
    const change = fc.tuple(
      fc.constantFrom('set', 'cut', 'insert', 'repeat'),
      fc.nat(0xffff),
      fc.nat(255),
    ) satisfies fc.Arbitrary<Change>;
    const input = fc.tuple(
      fc.constantFrom(...seeds),
      fc.array(change, { minLength: 1, maxLength: 6 }),
    );
    fc.assert(
      fc.property(input, ([seed, changes]) => decode(damage(seed, changes))),
      { numRuns: INPUTS },
    );
  });

  test(`${name}: every cut of a message ends in a value or a fault`, () => {
    for (const seed of seeds) {
      for (let length = 0; length <= seed.length; length++) decode(seed.subarray(0, length));
    }
  });
}

const LARGE = 1024 * 1024;

test('a megabyte of one octet costs no decoder more than a moment', () => {
  for (const octet of [0, 10, 13, 28, 38, 60, 92, 94, 124, 126, 255]) {
    const flood = new Uint8Array(LARGE).fill(octet);
    const head = utf8(ORU);
    const oru = Uint8Array.from([...head, ...flood.subarray(0, LARGE / 4)]);
    for (const { decode } of ALL) decode(flood);
    decodeHl7(oru);
  }
});
