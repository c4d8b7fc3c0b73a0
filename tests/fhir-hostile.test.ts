/** Whatever is sent: an OperationOutcome soon, and nothing half written. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bundle, OperationOutcome } from '@medplum/fhirtypes';
import { type ServerHere, startServerHere } from './support/server.ts';

let here: ServerHere;

const BASE = '/fhir/R4';
const JSON_TYPE = { 'content-type': 'application/fhir+json' };

/** Much more than any of them takes, so that a busy machine is no failure; a bomb takes minutes. */
const WITHIN_MS = 20_000;

async function refused(path: string, options: RequestInit = {}): Promise<number> {
  const startMs = performance.now();
  const response = await here.server.fetch(`${BASE}${path}`, options);
  const text = await response.text();
  assert.ok(performance.now() - startMs < WITHIN_MS, `${path.slice(0, 60)} took too long`);
  const outcome = JSON.parse(text) as OperationOutcome;
  assert.equal(outcome.resourceType, 'OperationOutcome', text.slice(0, 200));
  assert.ok(response.status >= 400 && response.status < 500, String(response.status));
  return response.status;
}

const post = (path: string, body: string) =>
  refused(path, { method: 'POST', headers: JSON_TYPE, body });

async function countOf(type: string): Promise<number | undefined> {
  const bundle = await here.server.get<Bundle>(`${BASE}/${type}?_summary=count`);
  return bundle.total;
}

describe('hostile input', () => {
  before(async () => {
    here = await startServerHere();
    // The definitions are read at the first question.
    await here.server.fetch(`${BASE}/metadata`);
    for (const name of ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', 'Ward'])
      await here.server.post(`${BASE}/Organization`, { resourceType: 'Organization', name });
  });
  after(() => here[Symbol.asyncDispose]());

  test('what nests without an end', async () => {
    const nested = (of: string, levels: number) =>
      `{"resourceType":"Questionnaire","status":"draft",${`"item":[{"linkId":"1",${of}`.repeat(levels)}"text":"x"${'}]'.repeat(levels)}}`;
    assert.equal(await post('/Questionnaire', nested('', 60)), 400);
    assert.equal(await post('/Questionnaire', '['.repeat(1_000_000)), 400);
    assert.equal(await post('/Questionnaire', `{"a":${'{"a":'.repeat(300_000)}`), 400);
    const extension = (levels: number): string =>
      levels === 0 ? '' : `,"extension":[{"url":"u"${extension(levels - 1)}}]`;
    assert.equal(await post('/Flag', `{"resourceType":"Flag"${extension(70)}}`), 400);
    assert.equal(await countOf('Questionnaire'), 0);
  });

  test('Bundles that no server should read', async () => {
    const many = { request: { method: 'DELETE', url: 'Flag/x' } };
    const entry = Array.from({ length: 5_001 }, () => many);
    const bundle = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
    assert.equal(await post('', bundle), 413);
    assert.equal(await post('', JSON.stringify({ resourceType: 'Bundle', type: 'message' })), 400);
    assert.equal(
      await post('', '{"resourceType":"Bundle","type":"batch","entry":{"length":9}}'),
      400,
    );
    assert.equal(
      await post('', '{"resourceType":"Bundle","type":"transaction","entry":[null]}'),
      400,
    );
    const body = new Uint8Array(17 * 2 ** 20);
    const answer = await here.server.fetch(BASE, { method: 'POST', headers: JSON_TYPE, body });
    assert.equal(answer.status, 413);
    // A picture is no such thing.
    const content = [{ attachment: { data: 'QUJD'.repeat(250_000) } }];
    const document = { resourceType: 'DocumentReference', status: 'current', content };
    await here.server.post(`${BASE}/DocumentReference`, document);
  });

  test('references that lead in a circle', async () => {
    const [a, b] = [
      'urn:uuid:00000000-0000-4000-8000-00000000000a',
      'urn:uuid:00000000-0000-4000-8000-00000000000b',
    ];
    const part = (fullUrl: string, partOf: string) => ({
      ...{ fullUrl, request: { method: 'POST', url: 'Organization' } },
      resource: { resourceType: 'Organization', name: 'Round', partOf: { reference: partOf } },
    });
    const entry = [part(a, b), part(b, a)];
    const body = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
    const options = { method: 'POST', headers: JSON_TYPE, body };
    assert.equal((await here.server.fetch(BASE, options)).status, 200);
    const include = '_include:iterate=Organization:partof&_revinclude:iterate=Organization:partof';
    const found = await here.server.get<Bundle>(`${BASE}/Organization?name=round&${include}`);
    assert.equal(found.entry?.length, 2);
    const chain = `Organization?partof.partof.partof.partof.name=round`;
    const chained = await here.server.get<Bundle>(`${BASE}/${chain}`);
    assert.equal(chained.entry?.length, 2);
    const self = 'urn:uuid:00000000-0000-4000-8000-00000000000c';
    const own = { resourceType: 'Bundle', type: 'transaction', entry: [part(self, self)] };
    const alone = { ...options, body: JSON.stringify(own) };
    assert.equal((await here.server.fetch(BASE, alone)).status, 200);
  });

  test('searches that would take for ever', async () => {
    const bomb = encodeURIComponent(`${'(a+)+'.repeat(50)}$`);
    for (const query of [`name:contains=${bomb}`, `name=${bomb}`, `name:exact=${bomb}`]) {
      const found = await here.server.get<Bundle>(`${BASE}/Organization?${query}`);
      assert.deepEqual(found.entry ?? [], []);
    }
    const long = 'partof.'.repeat(200);
    assert.equal(
      await refused(`/Organization?${long}name=x`, { headers: { prefer: 'handling=strict' } }),
      400,
    );
    assert.equal(await refused('/Organization?_count=1000000'), 400);
    assert.equal(await refused(`/Organization?name=${'x'.repeat(9_000)}`), 400);
    const parameters = Array.from({ length: 60 }, (_, at) => `name=x${at}`).join('&');
    assert.equal(await refused(`/Organization?${parameters}`), 400);
    const has = '_has:Organization:partof:'.repeat(30);
    assert.equal(
      await refused(`/Organization?${has}name=x`, { headers: { prefer: 'handling=strict' } }),
      400,
    );
  });

  test('dates that are none, and types that are none', async () => {
    const flag = (start: string) =>
      JSON.stringify({
        ...{ resourceType: 'Flag', status: 'active', code: { text: 'x' } },
        ...{ subject: { reference: 'Group/x' }, period: { start } },
      });
    for (const date of ['2021-02-30', '2021-13', '99999', 'yesterday', '2021-01-01T25:00:00Z']) {
      assert.equal(await post('/Flag', flag(date)), 422, date);
      assert.equal(await refused(`/Flag?date=${date}`), 400, date);
    }
    for (const type of ['__proto__', 'constructor', 'Object', 'flag'])
      assert.equal(await refused(`/${type}/x`), 404, type);
    assert.equal(await refused('/Flag%00/x'), 400, 'no address holds U+0000');
    assert.equal(await post('/Flag', '{"resourceType":"__proto__"}'), 400);
    assert.equal(
      await post('/Flag', '{"resourceType":"Flag","__proto__":{"status":"active"}}'),
      422,
    );
    assert.equal(await countOf('Flag'), 0);
  });

  test('an import that is none', async () => {
    const lines = (body: BodyInit) =>
      here.server.fetch(`${BASE}/$import`, {
        ...{ method: 'POST', body },
        headers: { 'content-type': 'application/fhir+ndjson' },
      });
    assert.equal((await lines(new Uint8Array(5 * 2 ** 20))).status, 413);
    const answer = await lines(
      `${'['.repeat(100_000)}\n\n\n{"resourceType":"__proto__","id":"x"}\n`,
    );
    const { parameter = [] } = (await answer.json()) as {
      parameter?: { name: string; valueInteger?: number }[];
    };
    assert.equal(parameter.find(({ name }) => name === 'refused')?.valueInteger, 2);
  });
});
