/**
 * `Patient/[id]/$everything`: the whole record of one patient, page by page. First the patient and the
 * documents of the record in their own order, which no update changes, each page with what it refers
 * to; then the readings of devices, oldest first.
 */
import { readDate } from '@ausculta/fhir/date-range';
import { CARE_DATES, PATIENT_COMPARTMENT } from '@ausculta/fhir/patient-compartment';
import type { RangeTest } from '@ausculta/fhir/range-test';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import { type Answer, refuse } from '../answer.ts';
import type { Asked, Condition } from '../conditions.ts';
import { positionOf } from '../found-rows.ts';
import { includedWith } from '../includes.ts';
import { tokenText } from '../index-entries.ts';
import type { Knowledge } from '../knowledge.ts';
import { ByteBudget, PAGE_BYTES_MAX } from '../page-budget.ts';
import { PATIENT } from '../patients.ts';
import { isIndexUnfinished } from '../record-store.ts';
import { emptyQuery } from '../search-asked.ts';
import { documentOf, type FoundDocument, type SearchSession } from '../search-session.ts';
import type { OperationAsked } from './parameters.ts';
import { UNKNOWN_PARAMETER, unknownIn, wholeNumber } from './parameters.ts';

const COUNT_DEFAULT = 100;
const COUNT_MAX = 1_000;

export interface EverythingAsked {
  readonly subjectId: SubjectId;
  /** Records that were merged into this one. */
  readonly behind?: readonly SubjectId[];
  /** Undefined: all. */
  readonly types: ReadonlySet<string> | undefined;
  readonly sinceMs: number | undefined;
  /** Of the last change, where it is asked since when: what is later is told the next time. */
  readonly changedUntilMs?: number;
  /** Of the care, half-open. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly count: number;
  readonly cursor: RecordCursor;
}

/** Where a page begins: after this document, or among the readings. */
export type RecordCursor =
  | { readonly doc: number }
  | { readonly atMs: number; readonly skip: number };

const KNOWN = ['start', 'end', '_since', '_type', '_count', '_cursor'];

export function readEverything(
  { texts }: Pick<OperationAsked, 'texts'>,
  subjectId: SubjectId,
  resourceTypes: ReadonlySet<string>,
): Answer<EverythingAsked> {
  if (unknownIn({ texts }, KNOWN) !== undefined) return UNKNOWN_PARAMETER;
  const spanOf = (name: string) => {
    const text = texts.get(name);
    return text === null ? null : readDate(text);
  };
  const [start, end, since] = ['start', 'end', '_since'].map(spanOf);
  if (start === undefined || end === undefined || since === undefined)
    return refuse(400, { code: 'value', text: 'start and end are dates, _since is an instant.' });
  const types = texts.getAll('_type').flatMap((one) => one.split(','));
  if (!types.every((type) => resourceTypes.has(type)))
    return refuse(400, { code: 'value', text: '_type names what is no type of R4.' });
  const count = texts.has('_count') ? wholeNumber(texts.get('_count'), 100_000) : COUNT_DEFAULT;
  if (count === undefined)
    return refuse(400, { code: 'value', text: '_count is a whole number from 1.' });
  const cursor = cursorIn(texts.get('_cursor'));
  if (cursor === undefined)
    return refuse(400, { code: 'value', text: '_cursor is of a next link.' });
  return {
    ok: true,
    value: {
      ...{ subjectId, cursor, count: Math.min(count, COUNT_MAX) },
      types: types.length === 0 ? undefined : new Set(types),
      sinceMs: since?.fromMs,
      fromMs: start?.fromMs ?? Number.NEGATIVE_INFINITY,
      untilMs: end?.untilMs ?? Number.POSITIVE_INFINITY,
    },
  };
}

function cursorIn(text: string | null): RecordCursor | undefined {
  if (text === null) return { doc: 0 };
  const [, doc] = /^d(\d{1,16})$/.exec(text) ?? [];
  if (doc !== undefined) return { doc: Number(doc) };
  const [, atMs, skip] = /^r(-?\d{1,16})\.(\d{1,4})$/.exec(text) ?? [];
  if (atMs === undefined || Math.abs(Number(atMs)) > 8.64e15) return undefined;
  return { atMs: Number(atMs), skip: Number(skip) };
}

export const cursorOf = (cursor: RecordCursor): string =>
  'doc' in cursor ? `d${cursor.doc}` : `r${cursor.atMs}.${cursor.skip}`;

export interface DocumentPage {
  readonly found: readonly FoundDocument[];
  readonly included: readonly FoundDocument[];
  /** Undefined: there are no more documents. */
  readonly after: number | undefined;
  /** Something does not open, or is not indexed yet and may be missing. */
  readonly isUnreadable: boolean;
}

export async function recordPage(
  session: SearchSession,
  knowledge: Knowledge,
  asked: EverythingAsked & { readonly cursor: { readonly doc: number } },
): Promise<DocumentPage> {
  const types = Object.keys(PATIENT_COMPARTMENT).filter((type) => asked.types?.has(type) ?? true);
  const found: FoundDocument[] = [];
  let after: number | undefined;
  if (types.length > 0) {
    const { doc } = asked.cursor;
    const question = { types, sort: [], after: { values: [], doc } };
    const budget = new ByteBudget(PAGE_BYTES_MAX);
    let last = doc;
    for await (const one of session.stored(
      question,
      conditionsOf(session, types, asked),
      asked.count + 1,
    )) {
      if (found.length === asked.count || budget.isSpent) {
        after = last;
        break;
      }
      found.push(documentOf(one));
      budget.spend(one.text);
      last = positionOf(one.row, 0).doc;
    }
  }
  const included = await referredTo(session, knowledge, found);
  const { tx, organisationId } = session;
  let isUnfinished = false;
  for (const id of [asked.subjectId, ...(asked.behind ?? [])])
    isUnfinished ||= await isIndexUnfinished(tx, organisationId, id);
  return {
    ...{ found, after },
    included: included.filter(({ type }) => asked.types?.has(type) ?? true),
    isUnreadable: session.unreadable > 0 || isUnfinished,
  };
}

/** Of nobody, or of everybody: who treats, where, by what. What is of another patient stays there. */
async function referredTo(
  session: SearchSession,
  knowledge: Knowledge,
  found: readonly FoundDocument[],
): Promise<FoundDocument[]> {
  const types = [...new Set(found.map(({ type }) => type))];
  const includes = types.map((type) => {
    return { type, parameter: '*', target: undefined, iterate: false };
  });
  const all = await includedWith(session, { ...emptyQuery(types), includes }, found, knowledge);
  return all.filter(({ type }) => type !== PATIENT && !(type in PATIENT_COMPARTMENT));
}

function conditionsOf(session: SearchSession, types: readonly string[], asked: EverythingAsked) {
  const { subjectId, behind = [] } = asked;
  const conditions = [ofPatient(session, types, [subjectId, ...behind])];
  const care = inTimeOfCare(session, types, asked);
  if (care !== undefined) conditions.push(care);
  const { sinceMs, changedUntilMs = Number.MAX_SAFE_INTEGER } = asked;
  if (sinceMs !== undefined) {
    const from = { end: 'low', operator: '>=', value: sinceMs } as const;
    const until = { end: 'low', operator: '<=', value: changedUntilMs } as const;
    conditions.push({ kind: 'updated', test: all([from, until]) });
  }
  return conditions.map((condition) => ({ filter: NO_FILTER, asked: exactly(condition) }));
}

const NO_FILTER = { kind: 'missing', parameter: '_id', isMissing: false } as const;
const exactly = (condition: Condition): Asked => ({ condition, isExact: true });
const all = (bounds: RangeTest['bounds']): RangeTest => ({ combine: 'all', bounds, isNot: false });

function ofPatient(
  { hash }: SearchSession,
  types: readonly string[],
  ids: readonly SubjectId[],
): Condition {
  const names = types.flatMap((type) =>
    (PATIENT_COMPARTMENT[type] ?? []).map((parameter) => hash(tokenText(type, parameter, 'to'))),
  );
  return { kind: 'refers', names, type: PATIENT, ids };
}

/** What has no time of its own is of every time. */
function inTimeOfCare(
  { hash }: SearchSession,
  types: readonly string[],
  { fromMs, untilMs }: EverythingAsked,
): Condition | undefined {
  const bounds: RangeTest['bounds'][number][] = [];
  if (Number.isFinite(fromMs)) bounds.push({ end: 'high', operator: '>', value: fromMs });
  if (Number.isFinite(untilMs)) bounds.push({ end: 'low', operator: '<', value: untilMs });
  if (bounds.length === 0) return undefined;
  const dated = types.flatMap((type) => {
    const parameter = CARE_DATES[type];
    return parameter === undefined ? [] : [{ type, parameter }];
  });
  const named = (kind: string) =>
    dated.map((one) => hash(tokenText(one.type, one.parameter, kind)));
  const hasNone: Condition = { kind: 'not', of: { kind: 'tokens', anyOf: named('present') } };
  const within = named('span').map(
    (name): Condition => ({ kind: 'range', name, test: all(bounds) }),
  );
  return { kind: 'any', of: [hasNone, ...within] };
}

/** A reading has no time of its last change: by when it was measured, and whoever asks is told. */
export const SINCE_MEASURED: OperationOutcomeIssue = {
  severity: 'information',
  code: 'informational',
  details: {
    text: '_since is asked of readings by the time at which they were measured: one that came late may be missing.',
  },
};
