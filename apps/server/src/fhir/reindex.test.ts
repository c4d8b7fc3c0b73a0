/** Documents are indexed beside everything else, whoever writes or locks them meanwhile. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  create,
  documentAfter,
  type FhirHouse,
  fhirHouse,
  idsFound,
  statusOf,
  update,
} from '../../../../tests/support/fhir-house.ts';
import { eventually } from '../../../../tests/support/server.ts';
import type { Transaction } from '../database/pool.ts';
import { lockTokens } from './token-store.ts';

let house: FhirHouse;

before(async () => {
  house = await fhirHouse();
});
after(() => house[Symbol.asyncDispose]());

const ward = (name: string) => ({ resourceType: 'Organization' as const, name });

/** A document as an import brings it. */
async function notIndexed(name: string): Promise<string> {
  const { id } = await documentAfter(house, create(ward(name)));
  const { line } = house.database;
  await line`DELETE FROM fhir_token`;
  await line`UPDATE fhir_document SET indexed = 0, tokens = '{}' WHERE id = ${id}`;
  assert.deepEqual(await idsFound(house, 'Organization', `name=${name}`), []);
  return id;
}

/** Does its first half, waits until somebody waits for it, and does the second. */
async function whileOthersWait(
  first: (tx: Transaction) => Promise<unknown>,
  others: () => Promise<unknown>,
  second: (tx: Transaction, waiting: number) => Promise<unknown>,
): Promise<void> {
  const { line } = house.database;
  let theirs: Promise<unknown> = Promise.resolve();
  await line.begin(async (tx) => {
    await first(tx);
    theirs = others();
    const waiting = await eventually('somebody who waits', async () => {
      const [row] = await line<{ pid: number }[]>`
        SELECT pid FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid() LIMIT 1`;
      return row?.pid;
    });
    await second(tx, waiting);
  });
  await theirs;
}

const lockDocument = (id: string) => (tx: Transaction) =>
  tx`SELECT FROM fhir_document WHERE id = ${id} FOR UPDATE`;

test('a writer who has the document gets its tokens, though it is being indexed', async () => {
  const id = await notIndexed('Alpha');
  const problems = { count: 0 };
  await whileOthersWait(
    lockDocument(id),
    () => house.indexAll(problems),
    (tx) => lockTokens(tx, house.organisationId),
  );
  assert.equal(problems.count, 0);
  assert.deepEqual(await idsFound(house, 'Organization', 'name=alpha'), [id]);
});

test('a database that goes away in between is asked again until all is indexed', async () => {
  const id = await notIndexed('Beta');
  const problems = { count: 0 };
  await whileOthersWait(
    lockDocument(id),
    () => house.indexAll(problems),
    (tx, waiting) => tx`SELECT pg_terminate_backend(${waiting})`,
  );
  assert.ok(problems.count > 0);
  assert.deepEqual(await idsFound(house, 'Organization', 'name=beta'), [id]);
});

test('of a name that somebody is taking, a writer waits without holding the tokens', async () => {
  const { organisationId, repository, database } = house;
  const { id } = await documentAfter(house, create(ward('Gamma')));
  const taken = 'taken-by-somebody';
  const both = [update({ ...ward('Delta'), id }), update({ ...ward('Epsilon'), id: taken })];
  await whileOthersWait(
    (tx) => tx`
      INSERT INTO fhir_document (organisation_id, type, id, doc, version, updated_ms, tokens, indexed)
      VALUES (${organisationId}, 'Organization', ${taken}, 900500, 1, 1, '{}', 1)`,
    async () => assert.equal(statusOf(await repository.perform(organisationId, both)), 200),
    async (tx) => {
      await lockTokens(tx, organisationId);
      await tx`DELETE FROM fhir_document WHERE id = ${taken}`;
    },
  );
  assert.deepEqual(await idsFound(house, 'Organization', 'name=epsilon'), [taken]);
  assert.equal((await database.line`SELECT FROM fhir_document WHERE id = ${taken}`).length, 1);
});
