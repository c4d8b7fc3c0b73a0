/** Events of a subject, from the database and from what no flush has stored yet, as one list. */
import type { EventList, EventView } from '@ausculta/contract/readings';
import type { ReportedEvent } from '@ausculta/vitals/event';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { flagNames } from '@ausculta/vitals/reading';
import { type MovesUnderWay, unmoved } from '../devices/moves-under-way.ts';
import type { Registry } from '../devices/registry.ts';
import type { Seal } from '../vault/seal.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import { ALL_TIME, type Span } from './merge.ts';
import type { QueryPorts } from './query-ports.ts';
import * as store from './store.ts';

export interface EventPorts {
  readonly read: QueryPorts['read'];
  readonly sealOf: SubjectKeys['sealOf'];
  readonly registry: Pick<Registry, 'moves'>;
  /** Consumed, and in no table yet. */
  readonly unflushed: readonly store.EventRow[];
}

export const eventContext = (subjectId: string, id: string): string => `event/${subjectId}/${id}`;

/** Where a page begins: after this event, in the order of the list. */
export interface EventCursor {
  readonly placedMs: number;
  readonly id: string;
}

/** Before the first of all. */
export const FIRST_EVENTS: EventCursor = { placedMs: ALL_TIME.toMs, id: '\u{10ffff}' };

export function parseCursor(text: string): EventCursor | undefined {
  const [, placed, id] = /^(-?\d{1,16})~(.{1,200})$/.exec(text) ?? [];
  return placed === undefined || id === undefined ? undefined : { placedMs: Number(placed), id };
}

export async function listEvents(
  ports: EventPorts,
  question: Span & {
    readonly organisationId: OrganisationId;
    readonly subjectId: SubjectId;
    readonly after: EventCursor;
    readonly limit: number;
  },
): Promise<EventList> {
  const { organisationId, limit } = question;
  // Taken before the database is asked: what is flushed meanwhile is seen twice, never not.
  const fresh = ports.unflushed.filter((row) => isAsked(row, question));
  const { moves } = ports.registry;
  const stored = await unmoved(moves, () =>
    ports.read(organisationId, (tx) => store.eventsBefore(tx, { ...question, limit: limit + 1 })),
  );
  const known = new Set(stored.map(({ id }) => id));
  const rows = [...stored, ...firstOfEach(fresh).filter(({ id }) => !known.has(id))].sort(
    (a, b) => b.placed_ms - a.placed_ms || (a.id < b.id ? 1 : -1),
  );
  const page = rows.slice(0, limit);
  const seal = ports.sealOf(question.subjectId);
  if (seal === undefined) return { events: [], next: null };
  const last = page.at(-1);
  return {
    events: page.filter((row) => !isLeaving(moves, row)).map((row) => viewOf(row, seal)),
    next: last !== undefined && rows.length > limit ? `${last.placed_ms}~${last.id}` : null,
  };
}

/** Another subject's, and on its way there. */
function isLeaving(moves: MovesUnderWay, row: store.EventRow): boolean {
  return moves
    .leaving(row.subject_id, row.device_id)
    .some(({ fromMs, untilMs }) => fromMs <= row.placed_ms && row.placed_ms < untilMs);
}

function isAsked(
  row: store.EventRow,
  question: Span & { readonly subjectId: SubjectId; readonly after: EventCursor },
): boolean {
  const { fromMs, toMs, subjectId, after } = question;
  const { placed_ms: placedMs, id } = row;
  if (row.subject_id !== subjectId || placedMs < fromMs || placedMs >= toMs) return false;
  return placedMs < after.placedMs || (placedMs === after.placedMs && id < after.id);
}

/** An event that was sent twice is the same event. */
function firstOfEach(rows: readonly store.EventRow[]): store.EventRow[] {
  const byId = new Map<string, store.EventRow>();
  for (const row of rows) if (!byId.has(row.id)) byId.set(row.id, row);
  return [...byId.values()];
}

function viewOf(row: store.EventRow, seal: Seal): EventView {
  const opened = seal.open(row.sealed, eventContext(row.subject_id, row.id));
  // What lies in clear is true whether the rest opens or not: a fall is told in either case.
  const flags = opened.ok
    ? (JSON.parse(new TextDecoder().decode(opened.value)) as ReportedEvent).flags
    : 0;
  return {
    id: row.id,
    kind: row.kind,
    stamp: row.stamp_ms === null ? null : new Date(row.stamp_ms).toISOString(),
    time: new Date(row.placed_ms).toISOString(),
    receivedAt: new Date(row.received_ms).toISOString(),
    flags: flagNames(flags),
    device: row.device_id,
    ...(opened.ok ? {} : { unreadable: true as const }),
  };
}
