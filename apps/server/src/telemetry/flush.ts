/**
 * Flush: what the heads hold beyond the chunks becomes chunks, in one transaction with the checkpoint
 * and the detector snapshot. Everything is taken at one instant between two commits of the log; the
 * encoding then goes in slices, so that no device waits for it.
 */
import { encodeReadings } from '@ausculta/blocks/readings-block';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import { expect } from '@ausculta/vitals/expect';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import type { Sql, Transaction } from '../database/pool.ts';
import { PARTITIONS, type Series } from '../line/entry.ts';
import type { Seal } from '../vault/seal.ts';
import { cutReadings, cutRuns, type ReadingsCut, type RunsCut } from './chunk-cuts.ts';
import type { Columns } from './columns.ts';
import type { Heads } from './heads.ts';
import * as store from './store.ts';
import { endOf } from './waveform-head.ts';
import { zstd } from './zstd.ts';

/** A slice of encoding before devices get their turn. */
const SLICE_MS = 4;

/** The sealed form names its place: a chunk copied to another series does not open. */
export const chunkContext = (seriesId: number, generation: number, firstMs: number): string =>
  `chunk/${seriesId}/${generation}/${firstMs}`;

export interface DetectorSnapshot {
  readonly organisationId: Series['organisationId'];
  readonly subjectId: Series['subjectId'];
  readonly partition: number;
  readonly state: unknown;
}

export const detectorContext = (subjectId: string): string => `detector/${subjectId}`;

export interface FlushPorts {
  readonly sql: Sql;
  readonly seal: Seal;
  readonly heads: Heads;
  readonly lane: number;
  readonly fence: number;
  /** Detector states as of now, of subjects whose states changed since the last flush. */
  readonly snapshot: () => readonly DetectorSnapshot[];
  /** Alarm rows that precede the checkpoint; resolves when they are durable. */
  readonly settleAlarms: () => Promise<void>;
  readonly events: () => readonly store.EventRow[];
  readonly nowMs: () => number;
  /** Lets other work run. */
  readonly pause: () => Promise<void>;
}

/** Everything one flush writes, prepared; the same work can be written again after a failure. */
export interface FlushWork {
  readonly sequence: number;
  readonly taken: Taken;
  readonly chunks: readonly store.ChunkRow[];
  readonly states: readonly store.DetectorStateRow[];
  readonly events: readonly store.EventRow[];
}

/** What the heads, the detectors and the events were at one instant of the log. */
export interface Instant {
  readonly sequence: number;
  readonly taken: Taken;
  readonly snapshot: readonly DetectorSnapshot[];
  readonly events: readonly store.EventRow[];
}

/**
 * Takes what there is as of `sequence`, the last commit that was consumed. It is handed over once: a
 * flush that fails goes on with the same instant, or its checkpoint would pass what it does not hold.
 */
export function takeInstant(ports: FlushPorts, sequence: number): Instant {
  return { sequence, taken: take(ports.heads), snapshot: ports.snapshot(), events: ports.events() };
}

export async function prepareFlush(ports: FlushPorts, instant: Instant): Promise<FlushWork> {
  const { sequence, taken, snapshot, events } = instant;
  await ports.settleAlarms();
  const chunks = await encodeChunks(ports, taken, sequence);
  const states: store.DetectorStateRow[] = [];
  const breathe = breather(ports);
  for (const state of snapshot) {
    states.push(sealState(ports.seal, state));
    await breathe();
  }
  return { sequence, taken, chunks, states, events };
}

/** Chunks, checkpoint and detector states together; false when a newer owner has the lane. */
export async function commitFlush(ports: FlushPorts, work: FlushWork): Promise<boolean> {
  const { lane, fence } = ports;
  const { sequence, taken } = work;
  const isOurs = await ports.sql.begin(async (tx: Transaction) => {
    const mark = { lane, fence, sequence, partitions: PARTITIONS };
    if (!(await store.writeCheckpoints(tx, mark))) return false;
    await store.insertChunks(tx, work.chunks);
    await store.insertEvents(tx, work.events);
    await store.writeDetectorStates(tx, work.states);
    return true;
  });
  if (!isOurs) return false;
  ports.heads.flushes += 1;
  const breathe = breather(ports);
  for (const { series } of taken.readings) {
    ports.heads.readings.get(series.id)?.endFlush();
    await breathe();
  }
  for (const { series } of taken.waveforms) {
    ports.heads.waveforms.get(series.id)?.endFlush();
    await breathe();
  }
  return true;
}

/** To be awaited between two pieces of work: lets others run once a slice of time is used up. */
function breather(ports: FlushPorts): () => Promise<void> {
  let sliceStartMs = ports.nowMs();
  return async () => {
    if (ports.nowMs() - sliceStartMs < SLICE_MS) return;
    await ports.pause();
    sliceStartMs = ports.nowMs();
  };
}

interface Taken {
  readonly readings: { series: Series; columns: Columns }[];
  readonly waveforms: { series: Series; runs: readonly WaveformRun[] }[];
}

/** The one instant: after this, new readings go to new buffers. */
function take(heads: Heads): Taken {
  const taken: Taken = { readings: [], waveforms: [] };
  for (const head of heads.readings.values()) {
    const columns = head.beginFlush();
    if (columns !== undefined) taken.readings.push({ series: head.series, columns });
  }
  for (const head of heads.waveforms.values()) {
    const runs = head.beginFlush();
    if (runs !== undefined) taken.waveforms.push({ series: head.series, runs });
  }
  heads.unflushed = 0;
  return taken;
}

async function encodeChunks(
  ports: FlushPorts,
  taken: Taken,
  generation: number,
): Promise<store.ChunkRow[]> {
  const rows: store.ChunkRow[] = [];
  const breathe = breather(ports);
  for (const { series, columns } of taken.readings) {
    for (const cut of cutReadings(columns.view().stampsMs)) {
      rows.push(readingsChunk(ports.seal, { series, columns, cut, generation }));
      await breathe();
    }
  }
  for (const { series, runs } of taken.waveforms) {
    for (const cut of cutRuns(runs)) {
      rows.push(waveformChunk(ports.seal, { series, cut, generation }));
      await breathe();
    }
  }
  return rows;
}

function readingsChunk(
  seal: Seal,
  part: { series: Series; columns: Columns; cut: ReadingsCut; generation: number },
): store.ChunkRow {
  const { series, cut, generation } = part;
  const slice = part.columns.slice(cut.from, cut.until);
  const block = encodeReadings(slice, zstd);
  expect(block.ok, 'readings of the head can be encoded');
  const first_ms = cut.firstMs;
  const last_ms = slice.stampsMs.at(-1) as number;
  const count = slice.stampsMs.length;
  return chunkRow(seal, {
    series,
    kind: 'readings',
    generation,
    first_ms,
    last_ms,
    count,
    block: block.value,
  });
}

function waveformChunk(
  seal: Seal,
  part: { series: Series; cut: RunsCut; generation: number },
): store.ChunkRow {
  const { series, generation } = part;
  const { firstMs: first_ms, runs } = part.cut;
  const starting = runs.map((run) => ({ ...run, startMs: Math.round(run.startMs) }));
  const block = encodeRuns(starting, zstd);
  expect(block.ok, 'runs of the head can be encoded');
  const last_ms = Math.ceil(Math.max(...runs.map(endOf)));
  const count = runs.reduce((sum, run) => sum + run.samples.length, 0);
  return chunkRow(seal, {
    series,
    kind: 'waveform',
    generation,
    first_ms,
    last_ms,
    count,
    block: block.value,
  });
}

function chunkRow(
  seal: Seal,
  part: Pick<store.ChunkRow, 'kind' | 'generation' | 'first_ms' | 'last_ms' | 'count'> & {
    series: Series;
    block: Uint8Array;
  },
): store.ChunkRow {
  const { series, block, ...span } = part;
  const sealed = seal.seal(block, chunkContext(series.id, span.generation, span.first_ms));
  return {
    organisation_id: series.organisationId,
    partition: series.partition,
    subject_id: series.subjectId,
    series_id: series.id,
    ...span,
    bytes: sealed.length,
    sealed,
  };
}

function sealState(seal: Seal, snapshot: DetectorSnapshot): store.DetectorStateRow {
  const clear = new TextEncoder().encode(JSON.stringify(snapshot.state));
  return {
    organisation_id: snapshot.organisationId,
    partition: snapshot.partition,
    subject_id: snapshot.subjectId,
    sealed: seal.seal(clear, detectorContext(snapshot.subjectId)),
  };
}
