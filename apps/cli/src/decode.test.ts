import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataTest } from '../../../tools/test-data.ts';
import { runCommandLine } from './run.ts';

/** Without a token and without a server: decoding needs neither. */
async function decode(args: readonly string[], stdin = '') {
  let out = '';
  let error = '';
  const exitCode = await runCommandLine({
    args: ['decode', ...args],
    environment: { AUSCULTA_DATA_DIR: '/nowhere' },
    nowMs: Date.UTC(2026, 2, 1, 12),
    isTerminal: false,
    runOnDatabase: async () => 0,
    readIn: async () => new TextEncoder().encode(stdin),
    writeOut: (text) => {
      out += text;
    },
    writeError: (text) => {
      error += text;
    },
  });
  return { exitCode, out, error };
}

const ORU = 'MSH|^~\\&|M||||20260301120000||ORU^R01|7|P|2.6\rOBR|1\rOBX|1|NM|8867-4^^LN||72|/min\r';

test('a characteristic is printed with the fields of its profile and the reading they mean', async () => {
  const { exitCode, out } = await decode(['gatt:2A37', '16 48:00-04', '--json']);
  assert.equal(exitCode, 0);
  assert.deepEqual(JSON.parse(out), {
    codec: 'gatt:2A37',
    bpm: 72,
    sensorContact: true,
    rrRaw1024: [1024],
    readings: [
      {
        metric: 'heart-rate',
        value: 72,
        unit: '/min',
        stamp: '2026-03-01T12:00:00.000Z',
        flags: [],
      },
      {
        metric: 'rr-interval',
        value: 1000,
        unit: 'ms',
        stamp: '2026-03-01T12:00:00.000Z',
        flags: [],
      },
    ],
    waveforms: [],
    events: [],
    faults: [],
  });
});

test('a file and the standard input are read alike', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'ausculta-cli-')), 'oru.hl7');
  writeFileSync(file, ORU);
  const fromFile = await decode(['hl7', file, '--json']);
  const fromInput = await decode(['hl7', '-', '--json'], ORU);
  assert.equal(fromFile.exitCode, 0);
  assert.equal(fromFile.out, fromInput.out);
  const { controlId, readings } = JSON.parse(fromFile.out);
  assert.equal(controlId, '7');
  assert.deepEqual(readings, [{ metric: 'heart-rate', value: 72, unit: '/min', flags: [] }]);
});

test('each message of an MLLP capture is a line of its own', async () => {
  const { exitCode, out } = await decode(['hl7', '-', '--json'], `\v${ORU}\x1c\r\v${ORU}\x1c\r`);
  assert.equal(exitCode, 0);
  assert.equal(out.trim().split('\n').length, 2);
});

test('a message that cannot be read is a fault in its place and the exit code 1', async () => {
  const { exitCode, out, error } = await decode(['gatt:2a37', '01', '--json']);
  assert.equal(exitCode, 1);
  assert.match(error, /^ausculta: PAYLOAD_MALFORMED: shorter than its flags or its form say\n$/);
  assert.deepEqual(JSON.parse(out), {
    codec: 'gatt:2a37',
    readings: [],
    waveforms: [],
    events: [],
    faults: [
      {
        index: 'message',
        fault: 'PAYLOAD_MALFORMED',
        detail: 'shorter than its flags or its form say',
      },
    ],
  });
});

test('for people there are tables', async () => {
  const text = '{"time":"2026-03-01T08:00:00Z","values":{"spo2":97,"mood":"good"}}';
  const { exitCode, out } = await decode(['json', '-'], text);
  assert.equal(exitCode, 0);
  assert.match(out, /spo2 +97 +% +2026-03-01T08:00:00\.000Z/);
  assert.match(out, /fault in part 1: PAYLOAD_MALFORMED/);
  assert.match(
    (await decode(['hl7', '-'], 'MSH|^~\\&|||||||ACK|1|P|2.6\rMSA|AA|1\r')).out,
    /No readings/,
  );
});

test('local time is read where --utc-offset says that it is', async () => {
  const cuff = ['gatt:2a35', '027800500060 00ea0703010c000000', '--json'];
  const stampOf = ({ out }: { readonly out: string }) => JSON.parse(out).readings[0].stamp;
  assert.equal(stampOf(await decode(cuff)), '2026-03-01T12:00:00.000Z');
  assert.equal(stampOf(await decode([...cuff, '--utc-offset', '60'])), '2026-03-01T11:00:00.000Z');
  assert.equal(stampOf(await decode([...cuff, '--utc-offset=-60'])), '2026-03-01T13:00:00.000Z');
});

const MISTAKES = [
  { args: ['fax', '00'], says: /no such codec. Known: 11073.*gatt:2a37/ },
  { args: ['gatt:2a37'], says: /HEX\|FILE is missing/ },
  { args: ['gatt:2a37', '004'], says: /neither pairs of hexadecimal digits nor a file/ },
  { args: ['gatt:2a37', './00'], says: /neither pairs/ },
  { args: ['gatt:2a37', '/'], says: /EISDIR/ },
  { args: ['hl7', '00', '--utc-offset', '841'], says: /--utc-offset is how far/ },
  { args: ['hl7', '00', '--utc-offset', 'Z'], says: /--utc-offset is how far/ },
];

for (const { args, says } of MISTAKES) {
  test(`"decode ${args.join(' ')}" ends with 2 and one line that helps`, async () => {
    const { exitCode, out, error } = await decode(args);
    assert.equal(exitCode, 2);
    assert.match(error, says);
    assert.equal(out, '');
  });
}

dataTest(
  { dataset: 'gatt-vectors', name: 'the command prints the fields of every vector', cases: 63 },
  async (directory) => {
    const text = readFileSync(join(directory, 'characteristics.json'), 'utf8');
    for (const { characteristic, hex, expect, expected } of JSON.parse(text)) {
      const { exitCode, out } = await decode([`gatt:${characteristic}`, hex, '--json']);
      assert.equal(exitCode, expect === 'ok' ? 0 : 1, `${characteristic} ${hex}`);
      const printed = JSON.parse(out);
      for (const [name, value] of Object.entries(expected ?? {})) {
        assert.deepEqual(printed[name], value, `${characteristic} ${hex} ${name}`);
      }
    }
  },
);
