/**
 * Indicators on schedule: each period of each organisation is reported once it is over, and anew where what
 * came late has changed it. The reports themselves are all that is remembered: whatever ends the server
 * between, the next one finds them, and writes none twice.
 */
import { cellsOf } from '@ausculta/fhir/indicator-cells';
import {
  endedPeriods,
  type IndicatorPeriod,
  lookDueMs,
  type PeriodKind,
} from '@ausculta/fhir/indicator-period';
import {
  MEASURE_URL,
  reportIdentifier,
  toMeasure,
  toMeasureReport,
} from '@ausculta/fhir/indicator-report';
import { localDays } from '@ausculta/fhir/local-day';
import { expect } from '@ausculta/vitals/expect';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Measure, MeasureReport } from '@medplum/fhirtypes';
import type { Act } from '../fhir/acts.ts';
import type { Repository } from '../fhir/repository.ts';
import { type CountingPorts, countAll } from './counting.ts';

export interface IndicatorSettings {
  readonly period: PeriodKind;
  readonly zone: string;
  /** Of so many people a number must be, to be told. */
  readonly least: number;
}

export interface IndicatorPorts extends Omit<CountingPorts, 'isClosed'> {
  readonly settings: IndicatorSettings;
  readonly repository: Pick<Repository, 'parse' | 'search' | 'perform'>;
  readonly nowMs: () => number;
  readonly onProblem: (what: string, error: unknown) => void;
}

const RETRY_MS = 3_600_000;

type Documents = Measure | MeasureReport;

export class Indicators {
  readonly #ports: IndicatorPorts;
  /** When each was looked at last, by this server. */
  readonly #lookedMs = new Map<string, number>();
  /** One that could not be reported holds up no other. */
  readonly #notBeforeMs = new Map<string, number>();
  #looking: Promise<void> | undefined;
  #closed = false;

  constructor(ports: IndicatorPorts) {
    this.#ports = ports;
  }

  /** Looks whether something is due; one after the other. */
  tick(): void {
    if (this.#closed) return;
    this.#looking ??= this.#lookAtAll()
      .catch((error: unknown) => this.#ports.onProblem('report indicators', error))
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#looking;
  }

  async #lookAtAll(): Promise<void> {
    const { registry, settings, nowMs } = this.#ports;
    const days = localDays(settings.zone);
    expect(days !== undefined, 'the zone was looked at when the settings were read');
    const organisations = new Set<OrganisationId>();
    for (const { organisationId } of registry.subjects.values()) organisations.add(organisationId);
    // The oldest first: whoever was away tells them in their order.
    const periods = endedPeriods(settings.period, days, nowMs()).reverse();
    for (const organisationId of organisations) {
      for (const period of periods) {
        const key = `${organisationId}/${period.name}`;
        const dueMs = lookDueMs(period, nowMs());
        if (dueMs === undefined || dueMs <= (this.#lookedMs.get(key) ?? 0)) continue;
        if (this.#closed) return;
        if (nowMs() < (this.#notBeforeMs.get(key) ?? 0)) continue;
        try {
          await this.#look(organisationId, period, dueMs);
          this.#lookedMs.set(key, dueMs);
        } catch (error) {
          this.#notBeforeMs.set(key, nowMs() + RETRY_MS);
          this.#ports.onProblem(`report indicators of ${period.name}`, error);
        }
      }
    }
  }

  async #look(
    organisationId: OrganisationId,
    period: IndicatorPeriod,
    dueMs: number,
  ): Promise<void> {
    const { settings, nowMs } = this.#ports;
    const { system, value } = reportIdentifier(period);
    const told = await this.#stored<MeasureReport>(organisationId, 'MeasureReport', [
      ['identifier', `${system}|${value}`],
    ]);
    if (told !== undefined && Date.parse(told.date ?? '') >= dueMs) return;
    const isClosed = () => this.#closed;
    const figures = await countAll({ ...this.#ports, isClosed }, organisationId, period);
    if (figures === undefined) {
      if (this.#closed) return;
      throw new Error(
        'part of what is counted does not open, or is moving: nothing is reported yet',
      );
    }
    const isNothing = figures.patients === 0 && figures.alarms.all.raised.value === 0;
    if (isNothing && told === undefined) return;
    const days = localDays(settings.zone);
    const instant = (ms: number): string => days?.dateTimeOf(ms) ?? '';
    const report = toMeasureReport({
      ...{ period, cells: cellsOf(figures, settings.least), at: new Date(nowMs()).toISOString() },
      ...{ start: instant(period.fromMs), end: instant(period.untilMs - 1) },
    });
    await this.#write(organisationId, report, told);
  }

  async #write(
    organisationId: OrganisationId,
    report: MeasureReport,
    told: MeasureReport | undefined,
  ): Promise<void> {
    if (told !== undefined && contentOf(told) === contentOf(report)) return;
    const acts: Act[] = [];
    const measure = toMeasure();
    const url = [['url', MEASURE_URL]] as const;
    const known = await this.#stored<Measure>(organisationId, 'Measure', url);
    if (known === undefined || contentOf(known) !== contentOf(measure))
      acts.push(updateWhere(measure, `url=${MEASURE_URL}`));
    const { system, value } = report.identifier?.[0] ?? {};
    acts.push(updateWhere(report, `identifier=${system}|${value}`));
    const done = await this.#ports.repository.perform(organisationId, acts);
    if (!done.ok) {
      const codes = done.refusal.issues.map(({ code }) => code).join();
      throw new Error(`the report was not written: ${done.refusal.status} ${codes}`);
    }
  }

  async #stored<D extends Documents>(
    organisationId: OrganisationId,
    type: D['resourceType'],
    asked: readonly (readonly [string, string])[],
  ): Promise<D | undefined> {
    const { repository } = this.#ports;
    const query = await repository.parse(type, asked, { isStrict: true, baseUrl: undefined });
    expect(query.ok, 'a search of our own is understood');
    const page = await repository.search(organisationId, query.value);
    if (!page.ok || page.value.isUnreadable) throw new Error('what was reported does not open');
    const [found] = page.value.matches;
    return found && (JSON.parse(found.text) as D);
  }
}

const updateWhere = (resource: Documents, query: string): Act => ({
  kind: 'update-where',
  ...{ type: resource.resourceType, query, resource, hasPrecise: false },
});

/** Beside who keeps it, and when it was made: in the order in which it is written. */
function contentOf(resource: Documents): string {
  const { id, meta, date, ...content } = resource;
  return JSON.stringify(content);
}
