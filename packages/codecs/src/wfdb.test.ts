import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Result } from '@ausculta/vitals/fault';
import fc from 'fast-check';
import { dataTest } from '../../../tools/test-data.ts';
import { readWfdbHeader, readWfdbSignals, wfdbChecksum } from './wfdb.ts';
import { isBeat, readWfdbAnnotations } from './wfdb-annotations.ts';
import { writeWfdbHeader, writeWfdbSignals } from './wfdb-writer.ts';

const FIXTURE = join(import.meta.dirname, 'fixtures');

function unwrap<T>(result: Result<T>): T {
  if (!result.ok) assert.fail(`${result.fault.code}: ${result.fault.detail ?? ''}`);
  return result.value;
}

function faultOf(result: Result<unknown>): string {
  assert.ok(!result.ok);
  return `${result.fault.code}: ${result.fault.detail ?? ''}`;
}

const fixtureHeader = readFileSync(join(FIXTURE, 'wfdb-203.hea'), 'utf8');
const fixtureBytes = readFileSync(join(FIXTURE, 'wfdb-203.dat'));

function readFixture(bytes: Uint8Array): Result<Int32Array[]> {
  return readWfdbSignals(unwrap(readWfdbHeader(fixtureHeader)), new Map([['wfdb-203.dat', bytes]]));
}

test('eight seconds of record 203 read as two leads at 360 Hz with their scale', () => {
  const header = unwrap(readWfdbHeader(fixtureHeader));
  assert.deepEqual(header.rate, { numerator: 360, denominator: 1 });
  assert.deepEqual(
    header.signals.map(({ description, gain, baseline, unit }) => [
      description,
      gain,
      baseline,
      unit,
    ]),
    [
      ['MLII', 200, 1024, 'mV'],
      ['V1', 200, 1024, 'mV'],
    ],
  );
  assert.equal(header.comments[0], '43 M 1878 356 x1');
  const [first, second] = unwrap(readFixture(fixtureBytes));
  assert.equal(first?.length, 2993);
  assert.deepEqual([...(first?.subarray(0, 2) ?? [])], [890, 890]);
  assert.equal(second?.[0], 1010);
});

test('a damaged byte in the middle of a signal file is found by the checksum', () => {
  const damaged = Uint8Array.from(fixtureBytes);
  damaged[4500] = (damaged[4500] ?? 0) ^ 1;
  assert.match(faultOf(readFixture(damaged)), /signal 0 contradicts/);
});

test('a signal file one byte short is a fault, at full length it is read', () => {
  assert.match(faultOf(readFixture(fixtureBytes.subarray(0, -1))), /shorter than its header says/);
  assert.ok(readFixture(fixtureBytes).ok);
});

test('a header that names an absent file says so', () => {
  assert.match(
    faultOf(readWfdbSignals(unwrap(readWfdbHeader(fixtureHeader)), new Map())),
    /missing/,
  );
});

test('a header that claims two billion samples allocates nothing', () => {
  const header = fixtureHeader.replace('360 2993', '360 2147483647');
  const result = readWfdbSignals(
    unwrap(readWfdbHeader(header)),
    new Map([['wfdb-203.dat', fixtureBytes]]),
  );
  assert.match(faultOf(result), /shorter/);
});

const BAD_HEADERS = [
  { text: '', why: /empty/ },
  { text: '# only a comment', why: /empty/ },
  { text: '041s/2 2 125 6000', why: /several segments/ },
  { text: 'r -1 360 10', why: /number of signals/ },
  { text: 'r 257 360 10', why: /number of signals/ },
  { text: 'r 1 360 10', why: /lacks signal lines/ },
  { text: 'r 0 0 10', why: /sampling rate/ },
  { text: 'r 0 -360 10', why: /sampling rate/ },
  { text: 'r 0 360 2147483648', why: /number of samples/ },
  { text: 'r 1 360 10\nr.dat x 200 11', why: /no readable format/ },
  { text: 'r 1 360 10\nr.dat 212x0 200 11', why: /samples a frame/ },
  { text: 'r 1 360 10\nr.dat 212:3 200 11', why: /skewed/ },
  { text: 'r 1 360 10\nr.dat 212 two 11', why: /no readable gain/ },
  { text: 'r 1 360 10\nr.dat 212 1e999 11', why: /gain/ },
  { text: 'r 1 360 10\nr.dat 212 200 eleven', why: /no whole number/ },
] as const;

for (const { text, why } of BAD_HEADERS) {
  test(`the header ${JSON.stringify(text)} is refused with its reason`, () => {
    assert.match(faultOf(readWfdbHeader(text)), why);
  });
}

test('a format that is not read is a fault that names it', () => {
  const header = unwrap(readWfdbHeader('r 1 360 1\nr.dat 80 200 8 0 0 0'));
  assert.match(
    faultOf(readWfdbSignals(header, new Map([['r.dat', new Uint8Array(9)]]))),
    /format 80/,
  );
});

test('what a header leaves out has the meaning that the standard gives it', () => {
  const { rate, signals, frameCount } = unwrap(readWfdbHeader('r 1\nr.dat 16'));
  assert.deepEqual(rate, { numerator: 250, denominator: 1 });
  assert.equal(frameCount, 0);
  assert.equal(signals[0]?.gain, 200);
  assert.equal(signals[0]?.calibrated, false);
  assert.equal(signals[0]?.unit, 'mV');
  assert.equal(signals[0]?.checksum, undefined);
});

test('a rate with decimals is an exact ratio', () => {
  const { rate } = unwrap(readWfdbHeader('r 0 62.4725/1000(0) 10'));
  assert.deepEqual(rate, { numerator: 24989, denominator: 400 });
});

test('samples a frame and the two bytes of format 16 are taken apart', () => {
  const header = unwrap(readWfdbHeader('r 2 125 2\nr.dat 16x2 100/mV\nr.dat 16 1/NU 0 0 -7'));
  const bytes = new Uint8Array(Int16Array.of(0, 2, -7, 3, -32768, 8).buffer);
  const [fast, slow] = unwrap(readWfdbSignals(header, new Map([['r.dat', bytes]])));
  assert.deepEqual([...(fast ?? [])], [0, 2, 3, -32768]);
  assert.deepEqual([...(slow ?? [])], [-7, 8]);
});

test('whatever 12-bit samples are written, the same are read', () => {
  const sample = fc.integer({ min: -2048, max: 2047 });
  const signals = fc
    .record({ count: fc.integer({ min: 1, max: 4 }), frames: fc.integer({ min: 0, max: 40 }) })
    .chain(({ count, frames }) =>
      fc.array(fc.array(sample, { minLength: frames, maxLength: frames }), {
        minLength: count,
        maxLength: count,
      }),
    );
  fc.assert(
    fc.property(signals, (rows) => {
      const record = {
        recordName: 'r',
        rate: { numerator: 360, denominator: 1 },
        signals: rows.map((row, index) => ({
          samples: Int32Array.from(row),
          gain: 200,
          baseline: 1024,
          unit: 'mV',
          resolutionBits: 12,
          description: `lead ${index}`,
        })),
        comments: ['made up'],
      };
      const samples = record.signals.map((signal) => signal.samples);
      const header = unwrap(readWfdbHeader(writeWfdbHeader(record)));
      const files = new Map([['r.dat', unwrap(writeWfdbSignals(samples))]]);
      assert.deepEqual(unwrap(readWfdbSignals(header, files)), samples);
    }),
  );
});

test('a sample of 2047 can be written, one of 2048 cannot', () => {
  assert.ok(writeWfdbSignals([Int32Array.of(2047)]).ok);
  assert.match(faultOf(writeWfdbSignals([Int32Array.of(2048)])), /12 bits/);
  assert.match(faultOf(writeWfdbSignals([Int32Array.of(1), Int32Array.of()])), /differ in length/);
});

test('the checksum wraps at 16 bits with its sign', () => {
  assert.equal(wfdbChecksum(Int32Array.of(32767)), 32767);
  assert.equal(wfdbChecksum(Int32Array.of(32767, 1)), -32768);
});

const RECORDS = '100 103 105 106 108 111 118 119 200 203 208 219 222'.split(' ');

dataTest(
  {
    dataset: 'ecg-mitdb',
    name: 'every MIT-BIH record has the samples and beats that its publishers counted',
    cases: RECORDS.length,
  },
  (directory) => {
    const table = readFileSync(join(directory, 'records.csv'), 'utf8').trim().split(/\r?\n/);
    for (const record of RECORDS) {
      const file = (ending: string) => readFileSync(join(directory, `${record}.${ending}`));
      const header = unwrap(readWfdbHeader(file('hea').toString('utf8')));
      // Reading verifies checksum and first sample of both leads.
      const signals = unwrap(readWfdbSignals(header, new Map([[`${record}.dat`, file('dat')]])));
      assert.deepEqual(
        signals.map((samples) => samples.length),
        [650_000, 650_000],
      );
      const beats = unwrap(readWfdbAnnotations(file('atr'))).filter(isBeat);
      const row = table.find((line) => line.startsWith(`${record},`))?.split(',') ?? [];
      assert.equal(beats.length, Number(row[2]), `beats of record ${record}`);
      const late = beats.filter(({ sample }) => sample >= 5 * 60 * 360).length;
      assert.equal(late, Number(row[3]), `beats of record ${record} after five minutes`);
    }
  },
);

dataTest(
  {
    dataset: 'wfdb-formats',
    name: 'the ten-format header reads, and its formats 212 and 16 hold every value in turn',
    cases: 3,
  },
  (directory) => {
    const header = unwrap(readWfdbHeader(readFileSync(join(directory, 'binformats.hea'), 'utf8')));
    assert.equal(header.signals.length, 10);
    for (const format of [212, 16]) {
      const signal = header.signals.find((candidate) => candidate.format === format);
      assert.ok(signal !== undefined);
      const files = new Map([[signal.fileName, readFileSync(join(directory, signal.fileName))]]);
      const [samples] = unwrap(readWfdbSignals({ ...header, signals: [signal] }, files));
      assert.equal(samples?.length, header.frameCount);
    }
    assert.match(
      faultOf(readWfdbHeader(readFileSync(join(directory, '041s.hea'), 'utf8'))),
      /several segments/,
    );
  },
);
