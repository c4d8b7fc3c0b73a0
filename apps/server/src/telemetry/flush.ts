/**
 * Flush: what the heads of some partitions hold beyond the chunks becomes chunks, in one transaction with
 * their checkpoints and detector snapshots. All of it is taken at one instant between two commits of the
 * log; the encoding is another thread's and the rest goes in slices, so that no device waits for it.
 */
import type { WaveformRun } from '@ausculta/vitals/waveform';
import type { Sql, Transaction } from '../database/pool.ts';
import type { Series } from '../line/entry.ts';
import type { Seal } from '../vault/seal.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import type { ChunkContent, EncodedChunk } from './chunk-content.ts';
import { cutReadings, cutRuns } from './chunk-cuts.ts';
import { type ChunkPart, sealChunk } from './chunk-row.ts';
import { isIn, type PartitionSpan } from './flush-turns.ts';
import type { Heads } from './heads.ts';
import type { HeadStretch } from './reading-head.ts';
import * as store from './store.ts';
import { endOf } from './waveform-head.ts';

/** A slice of sealing and tidying before devices get their turn. */
const SLICE_MS = 2;

export interface DetectorSnapshot {
  readonly organisationId: Series['organisationId'];
  readonly subjectId: Series['subjectId'];
  readonly partition: number;
  readonly state: unknown;
}

export const detectorContext = (subjectId: string): string => `detector/${subjectId}`;

export interface FlushPorts {
  readonly sql: Sql;
  readonly sealOf: SubjectKeys['sealOf'];
  readonly heads: Heads;
  readonly lane: number;
  readonly fence: number;
  /** Detector states as of now, of subjects whose states changed since the last flush. */
  readonly snapshot: (span: PartitionSpan) => Iterable<DetectorSnapshot>;
  /** Alarm rows that precede the checkpoint; resolves when they are durable. */
  readonly settleAlarms: () => Promise<void>;
  readonly events: (span: PartitionSpan) => readonly store.EventRow[];
  readonly nowMs: () => number;
  /** A chunk's bytes, made in a thread of its own. */
  readonly encode: (content: ChunkContent) => Promise<EncodedChunk>;
  /** Lets other work run. */
  readonly pause: () => Promise<void>;
}

/** Everything one flush writes, prepared; the same work can be written again after a failure. */
export interface FlushWork {
  readonly sequence: number;
  readonly span: PartitionSpan;
  readonly taken: Taken;
  readonly chunks: readonly store.ChunkRow[];
  readonly states: readonly store.DetectorStateRow[];
  readonly events: readonly store.EventRow[];
}

/** What the heads, the detectors and the events of some partitions were at one instant of the log. */
export interface Instant {
  readonly sequence: number;
  readonly span: PartitionSpan;
  readonly taken: Taken;
  /** Made one by one as it is read. */
  readonly snapshot: Iterable<DetectorSnapshot>;
  readonly events: readonly store.EventRow[];
}

/**
 * Takes what there is as of `sequence`, the last commit that was consumed. It is handed over once: a
 * flush that fails goes on with the same instant, or its checkpoint would pass what it does not hold.
 */
export function takeInstant(ports: FlushPorts, span: PartitionSpan, sequence: number): Instant {
  const taken = take(ports.heads, span);
  return { sequence, span, taken, snapshot: ports.snapshot(span), events: ports.events(span) };
}

export async function prepareFlush(ports: FlushPorts, instant: Instant): Promise<FlushWork> {
  const { sequence, span, taken, snapshot, events } = instant;
  await ports.settleAlarms();
  const chunks = await encodeChunks(ports, taken, sequence);
  const states: store.DetectorStateRow[] = [];
  const breathe = breather(ports);
  for (const state of snapshot) {
    const seal = ports.sealOf(state.subjectId);
    if (seal !== undefined) states.push(sealState(seal, state));
    await breathe();
  }
  return { sequence, span, taken, chunks, states, events };
}

/** Chunks, checkpoints and detector states together; false when a newer owner has the lane. */
export async function commitFlush(ports: FlushPorts, work: FlushWork): Promise<boolean> {
  const { lane, fence } = ports;
  const { sequence, span, taken } = work;
  const isOurs = await ports.sql.begin(async (tx: Transaction) => {
    const mark = { lane, fence, sequence, span };
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
  readonly readings: { series: Series; stretches: readonly HeadStretch[] }[];
  readonly waveforms: { series: Series; runs: readonly WaveformRun[] }[];
}

/** The one instant: after this, new readings go to new buffers. */
function take(heads: Heads, span: PartitionSpan): Taken {
  const taken: Taken = { readings: [], waveforms: [] };
  for (const head of heads.readings.values()) {
    if (!isIn(span, head.series)) continue;
    const stretches = head.beginFlush();
    if (stretches.length > 0) taken.readings.push({ series: head.series, stretches });
  }
  for (const head of heads.waveforms.values()) {
    if (!isIn(span, head.series)) continue;
    const runs = head.beginFlush();
    if (runs !== undefined) taken.waveforms.push({ series: head.series, runs });
  }
  heads.unflushed.taken(span);
  return taken;
}

type Part = Omit<ChunkPart, keyof EncodedChunk> & { readonly content: ChunkContent };

/** So many chunks are with the encoder at a time: it never waits for us, nor we for all of them. */
const ENCODING_AT_ONCE = 16;

async function encodeChunks(
  ports: FlushPorts,
  taken: Taken,
  generation: number,
): Promise<store.ChunkRow[]> {
  const rows: store.ChunkRow[] = [];
  const parts = partsOf(taken, generation);
  const encodeParts = async (): Promise<void> => {
    for (const part of parts) {
      const encoded = await ports.encode(part.content);
      // Without a key the subject has been erased meanwhile.
      const seal = ports.sealOf(part.series.subjectId);
      if (seal !== undefined) rows.push(sealChunk(seal, { ...part, ...encoded }));
    }
  };
  await Promise.all(Array.from({ length: ENCODING_AT_ONCE }, encodeParts));
  return rows;
}

/** Open, all of them: compaction knows what lies beside them. */
function* partsOf(taken: Taken, sequence: number): Generator<Part> {
  for (const { series, stretches } of taken.readings)
    for (const { columns, generation = sequence } of stretches)
      for (const { firstMs, from, until } of cutReadings(columns.view().stampsMs)) {
        const slice = columns.slice(from, until);
        yield {
          series,
          kind: 'readings',
          generation,
          firstMs,
          lastMs: slice.stampsMs.at(-1) as number,
          count: slice.stampsMs.length,
          closed: false,
          content: { kind: 'readings', columns: slice },
        };
      }
  for (const { series, runs } of taken.waveforms) {
    for (const cut of cutRuns(runs)) {
      const starting = cut.runs.map((run) => ({ ...run, startMs: Math.round(run.startMs) }));
      yield {
        series,
        kind: 'waveform',
        generation: sequence,
        firstMs: cut.firstMs,
        lastMs: Math.ceil(Math.max(...cut.runs.map(endOf))),
        count: cut.runs.reduce((sum, run) => sum + run.samples.length, 0),
        closed: false,
        content: { kind: 'waveform', runs: starting },
      };
    }
  }
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

/** Erased while the flush waited to be written again. */
export function workWithout(work: FlushWork, subjectId: string): FlushWork {
  const isOther = (row: { readonly subject_id: string }): boolean => row.subject_id !== subjectId;
  return {
    ...work,
    chunks: work.chunks.filter(isOther),
    states: work.states.filter(isOther),
    events: work.events.filter(isOther),
  };
}

export function instantWithout(instant: Instant, subjectId: string): Instant {
  return { ...instant, events: instant.events.filter((row) => row.subject_id !== subjectId) };
}
