/** What memory could not let go of is tried again, and holds up nobody else's erasure for good. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { aloneIn } from '../../../../tests/support/lane.ts';
import { eventually } from '../../../../tests/support/server.ts';
import { openDataDirectory } from '../database/data-directory.ts';
import { Registry } from '../devices/registry.ts';
import { openVault } from '../vault/open-vault.ts';
import { Erasure } from './erasure.ts';
import { LegalHolds } from './holds.ts';

test('rows go once memory has let go, after a failure as well, and those of others too', async () => {
  await using parts = new AsyncDisposableStack();
  const path = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
  parts.defer(() => rm(path, { recursive: true, force: true }));
  const dataDirectory = parts.use(await openDataDirectory({ path, diskReserveBytes: 0 }));
  const { line: sql } = parts.use(await freshDatabase());
  const vault = parts.use(
    await openVault({
      ...{ dataDirectory, masterKey: { kind: 'file' }, randomBytes },
      ...{ keyStoreDir: undefined, keyReplicaDir: undefined, onProblem: () => undefined },
      database: { hasSealedData: false, logTables: [], sample: undefined, erasures: [] },
    }),
  );
  const organisationId = randomUUID() as OrganisationId;
  await sql`INSERT INTO organisation (id, name) VALUES (${organisationId}, 'House')`;
  vault.keep([`organisation/${organisationId}`]);
  const inLane = aloneIn(sql);
  const registry = await Registry.load({ sql, inLane, keys: vault });
  const holds = await LegalHolds.open({ sql, inLane, keys: vault });
  const problems: string[] = [];
  const forgotten: SubjectId[] = [];
  const erasure = new Erasure({
    ...{ sql, vault, registry, holds, logKeptMs: 1 },
    nowMs: () => Date.UTC(2026, 10, 22),
    after: (_delayMs, run) => void setImmediate(run),
    forget: (subjectId) => {
      forgotten.push(subjectId);
      const isFirst = forgotten.length === 1;
      return isFirst ? Promise.reject(new Error('away')) : Promise.resolve();
    },
    onProblem: (what) => void problems.push(what),
  });
  parts.defer(() => erasure.close());

  const patients = ['N-1', 'N-2'].map((recordNumber) => ({
    ...{ id: randomUUID() as SubjectId, organisationId, kind: 'patient' as const },
    ...{ category: 'adult' as const, paced: 'no' as const },
    identity: { familyName: '', givenName: '', sex: 'unknown' as const, recordNumber },
  }));
  for (const patient of patients) {
    const subject = await registry.addSubject(patient);
    const order = { recordNumber: patient.identity.recordNumber, stopMonitoring: false };
    const erased = await erasure.erase({ organisationId, accountId: undefined }, subject, order);
    assert.ok(erased.ok);
  }
  await eventually('empty tables', async () =>
    (await sql`SELECT FROM subject`).length === 0 ? true : undefined,
  );
  assert.deepEqual(problems, ['remove the rows of an erased subject']);
  const [first, second] = patients.map(({ id }) => id);
  assert.deepEqual(
    forgotten.toSorted(),
    [first, first, second].toSorted(),
    'the one that failed, again',
  );
});
