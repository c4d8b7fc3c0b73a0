/** The answer to a search: a Bundle of what was found, and of what the reader must know about it. */
import type { Definitions } from '@ausculta/fhir/definitions';
import { toOperationOutcome } from '@ausculta/fhir/operation-outcome';
import type { SearchQuery } from '@ausculta/fhir/search-query';
import { fail } from '@ausculta/vitals/fault';
import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import { type Answer, outcomeOf, refuseFor } from './answer.ts';
import { bundleText } from './http-answer.ts';
import { fhirKnowledge } from './knowledge.ts';
import type { ObservationSearch } from './observation-search.ts';
import type { Repository } from './repository.ts';
import type { SearchPage } from './search.ts';
import type { SearchAsked } from './search-asked.ts';
import { subsetText } from './subset.ts';

export interface SearchPorts {
  readonly repository: Repository;
  readonly observations: ObservationSearch;
}

type Told = SearchPage & { readonly issues?: readonly OperationOutcomeIssue[] };

export async function searchAnswer(
  { repository, observations }: SearchPorts,
  asked: SearchAsked,
): Promise<Answer<string>> {
  const { organisationId, type, parameters } = asked;
  const query = await repository.parse(type, parameters, asked);
  if (!query.ok) return refuseFor(query.fault);
  const page =
    type === 'Observation'
      ? await observations.search(asked, query.value)
      : await repository.search(organisationId, query.value);
  if (!page.ok) return refuseFor(page.fault);
  const { definitions } = await fhirKnowledge();
  return { ok: true, value: pageText(asked, query.value, { page: page.value, definitions }) };
}

function pageText(
  { baseUrl, selfUrl }: SearchAsked,
  query: SearchQuery,
  { page, definitions }: { readonly page: Told; readonly definitions: Definitions },
): string {
  const link = [{ relation: 'self', url: selfUrl }];
  if (page.next !== undefined) {
    const next = new URL(selfUrl);
    next.searchParams.set('_cursor', page.next);
    link.push({ relation: 'next', url: next.href });
  }
  const total = page.total === undefined ? {} : { total: page.total };
  const as = (mode: 'match' | 'include') => (one: SearchPage['matches'][number]) => ({
    text: mode === 'match' ? subsetText(one.text, query, definitions) : one.text,
    beside: { fullUrl: `${baseUrl}/${one.type}/${one.id}`, search: { mode } },
  });
  const issues = issuesOf(query, page);
  const outcome = issues.length === 0 ? [] : [{ text: JSON.stringify(outcomeOf(issues)) }];
  return bundleText({ type: 'searchset', ...total, link }, [
    ...page.matches.map(as('match')),
    ...page.included.map(as('include')),
    ...outcome.map(({ text }) => ({ text, beside: { search: { mode: 'outcome' } } })),
  ]);
}

function issuesOf(
  { ignored }: SearchQuery,
  { isUnreadable, issues = [] }: Told,
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
