/** What a chunk holds, and its bytes before they are sealed: the block, and beside it what it holds. */
import { encodeReadings, type ReadingColumns } from '@ausculta/blocks/readings-block';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import { expect } from '@ausculta/vitals/expect';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { encodeSummary } from './chunk-summary.ts';
import { summariseReadings, summariseRuns } from './rollup.ts';
import { joinRuns, withoutRepeats } from './waveform-head.ts';
import { zstd } from './zstd.ts';

export type ChunkContent =
  | { readonly kind: 'readings'; readonly columns: ReadingColumns }
  | { readonly kind: 'waveform'; readonly runs: readonly WaveformRun[] };

export interface EncodedChunk {
  readonly block: Uint8Array<ArrayBuffer>;
  readonly summary: Uint8Array<ArrayBuffer>;
}

export function encodeContent(content: ChunkContent): EncodedChunk {
  return { block: encodeBlock(content).slice(), summary: encodeSummary(summarise(content)) };
}

function encodeBlock(content: ChunkContent): Uint8Array<ArrayBuffer> {
  const block =
    content.kind === 'readings'
      ? encodeReadings(content.columns, zstd)
      : encodeRuns(content.runs, zstd);
  expect(block.ok, 'what the head holds can be encoded');
  return block.value;
}

/** Of what a question would read, not of what is kept beside it. */
function summarise(content: ChunkContent) {
  return content.kind === 'readings'
    ? summariseReadings(content.columns)
    : summariseRuns(joinRuns(withoutRepeats(content.runs)));
}
