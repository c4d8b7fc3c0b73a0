/**
 * Several chunks of one series as few. Whatever a question would read of them, it reads of the result:
 * a later generation stands behind an earlier one, a stamp's last statement stays its last, and each
 * different statement about it is kept.
 *
 * Only what lies within the region is merged. What reaches out of it is given back as it was, under
 * its own generation: something else may lie there, older than the one and newer than the other.
 */
import { VALUES_PER_BLOCK_MAX } from '@ausculta/blocks/block-frame';
import { decodeReadings, type ReadingColumns } from '@ausculta/blocks/readings-block';
import { decodeRuns } from '@ausculta/blocks/waveform-block';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { type EncodedChunk, encodeContent } from './chunk-content.ts';
import { CHUNK_SPAN_MAX_MS, cutRuns, nameApart } from './chunk-cuts.ts';
import { endOf, joinRuns, withoutRepeats } from './waveform-head.ts';
import { zstd } from './zstd.ts';

/** A chunk is closed at about so many bytes, half a day of heart rates at 1 Hz. */
export const CHUNK_BYTES = 16_384;
const CHUNK_BYTES_MAX = CHUNK_BYTES * 1.25;
const MERGED_READINGS_MAX = 32_768;

export interface MergeJob {
  readonly kind: 'readings' | 'waveform';
  /** In the order in which they are read: the older generation first. */
  readonly parts: readonly MergePart[];
  /** Half-open, in stamps. */
  readonly region: { readonly fromMs: number; readonly toMs: number };
}

export interface MergePart {
  readonly generation: number;
  readonly block: Uint8Array;
}

export interface MergedChunk extends EncodedChunk {
  readonly generation: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
  /** Given back: it lies outside the region. */
  readonly isRest: boolean;
}

/** A fault names the index of the part that does not decode. */
export function mergeChunks(job: MergeJob): Result<MergedChunk[]> {
  return job.kind === 'readings' ? mergeReadingChunks(job) : mergeWaveformChunks(job);
}

function mergeReadingChunks({ parts, region }: MergeJob): Result<MergedChunk[]> {
  const gathered: ReadingColumns[] = [];
  const chunks: MergedChunk[] = [];
  for (const [index, { generation, block }] of parts.entries()) {
    const decoded = decodeReadings(block, zstd);
    if (!decoded.ok) return fail(decoded.fault.code, String(index));
    const [before, within, after] = splitColumns(decoded.value, region);
    gathered.push(within);
    for (const rest of [before, after])
      chunks.push(...encodeColumns(rest, { generation, isRest: true }));
  }
  const generation = newestOf(parts);
  const whole = withoutDuplicates(woven(gathered));
  chunks.push(...encodeColumns(whole, { generation, isRest: false }));
  return ok(chunks);
}

/** All readings in stamp order; those of one stamp in the order in which they were received. */
function woven(stretches: readonly ReadingColumns[]): ReadingColumns {
  let round = stretches;
  while (round.length > 1) {
    const next: ReadingColumns[] = [];
    for (let i = 0; i < round.length; i += 2) {
      const [earlier, later] = [round[i] as ReadingColumns, round[i + 1]];
      next.push(later === undefined ? earlier : weave(earlier, later));
    }
    round = next;
  }
  return round[0] as ReadingColumns;
}

function weave(earlier: ReadingColumns, later: ReadingColumns): ReadingColumns {
  const count = earlier.stampsMs.length + later.stampsMs.length;
  const stampsMs = new Float64Array(count);
  const values = new Float64Array(count);
  const flags = new Uint8Array(count);
  let [e, l] = [0, 0];
  for (let at = 0; at < count; at += 1) {
    const isEarlier =
      l === later.stampsMs.length ||
      (e < earlier.stampsMs.length &&
        (earlier.stampsMs[e] as number) <= (later.stampsMs[l] as number));
    const from = isEarlier ? earlier : later;
    const index = isEarlier ? e++ : l++;
    stampsMs[at] = from.stampsMs[index] as number;
    values[at] = from.values[index] as number;
    flags[at] = from.flags[index] as number;
  }
  return { stampsMs, values, flags };
}

function newestOf(parts: readonly MergePart[]): number {
  return Math.max(...parts.map(({ generation }) => generation));
}

function splitColumns(
  { stampsMs, values, flags }: ReadingColumns,
  region: MergeJob['region'],
): [ReadingColumns, ReadingColumns, ReadingColumns] {
  const isFrom = (fromMs: number) => (stampMs: number) => stampMs >= fromMs;
  const index = (fromMs: number): number => {
    const found = stampsMs.findIndex(isFrom(fromMs));
    return found < 0 ? stampsMs.length : found;
  };
  const slice = (from: number, until: number): ReadingColumns => ({
    stampsMs: stampsMs.subarray(from, until),
    values: values.subarray(from, until),
    flags: flags.subarray(from, until),
  });
  const [from, until] = [index(region.fromMs), index(region.toMs)];
  return [slice(0, from), slice(from, until), slice(until, stampsMs.length)];
}

/** Of equal statements about one stamp the last stays: it may be what is read. */
function withoutDuplicates(columns: ReadingColumns): ReadingColumns {
  const { stampsMs, values, flags } = columns;
  const isRepeated = new Uint8Array(stampsMs.length);
  for (let from = 0; from < stampsMs.length; ) {
    let until = from + 1;
    while (until < stampsMs.length && stampsMs[until] === stampsMs[from]) until += 1;
    if (until - from > 1) {
      const said = new Set<string>();
      for (let i = until - 1; i >= from; i -= 1) {
        const statement = `${values[i]} ${Object.is(values[i], -0)} ${flags[i]}`;
        if (said.has(statement)) isRepeated[i] = 1;
        said.add(statement);
      }
    }
    from = until;
  }
  const isNew = (_: number, i: number): boolean => isRepeated[i] === 0;
  return {
    stampsMs: stampsMs.filter(isNew),
    values: values.filter(isNew),
    flags: flags.filter(isNew),
  };
}

type Origin = Pick<MergedChunk, 'generation' | 'isRest'>;

/** Cut where the encoded bytes are about those of a chunk: a first try tells how many readings that is. */
function encodeColumns(columns: ReadingColumns, origin: Origin): MergedChunk[] {
  const { stampsMs, values, flags } = columns;
  const chunks: (MergedChunk & { firstMs: number })[] = [];
  let readingsMax = MERGED_READINGS_MAX;
  for (let from = 0; from < stampsMs.length; ) {
    const until = endOfChunk(stampsMs, from, readingsMax);
    const content = {
      stampsMs: stampsMs.subarray(from, until),
      values: values.subarray(from, until),
      flags: flags.subarray(from, until),
    };
    const encoded = encodeContent({ kind: 'readings', columns: content });
    const bytes = encoded.block.length;
    if (bytes > CHUNK_BYTES_MAX && stampsMs[until - 1] !== stampsMs[from]) {
      readingsMax = Math.max(1, Math.floor(((until - from) * CHUNK_BYTES) / bytes));
      continue;
    }
    const [firstMs, lastMs] = [stampsMs[from] as number, stampsMs[until - 1] as number];
    chunks.push({ ...encoded, ...origin, firstMs, lastMs, count: until - from });
    from = until;
  }
  nameApart(chunks);
  return chunks;
}

/** Never within one stamp: its statements would lie in two chunks, which then overlap. */
function endOfChunk(stampsMs: Float64Array, from: number, readingsMax: number): number {
  const endMs = (stampsMs[from] as number) + CHUNK_SPAN_MAX_MS;
  let until = Math.min(from + readingsMax, stampsMs.length);
  while (until > from + 1 && (stampsMs[until - 1] as number) > endMs) until -= 1;
  const isBorder = (): boolean => stampsMs[until] !== stampsMs[until - 1];
  while (until > from && !isBorder()) until -= 1;
  if (until > from) return until;
  for (until = from + 1; until < stampsMs.length && !isBorder(); ) until += 1;
  return Math.min(until, from + VALUES_PER_BLOCK_MAX);
}

function mergeWaveformChunks({ parts, region }: MergeJob): Result<MergedChunk[]> {
  const gathered: WaveformRun[] = [];
  const chunks: MergedChunk[] = [];
  for (const [index, { generation, block }] of parts.entries()) {
    const decoded = decodeRuns(block, zstd);
    if (!decoded.ok) return fail(decoded.fault.code, String(index));
    const rest: WaveformRun[] = [];
    // A run belongs where it begins: cutting one would round the start of its second half.
    for (const run of decoded.value) {
      const isWithin = run.startMs >= region.fromMs && run.startMs < region.toMs;
      (isWithin ? gathered : rest).push(run);
    }
    chunks.push(...encodeRunsOf(rest, { generation, isRest: true }));
  }
  const joined = joinRuns(withoutRepeats(gathered));
  chunks.push(...encodeRunsOf(joined, { generation: newestOf(parts), isRest: false }));
  return ok(chunks);
}

function encodeRunsOf(runs: readonly WaveformRun[], origin: Origin): MergedChunk[] {
  return cutRuns(runs, CHUNK_SPAN_MAX_MS).map((cut) => {
    const starting = cut.runs.map((run) => ({ ...run, startMs: Math.round(run.startMs) }));
    return {
      ...encodeContent({ kind: 'waveform', runs: starting }),
      ...origin,
      firstMs: cut.firstMs,
      lastMs: Math.ceil(Math.max(...cut.runs.map(endOf))),
      count: cut.runs.reduce((sum, run) => sum + run.samples.length, 0),
    };
  });
}
