/**
 * The audit as somebody reads it: acts, reads and disclosures as one list, the newest first, a page at a time.
 * Each of the three goes on from where it was, so that nothing is told twice or passed over, however the three
 * lie in time. Reads are in the order of their leaves, which hold about a second each.
 */

import { parseAccountId } from '@ausculta/vitals/identity';
import type { Reader } from '../database/readers.ts';
import type { DisclosureRow } from '../disclosures/store.ts';
import { disclosureDay, disclosureId } from './disclosure-id.ts';
import type { ReadEntry } from './read-entry.ts';
import { entriesOf } from './read-log.ts';
import * as store from './trail-store.ts';

export type TrailEntry = { readonly id: string; readonly atMs: number } & (
  | { readonly kind: 'act'; readonly act: store.ActRow }
  | { readonly kind: 'read'; readonly read: ReadEntry }
  | { readonly kind: 'disclosure'; readonly disclosure: DisclosureRow }
);

/** Undefined where it was nobody's account, or is not told. */
export function whoDid(entry: TrailEntry): string | undefined {
  if (entry.kind === 'act') return entry.act.account_id ?? undefined;
  return entry.kind === 'read' ? entry.read.who : undefined;
}

export interface TrailAsked {
  readonly organisationId: string;
  readonly fromMs: number;
  /** Not included. */
  readonly toMs: number;
  /** Undefined: of whomever, and of nobody. */
  readonly subjectIds: readonly string[] | undefined;
  /** An account, or `token-…` of a program. */
  readonly who: string | undefined;
  /** Names of acts; undefined: all. */
  readonly acts: readonly string[] | undefined;
  readonly withReads: boolean;
  readonly withDisclosures: boolean;
}

const STREAMS = ['acts', 'reads', 'disclosures'] as const;
type StreamName = (typeof STREAMS)[number];

/** Where each of the three goes on. */
export type TrailStart = Readonly<Record<StreamName, Position>>;

/** Undefined: from its beginning; null: it is over. */
type Position = Cursor | undefined | null;

/** The last that was told, or the leaf of which so many were told. */
interface Cursor {
  readonly ms: number;
  readonly id: string;
  readonly told: number;
}

export const BEGINNING: TrailStart = { acts: undefined, reads: undefined, disclosures: undefined };

interface Step {
  /** Undefined: it is not as it was written. */
  readonly entry: TrailEntry | undefined;
  readonly atMs: number;
  readonly after: Cursor;
}

export interface TrailPage<T> {
  readonly found: readonly T[];
  /** Undefined where nothing is left. */
  readonly next: TrailStart | undefined;
  /** Entries were passed over that are not as they were written. */
  readonly isUnreadable: boolean;
  /** Up to when it was looked at; undefined: nothing was. */
  readonly untilMs: number | undefined;
}

/** Entries that one question looks at: some leaves of 500. Whoever looks for something rare asks again. */
const LOOKED_MAX = 10_000;
const ROWS_AT_ONCE = 200;
const LEAVES_AT_ONCE = 10;

export async function trailPage<T>(
  sql: Reader,
  asked: TrailAsked,
  { start, limit, tell }: TrailLook<T>,
): Promise<TrailPage<T>> {
  const streams = await Promise.all(STREAMS.map((name) => begin(sql, asked, name, start[name])));
  const found: T[] = [];
  let isUnreadable = false;
  let untilMs: number | undefined;
  for (let looked = 0; looked < LOOKED_MAX && found.length < limit; looked += 1) {
    const newest = newestOf(streams);
    if (newest?.head === undefined) break;
    const { entry, after, atMs } = newest.head;
    untilMs = atMs;
    isUnreadable ||= entry === undefined;
    const told = entry && isAsked(entry, asked) ? tell(entry) : undefined;
    if (told !== undefined) found.push(told);
    newest.position = after;
    newest.head = await next(newest.steps);
  }
  const isOver = streams.every(({ head }) => head === undefined);
  const [acts, reads, disclosures] = streams.map(({ head, position }) =>
    head === undefined ? null : position,
  );
  const where = { acts, reads, disclosures };
  return { found, next: isOver ? undefined : where, isUnreadable, untilMs };
}

export interface TrailLook<T> {
  readonly start: TrailStart;
  readonly limit: number;
  /** Undefined where it is not looked for. */
  readonly tell: (entry: TrailEntry) => T | undefined;
}

/** What no index says. */
function isAsked(entry: TrailEntry, { fromMs, toMs, who, subjectIds }: TrailAsked): boolean {
  const { atMs } = entry;
  if (atMs < fromMs || atMs >= toMs) return false;
  if (entry.kind === 'disclosure')
    return who === undefined || entry.disclosure.recipient === `account/${who}`;
  if (entry.kind === 'act') return true;
  const { read } = entry;
  const isOfThem = subjectIds === undefined || subjectIds.some((id) => read.subjects.includes(id));
  return isOfThem && (who === undefined || who === read.who);
}

interface Stream {
  readonly name: StreamName;
  /** Undefined where an earlier page has told all of it. */
  readonly steps: AsyncGenerator<Step> | undefined;
  head: Step | undefined;
  position: Position;
}

async function begin(
  sql: Reader,
  asked: TrailAsked,
  name: StreamName,
  position: Position,
): Promise<Stream> {
  const steps = position === null ? undefined : STEPS[name](sql, asked, position);
  return { name, steps, head: await next(steps), position };
}

async function next(steps: AsyncGenerator<Step> | undefined): Promise<Step | undefined> {
  const step = await steps?.next();
  return step?.done === true ? undefined : step?.value;
}

function newestOf(streams: readonly Stream[]): Stream | undefined {
  let newest: Stream | undefined;
  for (const stream of streams)
    if (stream.head !== undefined && (newest?.head?.atMs ?? -Infinity) < stream.head.atMs)
      newest = stream;
  return newest;
}

type Steps = (
  sql: Reader,
  asked: TrailAsked,
  from: Cursor | undefined,
) => AsyncGenerator<Step, undefined>;

const acts: Steps = async function* (sql, asked, from) {
  const { subjectIds, who } = asked;
  const accountId = parseAccountId(who ?? '');
  // What a program does by its token has no account.
  if (who !== undefined && accountId === undefined) return undefined;
  const targets = subjectIds?.map((id) => `subject/${id}`);
  const page = { ...asked, targets, accountId, limit: ROWS_AT_ONCE };
  for (let before = from; ; ) {
    const rows = await store.actsBefore(sql, { ...page, before });
    for (const act of rows) {
      const { id, at_ms: atMs } = act;
      before = { ms: atMs, id, told: 0 };
      yield { entry: { kind: 'act', id, atMs, act }, atMs, after: before };
    }
    if (rows.length < ROWS_AT_ONCE) return undefined;
  }
};

const reads: Steps = async function* (sql, asked, from) {
  if (!asked.withReads) return undefined;
  for await (const { leaf, told, at } of leavesOf(sql, asked, from)) {
    const { id } = leaf;
    const entries = await entriesOf(leaf.entries);
    if (entries === undefined)
      yield { entry: undefined, atMs: leaf.at_ms, after: { ms: at, id, told: 1 } };
    const newestFirst = (entries ?? [])
      .map(
        (read, place) => ({ kind: 'read', id: `${id}.${place}`, atMs: read.atMs, read }) as const,
      )
      .sort((a, b) => b.atMs - a.atMs);
    for (const [place, entry] of newestFirst.entries())
      if (place >= told) yield { entry, atMs: entry.atMs, after: { ms: at, id, told: place + 1 } };
  }
  return undefined;
};

interface Leaf {
  readonly leaf: store.LeafRow;
  /** So many of its entries were told. */
  readonly told: number;
  /** Its time; of leaves that name somebody, its place. */
  readonly at: number;
}

async function* leavesOf(
  sql: Reader,
  asked: TrailAsked,
  from: Cursor | undefined,
): AsyncGenerator<Leaf> {
  const { organisationId } = asked;
  const begun = from && (await store.leafById(sql, organisationId, from.id));
  if (from !== undefined && begun !== undefined)
    yield { leaf: begun, told: from.told, at: from.ms };
  const rest = asked.subjectIds === undefined ? byTime : byPlace;
  yield* rest(sql, asked, from);
}

async function* byTime(
  sql: Reader,
  asked: TrailAsked,
  from: Cursor | undefined,
): AsyncGenerator<Leaf> {
  for (let before: Pick<Cursor, 'ms' | 'id'> | undefined = from; ; ) {
    const rows = await store.leavesBefore(sql, { ...asked, before, limit: LEAVES_AT_ONCE });
    for (const leaf of rows) {
      before = { ms: leaf.at_ms, id: leaf.id };
      yield { leaf, told: 0, at: leaf.at_ms };
    }
    if (rows.length < LEAVES_AT_ONCE) return;
  }
}

async function* byPlace(
  sql: Reader,
  asked: TrailAsked,
  from: Cursor | undefined,
): AsyncGenerator<Leaf> {
  const { organisationId, toMs, subjectIds = [] } = asked;
  let beforePlace = from?.ms ?? (await store.placeAfter(sql, organisationId, toMs));
  for (;;) {
    const page = { ...asked, subjectIds, beforePlace, limit: LEAVES_AT_ONCE };
    const rows = await store.leavesOfSubjects(sql, page);
    if (rows.length === 0) return;
    for (const leaf of rows) {
      beforePlace = leaf.place;
      yield { leaf, told: 0, at: leaf.place };
    }
  }
}

const disclosures: Steps = async function* (sql, asked, from) {
  if (!asked.withDisclosures) return undefined;
  let [ms, told] = [from?.ms ?? Number.MAX_SAFE_INTEGER, from?.told ?? 0];
  for (;;) {
    const toMs = Math.min(asked.toMs, ms + 1);
    const page = { ...asked, toMs, skip: told, limit: ROWS_AT_ONCE };
    const rows = await store.disclosuresUpTo(sql, page);
    for (const disclosure of rows) {
      const { first_ms: atMs } = disclosure;
      told = atMs === ms ? told + 1 : 1;
      ms = atMs;
      const id = disclosureId(disclosure);
      yield { entry: { kind: 'disclosure', id, atMs, disclosure }, atMs, after: { ms, id, told } };
    }
    if (rows.length < ROWS_AT_ONCE) return undefined;
  }
};

const STEPS: Readonly<Record<StreamName, Steps>> = { acts, reads, disclosures };

/** One entry by its id; undefined where there is none. */
export async function trailEntry(
  sql: Reader,
  organisationId: string,
  id: string,
): Promise<TrailEntry | undefined> {
  const [, leafId = '', place] = ENTRY_ID.exec(id) ?? [];
  if (leafId !== '' && place === undefined) {
    const act = await store.actById(sql, organisationId, leafId);
    return act && { kind: 'act', id, atMs: act.at_ms, act };
  }
  if (leafId !== '') {
    const leaf = await store.leafById(sql, organisationId, leafId);
    const read = leaf && (await entriesOf(leaf.entries))?.[Number(place)];
    return read && { kind: 'read', id, atMs: read.atMs, read };
  }
  const of = disclosureDay(id);
  if (of === undefined) return undefined;
  const rows = await store.disclosuresOfDay(sql, { organisationId, ...of });
  const disclosure = rows.find((row) => disclosureId(row) === id);
  return disclosure && { kind: 'disclosure', id, atMs: disclosure.first_ms, disclosure };
}

const ENTRY_ID =
  /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:\.(0|[1-9]\d{0,3}))?$/;
