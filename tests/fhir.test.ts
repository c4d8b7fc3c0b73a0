/** FHIR over HTTP on the real server: what clients do, what they must not, and what is told them. */
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { BASE, fhirClient, ids, type Json, json } from './support/fhir-http.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
} from './support/server.ts';

let here: ServerHere;
let server: ServerUnderTest;
const administrator = randomBytes(24).toString('base64url');

const { send, made } = fhirClient(() => server);

/** The status and the code of the first issue. */
async function refused(response: Response): Promise<[number, unknown, unknown?]> {
  const outcome = (await json(response)) as { resourceType?: string; issue?: Json[] };
  assert.equal(outcome.resourceType, 'OperationOutcome');
  const [issue] = outcome.issue ?? [];
  const [element] = (issue?.['expression'] ?? []) as unknown[];
  return element === undefined
    ? [response.status, issue?.['code']]
    : [response.status, issue?.['code'], element];
}

const PATIENT = { resourceType: 'Patient', name: [{ family: 'Fhir', given: ['Ann'] }] };

describe('FHIR', () => {
  before(async () => {
    here = await startServerHere();
    server = here.server;
    const sql = here.database.line;
    const [own] = await sql<{ id: string }[]>`SELECT id FROM organisation`;
    await sql`INSERT INTO api_token ${sql({
      organisation_id: own?.id ?? '',
      token_hash: createHash('sha256').update(administrator).digest(),
      ...{ label: 'test', roles: ['administrator'] },
    })}`;
  });
  after(() => here[Symbol.asyncDispose]());

  test('a resource is created, read, changed, and each answer says its version', async () => {
    const body =
      '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":37.0}}';
    const created = await send('POST', '/Observation', body);
    assert.equal(created.status, 201);
    assert.equal(created.headers.get('etag'), 'W/"1"');
    const { id } = (await json(created)) as { id: string };
    assert.match(
      created.headers.get('location') ?? '',
      new RegExp(`/Observation/${id}/_history/1$`),
    );

    const read = await send('GET', `/Observation/${id}`);
    assert.match(await read.text(), /"value":37\.0\}/, 'a decimal keeps its precision');
    const again = await send('GET', `/Observation/${id}`, undefined, { 'if-none-match': 'W/"1"' });
    assert.equal(again.status, 304);
    const since = { 'if-modified-since': read.headers.get('last-modified') ?? '' };
    assert.equal((await send('GET', `/Observation/${id}`, undefined, since)).status, 304);

    const patch = [{ op: 'replace', path: '/status', value: 'amended' }];
    const type = { 'content-type': 'application/json-patch+json' };
    const patched = await send('PATCH', `/Observation/${id}`, patch, type);
    assert.equal(patched.status, 200);
    assert.match(await patched.text(), /"status":"amended".*"value":37\.0\}/);
    const stale = { 'if-match': 'W/"1"' };
    assert.deepEqual(
      await refused(
        await send(
          'PUT',
          `/Observation/${id}`,
          JSON.parse(body.replace('{', `{"id":"${id}",`)),
          stale,
        ),
      ),
      [412, 'conflict'],
    );
    const minimal = await send('DELETE', `/Observation/${id}`);
    assert.equal(minimal.status, 204);
    assert.deepEqual(await refused(await send('GET', `/Observation/${id}`)), [410, 'deleted']);
    const old = await send('GET', `/Observation/${id}/_history/1`);
    assert.equal((await json(old))['status'], 'final');
    const history = await json(await send('GET', `/Observation/${id}/_history`));
    const methods = (history.entry ?? []).map((entry) => (entry['request'] as Json)['method']);
    assert.deepEqual(methods, ['DELETE', 'PUT', 'POST']);
  });

  test('Prefer says what is answered to a write', async () => {
    const resource = { resourceType: 'Organization', name: 'Prefer' };
    const minimal = await send('POST', '/Organization', resource, { prefer: 'return=minimal' });
    assert.deepEqual([minimal.status, await minimal.text()], [201, '']);
    const outcome = await send('POST', '/Organization', resource, {
      prefer: 'return=OperationOutcome',
    });
    assert.equal((await json(outcome))['resourceType'], 'OperationOutcome');
  });

  test('a patient made by FHIR is a subject, and a subject is a Patient', async () => {
    const { id } = await made(PATIENT);
    const subject = await server.get<{ identity: { familyName: string } }>(`/api/subjects/${id}`);
    assert.equal(subject.identity.familyName, 'Fhir');
    const own = await server.addSubject('Plainpatient');
    const found = await json(await send('GET', '/Patient?family=plainp'));
    assert.deepEqual(ids(found), [own.id]);
    const read = await send('GET', `/Patient/${own.id}`);
    assert.match(read.headers.get('etag') ?? '', /^W\/"0\.[0-9a-f]{16}"$/);
  });

  test('who may not write patients writes none, in no way', async () => {
    const as = { authorization: `Bearer ${administrator}` };
    assert.deepEqual(await refused(await send('POST', '/Patient', PATIENT, as)), [
      403,
      'forbidden',
      'Patient',
    ]);
    const entry = [{ resource: PATIENT, request: { method: 'POST', url: 'Patient' } }];
    const bundle = { resourceType: 'Bundle', type: 'transaction', entry };
    assert.deepEqual(await refused(await send('POST', '', bundle, as)), [
      403,
      'forbidden',
      'Bundle.entry[0].resource.Patient',
    ]);
    const flag = { resourceType: 'Organization', name: 'by an administrator' };
    assert.equal((await send('POST', '/Organization', flag, as)).status, 201);
    const device = await server.addPatient();
    const token = { authorization: `Bearer ${device.token}` };
    assert.equal((await send('GET', '/Patient', undefined, token)).status, 401);
  });

  test('a document that is newer than all readings comes first, whatever was asked before', async () => {
    const device = await server.addPatient('Newest');
    const startMs = Date.now() - 60_000;
    const readings = [0, 1, 2].map((i) => ({
      time: startMs + i * 2_000,
      values: { 'heart-rate': 80 + i },
    }));
    await server.send(device, JSON.stringify(readings));
    await eventually('the readings', async () =>
      (await server.readings(device.subjectId, 'heart-rate')).length === 3 ? true : undefined,
    );
    const makeAt = (atMs: number, value: number) => {
      const subject = { reference: `Patient/${device.subjectId}` };
      const code = { coding: [{ system: 'http://loinc.org', code: '8867-4' }] };
      const effectiveDateTime = new Date(atMs).toISOString();
      const measured = { subject, code, effectiveDateTime, valueQuantity: { value } };
      return made({ resourceType: 'Observation', ...{ status: 'final', ...measured } });
    };
    const search = `/Observation?patient=${device.subjectId}&code=8867-4&_sort=-date&_count=2`;
    const valuesOf = (bundle: Json): unknown[] =>
      (bundle.entry ?? []).map(
        ({ resource = {} }) => (resource['valueQuantity'] as { value: number }).value,
      );
    const page = async () => await json(await send('GET', search));
    for (const _ of [1, 2]) assert.deepEqual(valuesOf(await page()), [82, 81]);
    await makeAt(startMs - 60_000, 50);
    for (const _ of [1, 2]) {
      const first = await page();
      assert.deepEqual(valuesOf(first), [82, 81]);
      const links = first['link'] as { relation: string; url: string }[];
      const next = links.find(({ relation }) => relation === 'next')?.url.split(BASE)[1];
      assert.deepEqual(valuesOf(await json(await send('GET', next ?? ''))), [80, 50]);
    }
    const { id } = await makeAt(startMs + 3_000, 51);
    for (const _ of [1, 2]) assert.deepEqual(valuesOf(await page()), [82, 51]);
    assert.equal((await send('DELETE', `/Observation/${id}`)).status, 204);
    for (const _ of [1, 2]) assert.deepEqual(valuesOf(await page()), [82, 81]);
  });

  test('readings and documents are one list, newest first, page after page', async () => {
    const device = await server.addPatient('Listed');
    const startMs = Date.now() - 60_000;
    const readings = Array.from({ length: 5 }, (_, i) => ({
      time: startMs + i * 2_000,
      values: { 'heart-rate': 80 + i },
    }));
    await server.send(device, JSON.stringify(readings));
    const subject = { reference: `Patient/${device.subjectId}` };
    const code = { coding: [{ system: 'http://loinc.org', code: '8867-4' }] };
    for (const i of [0, 1, 2]) {
      const effectiveDateTime = new Date(startMs + 1_000 + i * 2_000).toISOString();
      const measured = { subject, code, effectiveDateTime, status: 'final' };
      const valueQuantity = { value: 60 + i, unit: '/min' };
      const observation = { resourceType: 'Observation', ...measured, valueQuantity };
      await made(observation);
    }
    await eventually('the readings', async () =>
      (await server.readings(device.subjectId, 'heart-rate')).length === 5 ? true : undefined,
    );
    for (const [sort, sign] of [
      ['-date', -1],
      ['date', 1],
    ] as const) {
      const values: number[] = [];
      let path: string | undefined =
        `/Observation?patient=${device.subjectId}&code=8867-4&_sort=${sort}&_count=3`;
      while (path !== undefined) {
        const bundle = await json(await send('GET', path));
        for (const { resource = {} } of bundle.entry ?? []) {
          values.push((resource['valueQuantity'] as { value: number }).value);
        }
        const links = bundle['link'] as { relation: string; url: string }[];
        path = links.find(({ relation }) => relation === 'next')?.url.split(BASE)[1];
      }
      const expected = [80, 60, 81, 61, 82, 62, 83, 84];
      assert.deepEqual(values, sign < 0 ? expected.toReversed() : expected);
    }
    const page = await json(await send('GET', `/Observation?patient=${device.subjectId}&_count=1`));
    const told = page.entry?.[0]?.resource as Json & { id: string };
    const path = `/Observation/${told.id}`;
    assert.deepEqual(await json(await send('GET', path)), told);
    assert.deepEqual(await json(await send('GET', `${path}/_history/1`)), told);
    assert.equal((await send('GET', `${path}/_history/2`)).status, 404);
    // A reading is what was measured: nobody writes over it, and no other has its id.
    for (const response of [
      await send('PUT', path, { ...told, status: 'amended' }),
      await send('DELETE', path),
    ])
      assert.deepEqual(await refused(response), [405, 'business-rule', 'Observation.id']);
    const [tag = ''] = told.id.split('.');
    for (const id of [`${told.id}0`, told.id.replace(tag, '0'.repeat(16)), `${tag}.spo2.1.0`])
      assert.equal((await send('GET', `/Observation/${id}`)).status, 404, id);
    // What readings cannot be asked is answered from documents, and the answer says so.
    const other = await json(
      await send('GET', `/Observation?patient=${device.subjectId}&value-quantity=gt60`),
    );
    assert.equal(ids(other).length, 2);
    assert.equal(ids(other, 'outcome').length, 1);
  });

  test('what names a patient by the whole address of this server is found like any other', async () => {
    const device = await server.addPatient('Addressed');
    const { subjectId: id } = device;
    const address = `${server.url}${BASE}/Patient/${id}`;
    const code = { coding: [{ system: 'http://loinc.org', code: '8867-4' }] };
    const measured = { status: 'final', code, effectiveDateTime: new Date().toISOString() };
    const observation = {
      resourceType: 'Observation',
      subject: { reference: address },
      ...measured,
    };
    const { id: own, subject } = await made(observation);
    assert.deepEqual(subject, { reference: `Patient/${id}` });
    const about = { resourceType: 'Flag', status: 'active', code: { text: 'x' } };
    const flagOf = (reference: string) => ({ ...about, subject: { reference } });
    const { id: flag } = await made(flagOf(address.replace('http', 'HTTP')));
    const put = { ...flagOf(address), id: flag };
    assert.equal((await send('PUT', `/Flag/${flag}`, put)).status, 200);
    const found = async (path: string) => ids(await json(await send('GET', path)));
    assert.deepEqual(await found(`/Observation?patient=${id}`), [own]);
    assert.deepEqual(await found(`/Observation?patient=${address}`), [own]);
    assert.deepEqual(await found(`/Flag?subject=Patient/${id}`), [flag]);
    assert.deepEqual((await found(`/Patient/${id}/$everything`)).sort(), [id, own, flag].sort());
    for (const named of [id, address])
      assert.deepEqual(await found(`/Observation/$lastn?patient=${named}`), [own]);
    const once = { 'if-none-exist': `subject=${address}` };
    assert.equal((await send('POST', '/Flag', flagOf(address), once)).status, 200);
    const page = await json(await send('GET', `/Observation?patient=${address}&_include=*`));
    assert.deepEqual(ids(page, 'include'), [id]);
    assert.deepEqual(ids(page, 'outcome'), [], 'readings are asked as well');
    const elsewhere = flagOf(`https://elsewhere.example/fhir/R4/Patient/${id}`);
    assert.deepEqual((await made(elsewhere))['subject'], elsewhere.subject);
  });

  test('bad questions and bad resources are refused with what is wrong', async () => {
    const strict = { prefer: 'handling=strict' };
    const get = (path: string, headers?: Record<string, string>) =>
      send('GET', path, undefined, headers).then(refused);
    assert.deepEqual(await get('/Nothing'), [404, 'not-found']);
    assert.deepEqual(await get('/Parameters'), [404, 'not-found']);
    assert.deepEqual(await get('/Flag/no_such_id!'), [400, 'value']);
    assert.deepEqual(await get('/Flag/none'), [404, 'not-found']);
    assert.deepEqual(await get('/Flag?what=1', strict), [400, 'invalid']);
    assert.deepEqual(await get('/Flag?date=soon'), [400, 'invalid']);
    assert.deepEqual(await get('/Flag?_count=1000000'), [400, 'invalid']);
    assert.deepEqual(await get('/Flag?_cursor=bm9uc2Vuc2U'), [400, 'invalid']);
    for (const skip of [-1, 10_000, 9e15]) {
      const forged = JSON.stringify({ r: { atMs: 8e15, skip } });
      const cursor = Buffer.from(forged).toString('base64url');
      const asked = `/Observation?patient=${randomUUID()}&_cursor=${cursor}`;
      assert.deepEqual(await get(asked), [400, 'invalid'], forged);
    }
    assert.deepEqual(await get('/Flag?subject.patient.name=x&subject:Patient.what=1'), [
      400,
      'invalid',
    ]);
    assert.deepEqual(await get('/Flag/_history?_since=soon'), [400, 'invalid']);
    const lenient = await json(await send('GET', '/Flag?what=1'));
    assert.equal(ids(lenient, 'outcome').length, 1);

    const post = (body: unknown, path = '/Flag') => send('POST', path, body).then(refused);
    assert.deepEqual(await post('{'), [400, 'structure']);
    assert.deepEqual(await post('[]'), [400, 'structure']);
    assert.deepEqual(await post('['.repeat(100_000)), [400, 'structure']);
    assert.deepEqual(await post({ resourceType: 'Flog' }), [400, 'invalid', 'resourceType']);
    assert.deepEqual(await post({ resourceType: 'Flag', status: 'done' }), [
      422,
      'structure',
      'Flag.code',
    ]);
    const dated = { resourceType: 'Patient', birthDate: '1980-02-31' };
    assert.deepEqual((await post(dated, '/Patient'))[0], 422);
    assert.deepEqual(await post({ ...PATIENT, id: 'x' }, '/Nothing'), [404, 'not-found']);
    assert.equal((await send('POST', '/Flag', `"${'x'.repeat(5 * 2 ** 20)}"`)).status, 413);
    const stranger = { subject: { reference: `Patient/${randomUUID()}` }, code: { text: 'x' } };
    assert.deepEqual(await post({ resourceType: 'Flag', status: 'active', ...stranger }), [
      422,
      'not-found',
      'Flag',
    ]);
  });

  test('the capability statement tells what the routes do', async () => {
    const statement = (await (await send('GET', '/metadata')).json()) as {
      fhirVersion: string;
      rest: {
        resource: { type: string; interaction: { code: string }[]; searchParam: Json[] }[];
      }[];
    };
    assert.equal(statement.fhirVersion, '4.0.1');
    const types = statement.rest[0]?.resource ?? [];
    const observation = types.find(({ type }) => type === 'Observation');
    const codes = observation?.interaction.map(({ code }) => code);
    assert.ok(
      codes?.includes('create') && codes.includes('search-type') && codes.includes('vread'),
    );
    assert.ok((observation?.searchParam.length ?? 0) > 35);
    const patient = types.find(({ type }) => type === 'Patient');
    assert.ok(!patient?.interaction.some(({ code }) => code === 'delete'));
  });

  test('XML is refused before anything is done', async () => {
    const accept = (accept: string, path = '/Flag') => send('GET', path, undefined, { accept });
    for (const no of ['application/fhir+xml', 'text/xml, application/xml;q=0.5', 'text/html']) {
      assert.deepEqual(await refused(await accept(no)), [406, 'not-supported']);
    }
    const [json, other] = ['application/fhir+json', 'application/fhir+json; fhirVersion=3.0'];
    assert.deepEqual(await refused(await accept(other)), [406, 'not-supported']);
    assert.deepEqual(await refused(await accept(`${json};q=0`)), [406, 'not-supported']);
    for (const yes of [`application/fhir+xml, ${json};q=0.1`, `${json};fhirVersion=4.0`, '*/*']) {
      assert.equal((await accept(yes)).status, 200);
    }
    // What the address asks for counts, whatever the header says.
    assert.deepEqual(await refused(await accept(json, '/Flag?_format=xml')), [
      406,
      'not-supported',
    ]);
    assert.equal((await accept('text/xml', '/Flag?_format=json')).status, 200);
    const type = { 'content-type': 'application/fhir+xml' };
    const posted = await send('POST', '/Organization', '<Organization/>', type);
    assert.deepEqual(await refused(posted), [415, 'not-supported']);
    assert.equal((await send('DELETE', '/Flag/none')).status, 204);
  });
});
