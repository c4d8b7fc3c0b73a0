/**
 * Encodes and merges chunks in a thread of its own: a flush of three million readings takes a second
 * of processor time, which would stand between every device and its acknowledgement. Keys stay here.
 */
import { Worker } from 'node:worker_threads';
import type { Result } from '@ausculta/vitals/fault';
import type { ChunkContent, EncodedChunk } from './chunk-content.ts';
import type { MergedChunk, MergeJob } from './chunk-merge.ts';
import type { Done, Outcome, ToDo, Work } from './chunk-worker.ts';

export interface ChunkEncoder {
  readonly encode: (content: ChunkContent) => Promise<EncodedChunk>;
  readonly merge: (job: MergeJob) => Promise<Result<MergedChunk[]>>;
}

interface Waiting {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

export class ChunkWorker implements ChunkEncoder, AsyncDisposable {
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  encode = async (content: ChunkContent): Promise<EncodedChunk> => {
    const own = copyOf(content);
    return (await this.#ask({ task: 'encode', content: own }, buffersOf(own))) as EncodedChunk;
  };

  merge = async (job: MergeJob): Promise<Result<MergedChunk[]>> => {
    const parts = job.parts.map((part) => ({ ...part, block: new Uint8Array(part.block) }));
    const buffers = parts.map(({ block }) => block.buffer);
    return (await this.#ask({ task: 'merge', job: { ...job, parts } }, buffers)) as Result<
      MergedChunk[]
    >;
  };

  #ask(work: Work, transfer: ArrayBuffer[]): Promise<Outcome> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const worker = this.#running();
      worker.ref();
      worker.postMessage({ id, work } satisfies ToDo, transfer);
    });
  }

  /** The thread, started at the first need and again after it has failed. */
  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL('./chunk-worker.ts', import.meta.url));
    worker.on('message', ({ id, outcome }: Done) => {
      this.#waiting.get(id)?.resolve(outcome);
      this.#waiting.delete(id);
      // It must not keep a process alive that has nothing else to do.
      if (this.#waiting.size === 0) worker.unref();
    });
    worker.on('error', (error) => this.#fail(worker, error));
    worker.on('exit', () => this.#fail(worker, new Error('the chunk worker ended')));
    this.#worker = worker;
    return worker;
  }

  /** Whoever waits for a block tries the flush again, with a new thread. */
  #fail(worker: Worker, error: Error): void {
    // An error comes before its thread's exit: by then the next one may be at work.
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }
}

/** The columns of a head are views of larger buffers, and queries still read them. */
function copyOf(content: ChunkContent): ChunkContent {
  if (content.kind === 'waveform') {
    const runs = content.runs.map((run) => ({ ...run, samples: run.samples.slice() }));
    return { kind: 'waveform', runs };
  }
  const { stampsMs, values, flags } = content.columns;
  const columns = { stampsMs: stampsMs.slice(), values: values.slice(), flags: flags.slice() };
  return { kind: 'readings', columns };
}

function buffersOf(content: ChunkContent): ArrayBuffer[] {
  const arrays =
    content.kind === 'waveform'
      ? content.runs.map(({ samples }) => samples)
      : [content.columns.stampsMs, content.columns.values, content.columns.flags];
  return arrays.map(({ buffer }) => buffer as ArrayBuffer);
}
