/**
 * `Observation/$stats`: figures of what was measured of a patient in a time, out of readings of all their
 * devices and of documents. Every value counts once, however long it held.
 */
import type { Interval } from '@ausculta/fhir/date-range';
import { STATISTIC_PERCENTS, type StatisticsTold } from '@ausculta/fhir/observation-statistics';
import type { SearchQuery } from '@ausculta/fhir/search-query';
import { isObserved } from '@ausculta/fhir/summary-sections';
import { watchedObservation } from '@ausculta/fhir/watched-observation';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';
import { FLAG, isOneSided } from '@ausculta/vitals/reading';
import type { Observation } from '@medplum/fhirtypes';
import { ValueCounts } from '../../telemetry/statistics.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { positionOf } from '../found-rows.ts';
import { type SearchSession, TooWide } from '../search-session.ts';

/** A year of one vital at 1 Hz, and some. */
const READINGS_MAX = 50_000_000;
/** Different values: each costs memory. */
const VALUES_MAX = 1_000_000;
const DOCUMENTS_MAX = 5_000;
const BATCH = 250;

export interface StatsOf {
  /** Records of one person. */
  readonly subjectIds: readonly SubjectId[];
  readonly metrics: readonly Metric[];
  readonly period: Interval;
}

export class Gathering {
  readonly #counts = new ValueCounts();
  readonly #of: StatsOf;
  #readings = 0;
  #isPartial = false;

  constructor(of: StatsOf) {
    this.#of = of;
  }

  async addReadings(telemetry: Telemetry): Promise<void> {
    for (const subjectId of this.#of.subjectIds) await this.#addReadingsOf(subjectId, telemetry);
  }

  async #addReadingsOf(subjectId: SubjectId, telemetry: Telemetry): Promise<void> {
    const { metrics, period } = this.#of;
    const unreadable: Parameters<Telemetry['range']>[0]['unreadable'] = [];
    const span = { fromMs: period.fromMs, toMs: period.untilMs, newestFirst: false };
    const keys = metrics.map(({ key }) => key);
    const windows = telemetry.windows({ subjectId, metrics: keys, ...span, unreadable });
    for await (const ranges of windows) {
      for (const { values, flags } of ranges) {
        for (let i = 0; i < values.length; i += 1)
          this.#counts.add(values[i] as number, flags[i] as number);
        this.#readings += values.length;
      }
      if (this.#readings > READINGS_MAX || this.#counts.size > VALUES_MAX) throw new TooWide();
    }
    this.#isPartial ||= unreadable.length > 0;
  }

  /** Of the same patient, code and time. */
  async addDocuments(session: SearchSession, { filters }: Pick<SearchQuery, 'filters'>) {
    const asked: Parameters<SearchSession['stored']>[1][number][] = [];
    for (const filter of filters)
      asked.push({ filter, asked: await session.conditionOf('Observation', filter) });
    let after: ReturnType<typeof positionOf> | undefined;
    for (let opened = 0; opened < DOCUMENTS_MAX; opened += BATCH) {
      const question = { types: ['Observation'], sort: [], after };
      let seen = 0;
      for await (const found of session.stored(question, asked, BATCH)) {
        this.#addDocument(JSON.parse(found.text) as Observation);
        after = positionOf(found.row, 0);
        seen += 1;
        if (seen === BATCH) break;
      }
      this.#isPartial ||= session.unreadable > 0;
      if (seen < BATCH) return;
    }
    throw new TooWide();
  }

  #addDocument(observation: Observation): void {
    // Whoever watches takes a status that nobody knows for a measurement; a figure does not.
    if (!isObserved(observation)) return;
    const { metrics, period } = this.#of;
    const { readings = [], time } = watchedObservation(observation) ?? {};
    if (time === undefined || time.fromMs < period.fromMs || time.fromMs >= period.untilMs) return;
    for (const { metric, value, flags } of readings) {
      if (!metrics.includes(metric)) continue;
      const { low, high } = metric.plausible;
      const isPlausible = isOneSided(flags) || (value >= low && value <= high);
      this.#counts.add(value, isPlausible ? flags : flags | FLAG.IMPLAUSIBLE);
    }
  }

  told(): Pick<StatisticsTold, 'figures' | 'implausible' | 'isPartial'> {
    return {
      figures: this.#counts.statistics(STATISTIC_PERCENTS),
      implausible: this.#counts.implausible,
      isPartial: this.#isPartial,
    };
  }
}
