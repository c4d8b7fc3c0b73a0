import {
  AppAnswer,
  type AppDecision,
  AppGrantList,
  AppList,
  AppRequest,
  type DeviceDecision,
  LaunchView,
  type NewLaunch,
} from '@ausculta/contract/apps';
import { queryOptions } from '@tanstack/react-query';
import { askJson, tell } from './client.ts';

const asking = (uid: string): string => `/oidc/asking/${encodeURIComponent(uid)}`;

/** What an app asks, whose page has sent the browser here. */
export function appRequestQuery(uid: string) {
  return queryOptions({
    queryKey: ['app-request', uid],
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
    queryFn: ({ signal }) => askJson(`${asking(uid)}/request`, AppRequest, { signal }),
  });
}

export async function letIn(uid: string, decision: AppDecision): Promise<string> {
  const ask = { method: 'POST', body: decision } as const;
  return (await askJson(`${asking(uid)}/grant`, AppAnswer, ask)).goTo;
}

export async function refuse(uid: string): Promise<string> {
  return (await askJson(`${asking(uid)}/refusal`, AppAnswer, { method: 'POST' })).goTo;
}

export function lookAtCode(code: string): Promise<AppRequest> {
  return askJson('/api/device-codes/look', AppRequest, { method: 'POST', body: { code } });
}

export function letInByCode(decision: DeviceDecision): Promise<void> {
  return tell('/api/device-codes/grant', { method: 'POST', body: decision });
}

export function refuseByCode(code: string): Promise<void> {
  return tell('/api/device-codes/refusal', { method: 'POST', body: { code } });
}

export const myAppsQuery = queryOptions({
  queryKey: ['me', 'apps'],
  queryFn: async ({ signal }) => (await askJson('/api/me/apps', AppGrantList, { signal })).apps,
});

export function shutOut(id: string): Promise<void> {
  return tell(`/api/me/apps/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

export const launchableAppsQuery = queryOptions({
  queryKey: ['apps'],
  staleTime: 60_000,
  queryFn: async ({ signal }) => (await askJson('/api/apps', AppList, { signal })).apps,
});

export async function openApp(launch: NewLaunch): Promise<string> {
  return (await askJson('/api/launches', LaunchView, { method: 'POST', body: launch })).url;
}
