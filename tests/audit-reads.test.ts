/** Who looked at whom: every answer with data of a person leaves an entry, before it leaves itself. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, describe, test } from 'node:test';
import type { AccessReport } from '@ausculta/contract/accesses';
import type { AccountId, OrganisationId } from '@ausculta/vitals/identity';
import { openAccess } from '../apps/server/src/access/open-access.ts';
import type { Viewers } from '../apps/server/src/access/viewers.ts';
import { Census } from '../apps/server/src/admissions/census.ts';
import { InHouse } from '../apps/server/src/audit/in-house.ts';
import { auditReads, noteRead } from '../apps/server/src/audit/noted-reads.ts';
import type { ReadEntry } from '../apps/server/src/audit/read-entry.ts';
import { ReadJournal } from '../apps/server/src/audit/read-journal.ts';
import { entriesOf, ReadLog } from '../apps/server/src/audit/read-log.ts';
import type { Sql } from '../apps/server/src/database/pool.ts';
import { Ledger } from '../apps/server/src/disclosures/ledger.ts';
import { createHttpServer } from '../apps/server/src/http-server.ts';
import { ofEach } from '../apps/server/src/people/access.ts';
import type { Caller } from '../apps/server/src/people/sign-in.ts';
import { freshDatabase, type TestDatabase } from './support/database.ts';
import { eventually, realOutside, startServerHere, temporaryDirectory } from './support/server.ts';

async function entriesIn({ line }: Pick<TestDatabase, 'line'>): Promise<ReadEntry[]> {
  const rows = await line<{ entries: Uint8Array }[]>`SELECT entries FROM audit_read ORDER BY at_ms`;
  const all = await Promise.all(rows.map(({ entries }) => entriesOf(entries)));
  return all.flatMap((entries) => entries ?? assert.fail('the entries open'));
}

describe('reads', async () => {
  // A round of the sequencer comes sooner: the tests wait for it.
  const every = (ms: number, run: () => void) => {
    const timer = setInterval(run, ms === 1_000 ? 40 : ms);
    return () => clearInterval(timer);
  };
  const here = await startServerHere({ outside: { every } });
  after(() => here[Symbol.asyncDispose]());
  const { server, database } = here;
  const [first, second] = [
    await server.addPatient('Quagswaggerin'),
    await server.addPatient('Two'),
  ];
  const values = JSON.stringify({ time: Date.now(), values: { 'heart-rate': 71, spo2: 98 } });
  await server.send(first, values);
  const observation = {
    resourceType: 'Observation',
    status: 'final',
    code: { text: 'Blorptest' },
    subject: { reference: `Patient/${second.subjectId}` },
  };
  const headers = { 'content-type': 'application/fhir+json' };
  const posted = await server.fetch('/fhir/R4/Observation', {
    ...{ method: 'POST', headers, body: JSON.stringify(observation) },
  });
  const { id: written } = (await posted.json()) as { id: string };

  /** What of the audit came of it, once it is in the database. */
  const entryOf = async (
    path: string,
    options: RequestInit = {},
    status = 200,
  ): Promise<Omit<ReadEntry, 'atMs' | 'who' | 'requestId'>> => {
    const known = new Set((await entriesIn(database)).map(({ requestId }) => requestId));
    const answer = await server.fetch(path, options);
    assert.equal(answer.status, status, await answer.text());
    const entry = await eventually(`the entry of ${path}`, async () =>
      (await entriesIn(database)).find(({ requestId }) => !known.has(requestId)),
    );
    const { atMs, who, requestId, ...rest } = entry;
    assert.ok(Math.abs(Date.now() - atMs) < 60_000);
    assert.match(who, /^token-[0-9a-f]{16}$/);
    return { ...rest, subjects: rest.subjects.toSorted() };
  };
  const subjects = [first.subjectId];
  const both = [first.subjectId, second.subjectId].sort();
  const status = 200;

  for (const [path, route, more] of [
    [`/fhir/R4/Patient/${first.subjectId}`, '/fhir/R4/:type/:id', { type: 'Patient' }],
    [
      `/fhir/R4/Observation?subject=Patient/${first.subjectId}&code=8867-4`,
      '/fhir/R4/:type',
      { type: 'Observation', act: 'search' },
    ],
    [`/fhir/R4/Patient/${first.subjectId}/$everything`, '/fhir/R4/Patient/:id/$everything', {}],
    [
      `/fhir/R4/Observation/$lastn?subject=Patient/${first.subjectId}`,
      '/fhir/R4/Observation/$lastn',
      {},
    ],
    [`/api/subjects/${first.subjectId}`, '/api/subjects/:id', {}],
    [`/api/subjects/${first.subjectId}/readings?metric=spo2`, '/api/subjects/:id/readings', {}],
    [`/api/subjects/${first.subjectId}/events`, '/api/subjects/:id/events', {}],
    [`/api/devices/${first.id}`, '/api/devices/:id', {}],
  ] as const) {
    test(`of ${route} name the patient, and nothing that was asked or answered`, async () => {
      const said = { act: 'read', purpose: 'TREAT', subjects, route, status };
      assert.deepEqual(await entryOf(path), { ...said, ...more });
    });
  }

  test('of many people name each whom the answer holds', async () => {
    const search = await entryOf('/fhir/R4/Patient');
    assert.deepEqual(search.subjects, both);
    assert.deepEqual((await entryOf('/api/subjects')).subjects, both);
    const names = await entryOf('/fhir/R4/Patient?_elements=name');
    assert.deepEqual(names.subjects, both, 'also where the answer does not say whose it is');
    const { subjects: ofDocument } = await entryOf(
      `/fhir/R4/Observation/${written}?_elements=code`,
    );
    assert.deepEqual(ofDocument, [second.subjectId]);
  });

  test('by GraphQL and in a Bundle name whom they were answered of', async () => {
    const query = `{ Patient(id: "${second.subjectId}") { name { family } } }`;
    const body = JSON.stringify({ query });
    const json = { 'content-type': 'application/json' };
    const asked = await entryOf('/fhir/R4/$graphql', { method: 'POST', headers: json, body });
    assert.deepEqual(asked.subjects, [second.subjectId]);
    const entry = [{ request: { method: 'GET', url: `Patient/${first.subjectId}` } }];
    const batch = JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry });
    const told = await entryOf('/fhir/R4', { method: 'POST', headers, body: batch });
    assert.deepEqual(told.subjects, subjects);
  });

  test('live are one entry for a subscription, before its first frame', async () => {
    const listener = server.listen([first.subjectId, second.subjectId]);
    const live = await eventually('the entry', async () =>
      (await entriesIn(database)).filter(({ act }) => act === 'subscribe').at(0),
    );
    assert.deepEqual(live.subjects.toSorted(), both);
    assert.deepEqual([live.route, live.status], ['/api/live', 101]);
    listener.close();
    const all = (await entriesIn(database)).filter(({ act }) => act === 'subscribe');
    assert.equal(all.length, 1);
  });

  test('are told of in a report: who, when, by which way, and of how many at once', async () => {
    const path = `/api/subjects/${second.subjectId}/accesses`;
    const { accesses, next } = await server.get<AccessReport>(path);
    assert.equal(next, null);
    const acts = accesses.map(({ act, route, people }) => `${act} ${route} ${people}`);
    assert.ok(acts.includes('subscribe /api/live 2') && acts.includes('search /fhir/R4/:type 2'));
    assert.ok(!acts.some((text) => text.includes('/events')), 'others are not in it');
    assert.ok(accesses.every(({ name }) => name !== null));
    const times = accesses.map(({ at }) => at);
    assert.deepEqual(times, times.toSorted().reverse());
    const again = await server.get<AccessReport>(path);
    assert.equal(again.accesses.at(0)?.route, '/api/subjects/:id/accesses', 'who reads it, too');
    const first = await server.get<AccessReport>(`${path}?before=1`);
    assert.deepEqual(first, { accesses: [], next: null });
    assert.equal((await server.fetch(`${path}?before=x`)).status, 400);
    const nobody = '/api/subjects/0e11a5b0-0000-4000-8000-00000000000f/accesses';
    assert.equal((await server.fetch(nobody)).status, 404);
  });

  test('leave neither a name nor a value nor a question behind', async () => {
    const rows = JSON.stringify(await entriesIn(database));
    assert.doesNotMatch(rows, /Quagswaggerin|Blorptest|8867-4|_elements|spo2/);
    const leaves = await database.line<{ subjects: string[] }[]>`SELECT subjects FROM audit_read`;
    const listed = await eventually('the list of accesses', async () => {
      const found =
        await database.line`SELECT FROM audit_access WHERE subject_id = ${first.subjectId}`;
      return found.length > 0 ? found : undefined;
    });
    assert.ok(listed.length <= leaves.length);
    assert.deepEqual(here.problems, []);
  });
});

/** Of a house in which nobody lies. */
async function viewersOf(sql: Sql): Promise<Viewers> {
  const nobody = { subjects: new Map(), openOf: () => [] };
  const census = new Census(() => false);
  return await openAccess({ sql, registry: nobody, alarms: nobody, census, nowMs: Date.now });
}

const HOUSE = '0e11a5b0-0000-4000-8000-000000000001' as OrganisationId;

const NURSE: Caller = {
  kind: 'person',
  organisationId: HOUSE,
  homeOrganisationId: HOUSE,
  organisationName: 'Here',
  accountId: '0e11a5b0-0000-4000-8000-000000000003' as AccountId,
  displayName: 'A nurse',
  roles: ['nurse'],
  session: undefined,
};

type Gather = (waiting: () => number) => Promise<void>;

/** Two routes that tell of somebody: a chart, and a screen by which somebody watches. */
async function twoScreens(stack: AsyncDisposableStack, holdUp: Gather = async () => undefined) {
  const database = stack.use(await freshDatabase());
  const outside = realOutside(() => undefined);
  const directory = await temporaryDirectory();
  const inHouse = new InHouse(outside);
  const gather: Gather = async (waiting) => {
    await inHouse.gather(waiting);
    await holdUp(waiting);
  };
  const { journal } = await ReadJournal.open({ ...outside, directory, gather });
  const problems: string[] = [];
  const onProblem = (what: string) => void problems.push(what);
  const ports = { ...outside, onProblem, sql: database.line, journal, inHouse };
  const app = await createHttpServer({
    signIn: {
      credentialOf: () => ({ kind: 'api-token', tokenHash: new Uint8Array(32) }),
      callerOf: async () => NURSE,
    },
    viewers: await viewersOf(database.line),
    ...{ trustedProxies: [], isOriginOfApp: async () => false, webDir: undefined, onProblem },
  });
  stack.defer(() => app.close());
  auditReads(app, await ReadLog.open(ports, []), new Ledger(ports));
  const config = ofEach('read', 'identity');
  const subject = '0e11a5b0-0000-4000-8000-000000000002';
  app.get('/chart', { config }, (request) => {
    noteRead(request, [subject]);
    return { family: 'Quagswaggerin' };
  });
  app.get('/watch', { config }, (request) => {
    noteRead(request, [subject], { mayOwe: true });
    return { family: 'Quagswaggerin' };
  });
  const headers = { authorization: 'Bearer x' };
  const ask = (url: string) => app.inject({ url, headers });
  const written = () => readFile(`${directory}/reads-0`, 'utf8');
  return { ask, written, journal, problems };
}

test('no answer leaves where its entry cannot be written, and a screen that watches is answered', async () => {
  await using stack = new AsyncDisposableStack();
  const { ask, written, journal, problems } = await twoScreens(stack);
  assert.equal((await ask('/chart')).statusCode, 200);
  await journal[Symbol.asyncDispose]();
  const refused = await ask('/chart');
  assert.equal(refused.statusCode, 503);
  assert.doesNotMatch(refused.body, /Quagswaggerin/);
  assert.match(refused.body, /STORE_UNAVAILABLE/);
  assert.equal((await ask('/watch')).statusCode, 200);
  assert.ok(problems.includes('write down who watches'));
  assert.equal((await written()).split('"/chart"').length, 2);
});

test('a disk that hangs holds a chart back, and no screen that watches', async () => {
  await using stack = new AsyncDisposableStack();
  const hangs = Promise.withResolvers<void>();
  const { ask, written, journal } = await twoScreens(stack, () => hangs.promise);
  let isChartTold = false;
  const chart = ask('/chart').then((answer) => {
    isChartTold = true;
    return answer;
  });
  assert.equal((await ask('/watch')).statusCode, 200);
  assert.equal(isChartTold, false);
  assert.doesNotMatch(await written(), /"route"/);
  hangs.resolve();
  assert.equal((await chart).statusCode, 200);
  await journal[Symbol.asyncDispose]();
  // What was owed is written once.
  const told = await written();
  for (const route of ['"/chart"', '"/watch"']) assert.equal(told.split(route).length, 2);
});
