import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  billOfMaterials,
  plainPurl,
  purlOf,
  readAudit,
  running,
  strangeLicences,
} from './supply-chain.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const lock = JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8'));

test('the bill of materials has every package that runs, and none that is for development alone', () => {
  const bill = billOfMaterials(ROOT);
  assert.equal(bill.metadata.component.name, 'ausculta');
  const listed = new Set(bill.components.map(plainPurl));
  const wanted = running(lock);
  assert.ok(wanted.length > 100);
  const missing = wanted.map(purlOf).filter((purl) => !listed.has(purl));
  assert.deepEqual(missing, []);
  for (const name of ['fastify', 'postgres', 'zod', 'oidc-provider'])
    assert.ok(
      bill.components.some(({ purl }) => purl?.startsWith(`pkg:npm/${name}@`)),
      name,
    );
  assert.ok(!bill.components.some(({ name }) => name === 'playwright-core'));
});

test('every package that runs has a licence that asks no more than to be named', () => {
  assert.deepEqual(strangeLicences(lock), []);
  const more = {
    'node_modules/one': { license: 'GPL-3.0-only' },
    'node_modules/two/node_modules/@a/b': {},
    'node_modules/three': { license: 'GPL-3.0-only', dev: true },
    'packages/ours': { license: 'GPL-3.0-only' },
  };
  assert.deepEqual(strangeLicences({ packages: more }), ['one: GPL-3.0-only', '@a/b: no licence']);
});

test('what was not checked is not called well', () => {
  assert.deepEqual(readAudit('{"vulnerabilities":{}}'), { kind: 'clean' });
  const weak = '{"vulnerabilities":{"lodash":{"severity":"high"}}}';
  assert.deepEqual(readAudit(weak), { kind: 'weak', packages: ['lodash'] });
  for (const text of ['', 'npm error', '{"error":{"code":"ENOTFOUND"}}', '{"statusCode":405}'])
    assert.deepEqual(readAudit(text), { kind: 'not-possible' });
});
