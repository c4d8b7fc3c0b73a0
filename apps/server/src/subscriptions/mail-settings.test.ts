import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isOnThisMachine,
  mailConflicts,
  parseAddress,
  parseDomains,
  parseRelay,
} from './mail-settings.ts';

const ADDRESSES = [
  { text: 'team@ward.example', domain: 'ward.example' },
  { text: 'on.call+night@WARD.example', domain: 'ward.example' },
  { text: 'root@localhost', domain: 'localhost' },
  { text: `${'a'.repeat(64)}@ward.example`, domain: 'ward.example' },
  { text: `${'a'.repeat(65)}@ward.example`, domain: undefined },
  { text: 'team@ward.example,all@elsewhere.example', domain: undefined },
  { text: 'team@elsewhere.example@ward.example', domain: undefined },
  { text: 'team@ward.example?cc=all@elsewhere.example', domain: undefined },
  { text: 'team@ward.example\r\nBcc: all@elsewhere.example', domain: undefined },
  { text: '"team, all"@ward.example', domain: undefined },
  { text: 'Team <team@ward.example>', domain: undefined },
  { text: 'team%elsewhere.example@ward.example', domain: undefined },
  { text: 'elsewhere.example!team@ward.example', domain: undefined },
  { text: '.team@ward.example', domain: undefined },
  { text: 'team@-ward.example', domain: undefined },
  { text: 'team@wärd.example', domain: undefined },
  { text: 'team@', domain: undefined },
  { text: '', domain: undefined },
] as const;

for (const { text, domain } of ADDRESSES) {
  test(`${JSON.stringify(text).slice(0, 60)} is an address of ${domain ?? 'nobody'}`, () => {
    assert.equal(parseAddress(text)?.domain, domain);
  });
}

const RELAYS = [
  { text: 'smtp://relay.example', port: 587, isSecure: false, user: undefined },
  { text: 'smtp://relay.example:25', port: 25, isSecure: false, user: undefined },
  { text: 'smtps://relay.example', port: 465, isSecure: true, user: undefined },
  { text: 'smtps://us%40er@relay.example/', port: 465, isSecure: true, user: 'us@er' },
] as const;

for (const { text, ...wanted } of RELAYS) {
  test(`${text} is a relay at port ${wanted.port}`, () => {
    assert.deepEqual(parseRelay(text), { host: 'relay.example', ...wanted });
  });
}

for (const text of [
  'relay.example',
  'https://relay.example',
  'smtp://u:p@relay.example',
  'smtp://',
])
  test(`${text} is no relay: a password has a file of its own`, () => {
    assert.equal(parseRelay(text), undefined);
  });

test('domains are told by commas, and are domains', () => {
  assert.deepEqual(parseDomains('ward.example, Lab.example'), ['ward.example', 'lab.example']);
  assert.equal(parseDomains('ward.example,'), undefined);
  assert.equal(parseDomains('*'), undefined);
});

test('half of the settings is none', () => {
  const relay = parseRelay('smtp://user@relay.example');
  const files = { passwordFile: undefined, caFile: undefined };
  const rest = { ...files, privacyOfficer: undefined };
  const none = { relay: undefined, from: undefined, domains: [], ...rest };
  assert.deepEqual(mailConflicts(none), []);
  const whole = { relay, from: 'a@b.example', domains: ['b.example'], ...rest };
  assert.deepEqual(mailConflicts({ ...whole, passwordFile: '/run/password' }), []);
  assert.match(mailConflicts(whole)[0] ?? '', /PASSWORD_FILE/);
  assert.match(mailConflicts({ ...none, domains: ['b.example'] })[0] ?? '', /belong together/);
  const told = { ...whole, passwordFile: '/run/password' };
  assert.deepEqual(mailConflicts({ ...told, privacyOfficer: 'privacy@b.example' }), []);
  assert.match(mailConflicts({ ...told, privacyOfficer: 'a@c.example' })[0] ?? '', /no domain/);
  assert.match(mailConflicts({ ...none, privacyOfficer: 'a@b.example' })[0] ?? '', /no domain/);
});

test('this machine is known by its own names alone', () => {
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1'])
    assert.equal(isOnThisMachine(host), true, host);
  for (const host of ['localhost.example', '127.0.0.1.example', '10.0.0.1', '::ffff:127.0.0.1'])
    assert.equal(isOnThisMachine(host), false, host);
});
