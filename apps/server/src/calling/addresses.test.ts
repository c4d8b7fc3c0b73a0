/** One address that is not understood must not keep its house from being called. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createSeal } from '../vault/seal.ts';
import { addressContext, NO_ADDRESSES, openAddresses } from './addresses.ts';

const OF = {
  organisation_id: '00000000-0000-4000-8000-000000000001',
  account_id: '00000000-0000-4000-8000-000000000002',
};
const SEAL = createSeal(new Uint8Array(32), randomBytes);

const opened = (text: string) => {
  const clear = new TextEncoder().encode(text);
  const sealed = SEAL.seal(clear, addressContext(OF.organisation_id, OF.account_id));
  return openAddresses({ ...OF, sealed }, SEAL);
};

test('addresses open as they were given', () => {
  const given = { mail: 'nurse@ward.example', number: null };
  assert.deepEqual(opened(JSON.stringify(given)), given);
});

for (const text of ['{', '{}', '{"mail": 7, "number": null}', 'null'])
  test(`what is no addresses reaches nobody, and stops nothing: ${text}`, () => {
    assert.deepEqual(opened(text), NO_ADDRESSES);
  });
