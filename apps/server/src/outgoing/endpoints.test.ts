import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowedEndpoint, mayConnect, parsePrefixes } from './endpoints.ts';

const LISTED = 'https://hooks.example/ausculta, http://127.0.0.1:9000/, https://10.1.2.3/';
const prefixes = parsePrefixes(LISTED) ?? [];
const rules = { prefixes, mayBePrivate: false };

const ENDPOINTS = [
  { url: 'https://hooks.example/ausculta', isAllowed: true },
  { url: 'https://hooks.example/ausculta/1?key=2', isAllowed: true },
  { url: 'http://127.0.0.1:9000/x', isAllowed: true },
  { url: 'https://hooks.example/auscultation', isAllowed: false },
  { url: 'https://hooks.example/ausculta/../admin', isAllowed: false },
  { url: 'https://hooks.example/', isAllowed: false },
  { url: 'http://hooks.example/ausculta/', isAllowed: false },
  { url: 'https://hooks.example:8443/ausculta/', isAllowed: false },
  { url: 'https://hooks.example.evil.example/ausculta/', isAllowed: false },
  { url: 'https://hooks.example@evil.example/ausculta/', isAllowed: false },
  { url: 'https://evil.example\\@hooks.example/ausculta/', isAllowed: false },
  { url: 'http://169.254.169.254/latest/meta-data', isAllowed: false },
  { url: 'http://127.0.0.1:8080/', isAllowed: false },
  { url: 'file:///etc/passwd', isAllowed: false },
  { url: 'https://hooks.example/ausculta/%2e%2e/admin', isAllowed: false },
  { url: 'https://hooks.example/ausculta/..%2fadmin', isAllowed: false },
  { url: 'https://hooks.example/ausculta/..%5Cadmin', isAllowed: false },
  { url: 'https://hooks.example/ausculta/a%20b?to=%2f', isAllowed: true },
  { url: 'nothing at all', isAllowed: false },
] as const;

for (const { url, isAllowed } of ENDPOINTS) {
  test(`an endpoint ${url} is ${isAllowed ? 'below what is listed' : 'refused'}`, () => {
    assert.equal(allowedEndpoint(url, rules) !== undefined, isAllowed);
  });
}

test('without a list nothing leaves', () => {
  assert.equal(
    allowedEndpoint('https://hooks.example/ausculta', { ...rules, prefixes: [] }),
    undefined,
  );
});

for (const text of ['hooks.example', 'ftp://hooks.example/', 'https://a@b/', 'https://a/?b', '']) {
  test(`"${text}" is no list of addresses`, () => {
    assert.equal(parsePrefixes(text), undefined);
  });
}

const ADDRESSES = [
  { host: 'hooks.example', address: '93.184.215.14', may: 'always' },
  { host: 'hooks.example', address: '2606:2800:21f:cb07::1', may: 'always' },
  { host: 'hooks.example', address: '10.1.2.3', may: 'private' },
  { host: 'hooks.example', address: '172.31.255.255', may: 'private' },
  { host: 'hooks.example', address: '172.32.0.0', may: 'always' },
  { host: 'hooks.example', address: '192.168.1.1', may: 'private' },
  { host: 'hooks.example', address: 'fd00::1', may: 'private' },
  { host: 'hooks.example', address: '::ffff:10.1.2.3', may: 'private' },
  { host: '10.1.2.3', address: '10.1.2.3', may: 'always' },
  { host: 'hooks.example', address: '127.0.0.1', may: 'never' },
  { host: 'hooks.example', address: '::1', may: 'never' },
  { host: 'hooks.example', address: '::ffff:127.0.0.1', may: 'never' },
  { host: '127.0.0.1', address: '127.0.0.1', may: 'always' },
  { host: 'localhost', address: '127.0.0.1', may: 'always' },
  { host: 'hooks.example', address: '169.254.169.254', may: 'never' },
  { host: 'hooks.example', address: '168.63.129.16', may: 'never' },
  { host: 'hooks.example', address: 'fd20:ce::254', may: 'never' },
  { host: '169.254.169.254', address: '169.254.169.254', may: 'never' },
  { host: 'hooks.example', address: '::ffff:169.254.169.254', may: 'never' },
  { host: 'hooks.example', address: 'fe80::1', may: 'never' },
  { host: 'hooks.example', address: '0.0.0.0', may: 'never' },
  { host: 'hooks.example', address: '255.255.255.255', may: 'never' },
  { host: 'hooks.example', address: '64:ff9b::7f00:1', may: 'never' },
  { host: 'hooks.example', address: '64:ff9b:1::a00:1', may: 'never' },
  { host: 'hooks.example', address: '100.100.100.200', may: 'never' },
  { host: 'hooks.example', address: '100.100.100.201', may: 'private' },
  { host: 'hooks.example', address: 'fd00:ec2::254', may: 'never' },
  { host: 'fd00:ec2::254', address: 'fd00:ec2::254', may: 'never' },
  { host: 'hooks.example', address: 'fec0::1', may: 'never' },
  { host: 'hooks.example', address: '::', may: 'never' },
  { host: 'hooks.example', address: '::7f00:1', may: 'never' },
  { host: '::1', address: '::1', may: 'always' },
  { host: '[::1]', address: '::1', may: 'always' },
] as const;

for (const { host, address, may } of ADDRESSES) {
  test(`${host}, which leads to ${address}: ${may}`, () => {
    assert.equal(mayConnect(host, address, rules), may === 'always');
    assert.equal(mayConnect(host, address, { ...rules, mayBePrivate: true }), may !== 'never');
  });
}
