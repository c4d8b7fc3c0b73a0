/** The encoder's thread: what comes back is what this thread would have made, and a failure is told. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import { NOON, runSample } from '../../../../tests/support/line.ts';
import { type ChunkContent, encodeContent } from './chunk-content.ts';
import { ChunkWorker } from './chunk-encoder.ts';

const encoder = new ChunkWorker();
after(() => encoder[Symbol.asyncDispose]());

/** Readings in the middle of larger columns, as a head hands them out. */
function readings(count: number): ChunkContent {
  const stampsMs = Float64Array.from({ length: count + 20 }, (_, i) => NOON + i * 1000);
  const values = Float64Array.from({ length: count + 20 }, (_, i) => 60 + (i % 40) / 10);
  const flags = new Uint8Array(count + 20).fill(FLAG.SIMULATED);
  const [from, until] = [10, 10 + count];
  return {
    kind: 'readings',
    columns: {
      stampsMs: stampsMs.subarray(from, until),
      values: values.subarray(from, until),
      flags: flags.subarray(from, until),
    },
  };
}

test('readings and waveforms come back as the bytes that this thread would have made', async () => {
  const contents: ChunkContent[] = [
    readings(1),
    readings(1600),
    { kind: 'waveform', runs: [runSample({ startMs: NOON }), runSample({ startMs: NOON + 9000 })] },
  ];
  const encoded = await Promise.all(contents.map(encoder.encode));
  assert.deepEqual(encoded, contents.map(encodeContent));
});

test('what was handed over stays whole for the queries that still read it', async () => {
  const content = readings(50);
  assert.ok(content.kind === 'readings');
  const before = [...content.columns.values];
  await encoder.encode(content);
  assert.deepEqual([...content.columns.values], before);
});

test('a thread that fails tells all who wait, and the next one works', async () => {
  const broken: ChunkContent = {
    kind: 'readings',
    columns: {
      stampsMs: Float64Array.of(NOON),
      values: Float64Array.of(Number.NaN),
      flags: Uint8Array.of(0),
    },
  };
  const [first, second] = await Promise.allSettled([
    encoder.encode(broken),
    encoder.encode(readings(3)),
  ]);
  assert.equal(first?.status, 'rejected');
  assert.equal(second?.status, 'rejected');
  assert.ok((await encoder.encode(readings(3))).block.length > 0);
});
