import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { temporaryDirectory } from '../../../../tests/support/server.ts';
import { Standing } from '../access/standing.ts';
import { StartProblem } from '../database/start-problem.ts';
import { prepareFirstStart } from './first-start.ts';
import { apiTokenByHash } from './store.ts';

const sha256 = (text: string): Uint8Array => createHash('sha256').update(text).digest();

async function startIn(dataDir: string) {
  const database = await freshDatabase();
  const ports = {
    sql: database.line,
    dataDir,
    demo: false,
    newId: randomUUID,
    randomToken: () => `a random token ${randomUUID()}`,
    sha256,
    nowMs: () => Date.now(),
    hashPassword: async (password: string) => `hash of ${password}`,
  };
  const start = async () => {
    const { organisationId, prepareLogin } = await prepareFirstStart(ports);
    return { organisationId, link: await prepareLogin(new Standing()) };
  };
  const knows = async (token: string): Promise<boolean> =>
    (await apiTokenByHash(database.line, sha256(token))) !== undefined;
  const comeIn = async () => {
    await database.line`UPDATE account SET password_hash = 'a hash'`;
  };
  return { start, knows, comeIn, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

test('the first start makes a token for its owner alone, and a link that lasts until somebody came in', async () => {
  const dataDir = await temporaryDirectory();
  await using here = await startIn(dataDir);
  const first = await here.start();
  assert.equal(first.link?.loginName, 'admin');
  assert.match(first.link.path, /^\/welcome#a random token/);
  const path = join(dataDir, 'admin-token');
  const token = (await readFile(path, 'utf8')).trim();
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.ok(await here.knows(token));
  const next = await here.start();
  assert.equal(next.organisationId, first.organisationId);
  assert.notEqual(
    next.link?.path,
    first.link.path,
    'the first one was told to whoever saw the first start',
  );
  await here.comeIn();
  assert.equal((await here.start()).link, undefined);
  assert.equal((await readFile(path, 'utf8')).trim(), token);
});

test('an empty token file is no token: a new one is made, and nothing is not let in', async () => {
  const dataDir = await temporaryDirectory();
  await writeFile(join(dataDir, 'admin-token'), '\n');
  await using here = await startIn(dataDir);
  await here.start();
  const token = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
  assert.ok(token !== '' && (await here.knows(token)));
  assert.ok(!(await here.knows('')));
});

test('a token file that cannot be read stops the start and is not written over', async () => {
  const dataDir = await temporaryDirectory();
  await mkdir(join(dataDir, 'admin-token'));
  await using here = await startIn(dataDir);
  await assert.rejects(here.start(), StartProblem);
});
