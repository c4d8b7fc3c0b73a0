import { Oversight, type OversightReview, OversightWaiting } from '@ausculta/contract/oversight';
import { queryOptions } from '@tanstack/react-query';
import { askJson, tell } from './client.ts';

export const oversightQuery = queryOptions({
  queryKey: ['oversight'],
  refetchInterval: 15_000,
  queryFn: ({ signal }) => askJson('/api/oversight', Oversight, { signal }),
});

/** An emergency access is on the screen of whoever reviews it within seconds. */
export const waitingQuery = queryOptions({
  queryKey: ['oversight', 'waiting'],
  refetchInterval: 5_000,
  refetchIntervalInBackground: true,
  queryFn: ({ signal }) => askJson('/api/oversight/waiting', OversightWaiting, { signal }),
});

export function reviewUnusual(id: string, body: OversightReview): Promise<void> {
  return tell(`/api/oversight/${encodeURIComponent(id)}/review`, { method: 'POST', body });
}

export function guardRecord(subjectId: string, method: 'PUT' | 'DELETE'): Promise<void> {
  return tell(`/api/subjects/${encodeURIComponent(subjectId)}/guard`, { method, body: {} });
}
