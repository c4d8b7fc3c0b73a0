import {
  AccountList,
  LinkOwner,
  type LinkUse,
  type NewAccount,
  SignInLink,
} from '@ausculta/contract/accounts';
import {
  MyAccount,
  NewSecondFactor,
  PasskeyList,
  RecoveryCodes,
  SessionList,
} from '@ausculta/contract/me';
import { type ProofOfSession, Session } from '@ausculta/contract/session';
import { queryOptions } from '@tanstack/react-query';
import { askJson, tell } from './client.ts';

/** Whose a link is; asking uses nothing up. */
export function linkOwnerQuery(token: string) {
  return queryOptions({
    queryKey: ['link', token],
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    queryFn: ({ signal }) =>
      askJson('/api/sign-in-link/look', LinkOwner, { method: 'POST', body: { token }, signal }),
  });
}

export async function followLink(use: LinkUse): Promise<Session> {
  await tell('/api/sign-in-link', { method: 'POST', body: use });
  return await askJson('/api/session', Session);
}

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => askJson('/api/me', MyAccount, { signal }),
});

export const mySessionsQuery = queryOptions({
  queryKey: ['me', 'sessions'],
  queryFn: async ({ signal }) =>
    (await askJson('/api/me/sessions', SessionList, { signal })).sessions,
});

export const myPasskeysQuery = queryOptions({
  queryKey: ['me', 'passkeys'],
  queryFn: async ({ signal }) =>
    (await askJson('/api/me/passkeys', PasskeyList, { signal })).passkeys,
});

export const accountsQuery = queryOptions({
  queryKey: ['accounts'],
  queryFn: async ({ signal }) => (await askJson('/api/accounts', AccountList, { signal })).accounts,
});

export function changePassword(password: string): Promise<void> {
  return tell('/api/me/password', { method: 'POST', body: { password } });
}

export function beginSecondFactor(): Promise<NewSecondFactor> {
  return askJson('/api/me/second-factor/begin', NewSecondFactor, { method: 'POST' });
}

export async function setSecondFactor(code: string): Promise<readonly string[]> {
  const ask = { method: 'POST', body: { code } } as const;
  return (await askJson('/api/me/second-factor', RecoveryCodes, ask)).codes;
}

export async function renewRecoveryCodes(): Promise<readonly string[]> {
  return (await askJson('/api/me/recovery-codes', RecoveryCodes, { method: 'POST' })).codes;
}

export function removeSecondFactor(): Promise<void> {
  return tell('/api/me/second-factor', { method: 'DELETE' });
}

export function removePasskey(id: string): Promise<void> {
  return tell(`/api/me/passkeys/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

export function endSession(id: string): Promise<void> {
  return tell(`/api/me/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

export function endOtherSessions(): Promise<void> {
  return tell('/api/me/sessions', { method: 'DELETE' });
}

export function lockSession(): Promise<void> {
  return tell('/api/session/lock', { method: 'POST' });
}

export function proveSession(proof: ProofOfSession): Promise<void> {
  return tell('/api/session/proof', { method: 'POST', body: proof });
}

export function addAccount(wanted: NewAccount): Promise<SignInLink> {
  return askJson('/api/accounts', SignInLink, { method: 'POST', body: wanted });
}

export function makeLink(id: string, resetsFactors: boolean): Promise<SignInLink> {
  const ask = { method: 'POST', body: { resetsFactors } } as const;
  return askJson(`/api/accounts/${id}/link`, SignInLink, ask);
}

export async function setRoles(id: string, roles: readonly string[]): Promise<void> {
  await tell(`/api/accounts/${id}/roles`, { method: 'POST', body: { roles } });
}

export async function setInUse(id: string, isInUse: boolean): Promise<void> {
  await tell(`/api/accounts/${id}/${isInUse ? 'enable' : 'disable'}`, { method: 'POST' });
}
