/** The thread of chunk-encoder.ts: contents in, blocks out, one after the other. */
import { constants, platform, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { expect } from '@ausculta/vitals/expect';
import { type ChunkContent, encodeContent } from './chunk-content.ts';

export interface ToEncode {
  readonly id: number;
  readonly content: ChunkContent;
}

export interface Encoded {
  readonly id: number;
  readonly block: Uint8Array<ArrayBuffer>;
}

// Devices come first, and the database with them: this thread takes what they leave. Linux counts a
// priority by thread; elsewhere it would be the whole server's.
if (platform() === 'linux') setPriority(constants.priority.PRIORITY_LOW);

const port = parentPort;
expect(port !== null, 'the chunk worker runs as a thread');
port.on('message', ({ id, content }: ToEncode) => {
  const block = encodeContent(content).slice();
  port.postMessage({ id, block } satisfies Encoded, [block.buffer]);
});
