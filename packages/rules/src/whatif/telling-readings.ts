/**
 * Of a series, the readings that could change what its limits say, under either plan. Between the limits, and
 * with nothing pending or raised, a reading leaves every limit quiet; a whole stretch whose least and greatest
 * value lie there is passed over unread. Once a reading has gone beyond, all are taken until one lies clear of
 * every limit. Rules that are not limits look at every reading.
 */
import type { Metric } from '@ausculta/vitals/metric';
import { FLAG } from '@ausculta/vitals/reading';
import { type CalmRange, calmRange } from '../calm.ts';
import type { LimitSettings } from '../limit.ts';
import type { Plan } from '../protocol/plan.ts';
import { start } from '../protocol/running.ts';
import { looksAt } from './changed-rules.ts';

/** In time order. */
export interface ReadingColumns {
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly flags: Uint8Array;
}

/** A piece of a series: its readings are decoded when somebody has to look. */
export interface Stretch {
  readonly count: number;
  /** The least and the greatest value, and all flags; absent where nobody has counted them. */
  readonly rollUp?: { readonly low: number; readonly high: number; readonly flags: number };
  readonly read: () => ReadingColumns;
}

/** In whole steps of the metric. */
interface Lines {
  readonly step: number;
  /** Nothing begins between these. */
  readonly calm: Pick<CalmRange, 'lowest' | 'highest'>;
  /** Everything has ended between these. */
  readonly clear: Pick<CalmRange, 'lowest' | 'highest'>;
}

const ONE_SIDED = FLAG.ABOVE | FLAG.BELOW;
const NO_READINGS: ReadingColumns = {
  timesMs: new Float64Array(0),
  values: new Float64Array(0),
  flags: new Uint8Array(0),
};

/** Undefined where something else than limits looks at the metric: then every reading tells. */
export function linesOf(plans: readonly Plan[], metric: Metric): Lines | undefined {
  const settings: LimitSettings[] = [];
  for (const { rules, patient } of plans)
    for (const { rule } of rules) {
      if (!looksAt(rule.detector, metric)) continue;
      const running = start(rule.detector, { patient, metric, nowMs: 0 });
      if (running.kind !== 'limit') return undefined;
      settings.push(running.settings);
    }
  const step = metric.resolution;
  return { step, calm: calmRange(settings, step), clear: clearRange(settings, step) };
}

function clearRange(limits: readonly LimitSettings[], step: number): Lines['clear'] {
  const inner = limits.map(({ direction, limit, clearance, ...rest }) => {
    const steps = Math.round(clearance / step);
    const lies = Math.round(limit / step) + (direction === 'high' ? -steps : steps);
    return { direction, clearance, ...rest, limit: lies * step };
  });
  return calmRange(inner, step);
}

/** Goes through a series from one telling reading to the next; stretches are added in time order. */
export class TellingReadings {
  readonly metric: Metric;
  readonly device: string;
  /** How many look at each of its readings. */
  readonly rules: number;
  readonly #lines: Lines | undefined;
  readonly #waiting: Stretch[] = [];
  #columns = NO_READINGS;
  #next = 0;
  /** A limit may be pending or raised. */
  #isLoose = false;
  /** Of the present one; infinity where there is none. */
  timeMs = Number.POSITIVE_INFINITY;
  value = 0;
  flags = 0;

  constructor(of: {
    readonly device: string;
    readonly metric: Metric;
    readonly lines: Lines | undefined;
    readonly rules: number;
  }) {
    this.device = of.device;
    this.metric = of.metric;
    this.rules = of.rules;
    this.#lines = of.lines;
  }

  add(stretch: Stretch): void {
    this.#waiting.push(stretch);
  }

  advance(): void {
    do {
      if (this.#lines === undefined ? this.#toNext() : this.#toTelling(this.#lines)) return;
    } while (this.#open());
    this.timeMs = Number.POSITIVE_INFINITY;
  }

  #open(): boolean {
    this.#columns = NO_READINGS;
    this.#next = 0;
    while (this.#waiting.length > 0) {
      const stretch = this.#waiting.shift();
      if (stretch === undefined || this.#isCalm(stretch)) continue;
      this.#columns = stretch.read();
      return true;
    }
    return false;
  }

  #isCalm({ rollUp }: Stretch): boolean {
    if (this.#lines === undefined || rollUp === undefined || this.#isLoose) return false;
    const { step, calm } = this.#lines;
    if ((rollUp.flags & ONE_SIDED) !== 0) return false;
    // A value is rounded to whole steps, and rounding keeps the order.
    return (
      Math.round(rollUp.low / step) >= calm.lowest && Math.round(rollUp.high / step) <= calm.highest
    );
  }

  #toNext(): boolean {
    return this.#take(this.#next++);
  }

  #toTelling({ step, calm, clear }: Lines): boolean {
    const { values, flags } = this.#columns;
    while (this.#next < values.length) {
      const at = this.#next++;
      const steps = Math.round((values[at] as number) / step);
      const isOneSided = ((flags[at] as number) & ONE_SIDED) !== 0;
      const isCalm = !isOneSided && steps >= calm.lowest && steps <= calm.highest;
      if (isCalm && !this.#isLoose) continue;
      this.#isLoose = isOneSided || steps < clear.lowest || steps > clear.highest;
      return this.#take(at);
    }
    return false;
  }

  #take(at: number): boolean {
    const { timesMs, values, flags } = this.#columns;
    if (at >= timesMs.length) return false;
    this.timeMs = timesMs[at] as number;
    this.value = values[at] as number;
    this.flags = flags[at] as number;
    return true;
  }
}
