/** By which addresses a person is called: under the organisation's key, and opened when somebody is called. */
import { CallAddresses } from '@ausculta/contract/calling';
import type { Seal } from '../vault/seal.ts';
import type { AddressRow } from './view-store.ts';

export const addressContext = (organisationId: string, accountId: string): string =>
  `call-address/${organisationId}/${accountId}`;

export const NO_ADDRESSES: CallAddresses = { mail: null, number: null };

export function sealAddresses(
  addresses: CallAddresses,
  of: Pick<AddressRow, 'organisation_id' | 'account_id'>,
  seal: Seal,
): AddressRow {
  const clear = new TextEncoder().encode(JSON.stringify(addresses));
  return { ...of, sealed: seal.seal(clear, addressContext(of.organisation_id, of.account_id)) };
}

interface AddressGiven {
  readonly organisation_id: string;
  readonly account_id: string;
  readonly sealed: Uint8Array;
}

/** None where they do not open, or are not understood: then nobody is reached by them, and the next tier is called. */
export function openAddresses(row: AddressGiven, seal: Seal): CallAddresses {
  const opened = seal.open(row.sealed, addressContext(row.organisation_id, row.account_id));
  if (!opened.ok) return NO_ADDRESSES;
  const addresses = CallAddresses.safeParse(jsonIn(new TextDecoder().decode(opened.value)));
  return addresses.success ? addresses.data : NO_ADDRESSES;
}

export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
