/**
 * Follows the audit of reads, some seconds behind it, and keeps what somebody should look at. No answer waits
 * for it, and what it finds refuses nothing. One house's damage keeps it from no other house.
 */
import type { OrganisationId } from '@ausculta/vitals/identity';
import { entriesOf } from '../audit/read-log.ts';
import { namesOfReaders } from '../audit/read-store.ts';
import type { Sql } from '../database/pool.ts';
import type { GuardedRecords } from './guarded.ts';
import { looksOf } from './looks.ts';
import { hourOf, Opened } from './opened.ts';
import * as store from './store.ts';
import { TwoNetworks } from './two-networks.ts';
import { type Facts, isMany, type Look, RECORDS_MANY, unusualOf } from './unusual.ts';

export interface OversightPorts extends Omit<Facts, 'displayNameOf' | 'isGuarded'> {
  readonly sql: Sql;
  readonly guarded: Pick<GuardedRecords, 'wasAt'>;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly onProblem: (what: string, error: unknown) => void;
}

const LEAVES_AT_ONCE = 200;
/** An hour is over when what was read in it is in the database. */
const LATE_MS = 60_000;

interface Followed {
  place: number;
  readonly opened: Opened;
  /** Up to when everything was looked at; undefined: not since the server began. */
  lookedMs: number | undefined;
  /** Pieces of the audit that are not what was written: nothing can be looked for in them. */
  unreadable: number;
}

export type LookedAt = Pick<Followed, 'lookedMs' | 'unreadable'>;

export class Oversight {
  readonly #ports: OversightPorts;
  readonly #followed = new Map<string, Followed>();
  readonly #networks = new TwoNetworks();
  readonly #elsewhere: { organisationId: OrganisationId; hint: store.Hint }[] = [];
  #keptHourMs = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(ports: OversightPorts) {
    this.#ports = ports;
  }

  /** Where an account is at work. */
  noteAddress(organisationId: OrganisationId, accountId: string, address: string): void {
    const atMs = this.#ports.nowMs();
    if (!this.#networks.note(accountId, address, atMs)) return;
    const hint = { kind: 'two-networks', accountId, subjectId: null, atMs } as const;
    this.#elsewhere.push({ organisationId, hint });
  }

  lookedAt(organisationId: OrganisationId): LookedAt {
    return this.#followed.get(organisationId) ?? { lookedMs: undefined, unreadable: 0 };
  }

  /** Resolves when all that was placed before has been looked at, or could not be. */
  settle(): Promise<void> {
    this.#running = this.#running.then(() => this.#round());
    return this.#running;
  }

  async #round(): Promise<void> {
    const { sql } = this.#ports;
    await this.#attempt(() => this.#tellElsewhere());
    await this.#attempt(async () => {
      for (const { organisation_id, place } of await store.followedPlaces(sql))
        await this.#attempt(() => this.#follow(organisation_id, place));
    });
    await this.#attempt(() => this.#keepHours());
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#ports.onProblem('look for unusual access', error);
    }
  }

  async #tellElsewhere(): Promise<void> {
    const { sql, newId } = this.#ports;
    for (let [one] = this.#elsewhere; one !== undefined; [one] = this.#elsewhere) {
      await store.writeHint(sql, { ...one, id: newId() });
      this.#elsewhere.shift();
    }
  }

  async #follow(organisationId: string, place: number): Promise<void> {
    const begun = { place, opened: new Opened(), lookedMs: undefined, unreadable: 0 };
    const followed = this.#followed.get(organisationId) ?? begun;
    this.#followed.set(organisationId, followed);
    const startMs = this.#ports.nowMs();
    while (await this.#followSome(organisationId, followed));
    followed.lookedMs = startMs;
  }

  /** False when nothing is left. */
  async #followSome(organisationId: string, followed: Followed): Promise<boolean> {
    const { sql, newId, onProblem } = this.#ports;
    const page = { organisationId, from: followed.place, limit: LEAVES_AT_ONCE };
    const leaves = await store.readsToFollow(sql, page);
    const last = leaves.at(-1);
    if (last === undefined) return false;
    const read = await Promise.all(leaves.map(({ entries }) => entriesOf(entries)));
    const looks = read.flatMap((entries) => entries?.flatMap(looksOf) ?? []);
    const accounts = [...new Set(looks.map(({ accountId }) => accountId))];
    const names = await namesOfReaders(sql, organisationId, accounts);
    const facts = this.#facts(names);
    for (const hint of await this.#hintsOf(organisationId, looks, followed.opened, facts))
      await store.writeHint(sql, { organisationId, id: newId(), hint });
    followed.place = last.place + 1;
    const unreadable = read.filter((entries) => entries === undefined).length;
    followed.unreadable += unreadable;
    if (unreadable > 0) onProblem('read entries of the audit to look through', new Unreadable());
    return leaves.length === LEAVES_AT_ONCE;
  }

  #facts(names: ReadonlyMap<string, string>): Facts {
    const { guarded } = this.#ports;
    return {
      ...this.#ports,
      displayNameOf: (accountId) => names.get(accountId),
      isGuarded: (subjectId, atMs) => guarded.wasAt(subjectId, atMs),
    };
  }

  async #hintsOf(
    organisationId: string,
    looks: readonly Look[],
    opened: Opened,
    facts: Facts,
  ): Promise<Iterable<store.Hint>> {
    const hints = new Map<string, store.Hint>();
    const many = new Map<string, Look & { records: number }>();
    for (const look of looks) {
      const { accountId, subjectId, atMs } = look;
      for (const kind of unusualOf(look, facts)) {
        // Whoever is off shift is one hint, however much they look at.
        const about = kind === 'off-shift' ? null : subjectId;
        hints.set(`${kind} ${accountId} ${about}`, { kind, accountId, subjectId: about, atMs });
      }
      const records = opened.add(look);
      if (records >= RECORDS_MANY) many.set(accountId, { ...look, records });
    }
    for (const { accountId, atMs, records } of many.values()) {
      const usual = await store.usualOf(this.#ports.sql, { organisationId, accountId });
      if (!isMany(records, usual)) continue;
      const hint = { kind: 'many-records', accountId, subjectId: null, atMs, records } as const;
      const known = usual.hours === 0 ? undefined : usual.records;
      hints.set(`many ${accountId}`, { ...hint, usual: known });
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

/** Which they are, the verification of the audit says. */
class Unreadable extends Error {
  constructor() {
    super('entries of the audit are not as they were written');
  }
}
