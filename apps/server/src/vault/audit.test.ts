import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { OrganisationId } from '@ausculta/vitals/identity';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { asOrganisation } from '../database/pool.ts';
import { type AuditEntry, appendAudit, auditContext } from './audit.ts';
import { createSeal } from './seal.ts';

const seal = createSeal(randomBytes(32), randomBytes);
const ORGANISATION = randomUUID() as OrganisationId;
const SUBJECT = randomUUID();

const ENTRY: AuditEntry = {
  organisationId: ORGANISATION,
  actor: randomUUID(),
  act: 'legal-hold-placed',
  target: `subject/${SUBJECT}`,
  atMs: 1_000,
  detail: { seal, value: { reason: 'Quagswaggerin' } },
};

test('an entry lives and dies with the act of its transaction', async () => {
  await using database = await freshDatabase();
  const { line } = database;
  await line.begin((tx) => appendAudit(tx, ENTRY));
  await assert.rejects(
    line.begin(async (tx) => {
      await appendAudit(tx, { ...ENTRY, atMs: 2_000 });
      throw new Error('the act failed');
    }),
    /the act failed/,
  );
  const leaves = await line<
    { at_ms: number; detail_sealed: Uint8Array }[]
  >`SELECT * FROM audit_leaf`;
  assert.deepEqual(
    leaves.map(({ at_ms }) => at_ms),
    [1_000],
  );
  const sealed = leaves[0]?.detail_sealed ?? new Uint8Array();
  const opened = seal.open(sealed, auditContext(ENTRY));
  assert.ok(opened.ok);
  assert.match(new TextDecoder().decode(opened.value), /Quagswaggerin/);
  const moved = auditContext({ ...ENTRY, target: `subject/${randomUUID()}` });
  assert.equal(seal.open(sealed, moved).ok, false);
});

test('leaves are alike in nothing: each has an id and a salt of its own', async () => {
  await using database = await freshDatabase();
  const { detail: _, ...bare } = ENTRY;
  for (let i = 0; i < 3; i += 1) await appendAudit(database.line, { ...bare, actor: undefined });
  const leaves = await database.line<{ id: string; salt: Uint8Array; account_id: null }[]>`
    SELECT id, salt, account_id FROM audit_leaf`;
  assert.equal(new Set(leaves.map(({ id }) => id)).size, 3);
  assert.equal(new Set(leaves.map(({ salt }) => Buffer.from(salt).toString('hex'))).size, 3);
  assert.ok(leaves.every(({ salt, account_id }) => salt.length === 32 && account_id === null));
});

test('an organisation sees its own entries, and adds none for another', async () => {
  await using database = await freshDatabase();
  await appendAudit(database.line, ENTRY);
  const seenBy = (organisation: string) =>
    asOrganisation(database.people, organisation, (tx) => tx`SELECT FROM audit_leaf`);
  assert.equal((await seenBy(ORGANISATION)).length, 1);
  assert.equal((await seenBy(randomUUID())).length, 0);
  await assert.rejects(
    asOrganisation(database.people, randomUUID(), (tx) => appendAudit(tx, ENTRY)),
    { code: '42501' },
  );
});

test('what was audited stays: the platform itself is refused', async () => {
  await using database = await freshDatabase();
  const { line } = database;
  await appendAudit(line, ENTRY);
  const refused = { code: '42501' };
  await assert.rejects(async () => line`UPDATE audit_leaf SET account_id = NULL`, refused);
  await assert.rejects(async () => line`DELETE FROM audit_leaf`, refused);
  await assert.rejects(async () => line`TRUNCATE audit_leaf`, refused);
  assert.equal((await line`SELECT FROM audit_leaf`).length, 1);
});
