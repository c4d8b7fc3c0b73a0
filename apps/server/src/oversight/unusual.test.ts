import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAccountId, parseSubjectId } from '@ausculta/vitals/identity';
import { areNamesakes } from './namesakes.ts';
import { hourOf, Opened } from './opened.ts';
import { networkOf, TwoNetworks } from './two-networks.ts';
import { type Facts, isMany, unusualOf } from './unusual.ts';

const accountId = parseAccountId('11111111-1111-4111-8111-111111111111');
const subjectId = parseSubjectId('22222222-2222-4222-8222-222222222222');
const other = parseSubjectId('33333333-3333-4333-8333-333333333333');
assert.ok(accountId && subjectId && other);
const look = { accountId, subjectId, atMs: 1_000, isEmergency: false };
const PLAIN: Facts = {
  displayNameOf: () => 'Ida Okafor',
  familyNameOf: () => 'Rivera',
  isOnShift: () => true,
  isOwn: () => false,
  isGuarded: () => false,
};

test('a look on shift at somebody else’s open record is nothing unusual', () => {
  assert.deepEqual(unusualOf(look, PLAIN), []);
  assert.deepEqual(unusualOf(look, { ...PLAIN, isOnShift: () => undefined }), []);
});

test('each reason is told by itself, and none of one’s own record', () => {
  const all: Facts = {
    ...PLAIN,
    familyNameOf: () => 'Okafor',
    isOnShift: () => false,
    isGuarded: () => true,
  };
  assert.deepEqual(unusualOf(look, all), ['guarded-record', 'same-name', 'off-shift']);
  assert.deepEqual(unusualOf(look, { ...all, isOwn: () => true }), []);
  const inEmergency = { ...look, isEmergency: true };
  assert.deepEqual(unusualOf(inEmergency, all), ['guarded-record', 'same-name']);
});

for (const [account, family, are] of [
  ['Ida Okafor', 'Okafor', true],
  ['ida OKAFOR', 'okafor', true],
  ['Ida Müller', 'Mueller', true],
  ['Ida Mueller', 'Müller', true],
  ['Ida Großmann', 'Grossmann', true],
  ['Okafor, Ida', 'Okafor', true],
  ['Ida Okafor, PhD', 'Okafor', true],
  ['Ida Okafor RN', 'Okafor', true],
  ['Ida Okafor (ICU)', 'Okafor', true],
  ['Mei Ng', 'Ng', true],
  ['李', '李', true],
  ['Ida O.', 'O', false],
  ['Ida Müller', 'Muller', true],
  ['Ida Okafor', 'Meier-Okafor', true],
  ['Ida Meier-Okafor', 'Okafor', true],
  ['Okafor Ida', 'Okafor', false],
  ['Ida Li', 'Li', true],
  ['Ida Okafor', '', false],
  ['', '', false],
] as const)
  test(`${account} and ${family || 'nobody'} are ${are ? '' : 'no '}namesakes`, () => {
    assert.equal(areNamesakes(account, family), are);
  });

test('many is forty, or three times what is usual where something is', () => {
  assert.equal(isMany(39, { hours: 0, records: 0 }), false);
  assert.equal(isMany(40, { hours: 0, records: 0 }), true);
  assert.equal(isMany(40, { hours: 19, records: 40 }), true);
  assert.equal(isMany(59, { hours: 20, records: 20 }), false);
  assert.equal(isMany(60, { hours: 20, records: 20 }), true);
  assert.equal(isMany(39, { hours: 20, records: 1 }), false);
  assert.equal(isMany(199, { hours: 20, records: 100 }), false);
  assert.equal(isMany(200, { hours: 20, records: 100 }), true, 'however usual');
});

test('a record counts once within any hour, wherever the clock turns', () => {
  const opened = new Opened();
  const atMs = hourOf(Date.UTC(2026, 2, 1, 2, 30)) + 3_599_000;
  assert.equal(opened.add({ accountId, subjectId, atMs }), 1);
  assert.equal(opened.add({ accountId, subjectId, atMs: atMs + 500 }), 1);
  assert.equal(opened.add({ accountId, subjectId: other, atMs: atMs + 1_000 }), 2);
  assert.equal(opened.add({ accountId, subjectId: other, atMs: atMs + 3_600_499 }), 2);
  assert.equal(opened.add({ accountId, subjectId: other, atMs: atMs + 3_600_500 }), 1);
});

test('an hour of the clock that is over is told, and forgotten', () => {
  const opened = new Opened();
  const atMs = hourOf(Date.UTC(2026, 2, 1, 2, 30));
  opened.add({ accountId, subjectId, atMs });
  opened.add({ accountId, subjectId: other, atMs: atMs + 3_599_999 });
  opened.add({ accountId, subjectId, atMs: atMs + 3_600_000 });
  assert.deepEqual(opened.endedBy(atMs + 3_599_999), []);
  assert.deepEqual(opened.endedBy(atMs + 3_600_000), [{ accountId, hourMs: atMs, records: 2 }]);
  opened.forget(atMs + 3_600_000);
  assert.deepEqual(opened.endedBy(atMs + 7_200_000), [
    { accountId, hourMs: atMs + 3_600_000, records: 1 },
  ]);
});

test('the house is one place, and so is a network of a provider', () => {
  for (const address of ['10.1.2.3', '192.168.7.9', '::1', '::ffff:172.16.0.1', 'fe80::1%eth0'])
    assert.equal(networkOf(address), 'house', address);
  assert.equal(networkOf('203.0.113.7'), networkOf('::ffff:203.0.113.200'));
  assert.notEqual(networkOf('203.0.113.7'), networkOf('203.0.114.7'));
  assert.equal(networkOf('2001:db8:1:2::3'), networkOf('2001:db8:1:ffff::9'));
  assert.notEqual(networkOf('2001:db8:1::1'), networkOf('2001:db8:2::1'));
});

test('two places within minutes are told, and later on it is a way home', () => {
  const networks = new TwoNetworks();
  assert.equal(networks.note('a', '10.0.0.1', 0), false);
  assert.equal(networks.note('a', '10.9.9.9', 1), false);
  assert.equal(networks.note('b', '203.0.113.1', 2), false, 'somebody else');
  assert.equal(networks.note('a', '203.0.113.1', 300_000), true);
  assert.equal(networks.note('a', '10.0.0.1', 600_000), false);
});
