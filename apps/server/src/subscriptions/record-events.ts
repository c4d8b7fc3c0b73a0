/** Writes events, in the transaction of what caused them: numbered for each subscription, without a gap. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Transaction } from '../database/pool.ts';
import type { DocumentKeys } from '../fhir/document.ts';
import { type EventContent, eventContext } from './event-content.ts';
import * as store from './store.ts';

export interface WantedEvent {
  readonly subscriptionId: string;
  readonly subjectId: SubjectId | undefined;
  /** Undefined for what cannot happen twice. */
  readonly cause: string | undefined;
  readonly atMs: number;
  readonly content: EventContent;
}

/** A statement holds 65,535 parameters. */
const ROWS_AT_ONCE = 5_000;

/** The newest number of each subscription that has a new event. */
export type Numbers = ReadonlyMap<string, number>;

export async function recordEvents(
  tx: Transaction,
  organisationId: OrganisationId,
  wanted: readonly WantedEvent[],
  keys: DocumentKeys,
): Promise<Numbers> {
  const numbers = new Map<string, number>();
  if (wanted.length === 0) return numbers;
  const ids = [...new Set(wanted.map(({ subscriptionId }) => subscriptionId))];
  const counters = await store.lockCounters(tx, organisationId, ids);
  const last = new Map(
    counters.filter((row) => row.is_begun).map((row) => [row.id, row.last_event]),
  );
  const told = await causesTold(tx, organisationId, wanted);
  const rows: (store.EventRow & { subscription_id: string })[] = [];
  for (const { subscriptionId, subjectId, cause, atMs, content } of wanted) {
    const before = last.get(subscriptionId);
    const name = `${subscriptionId} ${cause}`;
    if (before === undefined || (cause !== undefined && told.has(name))) continue;
    const seal =
      subjectId === undefined ? keys.organisationSeal(organisationId) : keys.sealOf(subjectId);
    // Erased meanwhile: nothing of it is told.
    if (seal === undefined) continue;
    const number = before + 1;
    const context = eventContext(organisationId, subscriptionId, number);
    rows.push({
      ...{ subscription_id: subscriptionId, number, at_ms: atMs },
      ...{ subject_id: subjectId ?? null, cause: cause ?? null },
      sealed: seal.seal(Buffer.from(JSON.stringify(content)), context),
    });
    told.add(name);
    last.set(subscriptionId, number);
    numbers.set(subscriptionId, number);
  }
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE)
    await store.insertEvents(tx, organisationId, rows.slice(at, at + ROWS_AT_ONCE));
  return numbers;
}

async function causesTold(
  tx: Transaction,
  organisationId: OrganisationId,
  wanted: readonly WantedEvent[],
): Promise<Set<string>> {
  const causes = [...new Set(wanted.flatMap(({ cause }) => cause ?? []))];
  if (causes.length === 0) return new Set();
  const rows = await store.readCauses(tx, organisationId, causes);
  return new Set(rows.map(({ subscription_id, cause }) => `${subscription_id} ${cause}`));
}

export function contentOf(
  organisationId: OrganisationId,
  subscriptionId: string,
  row: store.EventRow,
  keys: DocumentKeys,
): EventContent | undefined {
  if (row.sealed === null) return undefined;
  const seal =
    row.subject_id === null ? keys.organisationSeal(organisationId) : keys.sealOf(row.subject_id);
  const opened = seal?.open(row.sealed, eventContext(organisationId, subscriptionId, row.number));
  if (opened === undefined || !opened.ok) return undefined;
  return JSON.parse(Buffer.from(opened.value).toString()) as EventContent;
}
