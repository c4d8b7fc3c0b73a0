/** What a chunk holds, and its bytes before they are sealed. */
import { encodeReadings, type ReadingColumns } from '@ausculta/blocks/readings-block';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import { expect } from '@ausculta/vitals/expect';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { zstd } from './zstd.ts';

export type ChunkContent =
  | { readonly kind: 'readings'; readonly columns: ReadingColumns }
  | { readonly kind: 'waveform'; readonly runs: readonly WaveformRun[] };

export function encodeContent(content: ChunkContent): Uint8Array {
  const block =
    content.kind === 'readings'
      ? encodeReadings(content.columns, zstd)
      : encodeRuns(content.runs, zstd);
  expect(block.ok, 'what the head holds can be encoded');
  return block.value;
}
