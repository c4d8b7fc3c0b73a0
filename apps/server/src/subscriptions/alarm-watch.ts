/**
 * Alarms that subscribers want to hear of. Each transition of an alarm's life lies in the database, marked
 * until it has been told: whatever happens between, at a restart it is found. The book of alarms says when
 * to look; a look now and then is there for what it could not say.
 */
import type { OrganisationId } from '@ausculta/vitals/identity';
import { databaseFault } from '../database/fault.ts';
import type { InLane, Sql } from '../database/pool.ts';
import type { DocumentKeys } from '../fhir/document.ts';
import { TakenOver } from '../telemetry/postgres-log.ts';
import { wantsAlarm } from './alarm-filter.ts';
import type { Followed, SubscriptionBook } from './book.ts';
import { flagOf } from './event-content.ts';
import { recordEvents, type WantedEvent } from './record-events.ts';
import type { Records } from './records.ts';
import * as store from './store.ts';

export interface AlarmWatchPorts {
  readonly records: Records;
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly book: SubscriptionBook;
  readonly keys: DocumentKeys;
  readonly nowMs: () => number;
  readonly onNews: (followed: readonly Followed[]) => void;
  readonly onProblem: (what: string, error: unknown) => void;
}

const AT_ONCE = 500;

export class AlarmWatch {
  readonly #ports: AlarmWatchPorts;
  #looking: Promise<void> | undefined;
  #isMore = false;

  constructor(ports: AlarmWatchPorts) {
    this.#ports = ports;
  }

  /** Of what is durable by now. */
  look(): void {
    this.#isMore = true;
    this.#looking ??= this.#lookOn();
  }

  async settle(): Promise<void> {
    await this.#looking;
  }

  async #lookOn(): Promise<void> {
    try {
      while (this.#isMore) {
        this.#isMore = false;
        const rows = await store.readUntold(this.#ports.sql, AT_ONCE);
        if (rows.length === 0) continue;
        await this.#tellAll(rows);
        this.#isMore ||= rows.length === AT_ONCE;
      }
    } catch (error) {
      this.#ports.onProblem('tell of alarms', error);
    } finally {
      // At once: whoever looks from here on begins anew.
      this.#looking = undefined;
    }
  }

  /** One that the database refuses by itself is our own fault, and keeps no other from being told. */
  async #tellAll(rows: readonly store.UntoldRow[]): Promise<void> {
    try {
      await this.#tell(rows);
    } catch (error) {
      if (error instanceof TakenOver || databaseFault(error) !== undefined) throw error;
      if (rows.length > 1) {
        for (const row of rows) await this.#tellAll([row]);
        return;
      }
      this.#ports.onProblem('tell of an alarm, which is left out', error);
      await this.#ports.inLane((tx) => store.markTold(tx, rows));
    }
  }

  async #tell(rows: readonly store.UntoldRow[]): Promise<void> {
    const { inLane, book, keys, onNews } = this.#ports;
    const byOrganisation = Map.groupBy(rows, (row) => row.organisation_id);
    const numbers = await inLane(async (tx) => {
      const all = [];
      for (const [organisationId, own] of byOrganisation) {
        const wanted = own.flatMap((row) => this.#wanted(organisationId, row));
        all.push([organisationId, await recordEvents(tx, organisationId, wanted, keys)] as const);
      }
      await store.markTold(tx, rows);
      return all;
    });
    onNews(numbers.flatMap(([organisationId, own]) => book.note(organisationId, own)));
  }

  #wanted(organisationId: OrganisationId, row: store.UntoldRow): WantedEvent[] {
    const { book, nowMs, records } = this.#ports;
    return book
      .begun(organisationId, ['alarm'])
      .filter(({ plan }) => wantsAlarm(plan.alarms, row, (id) => records.usedFor(id)))
      .map(({ id }) => ({
        subscriptionId: id,
        subjectId: row.subject_id,
        cause: `alarm/${row.alarm_id}/${row.cause}`,
        atMs: nowMs(),
        content: { kind: 'alarm', flag: flagOf(row) },
      }));
  }
}
