/** The thread of chunk-encoder.ts: contents in, blocks out, one after the other. */
import { constants, platform, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { expect } from '@ausculta/vitals/expect';
import type { Result } from '@ausculta/vitals/fault';
import { type ChunkContent, type EncodedChunk, encodeContent } from './chunk-content.ts';
import { type MergedChunk, type MergeJob, mergeChunks } from './chunk-merge.ts';

export type Work =
  | { readonly task: 'encode'; readonly content: ChunkContent }
  | { readonly task: 'merge'; readonly job: MergeJob };

export type Outcome = EncodedChunk | Result<MergedChunk[]>;

export interface ToDo {
  readonly id: number;
  readonly work: Work;
}

export interface Done {
  readonly id: number;
  readonly outcome: Outcome;
}

// Devices come first, and the database with them: this thread takes what they leave. Linux counts a
// priority by thread; elsewhere it would be the whole server's.
if (platform() === 'linux') setPriority(constants.priority.PRIORITY_LOW);

const port = parentPort;
expect(port !== null, 'the chunk worker runs as a thread');
port.on('message', ({ id, work }: ToDo) => {
  const outcome = work.task === 'encode' ? encodeContent(work.content) : mergeChunks(work.job);
  port.postMessage({ id, outcome } satisfies Done, buffersOf(outcome));
});

/** What is handed over needs no copy; each has its own buffer. */
function buffersOf(outcome: Outcome): ArrayBuffer[] {
  const chunks = 'block' in outcome ? [outcome] : outcome.ok ? outcome.value : [];
  return chunks.flatMap(({ block, summary }) => [block.buffer, summary.buffer]);
}
