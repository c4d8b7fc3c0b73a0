import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runnablePlace } from './postgres-binaries.ts';

const STRANGER = { uid: 54_321, gid: 54_321 };
let base = '';
let native = '';

/** The package as npm unpacks it: a library, and a list of the links that npm cannot carry. */
before(async () => {
  base = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
  await chmod(base, 0o755);
  native = join(base, 'package', 'native');
  await mkdir(join(native, 'lib'), { recursive: true });
  await writeFile(join(native, 'lib', 'libicu.so.60.2'), 'a library');
  const links = [{ source: 'native/lib/libicu.so.60.2', target: 'native/lib/libicu.so.60' }];
  await writeFile(join(native, 'pg-symlinks.json'), JSON.stringify(links));
});
after(() => rm(base, { recursive: true, force: true }));

test('a user who may not enter the installation gets a complete copy in the data directory', async () => {
  await chmod(join(base, 'package'), 0o700);
  const place = { native, version: '18.4.0' };
  const where = { dataDir: base, user: STRANGER };
  const copy = await runnablePlace(place, where);
  assert.equal(copy, join(base, 'postgres-binaries-18.4.0'));
  assert.equal(await readFile(join(copy, 'lib', 'libicu.so.60'), 'utf8'), 'a library');
  assert.equal(await runnablePlace(place, where), copy, 'the copy is made once');
});

test('whoever may enter the installation runs it there, with its links restored', async () => {
  await chmod(join(base, 'package'), 0o755);
  const place = { native, version: '18.5.0' };
  for (const user of [undefined, STRANGER]) {
    assert.equal(await runnablePlace(place, { dataDir: base, user }), native);
  }
  assert.equal(await readFile(join(native, 'lib', 'libicu.so.60'), 'utf8'), 'a library');
});
