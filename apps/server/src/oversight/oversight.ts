/**
 * Follows the audit of reads, some seconds behind it, and keeps what somebody should look at. No answer waits
 * for it, and what it finds refuses nothing.
 */
import { expect } from '@ausculta/vitals/expect';
import { type OrganisationId, parseAccountId, parseSubjectId } from '@ausculta/vitals/identity';
import { holdsAt } from '../access/standing.ts';
import type { ReadEntry } from '../audit/read-entry.ts';
import { entriesOf } from '../audit/read-log.ts';
import { namesOfReaders } from '../audit/read-store.ts';
import type { Sql } from '../database/pool.ts';
import * as store from './store.ts';
import { TwoNetworks } from './two-networks.ts';
import {
  type Facts,
  HOUR_MS,
  hourOf,
  isMany,
  type Look,
  OpenedByHour,
  RECORDS_MANY,
  unusualOf,
} from './unusual.ts';

export interface OversightPorts extends Omit<Facts, 'displayNameOf' | 'isGuarded'> {
  readonly sql: Sql;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly onProblem: (what: string, error: unknown) => void;
}

const LEAVES_AT_ONCE = 200;
/** What was read is looked at within seconds; or after a night in which the database was away. */
const GUARD_KEPT_MS = 7 * 24 * HOUR_MS;
/** An hour is over when what was read in it is in the database. */
const LATE_MS = 60_000;

interface Followed {
  place: number;
  readonly opened: OpenedByHour;
}

export class Oversight {
  readonly #ports: OversightPorts;
  readonly #followed = new Map<string, Followed>();
  #guarded: readonly store.GuardedRow[];
  readonly #networks = new TwoNetworks();
  readonly #elsewhere: { organisationId: OrganisationId; hint: store.Hint }[] = [];
  #keptHourMs = 0;
  #running: Promise<void> = Promise.resolve();

  static async open(ports: OversightPorts): Promise<Oversight> {
    return new Oversight(ports, await store.readGuarded(ports.sql, ports.nowMs() - GUARD_KEPT_MS));
  }

  private constructor(ports: OversightPorts, guarded: readonly store.GuardedRow[]) {
    this.#ports = ports;
    this.#guarded = guarded;
  }

  /** Where an account is at work. */
  noteAddress(organisationId: OrganisationId, accountId: string, address: string): void {
    const atMs = this.#ports.nowMs();
    if (!this.#networks.note(accountId, address, atMs)) return;
    const hint = { kind: 'two-networks', accountId, subjectId: null, atMs } as const;
    this.#elsewhere.push({ organisationId, hint });
  }

  /** Those that are guarded now. */
  guardedOf(organisationId: OrganisationId): store.GuardedRow[] {
    return this.#guarded.filter(
      (row) => row.organisation_id === organisationId && row.until_ms === null,
    );
  }

  noteGuarded(row: store.GuardedRow): void {
    this.#guarded = [...this.#guarded, row];
  }

  noteUnguarded(subjectId: string, atMs: number): void {
    this.#guarded = this.#guarded.map((row) =>
      row.subject_id === subjectId && row.until_ms === null ? { ...row, until_ms: atMs } : row,
    );
  }

  /** Resolves when all that was placed before has been looked at, or could not be. */
  settle(): Promise<void> {
    this.#running = this.#running.then(() => this.#round());
    return this.#running;
  }

  async #round(): Promise<void> {
    const { sql, onProblem } = this.#ports;
    try {
      await this.#tellElsewhere();
      for (const { organisation_id, place } of await store.followedPlaces(sql)) {
        const followed = this.#followed.get(organisation_id) ?? {
          place,
          opened: new OpenedByHour(),
        };
        this.#followed.set(organisation_id, followed);
        while (await this.#followSome(organisation_id, followed));
      }
      await this.#keepHours();
    } catch (error) {
      onProblem('look for unusual access', error);
    }
  }

  async #tellElsewhere(): Promise<void> {
    const { sql, newId } = this.#ports;
    for (let [one] = this.#elsewhere; one !== undefined; [one] = this.#elsewhere) {
      await store.writeHint(sql, { ...one, id: newId() });
      this.#elsewhere.shift();
    }
  }

  /** False when nothing is left. */
  async #followSome(organisationId: string, followed: Followed): Promise<boolean> {
    const { sql, newId } = this.#ports;
    const page = { organisationId, from: followed.place, limit: LEAVES_AT_ONCE };
    const leaves = await store.readsToFollow(sql, page);
    const last = leaves.at(-1);
    if (last === undefined) return false;
    const looks: Look[] = [];
    for (const { entries } of leaves) {
      const found = await entriesOf(entries);
      expect(found !== undefined, 'entries of the audit are as they were written');
      looks.push(...found.flatMap(looksOf));
    }
    const accounts = [...new Set(looks.map(({ accountId }) => accountId))];
    const names = await namesOfReaders(sql, organisationId, accounts);
    const facts = { ...this.#ports, ...this.#facts(names) };
    for (const hint of await this.#hintsOf(
      { organisationId, looks, opened: followed.opened },
      facts,
    ))
      await store.writeHint(sql, { organisationId, id: newId(), hint });
    followed.place = last.place + 1;
    return leaves.length === LEAVES_AT_ONCE;
  }

  #facts(names: ReadonlyMap<string, string>): Pick<Facts, 'displayNameOf' | 'isGuarded'> {
    return {
      displayNameOf: (accountId) => names.get(accountId),
      isGuarded: (subjectId, atMs) =>
        this.#guarded.some((row) => row.subject_id === subjectId && holdsAt(row, atMs)),
    };
  }

  async #hintsOf(
    { organisationId, looks, opened }: LooksHere,
    facts: Facts,
  ): Promise<Iterable<store.Hint>> {
    const hints = new Map<string, store.Hint>();
    const many = new Map<string, Look & { records: number }>();
    for (const look of looks) {
      const { accountId, subjectId, atMs } = look;
      for (const kind of unusualOf(look, facts))
        hints.set(`${kind} ${accountId} ${subjectId}`, { kind, accountId, subjectId, atMs });
      const records = opened.add(look);
      if (records >= RECORDS_MANY) many.set(`${accountId} ${hourOf(atMs)}`, { ...look, records });
    }
    for (const [key, { accountId, atMs, records }] of many) {
      const usual = await store.usualOf(this.#ports.sql, { organisationId, accountId });
      if (!isMany(records, usual)) continue;
      const hint = { kind: 'many-records', accountId, subjectId: null, atMs, records } as const;
      hints.set(key, { ...hint, usual: usual.hours === 0 ? undefined : usual.records });
    }
    return hints.values();
  }

  /** What was opened in an hour is usual from its end on; a start looks again at what came after that. */
  async #keepHours(): Promise<void> {
    const { sql, nowMs } = this.#ports;
    const endedMs = hourOf(nowMs() - LATE_MS);
    if (endedMs <= this.#keptHourMs) return;
    for (const [organisationId, { place, opened }] of this.#followed) {
      const hours = opened.endedBy(endedMs);
      if (hours.length > 0) await store.writeHours(sql, organisationId, hours);
      await store.writePlace(sql, organisationId, place);
      opened.forget(endedMs);
    }
    await store.forgetHours(sql, nowMs());
    this.#keptHourMs = endedMs;
  }
}

interface LooksHere {
  readonly organisationId: string;
  readonly looks: readonly Look[];
  readonly opened: OpenedByHour;
}

/** What is read of the audit itself tells nothing of anybody's health. */
const OF_AUDIT =
  /^\/api\/(audit|oversight|broken-glass|breach-scope)\b|\/(accesses|disclosures|guard|review)$/;

/** An entry about many is a list, which opens none of them; programs are held to their grants. */
function looksOf({ who, subjects, route, type, status, atMs, purpose }: ReadEntry): Look[] {
  const subjectId = parseSubjectId(subjects[0] ?? '');
  const accountId = parseAccountId(who);
  if (accountId === undefined || subjectId === undefined || subjects.length > 1) return [];
  if (status >= 400 || type === 'AuditEvent' || OF_AUDIT.test(route)) return [];
  return [{ accountId, subjectId, atMs, isEmergency: purpose === 'ETREAT' }];
}
