import { CallLed } from '@ausculta/contract/calling';
import { askJson } from './client.ts';

/** Which alarm a call is of; whoever was called has seen it. */
export const openCall = (id: string): Promise<CallLed> =>
  askJson(`/api/calls/${encodeURIComponent(id)}/opened`, CallLed, { method: 'POST' });
