// Runs in Chromium: decodes the blocks that the bench hands over, with fzstd below the codec.
import { decompress } from 'fzstd';
import type { BlockKind } from '../../packages/blocks/src/block-frame.ts';
import type { Compression } from '../../packages/blocks/src/compression.ts';
import { decodeReadings } from '../../packages/blocks/src/readings-block.ts';
import { decodeRuns } from '../../packages/blocks/src/waveform-block.ts';
import { bestRate } from './stopwatch.ts';

export interface PageResult {
  /** Sum of all values: tells whether the browser saw what the server wrote. */
  readonly checksum: number;
  readonly valuesPerSecond: number;
}

const FZSTD: Compression = {
  compress: () => {
    throw new Error('the browser only decompresses');
  },
  decompress: (bytes, sizeMax) => decompress(bytes, new Uint8Array(sizeMax)),
};

export interface BenchPage {
  readonly measureBlocks: (kind: BlockKind, blocks: readonly Uint8Array[]) => PageResult;
}

/** `page.evaluate` finds it here, behind the module that brought it. */
Object.assign(globalThis, { measureBlocks } satisfies BenchPage);

function measureBlocks(kind: BlockKind, blocks: readonly Uint8Array[]): PageResult {
  return measure(blocks, kind === 'readings' ? valuesOfReadings : samplesOfRuns);
}

function samplesOfRuns(block: Uint8Array): Columns {
  const decoded = decodeRuns(block, FZSTD);
  if (!decoded.ok) throw new Error(decoded.fault.code);
  return decoded.value.map((run) => run.samples);
}

function valuesOfReadings(block: Uint8Array): Columns {
  const decoded = decodeReadings(block, FZSTD);
  if (!decoded.ok) throw new Error(decoded.fault.code);
  return [decoded.value.values];
}

type Columns = readonly (Int32Array | Float64Array)[];

function measure(
  blocks: readonly Uint8Array[],
  decode: (block: Uint8Array) => Columns,
): PageResult {
  let checksum = 0;
  let count = 0;
  for (const values of blocks.flatMap(decode)) {
    count += values.length;
    for (const value of values) checksum += value;
  }
  const rate = bestRate(() => {
    for (const block of blocks) decode(block);
  });
  return { checksum, valuesPerSecond: rate * count };
}
