// The bytes of version 1, as README.md lays them out. What is stored today must open in ten years:
// a change that breaks one of these needs a new version, not a new expectation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_COMPRESSION } from './compression.ts';
import { decodeReadings, encodeReadings } from './readings-block.ts';
import { decodeRuns, encodeRuns } from './waveform-block.ts';

const READINGS = [
  {
    name: 'three temperatures, one of them simulated',
    stampsMs: [1_700_000_000_000, 1_700_000_001_000, 1_700_000_002_020],
    values: [37, 36.6, 36.7],
    flags: [0, 0, 16],
    decimals: 1,
    hex: '11020380a0abfef962c81f010300146625800100e405090d000100102640',
  },
  {
    name: 'stamps too far apart and values that only doubles hold',
    stampsMs: [0, Number.MAX_SAFE_INTEGER, -1],
    values: [-0, 5e-324, 0.1],
    flags: [0, 0, 0],
    decimals: undefined,
    hex: '11060301feffffffffffff1f00040000b1000001000003fffff02580ff80803f0000b900009900009900009900009900009900019b',
  },
] as const;

for (const { name, hex, decimals, ...rows } of READINGS) {
  test(`the bytes of a block of readings stay as they are: ${name}`, () => {
    const columns = {
      stampsMs: Float64Array.from(rows.stampsMs),
      values: Float64Array.from(rows.values),
      flags: Uint8Array.from(rows.flags),
    };
    const encoded = encodeReadings(columns, NO_COMPRESSION);
    assert.ok(encoded.ok);
    assert.equal(Buffer.from(encoded.value).toString('hex'), hex);
    const decoded = decodeReadings(Buffer.from(hex, 'hex'), NO_COMPRESSION);
    assert.deepEqual(decoded, { ok: true, value: { ...columns, everyMs: undefined, decimals } });
  });
}

test('the bytes of a waveform block stay as they are', () => {
  const hex =
    '12020480a0abfef96212010280a0abfef96204066563672d6969e802019003801010801001000f0583a000000fffff69e0';
  const run = {
    metric: 'ecg-ii',
    startMs: 1_700_000_000_000,
    rate: { numerator: 360, denominator: 1 },
    samples: Int32Array.of(1024, 1030, 1100, 2 ** 31 - 1),
    gain: 200,
    zero: 1024,
    flags: 16,
  };
  const encoded = encodeRuns([run], NO_COMPRESSION);
  assert.ok(encoded.ok);
  assert.equal(Buffer.from(encoded.value).toString('hex'), hex);
  assert.deepEqual(decodeRuns(Buffer.from(hex, 'hex'), NO_COMPRESSION), { ok: true, value: [run] });
});
