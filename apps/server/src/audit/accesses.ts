/** Who has looked at a record: the report that a patient may ask for. */
import type { Access, AccessReport } from '@ausculta/contract/accesses';
import { expect } from '@ausculta/vitals/expect';
import type { Sql } from '../database/pool.ts';
import type { Reader } from '../database/readers.ts';
import type { ReadEntry } from './read-entry.ts';
import { entriesOf } from './read-log.ts';
import { namesOfReaders, readsOfSubject } from './read-store.ts';

/** Heads of a page: of a patient on a ward, some minutes. */
const HEADS_AT_ONCE = 200;

export interface ReportAsked {
  readonly organisationId: string;
  readonly subjectId: string;
  /** Under heads of fewer entries. */
  readonly before: number;
}

export async function accessReport(
  sql: Sql | Reader,
  { organisationId, subjectId, before }: ReportAsked,
): Promise<AccessReport> {
  const page = { organisationId, subjectId, before, limit: HEADS_AT_ONCE };
  const { leaves, heads, last } = await readsOfSubject(sql, page);
  const found: ReadEntry[] = [];
  for (const { entries } of leaves) {
    const own = await entriesOf(entries);
    expect(own !== undefined, 'entries of the audit are as they were written');
    found.push(...own.filter(({ subjects }) => subjects.includes(subjectId)));
  }
  const named = new Set(found.flatMap(({ who, app = who }) => [who, app]));
  const names = await namesOfReaders(sql, organisationId, [...named]);
  const accesses = found
    .sort((a, b) => b.atMs - a.atMs)
    .map((entry) => accessOf(entry, (id) => names.get(id) ?? null));
  return { accesses, next: heads < HEADS_AT_ONCE ? null : last };
}

function accessOf(entry: ReadEntry, nameOf: (id: string) => string | null): Access {
  const { atMs, who, app = null, act, subjects, route, type, purpose, status, requestId } = entry;
  const appName = app === null ? null : nameOf(app);
  // The token of a program lasts an hour; its client is what has a name.
  const name = nameOf(who) ?? (who.startsWith('token-') ? appName : null);
  return {
    ...{ at: new Date(atMs).toISOString(), who, name, app, appName, act, people: subjects.length },
    ...{ route, type: type ?? null, purpose: purpose ?? null, status, requestId },
  };
}
