/** The answer to a search: a Bundle of what was found, and of what the reader must know about it. */
import type { Definitions } from '@ausculta/fhir/definitions';
import { toOperationOutcome } from '@ausculta/fhir/operation-outcome';
import type { Filter, SearchQuery } from '@ausculta/fhir/search-query';
import { fail } from '@ausculta/vitals/fault';
import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import { viewing } from '../database/viewing.ts';
import { FLAG } from './alarm-flags.ts';
import { type Answer, BEYOND_SCOPES, outcomeOf, refuseFor } from './answer.ts';
import type { AuditEventSearch } from './audit-event-search.ts';
import { AUDIT_EVENT } from './audit-events.ts';
import type { DeviceSearch } from './device-search.ts';
import { DEVICE, METRIC } from './devices-by-id.ts';
import type { HiddenQuestions } from './hidden-questions.ts';
import { bundleText, searchBeside } from './http-answer.ts';
import { type IndexState, typesAskedBy } from './index-state.ts';
import { fhirKnowledge } from './knowledge.ts';
import { type ObservationSearch, WITHOUT_READINGS } from './observation-search.ts';
import type { Repository } from './repository.ts';
import type { SearchPage } from './search.ts';
import type { SearchAsked } from './search-asked.ts';
import { subsetText } from './subset.ts';

export interface SearchPorts {
  readonly repository: Repository;
  readonly index: Pick<IndexState, 'missingFrom'>;
  readonly observations: ObservationSearch;
  readonly devices: DeviceSearch;
  readonly audited: AuditEventSearch;
  readonly questions: HiddenQuestions;
}

type Told = SearchPage & { readonly issues?: readonly OperationOutcomeIssue[] };

export async function searchAnswer(
  ports: SearchPorts,
  asked: SearchAsked,
): Promise<Answer<string>> {
  const found = await foundBy(ports, asked);
  if (!found.ok) return found;
  const { definitions } = await fhirKnowledge();
  const { query, page } = found.value;
  return { ok: true, value: pageText(asked, query, { page, definitions }) };
}

export interface FoundBy {
  readonly query: SearchQuery;
  readonly page: Told;
}

/** The page itself, for whoever tells it in another form. */
export async function foundBy(
  { repository, index, observations, devices, audited }: SearchPorts,
  asked: Omit<SearchAsked, 'selfUrl' | 'nextUrl'>,
): Promise<Answer<FoundBy>> {
  const { organisationId, type, parameters } = asked;
  const names = parameters.map(([name]) => name);
  if (viewing()?.scopes?.maySearch(type, names) === false) return BEYOND_SCOPES;
  const query = await repository.parse(type, parameters, asked);
  if (!query.ok) return refuseFor(query.fault);
  const found =
    type === OBSERVATION
      ? await observations.search(asked, query.value)
      : type === DEVICE || type === METRIC
        ? await devices.search(organisationId, type, query.value)
        : type === AUDIT_EVENT
          ? await audited.search(organisationId, query.value)
          : await repository.search(organisationId, query.value);
  if (!found.ok) return refuseFor(found.fault);
  const isWhole = type === OBSERVATION || type === AUDIT_EVENT;
  const told: Told = isWhole ? found.value : withWarning(found.value, query.value);
  const missing = await index.missingFrom(organisationId, typesAskedBy(query.value));
  const page =
    missing.length === 0 ? told : { ...told, issues: [...(told.issues ?? []), ...missing] };
  for (const { subjectIds } of page.matches) asked.note(subjectIds);
  for (const { subjectIds } of page.included) asked.note(subjectIds);
  return { ok: true, value: { query: query.value, page } };
}

/** Whatever asks of Observations or AuditEvents among others, or of Flags, is answered from documents alone. */
function withWarning(page: Told, query: SearchQuery): Told {
  const issues = [
    ...(asksOf(OBSERVATION, query) ? [WITHOUT_READINGS] : []),
    ...(asksOf(FLAG, query) ? [WITHOUT_ALARMS] : []),
    ...(asksOf(AUDIT_EVENT, query) ? [WITHOUT_AUDIT] : []),
  ];
  return issues.length === 0 ? page : { ...page, issues: [...(page.issues ?? []), ...issues] };
}

const OBSERVATION = 'Observation';

function asksOf(type: string, { types, filters, reverseIncludes }: SearchQuery): boolean {
  return (
    types.includes(type) ||
    reverseIncludes.some((one) => one.type === type) ||
    filters.some((filter) => isFilteredBy(type, filter))
  );
}

function isFilteredBy(type: string, filter: Filter): boolean {
  if (filter.kind === 'has') return filter.type === type || isFilteredBy(type, filter.filter);
  if (filter.kind !== 'chain') return false;
  return filter.targets.some((one) => one.type === type || isFilteredBy(type, one.filter));
}

const WITHOUT_ALARMS: OperationOutcomeIssue = {
  severity: 'warning',
  code: 'incomplete',
  details: {
    text: 'Alarms are Flags that are read by their id, told by $closed-loop and by Subscriptions. This answer has none of them.',
  },
};

const WITHOUT_AUDIT: OperationOutcomeIssue = {
  severity: 'warning',
  code: 'incomplete',
  details: {
    text: 'What the audit has is found by a search for AuditEvents alone. This answer has none of it.',
  },
};

function pageText(
  { baseUrl, selfUrl, nextUrl }: SearchAsked,
  query: SearchQuery,
  { page, definitions }: { readonly page: Told; readonly definitions: Definitions },
): string {
  const link = [{ relation: 'self', url: selfUrl }];
  if (page.next !== undefined) link.push({ relation: 'next', url: nextUrl(page.next) });
  const total = page.total === undefined ? {} : { total: page.total };
  const as = (mode: 'match' | 'include') => (one: SearchPage['matches'][number]) => ({
    text: mode === 'match' ? subsetText(one.text, query, definitions) : one.text,
    beside: searchBeside(`${baseUrl}/${one.type}/${one.id}`, mode),
  });
  const issues = issuesOf(query, page);
  const outcome = issues.length === 0 ? [] : [{ text: JSON.stringify(outcomeOf(issues)) }];
  return bundleText({ type: 'searchset', ...total, link }, [
    ...page.matches.map(as('match')),
    ...page.included.map(as('include')),
    ...outcome.map(({ text }) => ({ text, beside: { search: { mode: 'outcome' } } })),
  ]);
}

export function issuesOf(
  { ignored }: Pick<SearchQuery, 'ignored'>,
  { isUnreadable, issues = [] }: Pick<Told, 'isUnreadable' | 'issues'>,
): OperationOutcomeIssue[] {
  const told = [...issues];
  for (const name of new Set(ignored)) {
    // A client that mixes up name and value might put a person's name here.
    const shown = /^_?[a-z][a-z:.-]{1,60}$/.test(name) ? `: ${name}` : '';
    const text = `An unknown search parameter was passed over${shown}`;
    told.push({ severity: 'warning', code: 'not-supported', details: { text } });
  }
  if (isUnreadable) told.push(...unreadableIssues());
  return told;
}

export function unreadableIssues(): readonly OperationOutcomeIssue[] {
  const { fault } = fail('SEAL_BROKEN', 'part of the record is unreadable');
  return toOperationOutcome(fault, 'warning').issue ?? [];
}
