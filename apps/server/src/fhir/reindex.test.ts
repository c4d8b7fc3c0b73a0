/** Documents are indexed beside everything else, whoever writes or locks them meanwhile. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  create,
  documentAfter,
  type FhirHouse,
  fhirHouse,
  idsFound,
  performed,
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
        SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0 LIMIT 1`;
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

const TYPES = ['Organization'];

/** What whoever searches is told. */
async function missing(types: readonly string[] = TYPES): Promise<(string | undefined)[]> {
  const issues = await house.index.missingFrom(house.organisationId, types);
  return issues.map(({ details }) => details?.text);
}

test('while documents are not indexed whoever searches is told, and no longer', async () => {
  await notIndexed('Zeta');
  assert.deepEqual(await missing(), []);
  await house.index.begin(house.database.line, house.repository.hashOf);
  assert.match((await missing()).join(), /are being indexed/);
  await house.indexAll({ count: 0 });
  assert.deepEqual(await missing(), []);
});

test('what was indexed by another key is not indexed', async () => {
  await documentAfter(house, create(ward('Eta')));
  const { line } = house.database;
  await house.index.begin(line, () => () => 1);
  assert.match((await missing()).join(), /are being indexed/);
  await house.indexAll({ count: 0 });
  assert.deepEqual(await missing(), []);
});

test('a document that does not open is named to whoever searches its type, until it opens or is written', async () => {
  const { line } = house.database;
  const ids = [await notIndexed('Theta'), await notIndexed('Iota')];
  const [first = '', second = ''] = ids;
  const [whole] = await line<{ sealed: Uint8Array }[]>`
    SELECT sealed FROM fhir_document WHERE id = ${first}`;
  await line`UPDATE fhir_document SET sealed = '\\x00'::bytea WHERE id = ANY(${ids}::text[])`;
  await house.indexAll({ count: 0 });
  const text = (await missing()).join();
  assert.match(text, /do not open/);
  for (const id of ids) assert.ok(text.includes(`Organization/${id}`), text);
  assert.deepEqual(await missing(['Flag']), []);
  await house.index.begin(line, house.repository.hashOf);
  assert.equal((await missing()).length, 2, 'the next start tries them anew');
  await line`UPDATE fhir_document SET sealed = ${whole?.sealed ?? null} WHERE id = ${first}`;
  await house.indexAll({ count: 0 });
  assert.ok(!(await missing()).join().includes(first));
  assert.deepEqual(await idsFound(house, 'Organization', 'name=theta'), [first]);
  await performed(house, update({ ...ward('Kappa'), id: second }));
  assert.deepEqual(await missing(), []);
});

test('of many that do not open some are named, and that there are more', async () => {
  const { line } = house.database;
  for (let i = 0; i < 21; i += 1) await documentAfter(house, create({ resourceType: 'Location' }));
  const damage = (limit: number) => line`
    UPDATE fhir_document SET sealed = '\\x00'::bytea, indexed = 0
    WHERE doc IN (SELECT doc FROM fhir_document WHERE type = 'Location' LIMIT ${limit})`;
  await damage(20);
  await house.indexAll({ count: 0 });
  const some = (await missing(['Location'])).join();
  assert.equal(some.match(/Location\//g)?.length, 20);
  assert.ok(!some.includes('and others'));
  await damage(21);
  await house.indexAll({ count: 0 });
  const more = (await missing(['Location'])).join();
  assert.equal(more.match(/Location\//g)?.length, 20);
  assert.ok(more.includes('and others'));
});
