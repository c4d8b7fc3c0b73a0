/** `$graphql` on the real server: the same record, under the same rules, in another form. */
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { OperationOutcome, Resource } from '@medplum/fhirtypes';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './support/server.ts';

let here: ServerHere;
let worn: TestDevice;
let patientId: string;
let practitionerId: string;
const conditionIds: string[] = [];

const BASE = '/fhir/R4';

interface Answered {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string; readonly path?: readonly unknown[] }[];
  readonly extensions?: { readonly outcome?: OperationOutcome };
}

async function graphql(
  query: string,
  { at = '', ...more }: { at?: string; variables?: object; operationName?: string } = {},
): Promise<Answered> {
  return await here.server.post<Answered>(`${BASE}${at}/$graphql`, { query, ...more });
}

const dataOf = async (query: string, more?: Parameters<typeof graphql>[1]): Promise<unknown> => {
  const { data, errors } = await graphql(query, more);
  assert.equal(errors, undefined, JSON.stringify(errors));
  // Objects of GraphQL have no prototype.
  return JSON.parse(JSON.stringify(data));
};

async function asked(body: string, type = 'application/json', at = ''): Promise<Response> {
  const headers = { 'content-type': type };
  return await here.server.fetch(`${BASE}${at}/$graphql`, { method: 'POST', headers, body });
}

async function made(body: object): Promise<string> {
  const { resourceType } = body as Resource;
  return (await here.server.post<Resource>(`${BASE}/${resourceType}`, body)).id ?? '';
}

before(async () => {
  here = await startServerHere();
  worn = await here.server.addPatient('Graph');
  const startMs = Math.floor(Date.now() / 1000) * 1000 - 40_000;
  const readings = [0, 1, 2].map((i) => ({
    time: startMs + i * 2_000,
    values: { 'heart-rate': 80 + i },
  }));
  await here.server.send(worn, JSON.stringify(readings));
  await eventually('the readings', async () =>
    (await here.server.readings(worn.subjectId, 'heart-rate')).length === 3 ? true : undefined,
  );
  patientId = await made({
    resourceType: 'Patient',
    name: [
      { use: 'official', family: 'Queried', given: ['Ann', 'Bea'] },
      { use: 'nickname', given: ['Annie'] },
    ],
    birthDate: '1970-01-02',
  });
  practitionerId = await made({ resourceType: 'Practitioner', name: [{ family: 'Healer' }] });
  const subject = { reference: `Patient/${patientId}` };
  for (const text of ['asthma', 'gout', 'fever'])
    conditionIds.push(
      await made({
        ...{ resourceType: 'Condition', subject, code: { text } },
        asserter: { reference: `Practitioner/${practitionerId}` },
        contained: [{ resourceType: 'Organization', id: 'ward', name: 'Ward 7' }],
        recorder: { reference: '#nobody' },
      }),
    );
});
after(() => here[Symbol.asyncDispose]());

describe('$graphql', () => {
  test('tells one resource, its lists narrowed by what is in them', async () => {
    const query = `query One($id: ID!) {
      Patient(id: $id) {
        resourceType id birthDate
        official: name(use: "official") { family given }
        second: name(_offset: 1, _count: 1) { given }
      }
    }`;
    const Patient = {
      ...{ resourceType: 'Patient', id: patientId, birthDate: '1970-01-02' },
      official: [{ family: 'Queried', given: ['Ann', 'Bea'] }],
      second: [{ given: ['Annie'] }],
    };
    assert.deepEqual(await dataOf(query, { variables: { id: patientId } }), { Patient });
    assert.deepEqual(await dataOf('{ birthDate }', { at: `/Patient/${patientId}` }), {
      birthDate: '1970-01-02',
    });
    const raw = await asked(`{ Patient(id: "${patientId}") { birthDate } }`, 'application/graphql');
    assert.deepEqual(await raw.json(), { data: { Patient: { birthDate: '1970-01-02' } } });
  });

  test('follows references, and tells lists about a resource by the search of REST', async () => {
    const query = `{
      Patient(id: "${patientId}") {
        ConditionList(_reference: patient, _sort: "_lastUpdated", _count: 2) {
          code { text }
          subject { reference resource { id ... on Patient { name(use: "official") { family } } } }
          asserter { resource { __typename ... on Practitioner { name { family } } } }
        }
      }
    }`;
    const { Patient } = (await dataOf(query)) as { Patient: { ConditionList: unknown[] } };
    const told = (text: string) => ({
      code: { text },
      subject: {
        reference: `Patient/${patientId}`,
        resource: { id: patientId, name: [{ family: 'Queried' }] },
      },
      asserter: { resource: { __typename: 'Practitioner', name: [{ family: 'Healer' }] } },
    });
    assert.deepEqual(Patient.ConditionList, [told('asthma'), told('gout')]);
  });

  test('a page tells where the next begins, until there is none', async () => {
    const page = (cursor?: string) =>
      dataOf(`{ ConditionConnection(patient: "${patientId}", _sort: "_lastUpdated", _count: 2
        ${cursor === undefined ? '' : `, _cursor: "${cursor}"`}) {
          next pagesize edges { mode resource { id } }
        } }`) as Promise<{
        ConditionConnection: {
          next: string | null;
          edges: { resource: { id: string } }[];
        };
      }>;
    const first = (await page()).ConditionConnection;
    const second = (await page(first.next ?? '')).ConditionConnection;
    assert.equal(second.next, null);
    const ids = [...first.edges, ...second.edges].map(({ resource }) => resource.id);
    assert.deepEqual(ids, conditionIds);
  });

  test('readings are Observations, and where they are not it is told', async () => {
    const { subjectId } = worn;
    const newest = `{ ObservationList(patient: "${subjectId}", code: "8867-4", _sort: "-date") {
      id status valueQuantity { value code } code { coding(system: "http://loinc.org") { code } }
    } }`;
    const { ObservationList: list } = (await dataOf(newest)) as {
      ObservationList: { id: string; valueQuantity: { value: number } }[];
    };
    assert.deepEqual(
      list.map(({ valueQuantity }) => valueQuantity),
      [82, 81, 80].map((value) => ({ value, code: '/min' })),
    );
    const one = await dataOf(`{ Observation(id: "${list[0]?.id}") { valueQuantity { value } } }`);
    assert.deepEqual(one, { Observation: { valueQuantity: { value: 82 } } });
    const { extensions } = await graphql('{ ObservationList(code: "8867-4") { id } }');
    assert.match(extensions?.outcome?.issue[0]?.details?.text ?? '', /Readings of devices/);
  });

  test('a decimal keeps the digits that were sent', async () => {
    const headers = { 'content-type': 'application/fhir+json' };
    const body = `{"resourceType":"Observation","status":"final","code":{"text":"t"},"valueQuantity":{"value":37.0}}`;
    const stored = await here.server.fetch(`${BASE}/Observation`, {
      method: 'POST',
      headers,
      body,
    });
    const { id } = (await stored.json()) as Resource;
    const query = JSON.stringify({
      query: `{ Observation(id: "${id}") { valueQuantity { value } } }`,
    });
    assert.equal(
      await (await asked(query)).text(),
      '{"data":{"Observation":{"valueQuantity":{"value":37.0}}}}',
    );
  });

  test('what cannot be told is an error of its field, beside the rest', async () => {
    const query = `{
      here: Patient(id: "${patientId}") { id }
      nowhere: Patient(id: "${randomUUID()}") { id }
      Condition(id: "${conditionIds[0]}") {
        recorder { lost: resource { id } left: resource(optional: true) { id } }
        contained { ... on Organization { name } }
      }
    }`;
    const { data, errors = [] } = await graphql(query);
    assert.deepEqual(JSON.parse(JSON.stringify(data)), {
      ...{ here: { id: patientId }, nowhere: null },
      Condition: { recorder: { lost: null, left: null }, contained: [{ name: 'Ward 7' }] },
    });
    assert.deepEqual(errors.map(({ path }) => path?.join('.')).sort(), [
      ...['Condition.recorder.lost', 'nowhere'],
    ]);
    const search = await graphql('{ PatientList(birthdate: "yesterday") { id } }');
    assert.equal(search.data?.PatientList, null);
    assert.equal(search.errors?.length, 1);
  });

  test('a question that is wrong is told so in its own form, before anything is asked', async () => {
    const wrong = async (query: string, message: RegExp) => {
      const response = await asked(JSON.stringify({ query }));
      assert.equal(response.status, 400, query);
      const { errors = [], data } = (await response.json()) as Answered;
      assert.match(errors[0]?.message ?? '', message);
      assert.equal(data, undefined);
    };
    await wrong('{ Patient(id: "1") { name { colour } } }', /Cannot query field "colour"/);
    await wrong('{ PatientList(colour: "red") { id } }', /Unknown argument "colour"/);
    await wrong('{ Bogus(id: "1") { id } }', /Cannot query field "Bogus"/);
    await wrong('{ Binary(id: "1") { id } }', /Cannot query field "Binary"/);
    await wrong('{ Patient(id: "1") { name } }', /must have a selection of subfields/);
    await wrong('{ Patient { id } }', /argument "id" of type "ID!" is required/);
    await wrong('{ Patient(id: "1") { id @flatten } }', /Unknown directive "@flatten"/);
    await wrong('{ Patient(id: "1") {', /Syntax Error/);
    await wrong('query A { __typename } query B { __typename }', /operationName/);
  });

  test('nothing of another organisation is told', async () => {
    const sql = here.database.line;
    const [other, token] = [randomUUID(), randomBytes(24).toString('base64url')];
    await sql`INSERT INTO organisation (id, name) VALUES (${other}, 'The other hospital')`;
    const row = { organisation_id: other, label: 'there', roles: ['physician', 'nurse'] };
    const token_hash = createHash('sha256').update(token).digest();
    await sql`INSERT INTO api_token ${sql({ ...row, token_hash } as never)}`;
    const query = `{ Patient(id: "${patientId}") { birthDate } PatientList { id }
      ConditionList(patient: "${patientId}") { id } Condition(id: "${conditionIds[0]}") { id } }`;
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const body = JSON.stringify({ query });
    const response = await fetch(`${here.server.url}${BASE}/$graphql`, {
      method: 'POST',
      headers,
      body,
    });
    const { data, errors } = (await response.json()) as Answered;
    assert.deepEqual(data, { Patient: null, PatientList: [], ConditionList: [], Condition: null });
    assert.equal(errors?.length, 2);
    const one = `${here.server.url}${BASE}/Patient/${patientId}/$graphql`;
    assert.equal(
      (await fetch(one, { method: 'POST', headers, body: '{"query":"{ id }"}' })).status,
      404,
    );
    const nobody = await fetch(one, {
      method: 'POST',
      body: '{"query":"{ id }"}',
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(nobody.status, 401);
  });
});

describe('hostile questions', () => {
  const refused = async (query: string, code = 'too-costly'): Promise<number> => {
    const startMs = performance.now();
    const response = await asked(JSON.stringify({ query }));
    const outcome = (await response.json()) as OperationOutcome;
    // Much more than any takes: some ms.
    assert.ok(performance.now() - startMs < 20_000);
    assert.equal(outcome.resourceType, 'OperationOutcome', JSON.stringify(outcome).slice(0, 200));
    assert.equal(outcome.issue[0]?.code, code);
    return response.status;
  };

  test('too deep, too wide, too long', async () => {
    const deep = `${'{ a'.repeat(50)}${' }'.repeat(50)}`;
    assert.equal(await refused(deep), 400);
    const wide = Array.from({ length: 1_001 }, (_, i) => `a${i}: PatientList { id }`).join(' ');
    assert.equal(await refused(`{ ${wide} }`), 400);
    assert.equal(await refused(`{ ${'a '.repeat(5_000)} }`), 400);
    const big = await asked(JSON.stringify({ query: 'a'.repeat(10 * 2 ** 20) }));
    assert.equal(big.status, 413);
    assert.equal(((await big.json()) as OperationOutcome).resourceType, 'OperationOutcome');
  });

  test('a long list that is looked through again and again, and one that is cut', async () => {
    const extension = Array.from({ length: 20_000 }, (_, i) => ({
      ...{ url: `urn:x:${i}`, valueInteger: i },
    }));
    const id = await made({ resourceType: 'Basic', code: { text: 'x' }, extension });
    const of = (what: string) => `a${what}: extension(url: "urn:y") { url }`;
    const again = Array.from({ length: 20 }, (_, i) => of(String(i))).join(' ');
    assert.equal(await refused(`{ Basic(id: "${id}") { ${again} } }`), 400);
    const cut = 'extension(_offset: 19999, _count: 5) { valueInteger }';
    assert.deepEqual(await dataOf(`{ Basic(id: "${id}") { ${cut} } }`), {
      Basic: { extension: [{ valueInteger: 19_999 }] },
    });
    assert.deepEqual(await dataOf(`{ Basic(id: "${id}") { ${of('')} } }`), { Basic: { a: [] } });
  });

  test('fragments in circles, and fragments that double', async () => {
    const circle = '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }';
    assert.equal(await refused(circle, 'invalid'), 400);
    const doubling = Array.from(
      { length: 30 },
      (_, i) => `fragment F${i} on Patient { ...F${i + 1} ...F${i + 1} }`,
    ).join(' ');
    const query = `{ Patient(id: "1") { ...F0 } } ${doubling} fragment F30 on Patient { id }`;
    assert.equal(await refused(query), 400);
  });

  test('introspection, mutations, and questions in an address', async () => {
    const introspection = '{ __schema { types { fields { type { fields { name } } } } } }';
    assert.equal(await refused(introspection, 'not-supported'), 400);
    assert.equal(await refused('{ __type(name: "Patient") { name } }', 'not-supported'), 400);
    assert.equal(await refused('mutation { PatientCreate { id } }', 'not-supported'), 400);
    assert.equal(await refused('subscription { x }', 'not-supported'), 400);
    const elsewhere = await here.server.fetch(`${BASE}/Organization`, {
      ...{ method: 'POST', body: '{"resourceType":"Organization","name":"x"}' },
      headers: { 'content-type': 'application/graphql' },
    });
    assert.equal(elsewhere.status, 415);
    const got = await here.server.fetch(`${BASE}/$graphql?query=${encodeURIComponent('{ id }')}`);
    assert.equal(got.status, 405);
    for (const body of ['', '[]', '{"query":1}', '{"query":"{ id }","variables":7}'])
      assert.equal((await asked(body)).status, 400, body);
  });

  test('searches without number, and an answer larger than it may be', async () => {
    const many = Array.from({ length: 60 }, (_, i) => `a${i}: PatientList(_count: 1) { id }`);
    assert.equal(await refused(`{ ${many.join(' ')} }`), 400);
    const note = 'x'.repeat(500_000);
    const id = await made({ resourceType: 'Basic', code: { text: note } });
    const often = Array.from({ length: 40 }, (_, i) => `a${i}: code { text }`).join(' ');
    assert.equal(await refused(`{ Basic(id: "${id}") { ${often} } }`), 400);
  });
});
