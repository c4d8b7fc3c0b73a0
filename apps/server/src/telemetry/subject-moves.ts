/**
 * Moves what a device measured in a span of time from one subject to another, and from the one key to
 * the other. A slice is a few chunks, events or messages, each out and in in one transaction that only
 * the owner of the lane can commit: whatever stops it in between, each reading is in one record, and
 * the next slice goes on with what is left. Doing it again moves nothing.
 */
import { RUNS_PER_BLOCK_MAX } from '@ausculta/blocks/waveform-block';
import { expect } from '@ausculta/vitals/expect';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import type { Sql, Transaction } from '../database/pool.ts';
import type { MoveUnderWay } from '../devices/moves-under-way.ts';
import type { StampSpan } from '../devices/stamp-offsets.ts';
import type { Series } from '../line/entry.ts';
import type { Seal } from '../vault/seal.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import type { ChunkContent, EncodedChunk } from './chunk-content.ts';
import type { ChunkEncoder } from './chunk-encoder.ts';
import { type ChunkPart, sealChunk } from './chunk-row.ts';
import { eventContext } from './events.ts';
import { ALL_TIME } from './merge.ts';
import * as store from './move-store.ts';
import { holdLane } from './postgres-log.ts';
import { contentOf } from './sealed-chunks.ts';
import { cutColumns, cutRunAt, type Pieces } from './stamp-cuts.ts';
import { type ChunkRow, type EventRow, insertChunks } from './store.ts';
import { endOf } from './waveform-head.ts';

/** Of one transaction: some tens of milliseconds of the encoding thread. */
const CHUNKS_AT_ONCE = 16;
const ROWS_AT_ONCE = 200;

export interface MovePorts {
  readonly sql: Sql;
  readonly sealOf: SubjectKeys['sealOf'];
  readonly encode: ChunkEncoder['encode'];
  readonly lane: number;
  readonly fence: number;
  readonly onProblem: (what: string, error: unknown) => void;
}

/**
 * A series, the twin that its readings go to (made if there are any), and which of its stamps. Without
 * a twin they were an erased subject's, in a database that was restored: they are taken out.
 */
export interface SeriesMove {
  readonly from: Series;
  readonly twin: () => Promise<Series | undefined>;
  readonly stamps: readonly StampSpan[];
}

/** A chunk that is to be, before it is encoded. */
type Piece = Omit<ChunkPart, keyof EncodedChunk | 'firstMs'> & {
  firstMs: number;
  readonly content: ChunkContent;
};

/** Written in the transaction of a slice: so many values have arrived. */
export type NoteArrival = (tx: Transaction, values: number) => Promise<void>;

const BEFORE_ALL: store.ChunkCursor = { firstMs: ALL_TIME.fromMs, generation: -1 };

/** The next few chunks; undefined when none is left. */
export async function moveChunks(
  ports: MovePorts,
  move: SeriesMove,
  { after, onArrival }: { after: store.ChunkCursor | undefined; onArrival: NoteArrival },
): Promise<store.ChunkCursor | undefined> {
  const { from, stamps } = move;
  if (stamps.length === 0) return undefined;
  const fromMs = Math.max(ALL_TIME.fromMs, Math.floor(Math.min(...stamps.map((s) => s.fromMs))));
  const untilMs = Math.min(ALL_TIME.toMs, Math.ceil(Math.max(...stamps.map((s) => s.untilMs))));
  const part = { fromMs, untilMs, after: after ?? BEFORE_ALL, limit: CHUNKS_AT_ONCE };
  const chunks = await store.chunksWithin(ports.sql, from, part);
  const last = chunks.at(-1);
  if (last === undefined) return undefined;
  const done = await moveThese(ports, move, { chunks, onArrival });
  // Somebody has merged them meanwhile: the same look again finds what they have become.
  if (!done) return after ?? BEFORE_ALL;
  return { firstMs: last.first_ms, generation: last.generation };
}

async function moveThese(
  ports: MovePorts,
  { from, twin, stamps }: SeriesMove,
  { chunks, onArrival }: { chunks: readonly store.MovableChunk[]; onArrival: NoteArrival },
): Promise<boolean> {
  const to = await twin();
  const source = await keyOf(ports, from.subjectId);
  const target = to && (await keyOf(ports, to.subjectId));
  const old: store.MovableChunk[] = [];
  const parts: { part: Piece; seal: Seal }[] = [];
  for (const chunk of chunks) {
    const content = contentOf(source, from, chunk);
    if (!content.ok) {
      const name = `${from.id}/${chunk.generation}/${chunk.first_ms}`;
      ports.onProblem(`move chunk ${name}`, new Error('it does not open'));
      continue;
    }
    const { inside, outside } = cutContent(content.value, stamps);
    if (inside.length === 0) continue;
    old.push(chunk);
    if (to !== undefined && target !== undefined)
      for (const piece of inside) parts.push({ part: partOf(to, chunk, piece), seal: target });
    for (const piece of outside) parts.push({ part: partOf(from, chunk, piece), seal: source });
  }
  if (old.length === 0) return true;
  const encoded = await Promise.all(parts.map(({ part }) => ports.encode(part.content)));
  const values = sumOf(
    parts.filter(({ part }) => part.series === to).map(({ part }) => part.count),
  );
  return await ports.sql.begin(async (tx) => {
    await holdLane(tx, ports);
    const rowsOf = async (series: Series): Promise<ChunkRow[]> => {
      const own = parts.flatMap(({ part, seal }, i) => {
        const chunk = encoded[i];
        return part.series === series && chunk ? [{ seal, ...part, ...chunk }] : [];
      });
      await nameApart(tx, series, own);
      return own.map(({ seal, ...part }) => sealChunk(seal, part));
    };
    if (!(await store.takeChunks(tx, from, old))) return false;
    for (const series of to === undefined ? [from] : [from, to])
      await insertChunks(tx, await rowsOf(series));
    await onArrival(tx, values);
    return true;
  });
}

function cutContent(content: ChunkContent, stamps: readonly StampSpan[]): Pieces<ChunkContent> {
  if (content.kind === 'readings') {
    const { inside, outside } = cutColumns(content.columns, stamps);
    const asContent = (columns: (typeof inside)[number]): ChunkContent => {
      return { kind: 'readings', columns };
    };
    return { inside: inside.map(asContent), outside: outside.map(asContent) };
  }
  const inside: WaveformRun[] = [];
  const outside: WaveformRun[] = [];
  for (const run of content.runs) {
    const pieces = cutRunAt(run, stamps);
    inside.push(...pieces.inside);
    outside.push(...pieces.outside);
  }
  return { inside: groupsOf(inside), outside: groupsOf(outside) };
}

/** A chunk's runs lie close together, but a cut makes more of them. */
function groupsOf(runs: readonly WaveformRun[]): ChunkContent[] {
  const groups: ChunkContent[] = [];
  for (let at = 0; at < runs.length; at += RUNS_PER_BLOCK_MAX) {
    const group = runs.slice(at, at + RUNS_PER_BLOCK_MAX);
    groups.push({
      kind: 'waveform',
      runs: group.map((run) => ({ ...run, startMs: Math.round(run.startMs) })),
    });
  }
  return groups;
}

/** Its generation stays: what was received later is still read. Compaction may look at it again. */
function partOf(series: Series, { generation }: store.MovableChunk, content: ChunkContent): Piece {
  const { kind } = content;
  const what = { series, kind, generation, closed: false, content };
  if (kind === 'readings') {
    const { stampsMs } = content.columns;
    const [firstMs, lastMs] = [stampsMs[0] as number, stampsMs.at(-1) as number];
    return { ...what, firstMs, lastMs, count: stampsMs.length };
  }
  const { runs } = content;
  const firstMs = Math.min(...runs.map(({ startMs }) => startMs));
  const lastMs = Math.ceil(Math.max(...runs.map(endOf)));
  return { ...what, firstMs, lastMs, count: sumOf(runs.map(({ samples }) => samples.length)) };
}

/**
 * No two chunks of a generation have one name. A search looks from `firstMs` on, so that an earlier
 * one finds the chunk as well; the names keep their order, for it is the order of receipt.
 */
async function nameApart(
  tx: Transaction,
  series: Series,
  parts: { firstMs: number; generation: number }[],
): Promise<void> {
  for (;;) {
    const wanted = parts.map(({ firstMs: first_ms, generation }) => ({ first_ms, generation }));
    const taken = await store.namesTaken(tx, series, wanted);
    const names = new Set(taken.map(({ first_ms, generation }) => `${generation}/${first_ms}`));
    let isApart = true;
    for (let i = parts.length - 1; i >= 0; i -= 1) {
      const part = parts[i] as { firstMs: number; generation: number };
      while (names.has(`${part.generation}/${part.firstMs}`)) {
        part.firstMs -= 1;
        isApart = false;
      }
      names.add(`${part.generation}/${part.firstMs}`);
    }
    if (isApart) return;
  }
}

/** The next few events behind one of them; undefined when none is left. */
export async function moveEvents(
  ports: MovePorts,
  move: MoveUnderWay,
  { after, onArrival }: { after: string; onArrival: NoteArrival },
): Promise<string | undefined> {
  const { fromSubjectId, toSubjectId } = move;
  const rows = await store.eventsWithin(ports.sql, spanOf(move), { after, limit: ROWS_AT_ONCE });
  const target = ports.sealOf(toSubjectId);
  const leaving = opened(ports, rows);
  const moved = leaving.flatMap(({ row, clear }): EventRow[] => {
    const sealed = target?.seal(clear, eventContext(toSubjectId, row.id));
    return sealed === undefined ? [] : [{ ...row, subject_id: toSubjectId, sealed }];
  });
  if (leaving.length > 0) {
    await ports.sql.begin(async (tx) => {
      await holdLane(tx, ports);
      const ids = leaving.map(({ row }) => row.id);
      await store.replaceEvents(tx, { from: fromSubjectId, ids, rows: moved });
      await onArrival(tx, moved.length);
    });
  }
  return rows.at(-1)?.id;
}

interface OpenedEvent {
  readonly row: EventRow;
  readonly clear: Uint8Array;
}

/** Events of a device in the span of a move, of whoever has them. */
export async function* eachEventOf(
  ports: MovePorts,
  subjectId: SubjectId,
  move: MoveUnderWay,
): AsyncGenerator<OpenedEvent> {
  const span = { ...spanOf(move), subjectId };
  for (let after: string | undefined = ''; after !== undefined; ) {
    const rows = await store.eventsWithin(ports.sql, span, { after, limit: ROWS_AT_ONCE });
    yield* opened(ports, rows);
    after = rows.at(-1)?.id;
  }
}

function opened(ports: MovePorts, rows: readonly EventRow[]): OpenedEvent[] {
  return rows.flatMap((row): OpenedEvent[] => {
    const clear = ports
      .sealOf(row.subject_id)
      ?.open(row.sealed, eventContext(row.subject_id, row.id));
    if (clear?.ok) return [{ row, clear: clear.value }];
    ports.onProblem(`open event ${row.id}`, new Error('it does not open'));
    return [];
  });
}

/** The next few parked messages, which have to open with the key of whose they are. */
export async function moveParked(
  ports: MovePorts,
  move: MoveUnderWay,
  after: string,
): Promise<string | undefined> {
  const rows = await store.parkedWithin(ports.sql, spanOf(move), { after, limit: ROWS_AT_ONCE });
  const source = await keyOf(ports, move.fromSubjectId);
  const target = ports.sealOf(move.toSubjectId);
  const moved = rows.flatMap((row): Pick<store.ParkedSealed, 'id' | 'message_sealed'>[] => {
    const { id, device_id, message_id, message_sealed } = row;
    if (message_sealed === null || target === undefined) return [{ id, message_sealed: null }];
    const place = `parked/${device_id}/${message_id}`;
    const opened = source.open(message_sealed, place);
    return opened.ok ? [{ id, message_sealed: target.seal(opened.value, place) }] : [];
  });
  await ports.sql.begin(async (tx) => {
    await holdLane(tx, ports);
    await store.sealParkedAnew(tx, move.toSubjectId, moved);
  });
  return rows.at(-1)?.id;
}

function spanOf(move: MoveUnderWay): store.MovableSpan {
  const { fromSubjectId: subjectId, deviceId } = move;
  const fromMs = Math.max(ALL_TIME.fromMs, move.fromMs);
  return { subjectId, deviceId, fromMs, untilMs: Math.min(ALL_TIME.toMs, move.untilMs) };
}

/** Whoever's readings move is not erased before, but by a server that has replaced this one. */
async function keyOf({ sql, sealOf, ...owner }: MovePorts, subjectId: string): Promise<Seal> {
  const seal = sealOf(subjectId);
  if (seal === undefined) await sql.begin((tx) => holdLane(tx, owner));
  expect(seal !== undefined, 'a subject whose readings move has a key');
  return seal;
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
