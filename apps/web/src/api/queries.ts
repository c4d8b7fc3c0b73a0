import { RefusedAdmissionList } from '@ausculta/contract/admissions';
import { AlarmList, type AlarmView, LimitList } from '@ausculta/contract/alarms';
import { DeviceList, DeviceView } from '@ausculta/contract/devices';
import { Trend } from '@ausculta/contract/readings';
import { Session, type SignIn, SignInInfo } from '@ausculta/contract/session';
import { SubjectList } from '@ausculta/contract/subjects';
import { keepPreviousData, QueryCache, QueryClient, queryOptions } from '@tanstack/react-query';
import { askJson, RequestRefused, tell } from './client.ts';

export const queryClient: QueryClient = new QueryClient({
  // Whoever is refused as nobody has no session any more, or has locked it in another tab: ask, and be led there.
  queryCache: new QueryCache({
    onError: (error) => {
      if (!(error instanceof RequestRefused) || ![401, 423].includes(error.status)) return;
      void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) =>
        !(error instanceof RequestRefused && error.status >= 400 && error.status < 500) &&
        failures < 2,
    },
  },
});

/** Null: nobody is signed in, which is an answer and not an error. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: 60_000,
  // Locked in another tab, it is locked here.
  refetchInterval: 15_000,
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return await askJson('/api/session', Session, { signal });
    } catch (error) {
      if (error instanceof RequestRefused && error.status === 401) return null;
      throw error;
    }
  },
});

/** Null but on a demo: what one signs in with. */
export const signInInfoQuery = queryOptions({
  queryKey: ['sign-in'],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: ({ signal }) => askJson('/api/sign-in', SignInInfo, { signal }),
});

/** Nobody is signed in any more, and nothing of what they saw stays in this browser. */
export function forgetSession(client: QueryClient): void {
  client.removeQueries({ predicate: (query) => query.queryKey[0] !== sessionQuery.queryKey[0] });
  client.setQueryData(sessionQuery.queryKey, null);
}

/** Rooms and things too: whoever presses the button of a room is to be heard. */
export const subjectsQuery = queryOptions({
  queryKey: ['subjects'],
  refetchInterval: 15_000,
  // Whoever comes while nobody looks at this window is to be heard all the same.
  refetchIntervalInBackground: true,
  queryFn: async ({ signal }) => (await askJson('/api/subjects', SubjectList, { signal })).subjects,
});

/**
 * Somebody of whom this browser does not know yet has an alarm: it asks at once who is here. An answer that
 * was on its way may be from before they were: then once more, behind it.
 */
export async function lookForNewSubjects(
  client: QueryClient,
  ids: readonly string[],
): Promise<void> {
  const { queryKey } = subjectsQuery;
  const areKnown = (): boolean => {
    const known = client.getQueryData(queryKey) ?? [];
    return ids.every((id) => known.some((subject) => subject.id === id));
  };
  for (let round = 0; round < 2 && !areKnown(); round += 1)
    await client.invalidateQueries({ queryKey }, { cancelRefetch: false });
}

/** What admission systems said that contradicts what is known. */
export const refusedAdmissionsQuery = queryOptions({
  queryKey: ['admissions', 'refused'],
  refetchInterval: 15_000,
  queryFn: async ({ signal }) =>
    (await askJson('/api/admissions/refused', RefusedAdmissionList, { signal })).refused,
});

export const devicesQuery = queryOptions({
  queryKey: ['devices'],
  refetchInterval: 15_000,
  queryFn: async ({ signal }) => (await askJson('/api/devices', DeviceList, { signal })).devices,
});

/** While readings change hands one wants to see them come. */
export function deviceQuery(id: string) {
  return queryOptions({
    queryKey: ['device', id],
    queryFn: ({ signal }): Promise<DeviceView> =>
      askJson(`/api/devices/${encodeURIComponent(id)}`, DeviceView, { signal }),
    refetchInterval: ({ state: { data } }): number =>
      data?.reattributions.some(({ stage }) => stage !== 'done') === true ? 1_000 : 15_000,
  });
}

/** For patients beyond those that the live socket watches. */
export const openAlarmsQuery = queryOptions({
  queryKey: ['alarms', 'open'],
  refetchInterval: 10_000,
  queryFn: async ({ signal }) =>
    (await askJson('/api/alarms?state=open', AlarmList, { signal })).alarms,
});

/** Open ones, and those of the last day that are over. */
export const lastAlarmsQuery = queryOptions({
  queryKey: ['alarms', 'all'],
  refetchInterval: 10_000,
  queryFn: async ({ signal }) =>
    (await askJson('/api/alarms?state=all', AlarmList, { signal })).alarms,
});

export function subjectAlarmsQuery(subjectId: string) {
  return queryOptions({
    queryKey: ['alarms', 'all', subjectId],
    refetchInterval: 30_000,
    queryFn: async ({ signal }) =>
      (
        await askJson(`/api/alarms?state=all&subject=${encodeURIComponent(subjectId)}`, AlarmList, {
          signal,
        })
      ).alarms,
  });
}

export function limitsQuery(subjectId: string) {
  return queryOptions({
    queryKey: ['limits', subjectId],
    staleTime: 60_000,
    queryFn: async ({ signal }) =>
      (
        await askJson(`/api/subjects/${encodeURIComponent(subjectId)}/limits`, LimitList, {
          signal,
        })
      ).limits,
  });
}

export interface TrendAsk {
  readonly subjectId: string;
  readonly metrics: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly points: number;
  /** Grows when the server says that the past was corrected. */
  readonly revision: number;
}

export function trendQuery(ask: TrendAsk) {
  return queryOptions({
    queryKey: ['trend', ask],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => {
      const search = new URLSearchParams({
        metrics: ask.metrics.join(','),
        from: String(Math.round(ask.fromMs)),
        to: String(Math.round(ask.toMs)),
        points: String(ask.points),
      });
      return askJson(`/api/subjects/${encodeURIComponent(ask.subjectId)}/trend?${search}`, Trend, {
        signal,
      });
    },
  });
}

export async function signIn(credentials: SignIn): Promise<Session> {
  await tell('/api/session', { method: 'POST', body: credentials });
  return await askJson('/api/session', Session);
}

export function signOut(): Promise<void> {
  return tell('/api/session', { method: 'DELETE' });
}

/** As it is shown here: if it is more urgent by now, it has not been seen, and calls on. */
export function acknowledge(
  alarm: Pick<AlarmView, 'id' | 'subjectId' | 'priority'>,
): Promise<void> {
  return tell(`/api/alarms/${encodeURIComponent(alarm.id)}/acknowledge`, {
    method: 'POST',
    body: { subjectId: alarm.subjectId, priority: alarm.priority },
  });
}

/** Medium and low alarms alone: the server refuses the others. */
export function snoozeAlarm(
  { id, subjectId }: Pick<AlarmView, 'id' | 'subjectId'>,
  wish: { readonly minutes: number; readonly reason: string },
): Promise<void> {
  return tell(`/api/alarms/${encodeURIComponent(id)}/snooze`, {
    method: 'POST',
    body: { subjectId, ...wish },
  });
}
