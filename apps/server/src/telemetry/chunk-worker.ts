/** The thread of chunk-encoder.ts: contents in, blocks out, one after the other. */
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

const port = parentPort;
expect(port !== null, 'the chunk worker runs as a thread');
port.on('message', ({ id, content }: ToEncode) => {
  const block = encodeContent(content).slice();
  port.postMessage({ id, block } satisfies Encoded, [block.buffer]);
});
