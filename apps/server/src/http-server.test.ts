import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../../tests/support/server.ts';
import { createHttpServer } from './http-server.ts';

/** Whom nobody asks for. */
const unasked = (): never => assert.fail('it is asked');
const NOBODY = { credentialOf: unasked, callerOf: unasked };

test('every page is the document, whatever its address holds; a file is itself or is not there', async () => {
  const webDir = await temporaryDirectory();
  mkdirSync(join(webDir, 'assets'));
  writeFileSync(join(webDir, 'index.html'), 'the document');
  writeFileSync(join(webDir, 'assets', 'one.js'), 'a file');
  const app = await createHttpServer({
    signIn: NOBODY,
    viewers: { of: unasked, gate: { isOpenedTo: unasked } },
    isOriginOfApp: async () => false,
    trustedProxies: [],
    webDir,
    onProblem: assert.fail,
  });
  const bodyOf = async (url: string) => (await app.inject(url)).body;
  for (const page of ['/', '/watch', '/devices/gateway.ICU.7.9eb312ed920d', '/devices/a.b']) {
    assert.equal(await bodyOf(page), 'the document', page);
  }
  assert.equal(await bodyOf('/assets/one.js'), 'a file');
  for (const missing of ['/assets/two.js', '/two.svg', '/api/none']) {
    assert.equal((await app.inject(missing)).statusCode, 404, missing);
  }
  await app.close();
});

test('every answer says that nothing is loaded from elsewhere, whatever is answered', async () => {
  const app = await createHttpServer({
    signIn: NOBODY,
    viewers: { of: unasked, gate: { isOpenedTo: unasked } },
    isOriginOfApp: async () => false,
    trustedProxies: [],
    webDir: undefined,
    onProblem: () => undefined,
  });
  app.get('/fails', { config: { access: 'public' } }, () => {
    throw new Error('it fails');
  });
  app.get('/works', { config: { access: 'public' } }, (_request, reply) => reply.send('it works'));
  for (const [url, status] of [
    ['/works', 200],
    ['/fails', 503],
    ['/nothing', 401],
  ] as const) {
    const { statusCode, headers } = await app.inject(url);
    assert.equal(statusCode, status, url);
    assert.match(
      String(headers['content-security-policy']),
      /default-src 'self'.*object-src 'none'/,
    );
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-frame-options'], 'DENY');
    assert.equal(headers['strict-transport-security'], undefined);
  }
  await app.close();
});
