/**
 * Compaction: small chunks become large ones in the background, a series at a time, in steps of some
 * tens of milliseconds of the encoding thread. A step reads a few chunks and puts fewer in their place
 * in one transaction; whatever stops it in between leaves everything as it was, and it is done again.
 */
import type { Sql } from '../database/pool.ts';
import type { Series } from '../line/entry.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import type { ChunkEncoder } from './chunk-encoder.ts';
import { chunkContext, sealChunk } from './chunk-row.ts';
import {
  CHUNKS_OF_A_KIND,
  type ChunkMark,
  nextStep,
  replacing,
  type Step,
  WAVEFORM_SLACK_MS,
} from './compaction-plan.ts';
import * as store from './compaction-store.ts';
import { TakenOver } from './postgres-log.ts';
import type { ChunkRow } from './store.ts';

/** Chunks of one series that are looked at together: more wait for the next look. */
const MARKS_MAX = 2_000;

/** Open chunks of one look at the table after the start: an index scan of some milliseconds. */
const PAGE_CHUNKS = 5_000;

/** Steps on one series before the next one gets its turn. */
const STEPS_MAX = 64;

export interface CompactionPorts {
  readonly sql: Sql;
  readonly sealOf: SubjectKeys['sealOf'];
  readonly seriesById: (id: number) => Series | undefined;
  readonly merge: ChunkEncoder['merge'];
  readonly lane: number;
  readonly fence: number;
  readonly nowMs: () => number;
  /** Lets other work run. */
  readonly pause: () => Promise<void>;
  /** `what` names the step and the chunk; never a value or a person's name. */
  readonly onProblem: (what: string, error: unknown) => void;
}

export class Compaction {
  readonly #ports: CompactionPorts;
  /** Chunks of each series that were added since it was last looked at. */
  readonly #added = new Map<number, number>();
  readonly #due = new Set<number>();
  /** Chunks that do not open: they are left for whoever repairs them. */
  readonly #broken = new Set<string>();
  /** How far the table has been looked through since the start. */
  #seenSeries: number | undefined = -1;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(ports: CompactionPorts) {
    this.#ports = ports;
  }

  /** Chunks that a flush has made durable. */
  note(rows: Iterable<Pick<ChunkRow, 'series_id'>>): void {
    for (const { series_id } of rows) this.#add(series_id, 1);
  }

  #add(seriesId: number, chunks: number): void {
    const added = (this.#added.get(seriesId) ?? 0) + chunks;
    this.#added.set(seriesId, added);
    if (added >= CHUNKS_OF_A_KIND) this.#due.add(seriesId);
  }

  /** Works on what is due, for as long as it may; one turn at a time. Rejects with `TakenOver` alone. */
  turn(forMs: number): Promise<void> {
    this.#running ??= this.#work(this.#ports.nowMs() + forMs).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Resolves when nothing that was read before is on its way back to the database. */
  async settled(): Promise<void> {
    await this.#running?.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.settled();
  }

  async #work(untilMs: number): Promise<void> {
    if (this.#stopped) return;
    await this.#look();
    for (const seriesId of [...this.#due]) {
      if (this.#stopped || this.#ports.nowMs() >= untilMs) return;
      const series = this.#ports.seriesById(seriesId);
      this.#due.delete(seriesId);
      this.#added.delete(seriesId);
      if (series === undefined) continue;
      try {
        await this.#compact(series);
      } catch (error) {
        if (error instanceof TakenOver) throw error;
        this.#ports.onProblem(`merge chunks of series ${seriesId}`, error);
      }
      await this.#ports.pause();
    }
  }

  /** What was left open before this start, a page at a time. */
  async #look(): Promise<void> {
    if (this.#seenSeries === undefined) return;
    const after = this.#seenSeries;
    try {
      const page = await store.openSeries(this.#ports.sql, { after, chunks: PAGE_CHUNKS });
      for (const { series_id, chunks } of page) this.#add(series_id, chunks);
      this.#seenSeries = page.at(-1)?.series_id;
    } catch (error) {
      this.#ports.onProblem('look for chunks to merge', error);
    }
  }

  async #compact(series: Series): Promise<void> {
    for (let steps = 0; steps < STEPS_MAX && !this.#stopped; steps += 1) {
      const place = placeOf(series);
      const rows = await store.readMarks(this.#ports.sql, place, MARKS_MAX);
      const marks = this.#whole(series, rows);
      const step = nextStep(marks, rows.length < MARKS_MAX);
      if (step === undefined) return;
      if (step.kind === 'close') await store.closeChunks(this.#ports.sql, place, step.chunks);
      else if (!(await this.#merge(series, rows, step))) return;
      await this.#ports.pause();
    }
    this.#due.add(series.id);
  }

  /** Without those that do not open, and what they overlap. */
  #whole(series: Series, rows: readonly store.MarkRow[]): ChunkMark[] {
    const marks = rows.map((row) => ({
      ...row,
      last_ms:
        row.kind === 'waveform'
          ? Math.max(row.first_ms, row.last_ms - WAVEFORM_SLACK_MS)
          : row.last_ms,
    }));
    const broken = marks.filter((mark) => this.#broken.has(nameOf(series, mark)));
    const isWhole = (mark: ChunkMark): boolean =>
      !broken.some((one) => one.first_ms <= mark.last_ms && mark.first_ms <= one.last_ms);
    return broken.length === 0 ? marks : marks.filter(isWhole);
  }

  /** False when the chunks are no longer what they were: erased, or moved to somebody else. */
  async #merge(
    series: Series,
    rows: readonly store.MarkRow[],
    { inputs, region }: Extract<Step, { kind: 'merge' }>,
  ): Promise<boolean> {
    const { sql, sealOf, lane, fence, merge } = this.#ports;
    const found = await store.readSealed(sql, placeOf(series), inputs);
    const seal = sealOf(series.subjectId);
    if (seal === undefined || found.length !== inputs.length) return false;
    const parts: { generation: number; block: Uint8Array }[] = [];
    for (const row of found) {
      const opened = seal.open(row.sealed, chunkContext(series.id, row.generation, row.first_ms));
      if (!opened.ok) return this.#leave(series, row);
      parts.push({ generation: row.generation, block: opened.value });
    }
    const kind = series.metric.kind === 'waveform' ? 'waveform' : 'readings';
    const merged = await merge({ kind, parts, region });
    if (!merged.ok) return this.#leave(series, found[Number(merged.fault.detail)] ?? found[0]);
    // The key may have been destroyed while the thread was at work.
    const sealNow = sealOf(series.subjectId);
    if (sealNow === undefined) return false;
    const others = rows.filter((row) => !isOneOf(row, inputs));
    const made = replacing(merged.value, { region, others }).map((chunk) =>
      sealChunk(sealNow, { series, kind, ...chunk }),
    );
    const change = { place: placeOf(series), old: inputs, rows: made };
    const done = await store.replaceChunks(sql, { lane, fence }, change);
    if (done === 'taken over') throw new TakenOver();
    return done === 'replaced';
  }

  #leave(series: Series, chunk: Pick<ChunkMark, 'generation' | 'first_ms'> | undefined): boolean {
    if (chunk === undefined) return false;
    const name = nameOf(series, chunk);
    this.#broken.add(name);
    this.#ports.onProblem(`merge chunk ${name}`, new Error('it does not open'));
    return true;
  }
}

function placeOf({ partition, subjectId, id }: Series): store.SeriesPlace {
  return { partition, subjectId, seriesId: id };
}

function nameOf(series: Series, chunk: Pick<ChunkMark, 'generation' | 'first_ms'>): string {
  return `${series.id}/${chunk.generation}/${chunk.first_ms}`;
}

function isOneOf(row: store.MarkRow, inputs: readonly ChunkMark[]): boolean {
  return inputs.some((i) => i.generation === row.generation && i.first_ms === row.first_ms);
}
