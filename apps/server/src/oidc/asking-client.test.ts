import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnsecuredJWT } from 'jose';
import { clientAndAddress } from './asking-client.ts';

const keyOf = (body: unknown, authorization?: string, ip = '10.0.0.1') =>
  clientAndAddress({ ip, body, headers: authorization === undefined ? {} : { authorization } });

const assertion = new UnsecuredJWT({ sub: 'monitor' }).encode();

for (const [how, body, authorization] of [
  ['by its id', 'grant_type=refresh_token&client_id=monitor', undefined],
  ['by its assertion', `client_assertion=${assertion}`, undefined],
  ['by a header', 'grant_type=x', `Basic ${Buffer.from('monitor:secret').toString('base64')}`],
] as const)
  test(`a client is known ${how}`, () => {
    assert.equal(keyOf(body, authorization), '["10.0.0.1","monitor"]');
  });

test('the same client at another address is counted apart', () => {
  assert.notEqual(keyOf('client_id=monitor'), keyOf('client_id=monitor', undefined, '10.0.0.2'));
});

for (const body of [undefined, '', 'client_assertion=nonsense', { client_id: 'monitor' }])
  test(`whoever says nothing that is known is counted by address: ${JSON.stringify(body)}`, () => {
    assert.equal(keyOf(body), '["10.0.0.1",""]');
  });

test('a name without an end takes no more room than any other', () => {
  assert.ok(keyOf(`client_id=${'x'.repeat(10_000)}`).length < 100);
});
