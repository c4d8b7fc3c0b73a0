// What no ready-made tool can hold: see the checkers in tidy/, each tried on a bad sample beside it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FAULTS } from '../packages/vitals/src/fault.ts';
import { missingBuilds } from './complete-lock.mjs';
import { findRegistryHosts, findUnpinned } from './tidy/dependencies.ts';
import {
  findOrphanHazards,
  findUncited,
  findUnexplainedFaults,
  findUnshownPromises,
  findUntestedCodecs,
} from './tidy/evidence.ts';
import { findLong } from './tidy/length.ts';
import { findImpure } from './tidy/purity.ts';
import { cruise, findUnseen } from './tidy/rooms.ts';
import { type Finding, listFiles, readCode, readFiles } from './tidy/source-file.ts';
import { findStraySql } from './tidy/sql.ts';
import { findWaysOut } from './tidy/ways-out.ts';
import { findForbiddenWords, findPoorNames } from './tidy/words.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const code = readCode(ROOT);
const paths = code.map(({ path }) => path);
const prose = readFiles(ROOT, [
  '*.{md,json,mjs}',
  '{docs,decisions}/**/*.md',
  '{packages,apps}/**/*.md',
]);
/** Known by their names only: some are binary. */
const fixtures = listFiles(ROOT, ['packages/codecs/**/fixtures/**']).map((path) => ({
  path,
  text: '',
}));
const manifestFiles = readFiles(ROOT, ['package.json', '{packages,apps}/*/package.json']);

const CHECKS: readonly { promise: string; find: () => Finding[] }[] = [
  {
    promise: 'no file passes 400 lines and no function 70',
    find: () => findLong(code, readJson('tools/tidy/ratchet.json')),
  },
  {
    promise: 'packages, the line, telemetry and alarms reach for no clock, timer or random number',
    find: () => findImpure(code),
  },
  { promise: 'SQL lives in store.ts files and migrations only', find: () => findStraySql(code) },
  {
    promise: 'every fault is explained in docs/faults.md, and nothing else is',
    find: () => findUnexplainedFaults(Object.keys(FAULTS), read('docs/faults.md')),
  },
  {
    promise: 'every hazard has a control and an existing test',
    find: () => findOrphanHazards(read('docs/hazards.md'), (path) => existsSync(join(ROOT, path))),
  },
  {
    promise: 'every threat and every safeguard names a test that is there',
    find: () => [
      ...unshown('docs/threat-model.md', /^\|\s*T\d/),
      ...unshown('docs/hipaa.md', /^\|\s*HS\d/),
    ],
  },
  {
    promise: 'every codec has a test or a fixture beside it',
    find: () => findUntestedCodecs([...code, ...fixtures]),
  },
  { promise: 'every clinical file cites its source', find: () => findUncited(code) },
  {
    promise: 'the lock file names no registry',
    find: () => findRegistryHosts(readJson('package-lock.json')),
  },
  {
    promise: 'the lock file knows every system’s builds; else: node tools/complete-lock.mjs',
    find: () => missingBuilds(readJson('package-lock.json')).map(([path]) => path),
  },
  {
    promise: 'every dependency is pinned to one version',
    find: () =>
      findUnpinned(manifestFiles.map(({ path, text }) => ({ ...JSON.parse(text), path }))),
  },
  {
    promise: 'the server speaks to others by the room that looks at where a name leads',
    find: () => findWaysOut(code),
  },
  {
    promise: 'no file speaks of one machine or leaves a note to itself',
    find: () => findForbiddenWords([...code, ...prose].filter(isOurs)),
  },
  { promise: 'files are kebab-case nouns that say something', find: () => findPoorNames(paths) },
  {
    promise: 'dependency-cruiser saw every source file',
    find: () => findUnseen(paths, cruise(ROOT, ROOT)),
  },
];

for (const { promise, find } of CHECKS) {
  test(promise, () => assert.deepEqual(find(), []));
}

/** The lock file is npm's; the samples of the checkers' own test are bad on purpose. */
function isOurs({ path }: { readonly path: string }): boolean {
  return path !== 'package-lock.json' && path !== 'tools/tidy/checkers.test.ts';
}

function unshown(path: string, id: RegExp): Finding[] {
  const isThere = (name: string): boolean => existsSync(join(ROOT, name));
  return findUnshownPromises({ path, text: read(path) }, id, isThere);
}

function readJson<T>(path: string): T {
  return JSON.parse(read(path)) as T;
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
