/** What the index cannot tell is compared one by one, up to a limit, and others are served meanwhile. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  create,
  documentAfter,
  type FhirHouse,
  fhirHouse,
  idsFound,
} from '../../../../tests/support/fhir-house.ts';
import { addTokens } from './token-store.ts';

let house: FhirHouse;
let tagged: string;

before(async () => {
  house = await fhirHouse();
  const meta = { tag: [{ system: 'urn:tags', code: 'a' }] };
  ({ id: tagged } = await documentAfter(
    house,
    create({ resourceType: 'Organization', name: 'Maternity', meta }),
  ));
  await documentAfter(house, create({ resourceType: 'Organization', name: 'Ward' }));
});
after(() => house[Symbol.asyncDispose]());

/** Under other names they do not open, but are looked at all the same. */
async function copy(from: number, until: number): Promise<void> {
  const made = await house.database.line<{ doc: number }[]>`
    INSERT INTO fhir_document (organisation_id, type, id, doc, version, updated_ms, sealed, tokens, indexed)
    SELECT organisation_id, type, 'copy-' || n, doc + 1000000 + n, 1, updated_ms, sealed, tokens, indexed
    FROM fhir_document, generate_series(${from}::int, ${until}::int) AS n
    WHERE type = 'Organization' AND id <> ${tagged} AND id NOT LIKE 'copy-%'
    RETURNING doc`;
  const docs = made.map(({ doc }) => doc);
  await addTokens(house.database.line, house.organisationId, docs);
}

const UNSURE = [
  ['Organization', 'name:contains=ern'],
  ['Organization', 'name:contains=ern&_sort=name'],
  ['Organization', 'name:contains=ern&_total=accurate'],
  ['Location', 'organization.name:contains=ern'],
] as const;

test('5,000 are compared one by one, in pieces, and no more', async () => {
  await copy(1, 4_998);
  for (const [type, query] of UNSURE) {
    house.pauses.count = 0;
    await idsFound(house, type, query);
    assert.ok(house.pauses.count >= 5_000 / 25, `${query}: ${house.pauses.count} pauses`);
  }
  assert.deepEqual(await idsFound(house, 'Organization', 'name:contains=ern'), [tagged]);
  await copy(4_999, 4_999);
  for (const [type, query] of UNSURE)
    await assert.rejects(idsFound(house, type, query), /QUERY_TOO_WIDE/, query);
});

test('the index tells which have a label', async () => {
  assert.deepEqual(await idsFound(house, 'Organization', '_tag:missing=false'), [tagged]);
  for (const query of [
    '_profile:missing=false',
    '_security:missing=false',
    '_source:missing=false',
  ])
    assert.deepEqual(await idsFound(house, 'Organization', query), [], query);
  const without = await idsFound(house, 'Organization', '_tag:missing=true&_count=1000');
  assert.ok(without.length > 0 && !without.includes(tagged));
});
