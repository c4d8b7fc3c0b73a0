import { LinkOwner, type LinkUse } from '@ausculta/contract/accounts';
import { Session } from '@ausculta/contract/session';
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
