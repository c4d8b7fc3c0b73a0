import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../../tests/support/server.ts';
import { createHttpServer } from './http-server.ts';

test('every page is the document, whatever its address holds; a file is itself or is not there', async () => {
  const webDir = await temporaryDirectory();
  mkdirSync(join(webDir, 'assets'));
  writeFileSync(join(webDir, 'index.html'), 'the document');
  writeFileSync(join(webDir, 'assets', 'one.js'), 'a file');
  const app = await createHttpServer({
    signIn: {} as never,
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
