import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openDataDirectory } from './data-directory.ts';
import { closedDirectory } from './postgres-user.ts';
import { StartProblem } from './start-problem.ts';

let base = '';
before(async () => {
  base = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
});
after(() => rm(base, { recursive: true, force: true }));

function problem(code: string, says: RegExp) {
  return (error: unknown) =>
    error instanceof StartProblem &&
    error.code === code &&
    says.test(error.message) &&
    !error.message.includes('\n');
}

test('a data directory is made with its parents, and others cannot look inside', async () => {
  using directory = await openDataDirectory({ path: join(base, 'deep', 'data') });
  const { mode } = await stat(directory.path);
  assert.equal(mode & 0o066, 0);
});

test('a second server on the same directory is refused, and welcome after the first', async () => {
  const path = join(base, 'shared');
  const first = await openDataDirectory({ path });
  await assert.rejects(
    openDataDirectory({ path }),
    problem('DATA_DIRECTORY_IN_USE', /Stop it first/),
  );
  first[Symbol.dispose]();
  using second = await openDataDirectory({ path });
  assert.equal(second.path, path);
});

test('a file where the directory should be is refused with the setting to change', async () => {
  const path = join(base, 'file');
  await writeFile(path, '');
  for (const wanted of [path, join(path, 'below')]) {
    await assert.rejects(
      openDataDirectory({ path: wanted }),
      problem('DATA_DIRECTORY_UNUSABLE', /is a file.*AUSCULTA_DATA_DIR/),
    );
  }
});

test('a place in which no directory can be made is refused, not waited for', {
  skip: process.platform !== 'linux' && 'only Linux has /proc',
}, async () => {
  await assert.rejects(
    openDataDirectory({ path: '/proc/ausculta' }),
    problem('DATA_DIRECTORY_UNUSABLE', /cannot be written.*AUSCULTA_DATA_DIR/),
  );
});

test('a read-only place is refused with the setting to change', async () => {
  // The system's own files: nobody makes a directory there, root included.
  const path = process.platform === 'linux' ? '/sys/ausculta' : '/System/ausculta';
  await assert.rejects(
    openDataDirectory({ path }),
    problem('DATA_DIRECTORY_UNUSABLE', /cannot be written.*AUSCULTA_DATA_DIR/),
  );
});

test('less free space than the reserve is refused; exactly as much would do', async () => {
  const path = join(base, 'small');
  await assert.rejects(
    openDataDirectory({ path, diskReserveBytes: Number.MAX_SAFE_INTEGER }),
    problem('DISK_RESERVE_REACHED', /MiB free .* Free some space/),
  );
  using directory = await openDataDirectory({ path, diskReserveBytes: 0 });
  assert.equal(directory.path, path);
});

test('the first directory that another user may not enter is named', async () => {
  const stranger = { uid: 54_321, gid: 54_321 };
  const inner = join(base, 'outer', 'inner');
  await mkdir(inner, { recursive: true });
  await chmod(base, 0o755);
  await chmod(join(base, 'outer'), 0o700);
  assert.equal(await closedDirectory(inner, stranger), join(base, 'outer'));
  await chmod(join(base, 'outer'), 0o711);
  await chmod(inner, 0o711);
  assert.equal(await closedDirectory(inner, stranger), undefined);
});
