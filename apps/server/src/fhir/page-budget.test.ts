/** Records of megabytes on real PostgreSQL: pages end by their weight, and lose nothing. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { linkByName } from '@ausculta/fhir/observation';
import type { SubjectId } from '@ausculta/vitals/identity';
import {
  create,
  documentAfter,
  type FhirHouse,
  fhirHouse,
  update,
} from '../../../../tests/support/fhir-house.ts';
import { readEverything, recordPage } from './operations/everything.ts';
import { linesOf } from './operations/export-lines.ts';

let house: FhirHouse;
let patientId: string;
const ids: string[] = [];

/** Two of them fill a page, and no packing makes them smaller: three are fetched at once. */
const scan = () => ({
  resourceType: 'DocumentReference',
  status: 'current',
  subject: { reference: `Patient/${patientId}` },
  content: Array.from({ length: 8 }, () => {
    return { attachment: { data: randomBytes(3 << 18).toString('base64') } };
  }),
});

before(async () => {
  house = await fhirHouse();
  ({ id: patientId } = await documentAfter(house, create({ resourceType: 'Patient' })));
  for (let at = 0; at < 4; at += 1) {
    const { id } = await documentAfter(house, create(scan()));
    ids.push(id);
  }
});
after(() => house[Symbol.asyncDispose]());

async function pagesOf(query: string): Promise<string[][]> {
  const pages: string[][] = [];
  const { repository, organisationId } = house;
  const asking = { isStrict: true, baseUrl: undefined };
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const next = cursor === '' ? '' : `&_cursor=${cursor}`;
    const parameters = new URLSearchParams(`${query}${next}`);
    const parsed = await repository.parse('DocumentReference', parameters, asking);
    assert.ok(parsed.ok);
    const page = await repository.search(organisationId, parsed.value);
    assert.ok(page.ok);
    pages.push(page.value.matches.map(({ id }) => id));
    cursor = page.value.next;
  }
  return pages;
}

const inPages = () => [ids.slice(0, 2), ids.slice(2)];

for (const [order, query] of [
  ['in their own order', '_count=1000'],
  ['of a patient', '_count=1000&patient={}&_sort=_lastUpdated'],
] as const) {
  test(`a search ${order} ends its pages by their weight`, async () => {
    assert.deepEqual(await pagesOf(query.replace('{}', patientId)), inPages());
  });
}

test('an order that the index does not keep is made of so much, and of no more', async () => {
  const some = ids.slice(0, 3).join();
  const pages = await pagesOf(`_id=${some}&_sort=status&_count=1000`);
  assert.deepEqual(pages, [ids.slice(0, 2), ids.slice(2, 3)]);
});

test('a history ends its pages by their weight', async () => {
  const { repository, organisationId } = house;
  const question = { type: 'DocumentReference', id: undefined, sinceMs: 0, limit: 1_000 };
  const pages: string[][] = [];
  let last: Awaited<ReturnType<typeof repository.history>>['last'];
  for (let isMore = true; isMore; ) {
    const page = await repository.history(organisationId, { ...question, after: last });
    pages.push(page.documents.map(({ id }) => id));
    ({ isMore, last } = page);
  }
  assert.deepEqual(
    pages.map(({ length }) => length),
    [2, 2],
  );
  assert.deepEqual(pages.flat().sort(), [...ids].sort());
});

test('the whole record of a patient ends its pages by their weight', async () => {
  const subjectId = patientId as SubjectId;
  const types = new Set(['DocumentReference']);
  const pages: string[][] = [];
  let cursor = '';
  do {
    const texts = new URLSearchParams(cursor === '' ? {} : { _cursor: cursor });
    const asked = readEverything({ texts }, subjectId, types);
    assert.ok(asked.ok && 'doc' in asked.value.cursor);
    const given = { ...asked.value, cursor: asked.value.cursor };
    const page = await house.repository.look(house.organisationId, (session, knowledge) =>
      recordPage(session, knowledge, given),
    );
    pages.push(page.found.map(({ id }) => id));
    cursor = page.after === undefined ? '' : `d${page.after}`;
  } while (cursor !== '');
  assert.deepEqual(pages, inPages());
});

test('what is included with a page has a weight too', async () => {
  const related = ids.map((id) => ({ reference: `DocumentReference/${id}` }));
  const manifest = { resourceType: 'DocumentManifest', status: 'current', content: related };
  const { id } = await documentAfter(house, create(manifest));
  const { repository, organisationId } = house;
  const search = async (query: string) => {
    const asking = { isStrict: true, baseUrl: undefined };
    const parsed = await repository.parse('DocumentManifest', new URLSearchParams(query), asking);
    assert.ok(parsed.ok);
    return await repository.search(organisationId, parsed.value);
  };
  const all = await search(`_id=${id}&_include=DocumentManifest:item`);
  assert.ok(!all.ok && all.fault.code === 'QUERY_TOO_WIDE');
  const [first] = related;
  await documentAfter(house, update({ ...manifest, id, content: [first] }));
  const one = await search(`_id=${id}&_include=DocumentManifest:item`);
  assert.ok(one.ok && one.value.included.length === 1);
});

test('a file of an export is made in pieces, and has each document once', async () => {
  const { repository, organisationId } = house;
  const file = { file: 1, type: 'DocumentReference', ids, versions: ids.map(() => 1) };
  const telemetry = { windows: () => assert.fail('no readings are asked for') };
  const row = {
    organisation_id: organisationId,
    id: '',
    asked_ms: 0,
    since_ms: null,
    filters: null,
  };
  const told: string[] = [];
  const pause = () => Promise.resolve();
  const source = { repository, telemetry, linksOf: linkByName, pause };
  for await (const lines of linesOf(source, row, { ...file, subject_id: null })) told.push(lines);
  assert.deepEqual(
    told.map((text) => JSON.parse(text).id),
    ids,
  );
});
