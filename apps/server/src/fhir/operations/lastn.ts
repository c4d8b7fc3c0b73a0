/**
 * `Observation/$lastn`: of each thing that was observed of a patient the newest few, out of documents
 * and readings. Two Observations are of one thing when they share a code (R4 speaks of equivalents).
 */
import { isCuffPressure } from '@ausculta/fhir/observation';
import { metricsOfQuery, type ObservationQuery } from '@ausculta/fhir/observation-query';
import type { SearchQuery } from '@ausculta/fhir/search-query';
import { SYSTEM } from '@ausculta/fhir/systems';
import { BLOOD_PRESSURE_PANEL } from '@ausculta/vitals/catalogue-pressure';
import type { Metric } from '@ausculta/vitals/metric';
import type { CodeableConcept, Observation } from '@medplum/fhirtypes';
import type { Condition } from '../conditions.ts';
import type { FhirDocument } from '../document.ts';
import { positionOf } from '../found-rows.ts';
import { tokenText } from '../index-entries.ts';
import { ANSWER_BYTES_MAX, ByteBudget } from '../page-budget.ts';
import { documentOfReading, type ReadingSource, readingsPage } from '../reading-pages.ts';
import { documentOf, type Found, type SearchSession, TooWide } from '../search-session.ts';

/** So many documents are opened; what has been seen often enough is passed over unopened. */
const OPENED_MAX = 5_000;
const BATCH = 250;

interface Observed {
  readonly document: FhirDocument;
  /** Undefined where it says no time: it comes last. */
  readonly atMs: number | undefined;
}

interface Group {
  /** `system|code`, or its words where it has no code. */
  readonly keys: Set<string>;
  readonly observed: Observed[];
}

/** In the order in which they are first seen. */
export class LastGroups {
  readonly #max: number;
  #groups: Group[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  add(code: CodeableConcept | undefined, observed: Observed): void {
    const keys = keysOf(code);
    const shared = this.#groups.filter((group) => keys.some((key) => group.keys.has(key)));
    const [group = { keys: new Set<string>(), observed: [] }, ...others] = shared;
    // What two groups had no word for in common, this one has.
    for (const other of others) {
      for (const key of other.keys) group.keys.add(key);
      group.observed.push(...other.observed);
    }
    for (const key of keys) group.keys.add(key);
    group.observed.push(observed);
    if (shared.length === 0) this.#groups.push(group);
    this.#groups = this.#groups.filter((one) => !others.includes(one));
  }

  /** The codes of which nothing older is wanted, as long as everything is added newest first. */
  fullCodes(): string[] {
    const full = this.#groups.filter(({ observed }) => observed.length >= this.#max);
    return full.flatMap(({ keys }) => [...keys].filter((key) => key.includes('|')));
  }

  /** Group by group, each newest first. */
  newest(): FhirDocument[] {
    return this.#groups.flatMap(({ observed }) =>
      observed
        .toSorted((a, b) => (b.atMs ?? -Infinity) - (a.atMs ?? -Infinity))
        .slice(0, this.#max)
        .map(({ document }) => document),
    );
  }
}

function keysOf(code: CodeableConcept | undefined): string[] {
  const codes = (code?.coding ?? []).flatMap((one) =>
    one.code === undefined ? [] : [`${one.system ?? ''}|${one.code}`],
  );
  return codes.length > 0 ? codes : [code?.text ?? ''];
}

interface DocumentsAsked extends Pick<SearchQuery, 'filters'> {
  readonly isTold: (observation: Observation) => boolean;
}

/** Newest first, a batch at a time; of codes that have enough, no more are asked for. */
export async function addDocuments(
  session: SearchSession,
  { filters, isTold }: DocumentsAsked,
  groups: LastGroups,
): Promise<void> {
  const { hash } = session;
  const asked: Parameters<SearchSession['stored']>[1][number][] = [];
  for (const filter of filters)
    asked.push({ filter, asked: await session.conditionOf('Observation', filter) });
  const sort = [
    { by: { range: hash(tokenText('Observation', 'date', 'span')) }, descending: true },
  ];
  const budget = new ByteBudget(ANSWER_BYTES_MAX);
  let after: ReturnType<typeof positionOf> | undefined;
  for (let opened = 0; opened < OPENED_MAX; opened += BATCH) {
    const anyOf = groups
      .fullCodes()
      .map((key) => hash(tokenText('Observation', 'code', 'both', key)));
    const isWanted: Condition = { kind: 'not', of: { kind: 'tokens', anyOf } };
    const wanted = { filter: NO_FILTER, asked: { condition: isWanted, isExact: true } };
    const question = { types: ['Observation'], sort, after };
    let seen = 0;
    for await (const found of session.stored(question, [...asked, wanted], BATCH)) {
      if (budget.isSpent) throw new TooWide();
      budget.spend(found.text);
      const observation = JSON.parse(found.text) as Observation;
      // What is passed over hides nothing that is older.
      if (isTold(observation)) groups.add(observation.code, at(found, observation));
      after = positionOf(found.row, 1);
      seen += 1;
      if (seen === BATCH) break;
    }
    if (seen < BATCH) return;
  }
  throw new TooWide();
}

function at(found: Found, observation: Observation): Observed {
  return { document: documentOf(found), atMs: effectiveMs(observation) };
}

const NO_FILTER = { kind: 'missing', parameter: '_id', isMissing: false } as const;

function effectiveMs(observation: Observation): number | undefined {
  const { effectiveDateTime, effectiveInstant, effectivePeriod } = observation;
  const text =
    effectiveDateTime ?? effectiveInstant ?? effectivePeriod?.start ?? effectivePeriod?.end;
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

interface ReadingsAsked {
  readonly query: ObservationQuery;
  /** Of the patient's series. */
  readonly metrics: ReadonlySet<Metric>;
  readonly max: number;
  readonly source: ReadingSource;
}

/** The newest of each metric that the patient has; true when part of the record does not open. */
export async function addReadings(
  { query, metrics, max, source }: ReadingsAsked,
  groups: LastGroups,
): Promise<boolean> {
  const codes = new Map(
    metricsOfQuery(query)
      .filter((metric) => metrics.has(metric))
      .map((metric) => {
        const isPart = isCuffPressure(metric);
        const system = isPart ? SYSTEM.LOINC : SYSTEM.METRIC;
        const code = isPart ? BLOOD_PRESSURE_PANEL.loinc : metric.key;
        return [code, { system, code }] as const;
      }),
  );
  let isUnreadable = false;
  for (const code of codes.values()) {
    const one = { ...query, codes: [...query.codes, [code]], newestFirst: true, count: max };
    const page = await readingsPage({ ...one, page: undefined }, source);
    for (const reading of page.resources) {
      const observation = JSON.parse(reading.text) as Observation;
      const document = documentOfReading(reading, query.subjectId);
      groups.add(observation.code, { document, atMs: reading.timeMs });
    }
    isUnreadable ||= page.isUnreadable;
  }
  return isUnreadable;
}
