import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { shreddedBy } from '../../../../tests/support/keys.ts';
import { type DataDirectory, openDataDirectory } from '../database/data-directory.ts';
import { StartProblem } from '../database/start-problem.ts';
import { readMasterKey } from './key-file.ts';
import { openVault, type SealedDatabase, type VaultOptions } from './open-vault.ts';
import { createSeal, deriveKey } from './seal.ts';
import type { Shredded } from './shred-list.ts';
import { PARKED_KEPT_MS, type Vault } from './vault.ts';

const SECRET = new TextEncoder().encode('Quagswagger, 97 %');
const EMPTY: SealedDatabase = {
  hasSealedData: false,
  logTables: [],
  sample: undefined,
  erasures: [],
};
const SEALED: SealedDatabase = { ...EMPTY, hasSealedData: true };

let dataDirectory: DataDirectory;

beforeEach(async () => {
  const path = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
  dataDirectory = await openDataDirectory({ path, diskReserveBytes: 0 });
});
afterEach(async () => {
  dataDirectory[Symbol.dispose]();
  await rm(dataDirectory.path, { recursive: true, force: true });
});

const at = (name: string): string => join(dataDirectory.path, name);
const open = (options: Partial<VaultOptions> = {}) =>
  openVault({
    dataDirectory,
    masterKey: { kind: 'file' },
    keyStoreDir: undefined,
    keyReplicaDir: undefined,
    onProblem: () => undefined,
    randomBytes,
    database: SEALED,
    ...options,
  });

/** Seals something for subject 1, with a key that is made for it. */
async function sealOnce(options: Partial<VaultOptions> = {}): Promise<Uint8Array> {
  using vault = await open({ database: EMPTY, ...options });
  vault.keep(['1', '2']);
  return vault.sealOf('1')?.seal(SECRET, 'place') ?? new Uint8Array();
}

async function opens(sealed: Uint8Array, options: Partial<VaultOptions> = {}): Promise<boolean> {
  using vault = await open(options);
  return vault.sealOf('1')?.open(sealed, 'place').ok === true;
}

const unusable = (error: unknown) =>
  error instanceof StartProblem && error.code === 'MASTER_KEY_UNUSABLE';

test('each has a key of its own, the same after every start', async () => {
  const sealed = await sealOnce();
  assert.ok(await opens(sealed));
  using vault = await open();
  assert.equal(vault.sealOf('2')?.open(sealed, 'place').ok, false);
  assert.equal(vault.sealOf('3'), undefined, 'nobody has made one');
  const [hour, next] = [vault.toWrite('log_2026112108'), vault.toWrite('log_2026112109')];
  assert.equal(next.open(hour.seal(SECRET, 'x'), 'x').ok, false);
  assert.ok(vault.toRead('log_2026112108')?.open(hour.seal(SECRET, 'x'), 'x').ok);
  vault.retireBefore('log_2026112109');
  assert.equal(vault.toRead('log_2026112108'), undefined);
  assert.ok(vault.toRead('log_2026112109'));
});

test('a destroyed key is never made again, in this run or the next', async () => {
  const sealed = await sealOnce();
  {
    using vault = await open();
    assert.ok(vault.sealOf('1'));
    vault.shred('1', shreddedBy(vault, '1'));
    assert.equal(vault.sealOf('1'), undefined);
    vault.keep(['1']);
    assert.equal(vault.sealOf('1'), undefined);
    assert.ok(vault.isShredded('1'));
    assert.ok(vault.sealOf('2'));
  }
  assert.equal(await opens(sealed), false);
});

test('a restored store, a lost list, a crash before the key went: the list closes it', async () => {
  const sealed = await sealOnce();
  cpSync(at('keys/keys.sqlite'), at('before'));
  let receipt: Omit<Shredded, 'owner'>;
  {
    using vault = await open();
    receipt = shreddedBy(vault, '1');
    vault.shred('1', receipt);
  }
  cpSync(at('before'), at('keys/keys.sqlite'));
  assert.equal(await opens(sealed), false);
  assert.equal(await opens(sealed), false);

  cpSync(at('before'), at('keys/keys.sqlite'));
  rmSync(at('keys/shredded.jsonl'));
  const erasures = [{ subjectId: '1', ...receipt }];
  assert.equal(await opens(sealed, { database: { ...SEALED, erasures } }), false);
  assert.equal(await opens(sealed), false, 'and the list beside the store is whole again');
});

const FORGED = { atMs: 1, receipt: { signed: '{"subjectId":"1"}', signature: 'AAAA' } };
const FORGERIES: [string, (vault: Vault) => Omit<Shredded, 'owner'>][] = [
  ['is not signed', () => FORGED],
  ['is of another subject', (vault) => shreddedBy(vault, '2')],
  ['is no receipt', () => ({ atMs: 1, receipt: { signed: 'x', signature: 'x' } })],
];
for (const [what, forge] of FORGERIES) {
  test(`an entry whose receipt ${what} destroys no key, wherever it stands, and is told of`, async () => {
    const sealed = await sealOnce();
    let forged: Omit<Shredded, 'owner'> = FORGED;
    {
      using vault = await open();
      forged = forge(vault);
    }
    const told: string[] = [];
    const onProblem = (problem: string) => told.push(problem);
    const erasures = [{ subjectId: '1', ...forged }];
    assert.ok(await opens(sealed, { database: { ...SEALED, erasures }, onProblem }));
    assert.equal(existsSync(at('keys/shredded.jsonl')), false, 'nor is it taken over');
    await writeFile(
      at('keys/shredded.jsonl'),
      `${JSON.stringify({ owner: 'subject/1', ...forged })}\n`,
    );
    assert.ok(await opens(sealed, { onProblem }));
    assert.deepEqual(told, Array(2).fill('believe the list of destroyed keys'));
    {
      using vault = await open();
      assert.deepEqual([vault.unprovenErasures, vault.isShredded('1')], [1, false]);
      assert.deepEqual([...vault.allShredded()], [], 'no row of theirs is taken out either');
      // A true erasure of the same subject is not kept out by it.
      vault.shred('1', shreddedBy(vault, '1'));
      assert.equal(vault.unprovenErasures, 0);
    }
    assert.equal(await opens(sealed), false);
  });
}

test('of whom there is no key here none is made again, though nothing proves the erasure', async () => {
  await sealOnce();
  const erasures = [{ subjectId: '7', ...FORGED }];
  using vault = await open({ database: { ...SEALED, erasures } });
  vault.keep(['7']);
  assert.equal(vault.sealOf('7'), undefined);
  assert.equal(vault.unprovenErasures, 0, 'there was nothing to destroy');
});

test('what was parked of nobody known opens for its days, and then in no copy of the store', async () => {
  const cameMs = Date.UTC(2026, 10, 21, 23, 59);
  using vault = await open({ database: EMPTY });
  const sealed = vault.parkedSeal('o', cameMs).seal(SECRET, 'place');
  const older = vault.organisationSeal('o').seal(SECRET, 'place');
  assert.ok(
    vault.parkedSeal('o', cameMs).open(older, 'place').ok,
    'from before there were such keys',
  );
  vault.tidy(cameMs + PARKED_KEPT_MS);
  assert.ok(vault.parkedSeal('o', cameMs).open(sealed, 'place').ok);
  vault.tidy(cameMs + PARKED_KEPT_MS + 60_000);
  assert.equal(vault.parkedSeal('o', cameMs).open(sealed, 'place').ok, false);
});

describe('rotation', () => {
  test('asked for twice at once, comes one after the other: no key is lost', async () => {
    const sealed = await sealOnce();
    {
      using vault = await open();
      await Promise.all([vault.rotate(), vault.rotate(), vault.rotate()]);
      vault.keep(['3']);
      assert.ok(!existsSync(at('master.key.next')));
    }
    assert.ok(await opens(sealed));
  });

  test('opens all that was sealed before, and the old master key opens nothing', async () => {
    const sealed = await sealOnce();
    const oldKey = readFileSync(at('master.key'));
    {
      using vault = await open();
      await vault.rotate();
      assert.ok(vault.sealOf('1')?.open(sealed, 'place').ok);
      await vault.rotate();
      vault.keep(['4']);
    }
    assert.ok(await opens(sealed));
    assert.ok(!existsSync(at('master.key.next')));
    assert.equal(statSync(at('master.key')).mode & 0o777, 0o600);
    assert.notDeepEqual(readFileSync(at('master.key')), oldKey);
    const environment = { kind: 'environment', current: new Uint8Array(oldKey) } as const;
    rmSync(at('master.key'));
    await assert.rejects(open({ masterKey: { ...environment, previous: undefined } }), unusable);
  });

  test('cut short after the store went over, it is finished by the next start', async () => {
    const sealed = await sealOnce();
    const oldKey = readFileSync(at('master.key'));
    {
      using vault = await open();
      await vault.rotate();
    }
    renameSync(at('master.key'), at('master.key.next'));
    cpSync(at('master.key.next'), at('master.key.kept'));
    await writeFile(at('master.key'), oldKey, { mode: 0o600 });
    assert.ok(await opens(sealed));
    assert.deepEqual(readFileSync(at('master.key')), readFileSync(at('master.key.kept')));
    assert.ok(!existsSync(at('master.key.next')));
  });

  test('cut short before, the old key stays and the new one goes', async () => {
    const sealed = await sealOnce();
    cpSync(at('master.key'), at('kept'));
    await writeFile(at('master.key.next'), randomBytes(32), { mode: 0o600 });
    assert.ok(await opens(sealed));
    assert.deepEqual(readFileSync(at('master.key')), readFileSync(at('kept')));
    assert.ok(!existsSync(at('master.key.next')));
  });
});

describe('a master key from the environment', () => {
  const [first, second] = [Uint8Array.from(randomBytes(32)), Uint8Array.from(randomBytes(32))];
  const from = (current: Uint8Array, previous?: Uint8Array): Partial<VaultOptions> => ({
    masterKey: { kind: 'environment', current, previous },
  });

  test('opens, goes over to a new one, and leaves no key file', async () => {
    const sealed = await sealOnce(from(first));
    assert.ok(!existsSync(at('master.key')));
    assert.ok(await opens(sealed, from(first)));
    await assert.rejects(open(from(second)), unusable);
    assert.ok(await opens(sealed, from(second, first)));
    assert.ok(await opens(sealed, from(second)));
    await assert.rejects(open(from(first)), unusable);
  });

  test('an installation with a key file goes over to it, and needs the file no more', async () => {
    const sealed = await sealOnce();
    assert.ok(await opens(sealed, from(first)));
    rmSync(at('master.key'));
    assert.ok(await opens(sealed, from(first)));
  });
});

describe('a data directory from before the key store', () => {
  async function legacySample() {
    const masterKey = await readMasterKey({ dataDirectory, randomBytes, hasSealedData: false });
    const seal = createSeal(deriveKey(masterKey, 'data'), randomBytes);
    const log = createSeal(deriveKey(masterKey, 'log_2026112108'), randomBytes);
    return { sealed: seal.seal(SECRET, 'place'), row: log.seal(SECRET, 'row') };
  }

  test('opens, and what is sealed from now on is under new keys', async () => {
    const { sealed, row } = await legacySample();
    const sample = { sealed, aad: 'place' };
    const database = { ...SEALED, sample, logTables: ['log_2026112108'] };
    for (const start of ['the first', 'a later']) {
      using vault = await open({ database });
      assert.ok(vault.legacy?.open(sealed, 'place').ok, start);
      assert.ok(vault.toRead('log_2026112108')?.open(row, 'row').ok, start);
      vault.keep(['1']);
      const seal = vault.sealOf('1');
      assert.ok(seal?.open(sealed, 'place').ok, 'an old row of the subject');
      const fresh = seal?.seal(SECRET, 'place') as Uint8Array;
      assert.equal(vault.legacy?.open(fresh, 'place').ok, false);
    }
  });

  test('a store that was lost is not replaced by an empty one', async () => {
    const sealed = await sealOnce();
    const sample = { sealed, aad: 'place' };
    renameSync(at('keys'), at('lost'));
    const database = { ...SEALED, sample };
    await assert.rejects(open({ database }), unusable);
    rmSync(at('keys'), { recursive: true });
    renameSync(at('lost'), at('keys'));
    assert.ok(await opens(sealed, { database }));
  });
});
