/** What is to be said of a day of a patient, and what of it differs from what was said last. */
import {
  type DaySummary,
  isSameSummary,
  isSummarised,
  toDaySummary,
  toWithdrawnSummary,
} from '@ausculta/fhir/day-summary';
import { metricByKey } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import type { Observation } from '@medplum/fhirtypes';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import { classOf, type RetentionRule } from '../telemetry/retention-policy.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { DayFigures, type FiguresOfDay } from './day-figures.ts';
import type { OptIn } from './opt-ins.ts';

/** A day of some dozens of vitals at 1 Hz. */
const VALUES_MAX = 1_000_000;
const DAY_MS = 24 * 3_600_000;

export type IsOpenTo = (
  optIn: Pick<OptIn, 'organisationId' | 'subjectId' | 'destination'>,
  of?: {
    readonly metric: string;
    readonly span: { readonly fromMs: number; readonly untilMs: number };
  },
) => boolean;

export interface DayPorts {
  readonly telemetry: Pick<Telemetry, 'windows'>;
  readonly registry: Pick<Registry, 'seriesOfSubject'>;
  readonly retention: readonly RetentionRule[];
  /** Whether the person has not said no to it, of one metric or of anything at all. */
  readonly isOpenTo: IsOpenTo;
  readonly nowMs: () => number;
}

/** As it was taken last, by metric. */
export interface Sent {
  readonly metric: string;
  readonly observation: Observation;
  /** It was not found there as it was sent. */
  readonly isDoubted: boolean;
}

export interface Said {
  readonly metric: string;
  readonly observation: Observation;
}

export class TooManyValues extends Error {}

interface Asked {
  readonly subject: RegisteredSubject;
  readonly optIn: OptIn;
  /** As the other record refers to the patient. */
  readonly patient: string;
  readonly day: string;
}

/** All that is to be said of the day: its figures, and that nothing is left of what was said before. */
export async function sayingsOf(
  ports: DayPorts,
  asked: Asked,
  sent: readonly Sent[],
): Promise<Said[]> {
  const { optIn, day, subject, patient } = asked;
  const { days } = optIn;
  const metrics = metricsOf(ports, asked).filter((metric) => !isLetGo(ports, asked, metric));
  const { figures, isPartial } = await gather(ports, asked, metrics);
  const common = {
    ...{ subjectId: subject.id, patient, day, days, madeMs: ports.nowMs() },
    isInvented: subject.identity.invented === true,
  };
  const said = figures.map((found): Said => {
    const before = sent.find((one) => one.metric === found.metric.key);
    const summary: DaySummary = {
      ...{ ...common, ...found, isPartial },
      isAmended: before !== undefined,
    };
    return { metric: found.metric.key, observation: toDaySummary(summary) };
  });
  // What does not open may be what was said: it is not taken back.
  if (isPartial) return said;
  const lost = sent.flatMap(({ metric: key }): Said[] => {
    const metric = metricByKey(key);
    const isGone = metric !== undefined && !said.some((one) => one.metric === key);
    if (!isGone || !isTold(ports, asked, metric) || isLetGo(ports, asked, metric)) return [];
    return [{ metric: key, observation: toWithdrawnSummary({ ...common, metric }) }];
  });
  return [...said, ...lost];
}

/** Of these, what the other record does not know yet. */
export function newsIn(said: readonly Said[], sent: readonly Sent[]): Said[] {
  return said.filter(({ metric, observation }) => {
    const before = sent.find((one) => one.metric === metric);
    return (
      before === undefined || before.isDoubted || !isSameSummary(before.observation, observation)
    );
  });
}

function metricsOf(ports: DayPorts, asked: Asked): Metric[] {
  const series = ports.registry.seriesOfSubject(asked.subject.id);
  const measured = new Set(series.map(({ metric }) => metric));
  return [...measured].filter((metric) => isSummarised(metric) && isTold(ports, asked, metric));
}

/** What the person has kept back since was no error either. */
function isTold({ isOpenTo }: DayPorts, { optIn, day }: Asked, metric: Metric): boolean {
  const span = optIn.days.spanOf(day);
  return isWanted(optIn, metric) && isOpenTo(optIn, { metric: metric.key, span });
}

/** What the operator no longer sends was no error: what was said of it stands. */
function isWanted({ destination: { metrics } }: OptIn, { key }: Metric): boolean {
  return metrics === undefined || metrics.includes(key);
}

/** Readings that were let go for their age were no error: what was said of them stands. */
function isLetGo({ retention, nowMs }: DayPorts, { optIn, day }: Asked, metric: Metric): boolean {
  const rule = retention.find((one) => one.what === 'raw' && one.class === classOf(metric));
  if (rule === undefined) return false;
  return optIn.days.spanOf(day).fromMs < nowMs() - (rule.days - 1) * DAY_MS;
}

async function gather(
  { telemetry }: DayPorts,
  { subject, optIn, day }: Asked,
  metrics: readonly Metric[],
): Promise<{ readonly figures: readonly FiguresOfDay[]; readonly isPartial: boolean }> {
  const { fromMs, untilMs: toMs } = optIn.days.spanOf(day);
  const gathering = new DayFigures(toMs);
  if (metrics.length === 0 || fromMs === toMs) return { figures: [], isPartial: false };
  const unreadable: Parameters<Telemetry['windows']>[0]['unreadable'] = [];
  const keys = metrics.map(({ key }) => key);
  const question = { subjectId: subject.id, metrics: keys, fromMs, toMs, unreadable };
  for await (const ranges of telemetry.windows({ ...question, newestFirst: false })) {
    gathering.add(ranges);
    if (gathering.size > VALUES_MAX) throw new TooManyValues();
  }
  return { figures: gathering.told(), isPartial: unreadable.length > 0 };
}
