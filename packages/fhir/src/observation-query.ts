import { CATALOGUE } from '@ausculta/vitals/catalogue';
import { BLOOD_PRESSURE_PANEL } from '@ausculta/vitals/catalogue-pressure';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';
import type { CodeableConcept, Coding, Observation } from '@medplum/fhirtypes';
import { ALL_TIME, type Interval } from './date-range.ts';
import { categoryOf, codingsOf, isCuffPressure } from './observation.ts';
import { intersection, readDateParameter } from './search-date.ts';
import { SYSTEM } from './systems.ts';

/** `system|code`, `code` of any system, `|code` of none, `system|` for all of one. */
export interface Token {
  readonly system: string | undefined;
  readonly code: string | undefined;
}

export interface ObservationQuery {
  readonly subjectId: SubjectId;
  /** Each parameter is a list of which one must match; all parameters must. */
  readonly codes: readonly (readonly Token[])[];
  readonly categories: readonly (readonly Token[])[];
  readonly interval: Interval;
  readonly newestFirst: boolean;
  readonly count: number;
  /** Where the page begins; undefined for the first one. */
  readonly page: PageStart | undefined;
  /** Parameters that were passed over, because the caller asked for leniency. */
  readonly ignored: readonly string[];
}

/** A page begins at a time, after so many Observations of that time that the page before had. */
export interface PageStart {
  readonly atMs: number;
  readonly skip: number;
}

/** The parameter of the next link; only we read it. */
export const PAGE_PARAMETER = '_page';

export function pageText({ atMs, skip }: PageStart): string {
  return `${atMs}.${skip}`;
}

const COUNT_DEFAULT = 100;
/** About 1 MB of Observations: what a browser or an interface engine takes at once. */
export const COUNT_MAX = 1_000;
const PARAMETERS_MAX = 50;
const TOKENS_MAX = 100;

type Draft = { -readonly [Key in keyof ObservationQuery]?: ObservationQuery[Key] } & {
  codes: Token[][];
  categories: Token[][];
  ignored: string[];
  interval: Interval;
};

/**
 * Reads the parameters of GET Observation. An unknown one is a fault, since a filter that is passed
 * over answers another question than was asked; with `isLenient` (Prefer: handling=lenient) it is
 * listed in `ignored`. A search is always of one patient.
 */
export function parseObservationQuery(
  parameters: Iterable<readonly [string, string]>,
  options: { readonly isLenient?: boolean } = {},
): Result<ObservationQuery> {
  const draft: Draft = { codes: [], categories: [], ignored: [], interval: ALL_TIME };
  let count = 0;
  for (const [name, value] of parameters) {
    if (++count > PARAMETERS_MAX) return fail('QUERY_INVALID', 'too many parameters');
    const read = READERS.get(name);
    if (read === undefined) {
      if (options.isLenient !== true) return fail('QUERY_INVALID', 'unknown search parameter');
      draft.ignored.push(name);
      continue;
    }
    const problem = read(draft, value);
    if (problem !== undefined) return fail('QUERY_INVALID', problem);
  }
  if (draft.subjectId === undefined) return fail('QUERY_INVALID', 'subject is missing');
  const { subjectId, codes, categories, interval, ignored } = draft;
  const newestFirst = draft.newestFirst ?? true;
  return ok({
    ...{ subjectId, codes, categories, interval, ignored },
    ...{ newestFirst, count: draft.count ?? COUNT_DEFAULT, page: draft.page },
  });
}

/** Takes a value into the draft, or says what is wrong with it. */
type Reader = (draft: Draft, value: string) => string | undefined;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['subject', readSubject],
  ['subject:Patient', readSubject],
  ['patient', readSubject],
  ['code', (draft, value) => readTokens(draft.codes, value)],
  ['category', (draft, value) => readTokens(draft.categories, value)],
  ['date', readDate],
  ['_sort', readSort],
  ['_count', readCount],
  ['_format', readFormat],
  [PAGE_PARAMETER, readPage],
]);

function readSubject(draft: Draft, value: string): string | undefined {
  const subjectId = parseSubjectId(value.replace(/^Patient\//, ''));
  if (subjectId === undefined) return 'subject is not Patient/{id}';
  if (draft.subjectId !== undefined && draft.subjectId !== subjectId)
    return 'more than one subject';
  draft.subjectId = subjectId;
  return undefined;
}

function readTokens(lists: Token[][], value: string): string | undefined {
  const parts = value.split(',');
  if (parts.length > TOKENS_MAX) return 'too many codes';
  const tokens = parts.map(readToken);
  if (tokens.some(({ system, code }) => !system && !code)) return 'a code is empty';
  lists.push(tokens);
  return undefined;
}

function readToken(text: string): Token {
  const at = text.indexOf('|');
  if (at < 0) return { system: undefined, code: text };
  const code = text.slice(at + 1);
  return { system: text.slice(0, at), code: code === '' ? undefined : code };
}

function readDate(draft: Draft, value: string): string | undefined {
  const interval = readDateParameter(value);
  if (interval === undefined) return 'date is [eq|ge|gt|le|lt]YYYY[-MM[-DD[Thh:mm[:ss]Z]]]';
  draft.interval = intersection(draft.interval, interval);
  return undefined;
}

function readSort(draft: Draft, value: string): string | undefined {
  if (value !== 'date' && value !== '-date') return '_sort is date or -date';
  draft.newestFirst = value === '-date';
  return undefined;
}

function readCount(draft: Draft, value: string): string | undefined {
  if (!/^\d{1,9}$/.test(value)) return '_count is a whole number from 0';
  draft.count = Math.min(Number(value), COUNT_MAX);
  return undefined;
}

function readPage(draft: Draft, value: string): string | undefined {
  const [, at, skip] = /^(-?\d{1,16})\.(\d{1,4})$/.exec(value) ?? [];
  if (at === undefined || skip === undefined || Math.abs(Number(at)) > 8.64e15)
    return `${PAGE_PARAMETER} is of a next link`;
  draft.page = { atMs: Number(at), skip: Number(skip) };
  return undefined;
}

const FORMATS = ['json', 'application/json', 'application/fhir+json', 'application/fhir json'];

function readFormat(_draft: Draft, value: string): string | undefined {
  return FORMATS.includes(value) ? undefined : '_format is json';
}

const PANEL_CODINGS: readonly Coding[] = [
  { system: SYSTEM.LOINC, code: BLOOD_PRESSURE_PANEL.loinc },
  { system: SYSTEM.MDC, code: String(BLOOD_PRESSURE_PANEL.mdc.code) },
];

/** What is told as Observations, and by what it is found. Waveforms are no Observations here. */
const TOLD = CATALOGUE.filter(({ kind }) => kind !== 'waveform' && kind !== 'technical').map(
  (metric) => ({
    metric,
    codings: isCuffPressure(metric) ? PANEL_CODINGS : codingsOf(metric),
    category: [{ system: SYSTEM.OBSERVATION_CATEGORY, code: categoryOf(metric) ?? '' }],
  }),
);

/** The metrics whose Observations can match: what to fetch. */
export function metricsOfQuery({ codes, categories }: ObservationQuery): readonly Metric[] {
  return TOLD.filter(
    ({ codings, category }) => matchesAll(codes, codings) && matchesAll(categories, category),
  ).map(({ metric }) => metric);
}

/** Whether a finished Observation answers the query; its patient is the caller's to check. */
export function matches(query: ObservationQuery, observation: Observation): boolean {
  const atMs = Date.parse(observation.effectiveDateTime ?? '');
  const { fromMs, untilMs } = query.interval;
  if (!(fromMs <= atMs && atMs < untilMs)) return false;
  const categories = observation.category ?? [];
  return (
    matchesAll(query.codes, observation.code.coding ?? []) &&
    matchesAll(
      query.categories,
      categories.flatMap((one: CodeableConcept) => one.coding ?? []),
    )
  );
}

function matchesAll(lists: readonly (readonly Token[])[], codings: readonly Coding[]): boolean {
  return lists.every((tokens) =>
    tokens.some((token) => codings.some((coding) => matchesToken(token, coding))),
  );
}

function matchesToken({ system, code }: Token, coding: Coding): boolean {
  const isSystem = system === undefined || (coding.system ?? '') === system;
  return isSystem && (code === undefined || coding.code === code);
}
