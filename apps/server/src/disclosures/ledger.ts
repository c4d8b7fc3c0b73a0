/**
 * The ledger of disclosures: whatever of a person leaves the house is entered before whoever got it is told that
 * it is over. The first of a day, recipient and class is durable at once; what follows is counted, and written
 * now and then: a subscription that tells a thousand times a day is one line that a person can read.
 */
import type { DataClass, Purpose } from '@ausculta/policy/vocabulary';
import type { Sql } from '../database/pool.ts';
import * as store from './store.ts';

export interface Disclosure {
  readonly organisationId: string;
  readonly subjectId: string;
  readonly way: store.Way;
  readonly recipient: string;
  /** Of an endpoint its host, of a mail its domain. */
  readonly place?: string;
  readonly purpose: Purpose;
  readonly basis: store.Basis;
  /** The consent or grant that it rests on. */
  readonly paper?: string;
  readonly classes: readonly DataClass[];
  /** When it was measured; absent: of any time. */
  readonly span?: { readonly fromMs: number; readonly untilMs: number };
  readonly onward?: 'none' | 'same-purpose';
}

export interface LedgerPorts {
  readonly sql: Sql;
  readonly nowMs: () => number;
  readonly onProblem: (what: string, error: unknown) => void;
}

interface Entered {
  readonly row: store.DisclosureRow;
  /** Since it was last written. */
  times: number;
  lastMs: number;
}

const DAY_MS = 24 * 3_600_000;
/** A ward's patients, to some recipients each, for some days. */
const REMEMBERED_MAX = 50_000;

export class Ledger {
  readonly #ports: LedgerPorts;
  #entered = new Map<string, Entered>();

  constructor(ports: LedgerPorts) {
    this.#ports = ports;
  }

  /** Durable on return, but for how often. */
  async enter(disclosures: readonly Disclosure[]): Promise<void> {
    if (disclosures.length === 0) return;
    const atMs = this.#ports.nowMs();
    const news = new Map<string, store.DisclosureRow>();
    for (const disclosure of disclosures) {
      const row = rowOf(disclosure, atMs);
      const key = keyOf(row);
      const known = this.#entered.get(key);
      if (known !== undefined && isWithin(row, known.row)) {
        known.times += 1;
        known.lastMs = atMs;
        continue;
      }
      const before = news.get(key);
      news.set(key, before === undefined ? row : joined(before, row));
    }
    if (news.size === 0) return;
    await store.writeDisclosures(this.#ports.sql, [...news.values()]);
    if (this.#entered.size > REMEMBERED_MAX) await this.flush();
    for (const [key, row] of news) {
      const known = this.#entered.get(key);
      const whole = known === undefined ? row : joined(known.row, row);
      this.#entered.set(key, { row: whole, times: known?.times ?? 0, lastMs: atMs });
    }
  }

  /** Writes how often; what is of another day is let go. */
  async flush(): Promise<void> {
    const today = dayOf(this.#ports.nowMs());
    const all = this.#entered;
    this.#entered = new Map();
    const rows = [...all.values()].flatMap(({ row, times, lastMs }) =>
      times === 0 ? [] : { ...row, times, last_ms: lastMs },
    );
    try {
      if (rows.length > 0) await store.writeDisclosures(this.#ports.sql, rows);
    } catch (error) {
      for (const [key, { row, times, lastMs }] of all) {
        const since = this.#entered.get(key)?.times ?? 0;
        this.#entered.set(key, { row, times: times + since, lastMs });
      }
      throw error;
    }
    if (all.size > REMEMBERED_MAX) return;
    for (const [key, { row, lastMs }] of all)
      if (row.day_ms === today && !this.#entered.has(key))
        this.#entered.set(key, { row, times: 0, lastMs });
  }

  /** Now and then. */
  async tick(): Promise<void> {
    await this.flush().catch((error: unknown) =>
      this.#ports.onProblem('write down how often something was disclosed', error),
    );
  }
}

const dayOf = (atMs: number): number => Math.floor(atMs / DAY_MS) * DAY_MS;

function rowOf(disclosure: Disclosure, atMs: number): store.DisclosureRow {
  const { organisationId, subjectId, way, recipient, purpose, basis, classes, span } = disclosure;
  const { paper = '', place, onward } = disclosure;
  return {
    ...{ organisation_id: organisationId, subject_id: subjectId, day_ms: dayOf(atMs) },
    ...{ way, recipient, purpose, basis, paper, place: place ?? null },
    classes: [...new Set(classes)].sort(),
    ...{ first_ms: atMs, last_ms: atMs, times: 1, onward: onward ?? null },
    data_from_ms: finite(span?.fromMs),
    data_until_ms: finite(span?.untilMs),
  };
}

const finite = (ms: number | undefined): number | null =>
  ms !== undefined && Number.isFinite(ms) ? Math.floor(ms) : null;

function keyOf(row: store.DisclosureRow): string {
  const { organisation_id, subject_id, day_ms, way, recipient, purpose, basis, paper } = row;
  return [organisation_id, subject_id, day_ms, way, recipient, purpose, basis, paper].join(' ');
}

/** Whether the entry says all of it already. */
function isWithin(row: store.DisclosureRow, known: store.DisclosureRow): boolean {
  return (
    row.classes.every((one) => known.classes.includes(one)) &&
    (known.data_from_ms === null ||
      (row.data_from_ms !== null && row.data_from_ms >= known.data_from_ms)) &&
    (known.data_until_ms === null ||
      (row.data_until_ms !== null && row.data_until_ms <= known.data_until_ms))
  );
}

function joined(a: store.DisclosureRow, b: store.DisclosureRow): store.DisclosureRow {
  const both = (one: number | null, other: number | null, choose: typeof Math.min) =>
    one === null || other === null ? null : choose(one, other);
  return {
    ...a,
    classes: [...new Set([...a.classes, ...b.classes])].sort(),
    last_ms: b.last_ms,
    times: a.times + b.times,
    data_from_ms: both(a.data_from_ms, b.data_from_ms, Math.min),
    data_until_ms: both(a.data_until_ms, b.data_until_ms, Math.max),
  };
}
