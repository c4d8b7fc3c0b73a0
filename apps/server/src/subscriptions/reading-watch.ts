/**
 * Readings of devices that are beyond a subscriber's limit. A series is told when it crosses its limit, not
 * with each reading beyond it; a checkpoint waits until what was told is durable, so that a replay after a
 * crash tells the rest.
 */
import { codingsOf, observationIds } from '@ausculta/fhir/observation';
import { passesFilter } from '@ausculta/fhir/search-match';
import { SYSTEM } from '@ausculta/fhir/systems';
import type { OrganisationId } from '@ausculta/vitals/identity';
import { FLAG } from '@ausculta/vitals/reading';
import type { Observation } from '@medplum/fhirtypes';
import type { InLane } from '../database/pool.ts';
import type { DocumentKeys } from '../fhir/document.ts';
import type { Arrival } from '../line/consume.ts';
import { isOfPatient, type Plan } from './asked.ts';
import type { Followed, SubscriptionBook } from './book.ts';
import { recordEvents, type WantedEvent } from './record-events.ts';

export interface ReadingWatchPorts {
  readonly inLane: InLane;
  readonly book: SubscriptionBook;
  readonly keys: DocumentKeys;
  readonly nowMs: () => number;
  readonly after: (delayMs: number, run: () => void) => void;
  readonly onNews: (followed: readonly Followed[]) => void;
  readonly onProblem: (what: string, error: unknown) => void;
}

/** One subscription, and which series are beyond its limit by now. */
interface Watch {
  readonly id: string;
  readonly plan: Plan;
  readonly beyond: Set<number>;
  /** What has been asked of a metric and a value, whoever has it. */
  readonly known: Map<string, boolean>;
}

const RETRY_MS = 500;
const KNOWN_MAX = 10_000;

interface Waiting {
  readonly organisationId: OrganisationId;
  readonly event: WantedEvent;
}

export class ReadingWatch {
  readonly #ports: ReadingWatchPorts;
  readonly #idOf = observationIds();
  #watches = new Map<OrganisationId, Watch[]>();
  #revision = -1;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #isClosed = false;

  constructor(ports: ReadingWatchPorts) {
    this.#ports = ports;
  }

  watch(arrival: Arrival): void {
    if (this.#revision !== this.#ports.book.revision) this.#refresh();
    if (this.#watches.size === 0) return;
    const { series } = arrival;
    // What is in no record is told to nobody.
    if (series.epoch < 0 || series.metric.kind !== 'numeric') return;
    for (const one of this.#watches.get(series.organisationId) ?? []) this.#look(one, arrival);
  }

  /** Resolves when all that was seen so far is durable. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
  }

  #refresh(): void {
    const { book } = this.#ports;
    this.#revision = book.revision;
    const before = this.#watches;
    this.#watches = new Map();
    for (const { organisationId, id, plan, isBegun } of book.all()) {
      if (plan.topic !== 'overLimit' || !isBegun) continue;
      const known = before.get(organisationId)?.find((one) => one.id === id);
      const watch = { id, plan, beyond: known?.beyond ?? new Set<number>(), known: new Map() };
      this.#watches.set(organisationId, [...(this.#watches.get(organisationId) ?? []), watch]);
    }
  }

  #look(watch: Watch, { series, reading, timeMs }: Arrival): void {
    const isBeyond = isOfThem(watch, series.subjectId) && passes(watch, series.metric, reading);
    if (!isBeyond) {
      watch.beyond.delete(series.id);
      return;
    }
    if (watch.beyond.has(series.id)) return;
    watch.beyond.add(series.id);
    const id = this.#idOf({ ...series, timeMs, ...reading });
    const content = { kind: 'reading', id } as const;
    const { subjectId, organisationId } = series;
    const common = { subscriptionId: watch.id, subjectId, atMs: this.#ports.nowMs(), content };
    this.#waiting.push({ organisationId, event: { ...common, cause: `reading/${id}` } });
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
  }

  async #drain(): Promise<void> {
    const { inLane, keys, after, onProblem } = this.#ports;
    await Promise.resolve();
    while (this.#waiting.length > 0 && !this.#isClosed) {
      const all = this.#waiting;
      this.#waiting = [];
      try {
        const byOrganisation = Map.groupBy(all, ({ organisationId }) => organisationId);
        for (const [organisationId, own] of byOrganisation) {
          const events = own.map(({ event }) => event);
          const numbers = await inLane((tx) => recordEvents(tx, organisationId, events, keys));
          this.#ports.onNews(this.#ports.book.note(organisationId, numbers));
        }
      } catch (error) {
        if (this.#isClosed) return;
        onProblem('tell of readings', error);
        this.#waiting = [...all, ...this.#waiting];
        await new Promise<void>((resolve) => after(RETRY_MS, resolve));
      }
    }
  }
}

function isOfThem({ plan }: Watch, subjectId: Arrival['series']['subjectId']): boolean {
  return plan.filters.every(({ subjectIds }) => subjectIds?.has(subjectId) ?? true);
}

function passes(
  { plan, known }: Watch,
  metric: Arrival['series']['metric'],
  { value, flags }: Arrival['reading'],
): boolean {
  const key = `${metric.key} ${value} ${flags & (FLAG.ABOVE | FLAG.BELOW)}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const comparator = flags & FLAG.ABOVE ? '>' : flags & FLAG.BELOW ? '<' : undefined;
  const { unit } = metric;
  const measured: Observation = {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: codingsOf(metric) },
    valueQuantity: {
      ...{ value, unit, system: SYSTEM.UCUM, code: unit },
      ...(comparator !== undefined && { comparator }),
    },
  };
  const rows = plan.rowsOf(measured);
  const filters = plan.filters.flatMap(({ query }) => query.filters);
  const isBeyond = filters.every((filter) => {
    if (filter.kind === 'chain' || filter.kind === 'has') return false;
    return isOfPatient(filter) || passesFilter(filter, rows);
  });
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, isBeyond);
  return isBeyond;
}
