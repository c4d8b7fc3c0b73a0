import {
  type BreakGlass,
  BrokenGlass,
  BrokenGlassList,
  Directory,
  FoundPatients,
  MyAccess,
  MyEmergencies,
  type NewGrant,
  type NewRelation,
  RelationList,
  type SubjectAct,
} from '@ausculta/contract/access';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { askJson, tell } from './client.ts';

const ofSubject = (id: string): string => `/api/subjects/${encodeURIComponent(id)}`;

export function myAccessQuery(subjectId: string) {
  return queryOptions({
    queryKey: ['access', subjectId],
    refetchInterval: 30_000,
    queryFn: ({ signal }) =>
      askJson(`/api/me/access/${encodeURIComponent(subjectId)}`, MyAccess, { signal }),
  });
}

/** What the server says that the caller may do of this person; before it has said so, nothing. */
export function useMayOf(subjectId: string): (act: SubjectAct) => boolean {
  const { data } = useQuery(myAccessQuery(subjectId));
  return (act) => data?.may.includes(act) === true;
}

export const emergenciesQuery = queryOptions({
  queryKey: ['emergencies'],
  refetchInterval: 15_000,
  queryFn: async ({ signal }) =>
    (await askJson('/api/me/emergencies', MyEmergencies, { signal })).open,
});

export const directoryQuery = queryOptions({
  queryKey: ['directory'],
  staleTime: 60_000,
  queryFn: ({ signal }) => askJson('/api/directory', Directory, { signal }),
});

export function teamQuery(subjectId: string) {
  return queryOptions({
    queryKey: ['team', subjectId],
    refetchInterval: 30_000,
    queryFn: ({ signal }) => askJson(`${ofSubject(subjectId)}/team`, RelationList, { signal }),
  });
}

export function addToTeam(subjectId: string, body: NewRelation): Promise<void> {
  return tell(`${ofSubject(subjectId)}/team`, { method: 'POST', body });
}

export function endRelation(
  subjectId: string,
  { accountId, kind }: Pick<NewRelation, 'accountId' | 'kind'>,
): Promise<void> {
  const path = `${ofSubject(subjectId)}/team/${encodeURIComponent(accountId)}/${kind}`;
  return tell(path, { method: 'DELETE' });
}

export function giveGrant(body: Omit<NewGrant, 'onward'>): Promise<void> {
  return tell('/api/grants', { method: 'POST', body });
}

export function withdrawGrant(id: string): Promise<void> {
  return tell(`/api/grants/${encodeURIComponent(id)}/withdrawal`, { method: 'POST', body: {} });
}

export function breakGlass(subjectId: string, body: BreakGlass): Promise<BrokenGlass> {
  return askJson(`${ofSubject(subjectId)}/break-glass`, BrokenGlass, { method: 'POST', body });
}

export const brokenGlassQuery = queryOptions({
  queryKey: ['broken-glass'],
  queryFn: async ({ signal }) =>
    (await askJson('/api/broken-glass', BrokenGlassList, { signal })).broken,
});

export function reviewGlass({ subjectId, id }: Pick<BrokenGlass, 'subjectId' | 'id'>) {
  const path = `${ofSubject(subjectId)}/break-glass/${encodeURIComponent(id)}/review`;
  return tell(path, { method: 'POST', body: {} });
}

/** In a body, so that no name stands in an address or a log. */
export function findPatients(wanted: string): Promise<FoundPatients> {
  return askJson('/api/find-patients', FoundPatients, { method: 'POST', body: { wanted } });
}
