import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignIn } from './session.ts';

const accepts = (loginName: string) =>
  SignIn.safeParse({ loginName, password: 'a password' }).success;

test('a login name is any printable text, and no control character', () => {
  for (const name of ['nurse', 'Zoë Ángström', '看護師', '+\u{1F600}']) assert.ok(accepts(name));
  for (const name of ['', 'a\u0000b', '\u0000', 'a\n', '\u0085']) assert.ok(!accepts(name));
});
