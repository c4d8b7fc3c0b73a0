import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { shreddedBy } from '../../../../tests/support/keys.ts';
import { restoreKeys } from '../commands/keys.ts';
import { readConfig } from '../config.ts';
import { openDataDirectory } from '../database/data-directory.ts';
import { StartProblem } from '../database/start-problem.ts';
import { openVault } from './open-vault.ts';
import { readKeyStore } from './sqlite-key-store.ts';
import type { Vault } from './vault.ts';

const SECRET = Buffer.from('SpO2 71 %');
const DATABASE = { hasSealedData: false, logTables: [], sample: undefined, erasures: [] };

let place = '';
let problems: string[] = [];
const at = (name: string): string => join(place, name);
const here = (): string => at('data/keys/keys.sqlite');
const there = (): string => at('copy/keys.sqlite');

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'ausculta-test-'));
  mkdirSync(at('copy'));
  problems = [];
});
afterEach(() => rmSync(place, { recursive: true }));

async function withVault<T>(
  work: (vault: Vault) => T | Promise<T>,
  hasSealedData = false,
): Promise<T> {
  using dataDirectory = await openDataDirectory({ path: at('data'), diskReserveBytes: 0 });
  using vault = await openVault({
    dataDirectory,
    masterKey: { kind: 'file' },
    keyStoreDir: undefined,
    keyReplicaDir: at('copy'),
    onProblem: (what) => problems.push(what),
    randomBytes,
    database: { ...DATABASE, hasSealedData },
  });
  return await work(vault);
}

const seal = (vault: Vault, id: string): Uint8Array => {
  vault.keep([id]);
  return vault.sealOf(id)?.seal(SECRET, 'place') ?? new Uint8Array();
};
const opens = (vault: Vault, id: string, sealed: Uint8Array): boolean =>
  vault.sealOf(id)?.open(sealed, 'place').ok === true;

function expectEqual(): void {
  assert.deepEqual(readKeyStore(there()), readKeyStore(here()));
}

/** Names of the files of the copy that hold these bytes. */
function holding(bytes: Uint8Array): string[] {
  const names = readdirSync(at('copy'));
  return names.filter((name) => readFileSync(at(`copy/${name}`)).includes(Buffer.from(bytes)));
}

/** As `npx ausculta keys restore FILE` does it. */
async function promote(file: string): Promise<void> {
  const read = readConfig({ AUSCULTA_DATA_DIR: at('data') });
  assert.ok(read.ok);
  const outside = { randomBytes, nowMs: () => 0, newId: () => '' };
  const silent = { writeOut: () => undefined, progress: () => undefined };
  const ports = { config: read.config, version: '0', outside, asJson: true, ...silent };
  await restoreKeys(ports, { words: [file], replace: false });
}

test('every key is there as soon as it is here, and a rotation and a retired hour as well', async () => {
  await withVault(async (vault) => {
    assert.equal(vault.copy, 'equal');
    seal(vault, '1');
    expectEqual();
    vault.toWrite('log_2026112108');
    vault.toWrite('log_2026112109');
    expectEqual();
    const old = readKeyStore(here()).root as Uint8Array;
    await vault.rotate();
    vault.retireBefore('log_2026112109');
    expectEqual();
    assert.deepEqual(holding(old), []);
  });
  assert.deepEqual(problems, []);
});

test('the store is lost: its copy is put in its place, and everything opens', async () => {
  const sealed = await withVault((vault) => seal(vault, '1'));
  const gone = await withVault((vault) => {
    const other = seal(vault, '2');
    assert.ok(vault.clearCopies('2'));
    vault.shred('2', shreddedBy(vault, '2'));
    return other;
  });
  rmSync(at('data/keys'), { recursive: true });
  const isRefused = (error: unknown): boolean =>
    error instanceof StartProblem && /keys restore/.test(error.message);
  await assert.rejects(
    withVault(() => undefined),
    isRefused,
  );
  await assert.rejects(
    withVault(() => undefined, true),
    isRefused,
  );
  assert.ok(readKeyStore(there()).root, 'the copy is not made equal to nothing');

  await promote(there());
  await withVault((vault) => {
    assert.ok(opens(vault, '1', sealed));
    assert.equal(opens(vault, '2', gone), false);
    assert.ok(vault.isShredded('2'), 'the list came with it');
    vault.clearCopies('1');
    vault.shred('1', shreddedBy(vault, '1'));
    assert.equal(opens(vault, '1', sealed), false);
  }, true);
});

test('a destroyed key is in no file of the copy, and an old copy does not bring it back', async () => {
  const sealed = await withVault((vault) => seal(vault, '1'));
  const key = readKeyStore(there()).keys.get('subject/1') as Uint8Array;
  assert.notDeepEqual(holding(key), []);
  cpSync(at('copy'), at('old copy'), { recursive: true });
  await withVault((vault) => {
    assert.ok(vault.clearCopies('1'));
    assert.deepEqual(holding(key), [], 'before anything is promised');
    vault.shred('1', shreddedBy(vault, '1'));
    assert.ok(readFileSync(at('copy/shredded.jsonl'), 'utf8').includes('subject/1'));
  });
  rmSync(at('copy'), { recursive: true });
  renameSync(at('old copy'), at('copy'));
  await withVault((vault) => {
    assert.equal(opens(vault, '1', sealed), false);
    assert.deepEqual(holding(key), []);
  }, true);
});

test('a copy that cannot be reached: keys work, it is told, nothing is erased; then it catches up', async () => {
  await withVault((vault) => {
    const first = seal(vault, '1');
    renameSync(at('copy'), at('away'));
    const second = seal(vault, '2');
    assert.ok(opens(vault, '1', first) && opens(vault, '2', second));
    assert.equal(vault.copy, 'behind');
    assert.deepEqual(problems, ['write the copy of the key store']);
    assert.equal(vault.clearCopies('1'), false);
    assert.ok(opens(vault, '1', first));
    assert.ok(!existsSync(at('copy')), 'no copy is made where its disk is not');
    renameSync(at('away'), at('copy'));
    vault.tidy(0);
    assert.equal(vault.copy, 'equal');
    expectEqual();
    assert.ok(vault.clearCopies('1'));
  });
});

test('it is away at the start as well, and an erasure brings it up to date by itself', async () => {
  const sealed = await withVault((vault) => seal(vault, '1'));
  renameSync(at('copy'), at('away'));
  await withVault((vault) => {
    assert.equal(vault.copy, 'behind');
    assert.ok(opens(vault, '1', sealed));
    seal(vault, '2');
    renameSync(at('away'), at('copy'));
    assert.ok(vault.clearCopies('2'));
    vault.shred('2', shreddedBy(vault, '2'));
    expectEqual();
  }, true);
});

test('an old backup of the store that was restored here gets from the copy what it lacks', async () => {
  await withVault((vault) => seal(vault, '1'));
  cpSync(here(), at('backup'));
  const sealed = await withVault((vault) => {
    vault.toWrite('log_2026112108');
    return seal(vault, '2');
  });
  cpSync(at('backup'), here());
  await withVault((vault) => {
    assert.ok(opens(vault, '2', sealed));
    assert.ok(vault.toRead('log_2026112108'));
    expectEqual();
  }, true);
});

test('one from before a rotation contradicts the copy: neither is changed', async () => {
  await withVault((vault) => seal(vault, '1'));
  cpSync(here(), at('backup'));
  cpSync(at('data/master.key'), at('old.key'));
  await withVault(async (vault) => {
    await vault.rotate();
    seal(vault, '2');
  });
  const copy = readKeyStore(there());
  cpSync(at('backup'), here());
  cpSync(at('old.key'), at('data/master.key'));
  await assert.rejects(
    withVault(() => undefined, true),
    /lacks keys that its copy has/,
  );
  assert.deepEqual(readKeyStore(there()), copy);
});

test('the copy in the place of the store itself is refused', async () => {
  rmSync(at('copy'), { recursive: true });
  mkdirSync(at('data/keys'), { recursive: true });
  place = at('data');
  try {
    using dataDirectory = await openDataDirectory({ path: place, diskReserveBytes: 0 });
    const same = { keyStoreDir: undefined, keyReplicaDir: at('keys'), onProblem: () => undefined };
    const opening = openVault({
      ...{ dataDirectory, masterKey: { kind: 'file' }, randomBytes, database: DATABASE },
      ...same,
    });
    await assert.rejects(opening, /where the key store itself lies/);
  } finally {
    place = join(place, '..');
  }
});

test('an entry that somebody has written into the list of the copy destroys no key', async () => {
  const sealed = await withVault((vault) => seal(vault, '1'));
  const receipt = { signed: '{"subjectId":"1"}', signature: '' };
  writeFileSync(
    at('copy/shredded.jsonl'),
    `${JSON.stringify({ owner: 'subject/1', atMs: 1, receipt })}\n`,
  );
  await withVault((vault) => {
    assert.ok(opens(vault, '1', sealed));
    assert.equal(vault.unprovenErasures, 1);
    expectEqual();
  }, true);
  assert.deepEqual(problems, ['believe the list of destroyed keys']);
});
