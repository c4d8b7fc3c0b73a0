/**
 * A search for AuditEvents, the newest first: what the audit and the ledger have, and after them the documents of
 * other systems. Time, person, agent and kind are asked of the store; whatever else a filter says, of each event.
 */
import { actCodes, DISCLOSURE_CODES, readCodes } from '@ausculta/fhir/audit-codes';
import { passesFilter } from '@ausculta/fhir/search-match';
import type { Comparison, Filter, RowFilter, SearchQuery } from '@ausculta/fhir/search-query';
import { AUDIT_ACTS, isAuditAct, READ_ACTS } from '@ausculta/vitals/audit-act';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { type OrganisationId, parseSubjectId } from '@ausculta/vitals/identity';
import type { AuditEvent, OperationOutcomeIssue } from '@medplum/fhirtypes';
import { BEGINNING, type TrailAsked, type TrailEntry } from '../audit/trail.ts';
import { readTrailCursor, type TrailCursor, trailCursorText } from '../audit/trail-cursor.ts';
import { viewing } from '../database/viewing.ts';
import { AUDIT_EVENT, type AuditEvents, type ToldEvent } from './audit-events.ts';
import { fhirKnowledge } from './knowledge.ts';
import type { Repository } from './repository.ts';
import { includedIn, type SearchPage } from './search.ts';

export type AuditEventPage = SearchPage & { readonly issues: readonly OperationOutcomeIssue[] };

export interface AuditEventSearchPorts {
  readonly repository: Repository;
  readonly auditEvents: AuditEvents;
  readonly nowMs: () => number;
}

/** A page of the audit goes on behind this. */
const OURS = 'audit.';
/** The documents follow from their beginning. */
const DOCUMENTS = 'audit.documents';

export class AuditEventSearch {
  readonly #ports: AuditEventSearchPorts;

  constructor(ports: AuditEventSearchPorts) {
    this.#ports = ports;
  }

  async search(
    organisationId: OrganisationId,
    query: SearchQuery,
  ): Promise<Result<AuditEventPage>> {
    const { cursor } = query;
    if (cursor === DOCUMENTS) return await this.#documents(organisationId, query, undefined);
    if (cursor !== undefined && !cursor.startsWith(OURS))
      return await this.#documents(organisationId, query, cursor);
    const filters = query.filters.filter(isOfRows);
    const isNewestFirst = query.sort.every((one) => one.parameter === 'date' && one.descending);
    if (filters.length < query.filters.length || !isNewestFirst) {
      const page = await this.#ports.repository.search(organisationId, query);
      return page.ok ? ok({ ...page.value, issues: [WITHOUT_AUDIT] }) : page;
    }
    if (query.summary === 'count' || query.total === 'accurate')
      return fail('QUERY_INVALID', '_total: entries of the audit are not counted');
    if (query.count === 0) return ok({ ...NOTHING, issues: [] });
    const from = cursor === undefined ? undefined : readTrailCursor(cursor.slice(OURS.length));
    if (cursor !== undefined && from === undefined)
      return fail('QUERY_INVALID', '_cursor is of a next link');
    return await this.#told(organisationId, query, { filters, from });
  }

  async #told(
    organisationId: OrganisationId,
    query: SearchQuery,
    { filters, from }: { filters: readonly RowFilter[]; from: TrailCursor | undefined },
  ): Promise<Result<AuditEventPage>> {
    const { rowsOf } = await fhirKnowledge();
    const passes = (event: AuditEvent, some: readonly RowFilter[]) => {
      const rows = some.length === 0 ? [] : rowsOf(event);
      return some.every((filter) => passesFilter(filter, rows));
    };
    const asked = askedBy(organisationId, filters, { passes, nowMs: this.#ports.nowMs() });
    const toMs = Math.min(asked.toMs, from?.toMs ?? Number.MAX_SAFE_INTEGER);
    const isOfKind = kindTest(filters, passes);
    const found: ToldEvent[] = [];
    let start = from?.start ?? BEGINNING;
    let isUnreadable = false;
    let isOver = asked.subjectIds?.length === 0;
    // What a filter leaves of a page may be little: a few more are looked at.
    for (let round = 0; !isOver && round < ROUNDS && found.length < query.count; round += 1) {
      const limit = query.count - found.length;
      const tell = (entry: TrailEntry) => (isOfKind(entry) ? entry : undefined);
      const page = await this.#ports.auditEvents.page({ ...asked, toMs }, { start, limit, tell });
      found.push(...page.found.filter(({ resource }) => passes(resource, filters)));
      isUnreadable ||= page.isUnreadable;
      isOver = page.next === undefined;
      start = page.next ?? start;
    }
    const included = await this.#includedWith(organisationId, query, found);
    if (!included.ok) return included;
    const next = isOver ? DOCUMENTS : OURS + trailCursorText({ toMs, start });
    const page = { matches: found, included: included.value.included, isUnreadable };
    if (!isOver || found.length === query.count)
      return ok({ ...page, next, total: undefined, issues: [] });
    return await this.#withDocuments(organisationId, query, { ...NOTHING, ...page });
  }

  async #withDocuments(
    organisationId: OrganisationId,
    query: SearchQuery,
    page: SearchPage,
  ): Promise<Result<AuditEventPage>> {
    const rest = { ...query, count: query.count - page.matches.length };
    const stored = await this.#documents(organisationId, rest, undefined);
    if (!stored.ok) return stored;
    const { matches, included, next, isUnreadable, issues } = stored.value;
    return ok({
      ...{ matches: [...page.matches, ...matches], included: [...page.included, ...included] },
      ...{ next, issues, total: undefined, isUnreadable: isUnreadable || page.isUnreadable },
    });
  }

  /** In the order of their writing. */
  async #documents(
    organisationId: OrganisationId,
    query: SearchQuery,
    cursor: string | undefined,
  ): Promise<Result<AuditEventPage>> {
    const asked = { ...query, sort: [], cursor };
    const page = await this.#ports.repository.search(organisationId, asked);
    return page.ok ? ok({ ...page.value, issues: [] }) : page;
  }

  async #includedWith(
    organisationId: OrganisationId,
    query: SearchQuery,
    matches: readonly ToldEvent[],
  ): Promise<Result<Pick<SearchPage, 'included'>>> {
    if (matches.length === 0 || query.includes.length + query.reverseIncludes.length === 0)
      return ok({ included: [] });
    return await this.#ports.repository.look(organisationId, (session, knowledge) =>
      includedIn(session, query, matches, knowledge),
    );
  }
}

const NOTHING = {
  ...{ matches: [], included: [], next: undefined, total: undefined, isUnreadable: false },
} as const;
const ROUNDS = 5;

function isOfRows(filter: Filter): filter is RowFilter {
  return filter.kind === 'value' || filter.kind === 'missing';
}

type Passes = (event: AuditEvent, filters: readonly RowFilter[]) => boolean;

const OF_KIND = ['type', 'subtype', 'action'];

/** What its codes say is known of an entry before its event is made. */
function kindTest(filters: readonly RowFilter[], passes: Passes): (entry: TrailEntry) => boolean {
  const own = filters.filter(({ parameter }) => OF_KIND.includes(parameter));
  const known = new Map<string, boolean>();
  return (entry) => {
    const [key, codes] =
      entry.kind === 'act'
        ? [entry.act.act, () => actCodes(named(entry.act.act), entry.act.act)]
        : entry.kind === 'read'
          ? [`read ${entry.read.act}`, () => readCodes(entry.read.act)]
          : ['disclosure', () => DISCLOSURE_CODES];
    const isOne = known.get(key) ?? passes(sampleOf(codes()), own);
    known.set(key, isOne);
    return isOne;
  };
}

const named = (act: string) => (isAuditAct(act) ? act : undefined);

function sampleOf(codes: ReturnType<typeof readCodes>): AuditEvent {
  const source = { observer: { display: 'Ausculta' } };
  const recorded = new Date(0).toISOString();
  return { resourceType: AUDIT_EVENT, ...codes, recorded, agent: [{ requestor: true }], source };
}

function askedBy(
  organisationId: OrganisationId,
  filters: readonly RowFilter[],
  { passes, nowMs }: { readonly passes: Passes; readonly nowMs: number },
): TrailAsked & { readonly organisationId: OrganisationId } {
  const own = filters.filter(({ parameter }) => OF_KIND.includes(parameter));
  const isAsked = (codes: ReturnType<typeof readCodes>) => passes(sampleOf(codes), own);
  const names = Object.keys(AUDIT_ACTS).filter((act) => isAsked(actCodes(named(act), act)));
  const all = own.length === 0;
  return {
    ...{ organisationId, ...spanOf(filters, nowMs) },
    subjectIds: subjectsAsked(filters),
    who: whoAsked(filters),
    // Acts of another version are found by what is asked of all alone.
    acts: all ? undefined : names,
    withReads: all || READ_ACTS.some((act) => isAsked(readCodes(act))),
    withDisclosures: all || isAsked(DISCLOSURE_CODES),
  };
}

/** Of whom alone; a reader who is told of some is never asked for more. */
function subjectsAsked(filters: readonly RowFilter[]): readonly string[] | undefined {
  const only = viewing()?.audited();
  const asked = referencesIn(filters, 'patient', 'Patient');
  if (asked === undefined) return only;
  const ids = asked.filter((id) => parseSubjectId(id) !== undefined);
  return only === undefined ? ids : ids.filter((id) => only.some((one) => one === id));
}

function whoAsked(filters: readonly RowFilter[]): string | undefined {
  const asked = referencesIn(filters, 'agent', 'Practitioner');
  return asked?.length === 1 ? asked[0] : undefined;
}

/** Undefined where no filter names any, or one that is named may be of another kind. */
function referencesIn(
  filters: readonly RowFilter[],
  parameter: string,
  type: string,
): string[] | undefined {
  for (const filter of filters) {
    if (filter.kind !== 'value' || filter.isNot || filter.parameter !== parameter) continue;
    const ids = filter.comparisons.map((one) => idIn(one, type));
    const known = ids.filter((id) => id !== undefined);
    if (known.length === ids.length) return known;
  }
  return undefined;
}

function idIn(one: Comparison, type: string): string | undefined {
  if (one.kind !== 'reference' || one.url !== undefined) return undefined;
  return one.type === type || (one.type === undefined && type === 'Patient') ? one.id : undefined;
}

/** An instant ends some moments after it begins: rather too much is looked at than too little. */
const SLACK_MS = 1_000;

function spanOf(filters: readonly RowFilter[], nowMs: number): Pick<TrailAsked, 'fromMs' | 'toMs'> {
  let [fromMs, toMs] = [0, nowMs + SLACK_MS];
  for (const filter of filters) {
    if (filter.kind !== 'value' || filter.isNot || filter.parameter !== 'date') continue;
    const [one, ...others] = filter.comparisons;
    if (one?.kind !== 'date' || others.length > 0 || one.test.isNot) continue;
    const low = one.test.bounds.filter(({ operator }) => operator.startsWith('>'));
    const high = one.test.bounds.filter(({ operator }) => operator.startsWith('<'));
    const isOneSided = low.length === 0 || high.length === 0;
    if (one.test.combine === 'any' && !isOneSided) continue;
    if (low.length > 0)
      fromMs = Math.max(fromMs, Math.min(...low.map(({ value }) => value)) - SLACK_MS);
    if (high.length > 0)
      toMs = Math.min(toMs, Math.max(...high.map(({ value }) => value)) + SLACK_MS);
  }
  return { fromMs, toMs };
}

const WITHOUT_AUDIT: OperationOutcomeIssue = {
  severity: 'warning',
  code: 'incomplete',
  details: {
    text: 'The audit is told the newest first, by what an event itself says. This answer has none of it.',
  },
};
