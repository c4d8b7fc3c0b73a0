import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { type DataDirectory, openDataDirectory } from '../database/data-directory.ts';
import { StartProblem } from '../database/start-problem.ts';
import { readMasterKey } from './key-file.ts';

let dataDirectory: DataDirectory;
let file = '';

beforeEach(async () => {
  const path = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
  dataDirectory = await openDataDirectory({ path, diskReserveBytes: 0 });
  file = join(path, 'master.key');
});

afterEach(async () => {
  dataDirectory[Symbol.dispose]();
  await rm(dataDirectory.path, { recursive: true, force: true });
});

function read(hasSealedData = false) {
  return readMasterKey({ dataDirectory, randomBytes, hasSealedData });
}

function refused(says: RegExp) {
  return (error: unknown) =>
    error instanceof StartProblem &&
    error.code === 'MASTER_KEY_UNUSABLE' &&
    says.test(error.message);
}

test('the first start makes a key that only its owner may read, later ones read it', async () => {
  const key = await read();
  assert.equal(key.length, 32);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.deepEqual(await read(true), key);
});

test('a key that others may read is refused with the mend', async () => {
  await read();
  await chmod(file, 0o640);
  await assert.rejects(read(), refused(/Run: chmod 600 .*master\.key$/));
});

test('a lost key is not replaced while something sealed with it exists', async () => {
  await assert.rejects(read(true), refused(/is missing.*Copy your safe copy/));
});

for (const length of [0, 31, 33]) {
  test(`a key file of ${length} bytes is refused`, async () => {
    await writeFile(file, new Uint8Array(length), { mode: 0o600 });
    await assert.rejects(read(), refused(new RegExp(`has ${length} bytes instead of 32`)));
  });
}
