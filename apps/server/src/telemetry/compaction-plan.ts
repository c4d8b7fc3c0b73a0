/**
 * Which chunks of a series to merge next. A flush leaves a small chunk a minute; two dozen of a kind
 * become one of the next kind, and what has the size of a chunk is closed. So each reading is written
 * two or three times in all, however long its series is.
 */

import { CHUNK_SPAN_MAX_MS } from './chunk-cuts.ts';
import { CHUNK_BYTES, type MergedChunk } from './chunk-merge.ts';

/** What is known of a chunk without opening it. */
export interface ChunkMark {
  readonly generation: number;
  readonly first_ms: number;
  readonly last_ms: number;
  readonly count: number;
  readonly bytes: number;
  readonly closed: boolean;
  /** What it holds is said beside it; chunks of before, and moved ones, lack that. */
  readonly summarised: boolean;
}

export type Step =
  | { readonly kind: 'merge'; readonly inputs: readonly ChunkMark[]; readonly region: Region }
  /** Nothing follows that it could be merged with. */
  | { readonly kind: 'close'; readonly chunks: readonly ChunkMark[] };

interface Region {
  readonly fromMs: number;
  readonly toMs: number;
  /** Something lies behind it: what is left over at its end stays as small as it is. */
  readonly isInner: boolean;
}

/** Waveforms end where their next sample would begin, and that is rounded: so much is no overlap. */
export const WAVEFORM_SLACK_MS = 3;

/** So many chunks of a kind become one. */
export const CHUNKS_OF_A_KIND = 24;

/** Half a chunk is not worth a second writing. */
export const CLOSED_BYTES_MIN = CHUNK_BYTES / 2;

/** What one step takes in hand: some tens of milliseconds of the encoding thread. */
const STEP_BYTES_MAX = 512 * 1024;
const STEP_VALUES_MAX = 1_000_000;
const STEP_CHUNKS_MAX = 1_024;

/**
 * The next step for chunks in order of their first stamp. `isWhole`: nothing lies behind the last of
 * them. Undefined: nothing is worth doing now.
 */
export function nextStep(chunks: readonly ChunkMark[], isWhole: boolean): Step | undefined {
  return overlapOf(chunks) ?? grownOf(chunks) ?? runOf(chunks, isWhole);
}

/** What came late into closed chunks: all that overlap become chunks that do not. */
function overlapOf(chunks: readonly ChunkMark[]): Step | undefined {
  let from = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  let closedLastMs = Number.NEGATIVE_INFINITY;
  for (const [i, chunk] of chunks.entries()) {
    if (chunk.first_ms > lastMs) from = i;
    const isLate = chunk.first_ms <= closedLastMs || (chunk.closed && chunk.first_ms <= lastMs);
    if (isLate) return mergeFrom(chunks, firstReaching(chunks, { from, at: i }), i + 1);
    lastMs = Math.max(lastMs, chunk.last_ms);
    if (chunk.closed) closedLastMs = Math.max(closedLastMs, chunk.last_ms);
  }
  return undefined;
}

/** The first chunk behind `from` that reaches into the one at `at`. */
function firstReaching(
  chunks: readonly ChunkMark[],
  { from, at }: { from: number; at: number },
): number {
  const firstMs = (chunks[at] as ChunkMark).first_ms;
  let first = from;
  while ((chunks[first] as ChunkMark).last_ms < firstMs) first += 1;
  return first;
}

/** A flush that brought much leaves chunks that are large enough as they are. */
function grownOf(chunks: readonly ChunkMark[]): Step | undefined {
  const grown = chunks.filter((chunk) => !chunk.closed && isGrown(chunk));
  const [bare] = grown.filter(({ summarised }) => !summarised);
  if (bare === undefined) return grown.length === 0 ? undefined : { kind: 'close', chunks: grown };
  const region = { fromMs: bare.first_ms, toMs: bare.last_ms + 1, isInner: true };
  return { kind: 'merge', inputs: [bare], region };
}

function isGrown({ bytes, first_ms, last_ms }: ChunkMark): boolean {
  return bytes >= CLOSED_BYTES_MIN || last_ms - first_ms >= CHUNK_SPAN_MAX_MS;
}

/** Neighbours that are all open. Where something closed follows them, nothing more will join them. */
function runOf(chunks: readonly ChunkMark[], isWhole: boolean): Step | undefined {
  for (let from = 0; from < chunks.length; from += 1) {
    if (chunks[from]?.closed) continue;
    let until = from + 1;
    while (until < chunks.length && chunks[until]?.closed === false) until += 1;
    const isInner = until < chunks.length;
    if (isInner && until - from > 1) return mergeFrom(chunks, from, until);
    if (isInner) return { kind: 'close', chunks: chunks.slice(from, until) };
    const start = startOfKind(chunks, from);
    if (start !== undefined) return mergeFrom(chunks, start, until);
    // A page that is full of what is still to be merged must get on.
    return isWhole || until - from < 2 ? undefined : mergeFrom(chunks, from, until);
  }
  return undefined;
}

/** Where the newest chunks of one kind begin, if they are enough, or enough to fill a chunk. */
function startOfKind(chunks: readonly ChunkMark[], from: number): number | undefined {
  const kindMax = Math.max(...chunks.slice(from).map(kindOf));
  for (let kind = 0; kind <= kindMax; kind += 1) {
    let start = chunks.length;
    let bytes = 0;
    while (start > from && kindOf(chunks[start - 1] as ChunkMark) <= kind) {
      start -= 1;
      bytes += (chunks[start] as ChunkMark).bytes;
    }
    const length = chunks.length - start;
    if (length >= CHUNKS_OF_A_KIND || (length > 1 && bytes >= CHUNK_BYTES)) return start;
  }
  return undefined;
}

function kindOf({ count }: ChunkMark): number {
  return Math.floor(Math.log(count) / Math.log(CHUNKS_OF_A_KIND));
}

/**
 * Merges as many as one step may take, at least two. An earlier chunk that reaches into the first of
 * them alone keeps what it reaches into; one that reaches further is merged too.
 */
function mergeFrom(chunks: readonly ChunkMark[], wantedFrom: number, until: number): Step {
  const from = startOfReach(chunks, wantedFrom);
  const end = endOfStep(chunks, from, until);
  const inputs = chunks.slice(from, end);
  const reachMs = reachOf(inputs);
  const next = chunks[end];
  return {
    kind: 'merge',
    inputs,
    region: {
      fromMs: Math.max((inputs[0] as ChunkMark).first_ms, reachOf(chunks.slice(0, from)) + 1),
      toMs: next !== undefined && next.first_ms <= reachMs ? next.first_ms : reachMs + 1,
      isInner: next !== undefined,
    },
  };
}

function startOfReach(chunks: readonly ChunkMark[], wantedFrom: number): number {
  let from = wantedFrom;
  for (let i = from - 1; i >= 0; i -= 1) {
    const second = chunks[from + 1];
    if (second !== undefined && (chunks[i] as ChunkMark).last_ms >= second.first_ms) from = i;
  }
  return from;
}

function endOfStep(chunks: readonly ChunkMark[], from: number, until: number): number {
  let bytes = 0;
  let values = 0;
  let reachMs = Number.NEGATIVE_INFINITY;
  let end = from;
  for (; end < chunks.length; end += 1) {
    const chunk = chunks[end] as ChunkMark;
    // What lies in these is taken with them, or a merge would end where its first reading stands.
    if (end >= until && chunk.first_ms > reachMs) break;
    reachMs = Math.max(reachMs, chunk.last_ms);
    bytes += chunk.bytes;
    values += chunk.count;
    const isMuch =
      bytes > STEP_BYTES_MAX || values > STEP_VALUES_MAX || end - from >= STEP_CHUNKS_MAX;
    if (isMuch && end - from >= 2) break;
  }
  // What begins where the last one begins belongs to it: between them is no border.
  while (end < chunks.length && chunks[end]?.first_ms === chunks[end - 1]?.first_ms) end += 1;
  return end;
}

function reachOf(chunks: readonly ChunkMark[]): number {
  return chunks.reduce(
    (reachMs, { last_ms }) => Math.max(reachMs, last_ms),
    Number.NEGATIVE_INFINITY,
  );
}

/**
 * What a merge made, as chunks with their names: closed, but for what was given back and for a small
 * end that more will join. What was given back may begin where a neighbour of its generation does: it
 * is read before that one.
 */
export function replacing(
  merged: readonly MergedChunk[],
  where: { region: Region; others: readonly Pick<ChunkMark, 'generation' | 'first_ms'>[] },
): (MergedChunk & { readonly closed: boolean })[] {
  const { region, others } = where;
  const taken = new Set(others.map((row) => `${row.generation}/${row.first_ms}`));
  const lastMs = Math.max(...merged.map((chunk) => (chunk.isRest ? -Infinity : chunk.lastMs)));
  return merged.map((chunk) => {
    let { firstMs } = chunk;
    while (taken.has(`${chunk.generation}/${firstMs}`)) firstMs -= 1;
    taken.add(`${chunk.generation}/${firstMs}`);
    const mayGrow =
      !region.isInner && chunk.lastMs === lastMs && chunk.block.length < CLOSED_BYTES_MIN;
    return { ...chunk, firstMs, closed: !chunk.isRest && !mayGrow };
  });
}
