/** For whom a subscription acts when it was written by a program of the house: that one, and none of its name. */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { OrganisationId } from '@ausculta/vitals/identity';
import { type Maker, Makers, makerOf } from '../apps/server/src/people/makers.ts';
import { SignIn } from '../apps/server/src/people/sign-in.ts';
import * as store from '../apps/server/src/people/store.ts';
import { freshDatabase, type TestDatabase } from './support/database.ts';

const sha256 = (text: string): Uint8Array => createHash('sha256').update(text).digest();

async function house({ line: sql }: TestDatabase) {
  const organisationId = randomUUID() as OrganisationId;
  await store.insertOrganisation(sql, { id: organisationId, name: 'Here' });
  const ports = { sql, sha256, randomToken: randomUUID, nowMs: Date.now };
  const give = async (token: string, label: string): Promise<Maker> => {
    const row = { organisation_id: organisationId, token_hash: sha256(token), label };
    await store.insertApiToken(sql, { ...row, roles: ['physician'] });
    // Nothing is remembered between one question and the next.
    const signIn = new SignIn(ports);
    const caller = await signIn.callerOf(signIn.credentialOf('api-token', token));
    assert.ok(caller !== undefined);
    return makerOf(caller);
  };
  const asks = async (maker: Maker) => {
    const asker = await new Makers(ports).askerOf(organisationId, maker);
    return asker?.displayName;
  };
  const take = (token: string) => store.deleteApiToken(sql, sha256(token));
  return { give, asks, take };
}

test('a token that takes the place of another goes on as the same program', async () => {
  await using database = await freshDatabase();
  const { give, asks, take } = await house(database);
  const relay = await give('first', 'relay');
  assert.deepEqual(await give('second', 'relay'), relay);
  await take('first');
  assert.equal(await asks(relay), 'relay');
  await take('second');
  assert.equal(await asks(relay), undefined);
});

test('a later program of the same name is not the one that wrote', async () => {
  await using database = await freshDatabase();
  const { give, asks, take } = await house(database);
  const relay = await give('first', 'relay');
  await take('first');
  const other = await give('second', 'relay');
  assert.equal(await asks(relay), undefined);
  assert.equal(await asks(other), 'relay');
  const elsewhere = await house(database);
  assert.equal(await elsewhere.asks(other), undefined, 'nor one of another house');
});
