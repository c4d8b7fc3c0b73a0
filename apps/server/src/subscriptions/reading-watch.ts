/**
 * Readings of devices that are beyond a subscriber's limit. A series is told when it crosses its limit, not
 * with each reading beyond it, and where it wavers about its limit no more than once a minute. A checkpoint
 * waits until what was found before it is durable, so that a replay after a crash tells the rest; it waits
 * for no more than that, or a limit that lies in the noise would keep all readings in memory.
 */
import { observationIds } from '@ausculta/fhir/observation';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { databaseFault } from '../database/fault.ts';
import type { InLane } from '../database/pool.ts';
import type { DocumentKeys } from '../fhir/document.ts';
import type { Arrival } from '../line/consume.ts';
import { TakenOver } from '../telemetry/postgres-log.ts';
import type { Followed, SubscriptionBook } from './book.ts';
import { isToTell, subjectsOf, type Watch, watchOf } from './reading-limits.ts';
import { recordEvents, type WantedEvent } from './record-events.ts';
import type { Records } from './records.ts';

export interface ReadingWatchPorts {
  readonly records: Records;
  readonly inLane: InLane;
  readonly book: SubscriptionBook;
  readonly keys: DocumentKeys;
  readonly nowMs: () => number;
  readonly after: (delayMs: number, run: () => void) => void;
  readonly onNews: (followed: readonly Followed[]) => void;
  readonly onProblem: (what: string, error: unknown) => void;
}

interface Watches {
  readonly ofAnybody: Watch[];
  readonly bySubject: Map<SubjectId, Watch[]>;
}

const RETRY_MS = 500;

/** Beyond that, what crosses is told once there is room, if it is beyond its limit then. */
const WAITING_MAX = 100_000;

interface Waiting {
  readonly organisationId: OrganisationId;
  readonly event: WantedEvent;
}

interface Waiter {
  readonly until: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class ReadingWatch {
  readonly #ports: ReadingWatchPorts;
  readonly #idOf = observationIds();
  #byKey = new Map<string, Watch>();
  #watches = new Map<OrganisationId, Watches>();
  #revision = -1;
  #merges = -1;
  #waiting: Waiting[] = [];
  #isWriting = false;
  /** Events since the start, and those of them that are durable, or can never be. */
  #seen = 0;
  #done = 0;
  #waiters: Waiter[] = [];
  #isEnding = false;
  /** Why the rest is left to the next start, where it is. */
  #givenUp: { readonly error: unknown } | undefined;

  constructor(ports: ReadingWatchPorts) {
    this.#ports = ports;
  }

  watch(arrival: Arrival): void {
    const { book, records } = this.#ports;
    if (this.#revision !== book.revision || this.#merges !== records.merges) this.#refresh();
    if (this.#watches.size === 0) return;
    const { series } = arrival;
    const own = this.#watches.get(series.organisationId);
    // What is in no record is told to nobody.
    if (own === undefined || series.epoch < 0 || series.metric.kind !== 'numeric') return;
    for (const one of own.ofAnybody) this.#look(one, arrival);
    const used = records.usedFor(series.subjectId);
    for (const one of own.bySubject.get(used) ?? []) this.#look(one, arrival);
  }

  /**
   * Resolves when all that was seen so far is durable, whatever is seen meanwhile; fails where the rest is
   * left to the next start, which reads it from the log as long as no checkpoint passes it.
   */
  settle(): Promise<void> {
    const until = this.#seen;
    if (this.#done >= until) return Promise.resolve();
    if (this.#givenUp !== undefined) return Promise.reject(this.#givenUp.error);
    return new Promise((resolve, reject) => this.#waiters.push({ until, resolve, reject }));
  }

  /** The server stops: what the store does not take now, the next start tells. */
  end(): void {
    this.#isEnding = true;
  }

  #refresh(): void {
    const { book, records } = this.#ports;
    this.#revision = book.revision;
    this.#merges = records.merges;
    const before = this.#byKey;
    this.#byKey = new Map();
    this.#watches = new Map();
    for (const { organisationId, id, plan, isBegun } of book.all()) {
      if (plan.topic !== 'overLimit' || !isBegun) continue;
      const key = `${organisationId}/${id}`;
      const known = before.get(key);
      const watch = known?.plan === plan ? known : watchOf(id, plan, known);
      this.#byKey.set(key, watch);
      const none: Watches = { ofAnybody: [], bySubject: new Map() };
      const { ofAnybody, bySubject } = this.#watches.get(organisationId) ?? none;
      this.#watches.set(organisationId, { ofAnybody, bySubject });
      const subjects = subjectsOf(plan, (id) => records.usedFor(id));
      if (subjects === undefined) ofAnybody.push(watch);
      for (const subject of subjects ?? []) {
        const own = bySubject.get(subject) ?? [];
        own.push(watch);
        bySubject.set(subject, own);
      }
    }
  }

  #look(watch: Watch, arrival: Arrival): void {
    if (!isToTell(watch, arrival, this.#waiting.length < WAITING_MAX)) return;
    const { series, reading, timeMs } = arrival;
    const id = this.#idOf({ ...series, timeMs, ...reading });
    const content = { kind: 'reading', id } as const;
    const { subjectId, organisationId } = series;
    const common = { subscriptionId: watch.id, subjectId, atMs: this.#ports.nowMs(), content };
    this.#waiting.push({ organisationId, event: { ...common, cause: `reading/${id}` } });
    this.#seen += 1;
    void this.#drain();
  }

  async #drain(): Promise<void> {
    if (this.#isWriting || this.#givenUp !== undefined) return;
    this.#isWriting = true;
    // What one commit of the log brings is written together.
    await Promise.resolve();
    while (this.#waiting.length > 0 && this.#givenUp === undefined) {
      const all = this.#waiting.splice(0);
      try {
        await this.#record(all);
        this.#done += all.length;
      } catch (error) {
        this.#givenUp = { error };
      }
      this.#wake();
    }
    this.#isWriting = false;
  }

  #wake(): void {
    const [done, error] = [this.#done, this.#givenUp];
    const all = this.#waiters;
    this.#waiters = all.filter(({ until }) => until > done && error === undefined);
    for (const { until, resolve, reject } of all) {
      if (until <= done) resolve();
      else if (error !== undefined) reject(error.error);
    }
  }

  /** Again and again. One that the database refuses by itself is our own fault, and keeps no other. */
  async #record(all: readonly Waiting[]): Promise<void> {
    const { after, onProblem } = this.#ports;
    for (;;) {
      try {
        await this.#recordOnce(all);
        return;
      } catch (error) {
        if (error instanceof TakenOver || this.#isEnding) throw error;
        onProblem('tell of readings', error);
        if (databaseFault(error) === undefined) {
          if (all.length > 1) for (const one of all) await this.#record([one]);
          return;
        }
        await new Promise<void>((resolve) => after(RETRY_MS, resolve));
      }
    }
  }

  async #recordOnce(all: readonly Waiting[]): Promise<void> {
    const { inLane, keys, book, onNews } = this.#ports;
    const byOrganisation = Map.groupBy(all, ({ organisationId }) => organisationId);
    for (const [organisationId, own] of byOrganisation) {
      const events = own.map(({ event }) => event);
      const numbers = await inLane((tx) => recordEvents(tx, organisationId, events, keys));
      onNews(book.note(organisationId, numbers));
    }
  }
}
