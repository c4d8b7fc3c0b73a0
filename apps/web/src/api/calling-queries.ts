import {
  CallAddresses,
  CallingView,
  CallLed,
  CallTest,
  type NewTurn,
  Roster,
  type TurnEnd,
  type TurnView,
} from '@ausculta/contract/calling';
import { queryOptions } from '@tanstack/react-query';
import { askJson, tell } from './client.ts';

/** Which alarm a call is of; whoever was called has seen it. */
export const openCall = (id: string): Promise<CallLed> =>
  askJson(`/api/calls/${encodeURIComponent(id)}/opened`, CallLed, { method: 'POST' });

export const callingQuery = queryOptions({
  queryKey: ['calling'],
  refetchInterval: 15_000,
  queryFn: ({ signal }) => askJson('/api/calling', CallingView, { signal }),
});

export const rosterQuery = queryOptions({
  queryKey: ['roster'],
  refetchInterval: 15_000,
  queryFn: ({ signal }) => askJson('/api/roster', Roster, { signal }),
});

export const addressesQuery = queryOptions({
  queryKey: ['me', 'calling'],
  queryFn: ({ signal }) => askJson('/api/me/calling', CallAddresses, { signal }),
});

export function goOn(turn: Pick<NewTurn, 'duty' | 'unit' | 'after'>): Promise<void> {
  return tell('/api/roster', { method: 'POST', body: turn });
}

export function goOff({ id }: Pick<TurnView, 'id'>, body: TurnEnd): Promise<void> {
  return tell(`/api/roster/${encodeURIComponent(id)}/end`, { method: 'POST', body });
}

export function saveAddresses(body: CallAddresses): Promise<CallAddresses> {
  return askJson('/api/me/calling', CallAddresses, { method: 'PUT', body });
}

export function callMe(): Promise<CallTest> {
  return askJson('/api/me/calling/test', CallTest, { method: 'POST', body: {} });
}
