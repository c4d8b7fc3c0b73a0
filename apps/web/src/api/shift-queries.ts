import { type NewShift, Shift } from '@ausculta/contract/access';
import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { askJson, tell } from './client.ts';

const ShiftList = z.object({ shifts: z.array(Shift) });

const ofAccount = (id: string): string => `/api/accounts/${encodeURIComponent(id)}/shifts`;

export function shiftsQuery(accountId: string) {
  return queryOptions({
    queryKey: ['shifts', accountId],
    queryFn: async ({ signal }) =>
      (await askJson(ofAccount(accountId), ShiftList, { signal })).shifts,
  });
}

export function beginShift(body: NewShift): Promise<void> {
  return tell('/api/shifts', { method: 'POST', body });
}

export function endShift({ accountId, id }: Pick<Shift, 'accountId' | 'id'>): Promise<void> {
  const path = `${ofAccount(accountId)}/${encodeURIComponent(id)}/end`;
  return tell(path, { method: 'POST', body: {} });
}
