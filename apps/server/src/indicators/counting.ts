/** Counts what indicators tell: every reading and every alarm of an organisation in a period, and of how many people. */
import type { Interval } from '@ausculta/fhir/date-range';
import type { AlarmFigures, Count, IndicatorFigures } from '@ausculta/fhir/indicator-cells';
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { FLAG, hasFlag } from '@ausculta/vitals/reading';
import type { ReadAs } from '../database/readers.ts';
import type { Registry } from '../devices/registry.ts';
import type { SeriesRange } from '../telemetry/merge.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type RaisedRow, raisedWithin } from './store.ts';

export interface CountingPorts {
  readonly registry: Pick<Registry, 'subjects' | 'seriesOfSubject' | 'moves'>;
  readonly telemetry: Pick<Telemetry, 'windows'>;
  readonly read: ReadAs;
  /** The record that is used for this one: two of one person are one of the people. */
  readonly usedFor: (id: SubjectId) => SubjectId;
  /** Whether the person has not said no to that, of one metric or of whatever there is. */
  readonly isCounted: (
    subjectId: SubjectId,
    of: { readonly organisationId: OrganisationId; readonly metric?: string },
  ) => boolean;
  readonly pause: () => Promise<void>;
  /** Whoever closes does not wait for a month. */
  readonly isClosed: () => boolean;
}

const ALARMS_AT_ONCE = 5_000;

/**
 * Undefined where it was broken off, or where part of it does not open or is on its way to another record:
 * half of a number is none.
 */
export async function countAll(
  ports: CountingPorts,
  organisationId: OrganisationId,
  period: Interval,
): Promise<IndicatorFigures | undefined> {
  const { registry, pause, isClosed } = ports;
  const { changes } = registry.moves;
  const readings = new ReadingTally(ports.usedFor);
  for (const { id, kind, organisationId: own } of [...registry.subjects.values()]) {
    if (own !== organisationId || (kind !== 'patient' && kind !== 'bed')) continue;
    const metrics = countedOf(ports, { id, organisationId });
    if (isClosed() || !(await addReadings(ports, readings, { id, metrics, period })))
      return undefined;
    await pause();
  }
  const alarms = new AlarmTally(ports.usedFor);
  let after: RaisedRow | undefined;
  for (;;) {
    const asked = { ...period, after: after && positionOf(after), limit: ALARMS_AT_ONCE };
    const rows = await ports.read(organisationId, (sql) =>
      raisedWithin(sql, organisationId, asked),
    );
    for (const row of rows)
      if (ports.isCounted(row.subject_id, { organisationId })) alarms.add(row);
    after = rows.at(-1);
    if (after === undefined || rows.length < ALARMS_AT_ONCE) break;
    if (isClosed()) return undefined;
  }
  const isUnmoved = !registry.moves.isAny && registry.moves.changes === changes;
  return isUnmoved ? { ...readings.told(), alarms: alarms.told() } : undefined;
}

const positionOf = ({ raised_ms, subject_id, id }: RaisedRow) => ({
  raised_ms,
  id: `${subject_id}${id}`,
});

function countedOf(
  { registry, isCounted }: CountingPorts,
  { id, organisationId }: { readonly id: SubjectId; readonly organisationId: OrganisationId },
): string[] {
  const series = registry.seriesOfSubject(id).filter(({ metric }) => metric.kind === 'numeric');
  const metrics = new Set(series.map(({ metric }) => metric.key));
  return [...metrics].filter((metric) => isCounted(id, { organisationId, metric }));
}

async function addReadings(
  { telemetry, isClosed }: CountingPorts,
  tally: ReadingTally,
  {
    id: subjectId,
    metrics,
    period: { fromMs, untilMs },
  }: { readonly id: SubjectId; readonly metrics: string[]; readonly period: Interval },
): Promise<boolean> {
  if (metrics.length === 0) return true;
  const unreadable: Parameters<Telemetry['range']>[0]['unreadable'] = [];
  const span = { fromMs, toMs: untilMs, newestFirst: false };
  for await (const ranges of telemetry.windows({ subjectId, metrics, ...span, unreadable })) {
    for (const range of ranges) tally.add(subjectId, range);
    if (isClosed()) return false;
  }
  return unreadable.length === 0;
}

class Tally {
  value = 0;
  readonly people = new Set<SubjectId>();

  add(who: SubjectId, count = 1): void {
    if (count === 0) return;
    this.value += count;
    this.people.add(who);
  }

  told(): Count {
    return { value: this.value, people: this.people.size };
  }
}

/** Consensus on time in range (Battelino et al., Diabetes Care 2019): all below 70, all above 180 mg/dL (safety S21). */
const GLUCOSE = { vital: 'glucose', low: 70, high: 180 } as const;

function rangeOf(value: number): 'below' | 'within' | 'above' {
  if (value < GLUCOSE.low) return 'below';
  return value > GLUCOSE.high ? 'above' : 'within';
}

class ReadingTally {
  readonly #usedFor: CountingPorts['usedFor'];
  readonly #people = new Set<SubjectId>();
  readonly #devices = new Set<string>();
  readonly #byVital = new Map<string, Tally>();
  readonly #glucose = {
    ...{ all: new Tally(), below: new Tally(), within: new Tally(), above: new Tally() },
  };

  constructor(usedFor: CountingPorts['usedFor']) {
    this.#usedFor = usedFor;
  }

  add(subjectId: SubjectId, { series, values, flags }: SeriesRange): void {
    if (values.length === 0) return;
    const who = this.#usedFor(subjectId);
    this.#people.add(who);
    this.#devices.add(series.deviceId);
    const { vital } = series.metric;
    const tally = this.#byVital.get(vital) ?? new Tally();
    this.#byVital.set(vital, tally);
    tally.add(who, values.length);
    if (vital !== GLUCOSE.vital) return;
    for (const [at, value] of values.entries()) {
      if (hasFlag(flags[at] ?? 0, FLAG.IMPLAUSIBLE)) continue;
      this.#glucose.all.add(who);
      this.#glucose[rangeOf(value)].add(who);
    }
  }

  told(): Omit<IndicatorFigures, 'alarms'> {
    const { all, below, within, above } = this.#glucose;
    const byVital = [...this.#byVital].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      patients: this.#people.size,
      devices: { value: this.#devices.size, people: this.#people.size },
      readings: new Map(byVital.map(([vital, tally]) => [vital, tally.told()])),
      glucose: {
        ...{ all: all.told(), below: below.told(), within: within.told(), above: above.told() },
      },
    };
  }
}

class AnswerTally {
  readonly #raised = new Tally();
  readonly #acknowledged = new Tally();
  readonly #without = new Set<SubjectId>();
  readonly #waitedMs: number[] = [];

  add(who: SubjectId, waitedMs: number | null): void {
    this.#raised.add(who);
    if (waitedMs === null) this.#without.add(who);
    else {
      this.#acknowledged.add(who);
      this.#waitedMs.push(waitedMs);
    }
  }

  told(): AlarmFigures {
    const sorted = this.#waitedMs.toSorted((a, b) => a - b);
    const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
    const medianMs = low === undefined || high === undefined ? undefined : (low + high) / 2;
    const counts = { raised: this.#raised.told(), acknowledged: this.#acknowledged.told() };
    return { ...counts, peopleWithout: this.#without.size, medianMs };
  }
}

class AlarmTally {
  readonly #usedFor: CountingPorts['usedFor'];
  readonly #by: Record<AlarmPriority | 'all', AnswerTally> = {
    ...{ low: new AnswerTally(), medium: new AnswerTally(), high: new AnswerTally() },
    all: new AnswerTally(),
  };

  constructor(usedFor: CountingPorts['usedFor']) {
    this.#usedFor = usedFor;
  }

  add({ subject_id: subjectId, priority, waited_ms: waitedMs }: RaisedRow): void {
    const who = this.#usedFor(subjectId);
    this.#by[priority].add(who, waitedMs);
    this.#by.all.add(who, waitedMs);
  }

  told(): IndicatorFigures['alarms'] {
    const { low, medium, high, all } = this.#by;
    return { low: low.told(), medium: medium.told(), high: high.told(), all: all.told() };
  }
}
