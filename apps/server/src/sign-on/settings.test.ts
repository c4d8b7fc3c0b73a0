import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readProviders } from './settings.ts';

const ONE = {
  name: 'hospital',
  label: 'Hospital account',
  issuer: 'https://login.hospital.example/realms/staff',
  clientId: 'ausculta',
  credentials: { kind: 'secret', file: '/run/secrets/sign-on' },
};
const read = (...changes: readonly object[]) =>
  readProviders(JSON.stringify({ providers: changes.map((change) => ({ ...ONE, ...change })) }));

test('the least that is said asks each time and makes no account', () => {
  const [one] = read({}) as Exclude<ReturnType<typeof read>, string>;
  assert.deepEqual(
    [one?.asks, one?.private, one?.rolesByGroup, one?.scope],
    ['each-time', false, undefined, 'openid profile'],
  );
});

for (const issuer of ['http://localhost:8080/realms/x', 'http://127.0.0.1:9', 'https://a.example/'])
  test(`${issuer} may be an issuer`, () => {
    assert.equal(typeof read({ issuer }), 'object');
  });

for (const [what, changes] of [
  ['an issuer in clear elsewhere', { issuer: 'http://login.hospital.example' }],
  ['an issuer with a password', { issuer: 'https://a:b@login.hospital.example' }],
  ['an issuer with a question', { issuer: 'https://login.hospital.example/?x=1' }],
  ['an issuer that is none', { issuer: 'hospital' }],
  ['a name that is no part of an address', { name: 'The Hospital' }],
  ['a scope without openid', { scope: 'profile email' }],
  ['administrators by group', { rolesByGroup: { roles: { it: ['administrator'] } } }],
  ['wall displays by group', { rolesByGroup: { roles: { it: ['wall-display'] } } }],
  ['a role that is none', { rolesByGroup: { roles: { it: ['boss'] } } }],
  ['a secret in the file itself', { credentials: { kind: 'secret', secret: 'x' } }],
  ['a field that nobody knows', { linksByMail: true }],
  ['a belief that it asked', { trustsPrompt: true }],
] as const)
  test(`${what} is refused in words`, () => {
    const said = read(changes);
    assert.ok(typeof said === 'string' && said !== '', JSON.stringify(said));
  });

test('two providers of one name are refused, and a file that is no JSON', () => {
  assert.equal(read({}, { label: 'Another' }), 'two providers have one name');
  assert.equal(typeof read({}, { name: 'other' }), 'object');
  assert.match(String(readProviders('{')), /the file/);
});
