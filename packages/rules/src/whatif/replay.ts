/**
 * What two plans would have made of what is stored of one patient: only what differs between them is run,
 * over those readings that could change what it says. A property holds this equal to running both plans
 * whole over every reading.
 *
 * What is stored says when something was measured and not when it came: every reading is taken to have come
 * when it was measured, so that nothing is late. Of one moment, series speak in the order of their names.
 */

import { expect } from '@ausculta/vitals/expect';
import { metricByKey } from '@ausculta/vitals/lookup';
import { Monitor } from '../protocol/monitor.ts';
import type { Happened, Told } from '../protocol/monitor-input.ts';
import { looksAt, type PlanDifference, rulesAt } from './changed-rules.ts';
import { linesOf, type Stretch, TellingReadings } from './telling-readings.ts';

export interface StretchOfSeries extends Stretch {
  readonly device: string;
  /** Catalogue key. */
  readonly metric: string;
}

/** Of one patient; what comes in a later piece was measured later. */
export interface HistoryPiece {
  /** Those of one series in time order. */
  readonly stretches: readonly StretchOfSeries[];
  /** In time order. */
  readonly events?: readonly Omit<Happened, 'kind' | 'receivedAtMs'>[];
}

export interface Replayed {
  readonly before: readonly Told[];
  readonly after: readonly Told[];
  /** How many readings there were, and how many of them had to be shown to the detectors. */
  readonly readings: number;
  readonly shown: number;
}

export class Replay {
  readonly #difference: Pick<PlanDifference, 'before' | 'after'>;
  readonly #monitors: { readonly before: Monitor; readonly after: Monitor };
  readonly #told = { before: [] as Told[], after: [] as Told[] };
  readonly #series = new Map<string, TellingReadings>();
  #ordered: readonly TellingReadings[] = [];
  #events: NonNullable<HistoryPiece['events']> = [];
  #nextEvent = 0;
  #isRun = true;
  /** How many there were of what has been added. */
  readings = 0;
  #shown = 0;
  /** Inputs, each as many times as rules look at it. */
  work = 0;
  readonly #ofEvent: number;

  constructor(difference: Pick<PlanDifference, 'before' | 'after'>, fromMs: number) {
    const { before, after } = difference;
    this.#difference = difference;
    this.#ofEvent = rulesAt(difference, () => true);
    this.#monitors = { before: new Monitor(before, fromMs), after: new Monitor(after, fromMs) };
  }

  /** All that was added before has been run. */
  add({ stretches, events = [] }: HistoryPiece): void {
    expect(this.#isRun, 'pieces are run one after the other');
    for (const stretch of stretches) {
      this.#seriesOf(stretch).add(stretch);
      this.readings += stretch.count;
    }
    for (const one of this.#ordered) one.advance();
    this.#events = events;
    this.#nextEvent = 0;
    this.#isRun = false;
  }

  /** How many have been told, under both plans together. */
  get told(): number {
    return this.#told.before.length + this.#told.after.length;
  }

  /** Stops after so much work; true when nothing is left of what was added. */
  run(workMax = Number.POSITIVE_INFINITY): boolean {
    for (const untilWork = this.work + workMax; this.work < untilWork; ) {
      const first = this.#first();
      const event = this.#events[this.#nextEvent];
      // What was measured at the very moment speaks before what happened.
      if (event !== undefined && event.atMs < (first?.timeMs ?? Number.POSITIVE_INFINITY)) {
        this.#nextEvent += 1;
        this.work += this.#ofEvent;
        this.#show({ kind: 'event', ...event, receivedAtMs: event.atMs });
      } else if (first === undefined) {
        this.#isRun = true;
        return true;
      } else {
        this.#read(first);
      }
    }
    return false;
  }

  /** What the clock alone brings about until then is told as well. */
  end(untilMs: number): Replayed {
    this.#show({ kind: 'clock', receivedAtMs: untilMs });
    return { ...this.#told, readings: this.readings, shown: this.#shown };
  }

  #read(one: TellingReadings): void {
    const { device, metric, timeMs: atMs, value, flags } = one;
    const read = { kind: 'reading', device, metric: metric.key, value, flags } as const;
    this.#shown += 1;
    this.work += one.rules;
    this.#show({ ...read, atMs, receivedAtMs: atMs });
    one.advance();
  }

  #show(input: Parameters<Monitor['take']>[0]): void {
    for (const one of this.#monitors.before.take(input)) this.#told.before.push(one);
    for (const one of this.#monitors.after.take(input)) this.#told.after.push(one);
  }

  #first(): TellingReadings | undefined {
    let found: TellingReadings | undefined;
    let foundMs = Number.POSITIVE_INFINITY;
    for (const one of this.#ordered) {
      if (one.timeMs >= foundMs) continue;
      found = one;
      foundMs = one.timeMs;
    }
    return found;
  }

  #seriesOf({ device, metric: key }: StretchOfSeries): TellingReadings {
    const name = `${device}/${key}`;
    const known = this.#series.get(name);
    if (known !== undefined) return known;
    const metric = metricByKey(key);
    expect(metric !== undefined, 'a stored series is of a metric of the catalogue');
    const { before, after } = this.#difference;
    const lines = linesOf([before, after], metric);
    const rules = rulesAt(this.#difference, (detector) => looksAt(detector, metric));
    const made = new TellingReadings({ device, metric, lines, rules });
    this.#series.set(name, made);
    this.#ordered = [...this.#series].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
    return made;
  }
}
