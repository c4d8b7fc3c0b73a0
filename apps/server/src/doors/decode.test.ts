import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import { encodeSenml } from '@ausculta/codecs/senml';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { zstd } from '../telemetry/zstd.ts';
import { decodeMessage } from './decode.ts';
import type { Decoded } from './intake.ts';

const RECEIVED_MS = 1_764_000_000_000;

function decodeRun(count: number, rate: WaveformRun['rate']): Decoded {
  const run = { metric: 'ecg-ii', startMs: RECEIVED_MS, rate, gain: 200, zero: 0, flags: 0 };
  const block = encodeRuns([{ ...run, samples: new Int32Array(count) }], zstd);
  assert.ok(block.ok);
  return decodeMessage('waveforms', block.value, RECEIVED_MS);
}

const faultsOf = (decoded: Decoded): string[] => decoded.faults.map(({ fault }) => fault.code);

test('a few bytes that stand for a flood of samples are refused before they are read', () => {
  const rate = { numerator: 500, denominator: 1 };
  assert.equal(decodeRun(400_000, rate).kind, 'waveforms');
  assert.deepEqual(faultsOf(decodeRun(400_001, rate)), ['BLOCK_TOO_LARGE']);
});

test('a rate at which time stands still is refused', () => {
  assert.equal(decodeRun(10, { numerator: 100_000, denominator: 1 }).kind, 'waveforms');
  assert.deepEqual(faultsOf(decodeRun(10, { numerator: 100_001, denominator: 1 })), [
    'STAMP_INVALID',
  ]);
  assert.deepEqual(faultsOf(decodeRun(10, { numerator: 2 ** 53 - 1, denominator: 1 })), [
    'STAMP_INVALID',
  ]);
});

test('a rate so slow that one sample outlasts any wear is refused', () => {
  assert.deepEqual(faultsOf(decodeRun(1, { numerator: 1, denominator: 2_592_001 })), [
    'STAMP_INVALID',
  ]);
});

test('bytes that are no block are a fault, not an error', () => {
  for (const bytes of [new Uint8Array(), new Uint8Array([0x12]), new Uint8Array(64).fill(0xff)]) {
    assert.equal(decodeMessage('waveforms', bytes, RECEIVED_MS).kind, 'nothing');
  }
});

test('SenML in CBOR is taken where its JSON is', () => {
  const readings = [{ metric: 'heart-rate', value: 72, stampMs: RECEIVED_MS, flags: 0 }];
  for (const form of ['json', 'cbor'] as const) {
    const decoded = decodeMessage(
      'readings',
      encodeSenml(readings, { baseName: 'urn:a:', form }),
      0,
    );
    assert.deepEqual(decoded, { kind: 'readings', readings, sentMs: undefined, faults: [] });
  }
});
