import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { dataTest } from '../../../tools/test-data.ts';
import { decodeAstm } from './astm.ts';
import {
  ACK,
  AstmReceiver,
  ENQ,
  EOT,
  NAK,
  readFrame,
  writeFrame,
  writeFrames,
} from './astm-frame.ts';
import {
  ASTM_DELIMITERS,
  astmEscape,
  astmPlain,
  parseAstm,
  splitRecord,
  writeAstm,
} from './astm-record.ts';

const text = new TextEncoder();

function unhex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16));
}

dataTest(
  {
    dataset: 'astm-poct1a',
    name: 'every frame and record vector is read, a wrong checksum refused',
    cases: 5,
  },
  (directory) => {
    const vectors = JSON.parse(readFileSync(join(directory, 'astm_vectors.json'), 'utf8'));
    assert.ok(vectors.frames.length > 0 && vectors.records.length > 0);
    for (const vector of vectors.frames) {
      const frame = readFrame(unhex(vector.frame_hex));
      if (vector.expect === 'error') {
        assert.equal(frame, 'the checksum is wrong');
        continue;
      }
      assert.ok(typeof frame !== 'string');
      assert.deepEqual([frame.seq, frame.checksum], [vector.seq, vector.checksum]);
      const records = new TextDecoder().decode(frame.text).split('\r').filter(Boolean);
      assert.deepEqual(
        records.map((record) => splitRecord(record)),
        vector.records,
      );
      assert.deepEqual(writeFrame(frame.text, frame), unhex(vector.frame_hex));
    }
    for (const { record, fields } of vectors.records) assert.deepEqual(splitRecord(record), fields);
  },
);

dataTest(
  {
    dataset: 'astm-poct1a',
    name: 'every message of an analyser is read and written back',
    cases: 3,
  },
  (directory) => {
    for (const file of readdirSync(directory).filter((name) => name.startsWith('astm-'))) {
      const bytes = readFileSync(join(directory, file));
      const parsed = parseAstm(bytes);
      assert.ok(parsed.ok, file);
      const lines = bytes.toString('utf8').split(/\r?\n/);
      const records = lines.filter((line) => line !== '' && !line.startsWith('#'));
      assert.equal(writeAstm(parsed.value), records.map((record) => `${record}\r`).join(''));
      assert.ok(decodeAstm(bytes).ok);
    }
    const phadia = decodeAstm(readFileSync(join(directory, 'astm-PhadiaLIS2SampleMessage.txt')));
    assert.ok(phadia.ok);
    const [patient] = phadia.value.message.patients;
    assert.deepEqual(
      patient?.orders.map(({ results }) => results[0]?.value),
      ['9.34', 'Examine', '199'],
    );
    assert.deepEqual(patient?.orders[0]?.results[0]?.comments, ['Response value in RU 2140']);
    assert.equal(phadia.value.faults.length, 3);
  },
);

function decode(...records: string[]) {
  const decoded = decodeAstm(text.encode(records.join('\r')), {
    utcOffsetMinutes: 60,
    metricOf: (id) => (id === '^^^GLU' ? 'glucose-capillary' : undefined),
  });
  assert.ok(decoded.ok);
  return decoded.value;
}

test('a mapped test is a reading with its time, and a beyond-range flag makes it one-sided', () => {
  const { readings, faults } = decode(
    'H|\\^&|||METER',
    'P|1|4711|||Doe^Ann',
    'O|1|S1||^^^GLU',
    'R|1|^^^GLU|101|mg/dL||N||F||||20260115083000',
    'R|2|^^^GLU|600|mg/dL||>||C||||20260115083100',
    'R|3|^^^GLU|HI|mg/dL||HH||F||||20260115083200',
    'R|4|15074-8|5.5|mmol/L||||F||||20260115083200',
    'R|5|^^^GLU||mg/dL||||X',
    'R|6|^^^K|4.1|mmol/L||||F',
    'L|1|N',
  );
  assert.deepEqual(
    readings.map(({ metric, value, unit, flags }) => [metric, value, unit, flags]),
    [
      ['glucose-capillary', 101, 'mg/dL', 0],
      ['glucose-capillary', 600, 'mg/dL', FLAG.ABOVE | FLAG.CORRECTION],
      ['glucose-capillary', 600, 'mg/dL', FLAG.ABOVE],
      ['glucose-blood', 5.5, 'mmol/L', 0],
    ],
  );
  assert.equal(readings[0]?.stampMs, Date.UTC(2026, 0, 15, 7, 30));
  assert.deepEqual(
    faults.map(({ index }) => index),
    [5],
  );
});

test('a quality control is nobody’s reading', () => {
  const { readings, faults } = decode(
    'H|\\^&',
    'P|1',
    'O|1|QC1||^^^GLU|||||||Q',
    'R|1|^^^GLU|101|mg/dL',
    'L|1',
  );
  assert.deepEqual([readings.length, faults.length], [0, 1]);
});

test('an analyser asks for a specimen’s orders', () => {
  assert.deepEqual(decode('H|\\^&', 'Q|1|^S17||^^^ALL', 'L|1').message.queries, ['S17']);
});

for (const broken of ['', '#only a comment', '1|x', 'H|||', 'H|\\\\&']) {
  test(`the message ${JSON.stringify(broken)} is refused`, () => {
    assert.equal(decodeAstm(text.encode(broken)).ok, false);
  });
}

test('any text survives its escapes', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const clean = value.replace(/\p{Cc}/gu, ' ');
      assert.equal(astmPlain(astmEscape(clean), ASTM_DELIMITERS), clean);
    }),
  );
});

const RECORDS = ['H|\\^&\r', `C|1|${'long '.repeat(100)}Late\r`, 'L|1|N\r'].map((record) =>
  text.encode(record),
);

function octetsOf(receiver: AstmReceiver, bytes: Uint8Array) {
  return receiver.push(bytes).map((event) => (event.kind === 'answer' ? event.octet : event.kind));
}

test('a transfer comes through in frames, and its last frame waits for durability', () => {
  const receiver = new AstmReceiver();
  assert.deepEqual(octetsOf(receiver, Uint8Array.of(ENQ)), [ACK]);
  const frames = writeFrames(RECORDS);
  assert.equal(frames.length, 5);
  for (const frame of frames.slice(0, -1)) assert.deepEqual(octetsOf(receiver, frame), [ACK]);
  const last = frames.at(-1) ?? new Uint8Array();
  const [message] = receiver.push(last);
  assert.ok(message?.kind === 'message');
  assert.deepEqual(message.bytes, Uint8Array.from(RECORDS.flatMap((record) => [...record])));
  assert.equal(receiver.settle({ isDurable: false }), NAK);
  const [again] = receiver.push(last);
  assert.deepEqual(again, message);
  assert.equal(receiver.settle({ isDurable: true }), ACK);
  // The sender did not hear the ACK: the same frame is acknowledged and not taken twice.
  assert.deepEqual(octetsOf(receiver, last), [ACK]);
  assert.deepEqual(octetsOf(receiver, Uint8Array.of(EOT)), []);
  assert.equal(receiver.heldBytes, 0);
});

test('a damaged frame, one out of turn and one without a transfer are not taken', () => {
  const receiver = new AstmReceiver();
  const [frame = new Uint8Array()] = writeFrames(RECORDS);
  assert.deepEqual(octetsOf(receiver, frame), []);
  receiver.push(Uint8Array.of(ENQ));
  const damaged = Uint8Array.from(frame);
  damaged[3] = (damaged[3] ?? 0) ^ 1;
  assert.deepEqual(octetsOf(receiver, damaged), ['fault', NAK]);
  assert.deepEqual(octetsOf(receiver, writeFrame(text.encode('P|1\r'), { seq: 3, isLast: true })), [
    'fault',
    NAK,
  ]);
  assert.deepEqual(octetsOf(receiver, frame), [ACK]);
  assert.deepEqual(octetsOf(receiver, Uint8Array.of(EOT)), ['fault']);
});

test('a frame that never ends is held up to the limit and given up', () => {
  const receiver = new AstmReceiver();
  receiver.push(Uint8Array.of(ENQ, 2));
  const events = receiver.push(new Uint8Array(70_000).fill(65));
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['fault', 'answer'],
  );
  assert.ok(receiver.heldBytes < 64_100);
});

test('however octets come, the receiver answers and holds no more than it may', () => {
  const piece = fc.oneof(
    fc.constantFrom(...writeFrames(RECORDS), Uint8Array.of(ENQ), Uint8Array.of(EOT)),
    fc.uint8Array({ maxLength: 12 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const receiver = new AstmReceiver();
      for (const each of pieces) receiver.push(each);
      assert.ok(receiver.heldBytes <= 1024 * 1024 + 64_007);
    }),
  );
});
