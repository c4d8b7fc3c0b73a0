/** The index of tokens says the same as the documents, whatever becomes of them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  create,
  documentAfter,
  type FhirHouse,
  fhirHouse,
  idsFound,
  performed,
  update,
} from '../../../../tests/support/fhir-house.ts';
import { asOrganisation } from '../database/pool.ts';
import { deleteDocuments } from '../erasure/document-store.ts';
import { tokenBlocks } from './token-store.ts';

let house: FhirHouse;

before(async () => {
  house = await fhirHouse();
});
after(() => house[Symbol.asyncDispose]());

const ward = (name: string, tag: string) => ({
  resourceType: 'Organization' as const,
  name,
  meta: { tag: [{ system: 'urn:tags', code: tag }] },
});

async function expectTheSame(): Promise<void> {
  const { line } = house.database;
  const told = await line`
    SELECT organisation_id, token, block, docs FROM fhir_token ORDER BY 1, 2, 3`;
  const meant = await line`
    SELECT organisation_id, token, doc / 50 AS block, bit_or(1::bigint << (doc % 50)::int) AS docs
    FROM fhir_document CROSS JOIN unnest(tokens) AS one (token) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;
  assert.ok(meant.length > 0);
  assert.deepEqual([...told], [...meant]);
}

test('documents are found by what they say now, through changes and deletions', async () => {
  const made: string[] = [];
  for (let n = 0; n < 60; n += 1)
    made.push((await documentAfter(house, create(ward(`Ward ${n}`, n % 2 ? 'odd' : 'even')))).id);
  await expectTheSame();
  const [first = '', second = '', third = ''] = made;
  await performed(house, update({ ...ward('Ward 0', 'odd'), id: first }));
  await performed(house, { kind: 'delete', type: 'Organization', id: second });
  await performed(house, update({ ...ward('Ward 2', 'even'), id: third }));
  await expectTheSame();
  const odd = await idsFound(house, 'Organization', '_tag=odd&_count=100');
  assert.deepEqual(new Set(odd), new Set([first, ...made.filter((_, n) => n % 2 === 1 && n > 1)]));
  assert.deepEqual(await idsFound(house, 'Organization', '_tag=odd&name=ward%200'), [first]);
});

test('nothing of an erased patient stays in the index', async () => {
  const { line } = house.database;
  const { id } = await documentAfter(
    house,
    create({ resourceType: 'Patient', name: [{ family: 'Erased' }] }),
  );
  const code = { text: 'Something rare' };
  const subject = { reference: `Patient/${id}` };
  await documentAfter(house, create({ resourceType: 'Condition', code, subject }));
  await expectTheSame();
  await line.begin((tx) => deleteDocuments(tx, id));
  assert.equal((await line`SELECT FROM fhir_document WHERE subject_id = ${id}`).length, 0);
  await expectTheSame();
});

test('another organisation sees none of it', async () => {
  const { line, people } = house.database;
  const { organisationId } = house;
  const [row] = await line<{ token: number }[]>`SELECT token FROM fhir_token LIMIT 1`;
  const asked = { tokens: [row?.token ?? 0], from: 0, limit: 10 };
  const seenBy = (id: string) =>
    asOrganisation(people, id, (tx) => tokenBlocks(tx, organisationId, asked));
  assert.ok((await seenBy(organisationId)).length > 0);
  assert.deepEqual([...(await seenBy('00000000-0000-4000-8000-000000000000'))], []);
});
