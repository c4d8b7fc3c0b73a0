/**
 * Days of which something has changed, by the fold over the log. The checkpoint waits for them, so that a
 * replay finds what a crash has taken; a day that waits already costs one comparison a reading.
 */
import { dayAfter } from '@ausculta/fhir/local-day';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { InLane } from '../database/pool.ts';
import type { Arrival } from '../line/consume.ts';
import type { OptIn, OptIns } from './opt-ins.ts';
import * as store from './store.ts';

export interface ChangedDaysPorts {
  readonly inLane: InLane;
  readonly optIns: Pick<OptIns, 'isEmpty' | 'ofSubject'>;
  readonly nowMs: () => number;
  readonly onProblem: (what: string, error: unknown) => void;
}

/** So many days of one patient are told at once: years of one device, and some. */
const DAYS_MAX = 4_000;

/** A clock may run ahead; a day that is further off is none that anybody has measured. */
const AHEAD_MS = 48 * 3_600_000;

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

const nameOf = ({ subjectId, destination }: OptIn, day: string): string =>
  `${subjectId} ${destination.name} ${day}`;

export class ChangedDays {
  readonly #ports: ChangedDaysPorts;
  /** Days that wait in the database, or are on their way there. */
  readonly #marked = new Set<string>();
  /** Where the last reading of a patient lay: the next one mostly lies there too. */
  readonly #last = new WeakMap<OptIn, Span & { readonly day: string }>();
  #waiting = new Map<string, store.MarkedDay>();
  #writing: Promise<void> | undefined;

  constructor(ports: ChangedDaysPorts) {
    this.#ports = ports;
  }

  watch({ series, timeMs }: Pick<Arrival, 'series' | 'timeMs'>): void {
    const { optIns } = this.#ports;
    if (optIns.isEmpty || series.epoch < 0 || series.metric.kind !== 'numeric') return;
    for (const optIn of optIns.ofSubject(series.subjectId)) this.#mark(optIn, timeMs);
  }

  #mark(optIn: OptIn, timeMs: number): void {
    if (optIn.state === 'withdrawn' || timeMs > this.#ports.nowMs() + AHEAD_MS) return;
    let last = this.#last.get(optIn);
    if (last === undefined || timeMs < last.fromMs || timeMs >= last.untilMs) {
      // A clock of long ago has days that nobody sends, and some that no calendar has.
      if (timeMs < optIn.days.spanOf(optIn.from).fromMs) return;
      const day = optIn.days.dayOf(timeMs);
      last = { day, ...optIn.days.spanOf(day) };
      this.#last.set(optIn, last);
    }
    this.#note(optIn, last.day);
  }

  /** The day is looked at now: what comes from here on marks it again. */
  taken(optIn: OptIn, day: string): void {
    this.#marked.delete(nameOf(optIn, day));
  }

  /** Resolves when nothing of the patient is on its way to the database, whether it can be written or not. */
  async forget(subjectId: SubjectId): Promise<void> {
    this.#drop(subjectId);
    await this.#writing?.catch(() => undefined);
    // What could not be written waits again.
    this.#drop(subjectId);
  }

  #drop(subjectId: SubjectId): void {
    for (const [name, row] of this.#waiting)
      if (row.subject_id === subjectId) this.#waiting.delete(name);
  }

  #note(optIn: OptIn, day: string): void {
    const name = nameOf(optIn, day);
    if (this.#marked.has(name)) return;
    this.#marked.add(name);
    this.#waiting.set(name, this.rowOf(optIn, day));
    this.#write().catch((error: unknown) =>
      this.#ports.onProblem('note a day that is to be sent', error),
    );
  }

  rowOf({ organisationId, subjectId, destination, days }: OptIn, day: string): store.MarkedDay {
    const nowMs = this.#ports.nowMs();
    const overMs = days.spanOf(day).untilMs + destination.afterMs;
    return {
      organisation_id: organisationId,
      ...{ subject_id: subjectId, destination: destination.name, day, since_ms: nowMs },
      due_ms: Math.max(overMs, nowMs + destination.quietMs),
    };
  }

  /** Days of a span, from the first that is sent to the one that is now. */
  rowsOf(optIn: OptIn, { fromMs, untilMs }: Span): store.MarkedDay[] {
    const { days, from } = optIn;
    const nowMs = this.#ports.nowMs();
    const firstMs = days.spanOf(from).fromMs;
    if (untilMs < firstMs || fromMs > nowMs) return [];
    const first = fromMs > firstMs ? days.dayOf(fromMs) : from;
    const last = days.dayOf(Math.min(untilMs, nowMs));
    const rows: store.MarkedDay[] = [];
    for (let day = first; day <= last; day = dayAfter(day)) {
      rows.push(this.rowOf(optIn, day));
      if (rows.length === DAYS_MAX) break;
    }
    return rows;
  }

  /** Readings have changed hands: both records are told anew. Durable on return. */
  async moved(subjectIds: readonly SubjectId[], span: Span): Promise<void> {
    const { optIns, inLane } = this.#ports;
    const own = subjectIds
      .flatMap((id) => optIns.ofSubject(id))
      .filter(({ state }) => state !== 'withdrawn');
    const rows = own.flatMap((optIn) => this.rowsOf(optIn, span));
    if (rows.length > 0) await inLane((tx) => store.markDays(tx, rows));
  }

  /** Resolves when all that was seen so far is durable; fails where it cannot be written now. */
  async settle(): Promise<void> {
    while (this.#writing !== undefined || this.#waiting.size > 0) await this.#write();
  }

  #write(): Promise<void> {
    this.#writing ??= this.#writeOnce().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #writeOnce(): Promise<void> {
    await Promise.resolve();
    const rows = this.#waiting;
    this.#waiting = new Map();
    try {
      await this.#ports.inLane((tx) => store.markDays(tx, [...rows.values()]));
    } catch (error) {
      // The next flush asks again, and waits for it.
      this.#waiting = new Map([...rows, ...this.#waiting]);
      throw error;
    }
  }
}
