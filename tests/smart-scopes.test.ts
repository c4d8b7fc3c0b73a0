/**
 * What a token tells and writes, by its scopes: of whom, of which type, of which category, in every way that
 * FHIR has to ask. A scope never opens what its person may not see.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { addApp, connectApp, fhirWith, letIn, WHOLE } from './support/apps.ts';
import { Asking, type Person, problemOf, signedIn } from './support/people.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';
import { subscribed } from './support/subscription-sample.ts';

interface Told {
  readonly resourceType: string;
  readonly id: string;
}
interface Bundle {
  readonly total?: number;
  readonly entry?: readonly {
    readonly resource?: Told & { readonly entry?: readonly { readonly resource: Told }[] };
    readonly response?: { readonly status: string };
  }[];
}

let here: ServerHere;
let server: ServerUnderTest;
let asking: Asking;
let ada: TestDevice;
let ben: TestDevice;
let person: Person;
let nurse: Person;
let vital = '';
let lab = '';
let report = '';
let problem = '';
let ofBen = '';

const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';
const observation = (subjectId: string, category: string, text: string) => ({
  status: 'final',
  category: [{ coding: [{ system: CATEGORY, code: category }] }],
  code: { text },
  subject: { reference: `Patient/${subjectId}` },
  effectiveDateTime: '2026-11-20T08:00:00Z',
});

async function tokenOf(as: Person, scope: string, subjectId?: string): Promise<string> {
  const app = await addApp(server, `${WHOLE} patient/*.cruds user/*.cruds`);
  const connection = await connectApp(server, app.id);
  const chosen = subjectId === undefined ? {} : { subjectId };
  const { tokens } = await letIn(server, as, { connection, scope }, chosen);
  return tokens.access_token;
}

const ask = async (token: string, path: string, options: RequestInit = {}) =>
  await fhirWith(server, token, path, options);
const status = async (token: string, path: string, options: RequestInit = {}) =>
  (await ask(token, path, options)).status;
const bundle = async (token: string, path: string, options: RequestInit = {}): Promise<Bundle> => {
  const response = await ask(token, path, options);
  assert.equal(response.status, 200, `${path}: ${await response.clone().text()}`);
  return (await response.json()) as Bundle;
};
const found = async (token: string, path: string, options: RequestInit = {}): Promise<string[]> => {
  const { entry = [] } = await bundle(token, path, options);
  return entry.flatMap(({ resource }) =>
    resource === undefined || resource.resourceType === 'OperationOutcome' ? [] : [resource.id],
  );
};
const post = (body: object) => ({ method: 'POST', body: JSON.stringify(body) });

describe('what the scopes of a token leave', () => {
  before(async () => {
    here = await startServerHere();
    server = here.server;
    asking = new Asking(server);
    ada = await server.addPatient('Ada');
    ben = await server.addPatient('Ben');
    for (const device of [ada, ben])
      await server.send(
        device,
        JSON.stringify({ time: Date.now() - 60_000, values: { 'heart-rate': 61, steps: 4 } }),
      );
    await eventually('the readings', async () =>
      (await server.readings(ben.subjectId, 'heart-rate')).length === 1 ? true : undefined,
    );
    vital = await asking.write('Observation', observation(ada.subjectId, 'vital-signs', 'written'));
    lab = await asking.write('Observation', observation(ada.subjectId, 'laboratory', 'secret'));
    report = await asking.write('DiagnosticReport', {
      ...{ status: 'final', code: { text: 'both' } },
      subject: { reference: `Patient/${ada.subjectId}` },
      result: [vital, lab].map((id) => ({ reference: `Observation/${id}` })),
    });
    problem = await asking.write('Condition', problemOf(ada, 'of Ada'));
    ofBen = await asking.write('Condition', problemOf(ben, 'of Ben'));
    person = await signedIn(here, ['patient']);
    await asking.relate(person, ada, 'self');
    nurse = await signedIn(here, ['nurse', 'physician']);
    await server.post('/api/shifts', { accountId: nurse.accountId, unit: null });
  });
  after(() => here[Symbol.asyncDispose]());

  test('of one patient, whomever else its person may see', async () => {
    const token = await tokenOf(nurse, 'patient/*.rs', ada.subjectId);
    assert.deepEqual(await found(token, 'Condition'), [problem]);
    assert.deepEqual(await found(token, 'Patient'), [ada.subjectId]);
    assert.deepEqual(await found(token, `Patient?_id=${ben.subjectId}`), []);
    assert.equal((await bundle(token, 'Condition?_summary=count')).total, 1);
    assert.equal(await status(token, `Condition/${ofBen}`), 404);
    assert.equal(await status(token, `Patient/${ben.subjectId}`), 404);
    assert.equal(await status(token, `Patient/${ben.subjectId}/$everything`), 404);
    const everything = await found(token, `Patient/${ada.subjectId}/$everything?_count=200`);
    for (const id of [ada.subjectId, vital, lab, problem]) assert.ok(everything.includes(id), id);
    assert.ok(!everything.includes(ofBen));
    const readings = `Observation?patient=${ben.subjectId}&code=8867-4`;
    assert.deepEqual(await found(token, readings), []);
    assert.equal((await found(token, readings.replace(ben.subjectId, ada.subjectId))).length, 1);
    assert.deepEqual(await found(token, 'Patient?_has:Condition:patient:_id=x'), []);
    const query = `{ConditionList(_count:9){id}}`;
    const asked = { ...post({ query }), headers: { 'content-type': 'application/json' } };
    const told = await ask(token, '$graphql', asked);
    const { data } = (await told.json()) as { data: { ConditionList: { id: string }[] } };
    assert.deepEqual(data.ConditionList, [{ id: problem }]);
    const { entry } = await bundle(token, '_history');
    const ids = entry?.map(({ resource }) => resource?.id) ?? [];
    assert.ok(ids.includes(problem) && !ids.includes(ofBen));
    assert.equal(await status(token, 'Condition', post({ resourceType: 'Condition' })), 403);
  });

  test('of one type: what is asked beside it, included or counted is not told', async () => {
    const token = await tokenOf(nurse, 'user/Observation.rs');
    assert.ok((await found(token, 'Observation')).includes(vital));
    const included = await found(token, `Observation?_id=${vital}&_include=Observation:subject`);
    assert.deepEqual(included, [vital]);
    for (const path of [
      'Condition',
      `Condition/${problem}`,
      'Condition?_summary=count',
      `Condition/${problem}/_history`,
      'Patient',
      `Patient/${ada.subjectId}`,
      `Patient?_id=${ada.subjectId}&_revinclude=Observation:subject`,
      'Observation?subject:Patient.name=Ada',
      'Observation?patient.identifier=x',
      '?_type=Observation,Condition',
      '_history',
      'Observation/_history',
      `Patient/${ada.subjectId}/$everything`,
      `Observation/$lastn?patient=${ada.subjectId}`,
    ])
      assert.equal(await status(token, path), 403, path);
    const query = `{ObservationList(_count:9){id subject{resource{id}}} ConditionList(_count:9){id}}`;
    const json = { 'content-type': 'application/json' };
    const graph = await (
      await ask(token, '$graphql', { ...post({ query }), headers: json })
    ).text();
    assert.ok(graph.includes(vital) && !graph.includes(problem) && !graph.includes(ada.subjectId));
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const searched = { method: 'POST', headers: form, body: 'patient.name=Ada' };
    assert.equal(await status(token, 'Observation/_search', searched), 403);
    const listed = { ...searched, body: `_id=${vital}` };
    assert.deepEqual(await found(token, 'Observation/_search', listed), [vital]);
    const batch = await bundle(
      token,
      '',
      post({
        resourceType: 'Bundle',
        type: 'batch',
        entry: [
          { request: { method: 'GET', url: `Condition/${problem}` } },
          { request: { method: 'GET', url: 'Condition?_summary=count' } },
          { request: { method: 'GET', url: `Patient/${ada.subjectId}` } },
          { request: { method: 'GET', url: 'Observation?subject:Patient.name=Ada' } },
          { request: { method: 'GET', url: `Observation/${vital}` } },
          { request: { method: 'DELETE', url: `Observation/${vital}` } },
          {
            request: { method: 'PUT', url: `Condition/${problem}` },
            resource: { ...problemOf(ada, 'x'), resourceType: 'Condition', id: problem },
          },
        ],
      }),
    );
    const statuses = batch.entry?.map(({ response }) => response?.status.slice(0, 3));
    assert.deepEqual(statuses, ['403', '403', '403', '403', '200', '403', '403']);
  });

  test('of one category: in searches, reads, counts, histories and readings', async () => {
    for (const scope of [
      'patient/Observation.rs?category=vital-signs',
      `patient/Observation.rs?category=${CATEGORY}|vital-signs`,
    ]) {
      const token = await tokenOf(person, scope, ada.subjectId);
      assert.deepEqual(await found(token, 'Observation'), [vital], scope);
      assert.equal((await bundle(token, 'Observation?_summary=count')).total, 1);
      assert.equal((await bundle(token, 'Observation?_total=accurate')).total, 1);
      assert.equal((await bundle(token, `Observation?_id=${lab}&_summary=count`)).total, 0);
      assert.deepEqual(await found(token, 'Observation?category=laboratory'), []);
      assert.deepEqual(await found(token, 'Observation?_sort=-date&_count=1'), [vital]);
      assert.equal(await status(token, `Observation/${lab}`), 404);
      assert.equal(await status(token, `Observation/${lab}/_history`), 404);
      assert.equal(await status(token, `Observation/${lab}/_history/1`), 404);
      assert.equal(await status(token, `Observation/${vital}/_history/1`), 200);
      const of = (code: string) =>
        found(token, `Observation?patient=${ada.subjectId}&code=${code}`);
      assert.equal((await of('8867-4')).length, 1, 'a heart rate is a vital sign');
      assert.equal((await of('55423-8')).length, 0, 'steps are none');
      assert.equal(await status(token, 'Observation/$lastn'), 403);
      const query = '{ObservationList(_count:9){id}}';
      const json = { 'content-type': 'application/json' };
      const graph = await (
        await ask(token, '$graphql', { ...post({ query }), headers: json })
      ).text();
      assert.ok(graph.includes(vital) && !graph.includes(lab));
      const both = await tokenOf(person, `${scope} patient/Patient.rs`, ada.subjectId);
      const everything = await found(both, `Patient/${ada.subjectId}/$everything?_count=200`);
      assert.ok(everything.includes(vital) && everything.includes(ada.subjectId));
      assert.ok(!everything.includes(lab) && !everything.includes(problem));
      const reverse = `Patient?_id=${ada.subjectId}&_revinclude=Observation:subject`;
      assert.deepEqual((await found(both, reverse)).sort(), [ada.subjectId, vital].sort());
      const reports = await tokenOf(person, `${scope} patient/DiagnosticReport.rs`, ada.subjectId);
      const included = `DiagnosticReport?_id=${report}&_include=DiagnosticReport:result`;
      assert.deepEqual((await found(reports, included)).sort(), [report, vital].sort());
      assert.equal(await status(reports, 'DiagnosticReport?result.category=laboratory'), 403);
    }
  });

  test('what is written is of the type, the patient and the category, and no more', async () => {
    const scope =
      'patient/Observation.cu?category=vital-signs patient/Condition.cr patient/Task.cruds';
    const token = await tokenOf(nurse, scope, ada.subjectId);
    const made = (body: object, headers = {}) =>
      status(token, 'Observation', {
        ...post({ resourceType: 'Observation', ...body }),
        headers,
      });
    assert.equal(await made(observation(ada.subjectId, 'vital-signs', 'by the app')), 201);
    assert.equal(await made(observation(ada.subjectId, 'laboratory', 'by the app')), 403);
    assert.equal(await made(observation(ben.subjectId, 'vital-signs', 'by the app')), 403);
    const ifNone = { 'if-none-exist': `_id=${lab}` };
    const body = observation(ada.subjectId, 'vital-signs', 'if there is none');
    assert.equal(await made(body, ifNone), 403, 'what it may not search it may not ask');
    const change = { ...observation(ada.subjectId, 'vital-signs', 'over it'), id: lab };
    const put = { method: 'PUT', body: JSON.stringify({ resourceType: 'Observation', ...change }) };
    assert.equal(await status(token, `Observation/${lab}`, put), 403, 'unseen, it stays');
    const patch = [{ op: 'test', path: '/code/text', value: 'secret' }];
    const patched = { method: 'PATCH', body: JSON.stringify(patch) };
    const asPatch = { ...patched, headers: { 'content-type': 'application/json-patch+json' } };
    assert.equal(await status(token, `Observation/${lab}`, asPatch), 403);
    assert.equal(await status(token, `Condition/${problem}`, asPatch), 403, 'read, not changed');
    assert.equal(await status(token, `Condition/${problem}`, { method: 'DELETE' }), 403);
    const task = { resourceType: 'Task', status: 'requested', intent: 'order' };
    const about = (id: string) => ({ ...task, for: { reference: `Patient/${id}` } });
    assert.equal(await status(token, 'Task', post(about(ada.subjectId))), 201);
    assert.equal(await status(token, 'Task', post(about(ben.subjectId))), 403);
    const byName = { ...task, for: { reference: 'Patient?name=Ben' } };
    const transaction = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [{ resource: byName, request: { method: 'POST', url: 'Task' } }],
    };
    assert.equal(await status(token, '', post(transaction)), 403, 'nor found by a reference');
    assert.equal(await status(token, 'Task?_id=x', { method: 'DELETE' }), 204);
    assert.equal(await status(token, 'Condition?_id=x', { method: 'DELETE' }), 403);
  });

  test('an app is for FHIR alone, and starts nothing that goes on without its person', async () => {
    const token = await tokenOf(nurse, 'user/*.cruds');
    for (const path of ['api/subjects', 'api/me', 'api/session', 'api/me/apps', 'api/accounts'])
      assert.equal(await status(token, `../../${path}`), 403, path);
    for (const path of ['$export', 'Patient/$export', 'Subscription', 'Subscription/$status'])
      assert.equal(await status(token, path), 403, path);
    const subscription = { resourceType: 'Subscription', status: 'requested' };
    assert.equal(await status(token, 'Subscription', post(subscription)), 403);
  });

  test('no app of a person binds a socket, which would outlast the lock of their screen', async () => {
    const administrator = await signedIn(here, ['administrator']);
    const { id } = await subscribed(server, { topic: 'task' });
    const path = `Subscription/${id}/$get-ws-binding-token`;
    const own = await fetch(`${server.url}/fhir/R4/${path}`, { headers: administrator.headers });
    assert.equal(own.status, 200, 'they may themself');
    const token = await tokenOf(administrator, 'user/*.cruds');
    assert.equal(await status(token, path), 403);
    assert.equal(await status(token, `Subscription/$get-ws-binding-token?id=${id}`), 403);
  });

  test('what its person loses it loses in that moment', async () => {
    const short = await signedIn(here, ['nurse']);
    await server.post('/api/shifts', { accountId: short.accountId, unit: null });
    const token = await tokenOf(
      short,
      'user/Condition.rs launch/patient offline_access',
      ada.subjectId,
    );
    assert.equal((await found(token, 'Condition')).length, 2);
    const { shifts } = await server.get<{ shifts: { id: string }[] }>(
      `/api/accounts/${short.accountId}/shifts`,
    );
    await server.post(`/api/accounts/${short.accountId}/shifts/${shifts[0]?.id}/end`, {});
    const left = await status(token, 'Condition');
    assert.ok(left === 403 || (await found(token, 'Condition')).length === 0, 'off shift');
    await server.post(`/api/accounts/${short.accountId}/disable`, {});
    assert.equal(await status(token, 'Condition'), 401);
    await server.post(`/api/accounts/${short.accountId}/enable`, {});
    assert.equal(await status(token, 'Condition'), 401, 'and does not come back with the account');
  });

  test('without leave to go on, an app ends with the session in which it was let in', async () => {
    const token = await tokenOf(person, 'patient/*.rs', ada.subjectId);
    const other = await signedIn(here, ['patient']);
    await asking.relate(other, ada, 'self');
    const theirs = await tokenOf(other, 'patient/*.rs', ada.subjectId);
    assert.equal(await status(theirs, 'Condition'), 200);
    assert.equal((await asking.as(other, '/api/session', { method: 'DELETE' })).status, 204);
    assert.equal(await status(theirs, 'Condition'), 401);
    assert.equal(await status(token, 'Condition'), 200, 'nobody else’s');
  });
});
