import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIGN_ON_SAID, signOnSaid } from '@ausculta/contract/sign-on';
import { signedOnWords } from './signed-on-words.ts';

test('each answer of signing on elsewhere has words of its own', () => {
  const words = SIGN_ON_SAID.map(signedOnWords);
  assert.equal(new Set(words).size, SIGN_ON_SAID.length);
});

test('whoever is shut out by a provider is told that there are other ways in', () => {
  for (const said of ['refused', 'not-asked-anew', 'not-reached'] as const)
    assert.match(signedOnWords(said), /password or a passkey/);
});

test('what no server of ours has said in the address is not shown', () => {
  assert.equal(signOnSaid('Call +1 900 to unlock'), undefined);
  assert.equal(signOnSaid(undefined), undefined);
});
