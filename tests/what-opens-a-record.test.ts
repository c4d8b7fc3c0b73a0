/** What opens and closes a record: consent and its withdrawal, an emergency, a team, a grant. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Role } from '@ausculta/policy/vocabulary';
import {
  Asking,
  otherOrganisation,
  ownOrganisation,
  type Person,
  problemOf,
  signedIn,
} from './support/people.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';

let here: ServerHere;
let server: ServerUnderTest;
let asking: Asking;
let ada: TestDevice;
let ben: TestDevice;
let ofBen = '';

const HOUR_MS = 3_600_000;

/** The person wants nobody to see anything. */
const refusalBy = (dora: TestDevice) => ({
  status: 'active',
  scope: {
    coding: [
      { system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' },
    ],
  },
  category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
  patient: { reference: `Patient/${dora.subjectId}` },
  policyRule: {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTOUT' }],
  },
});

describe('what opens and closes a record', () => {
  before(async () => {
    here = await startServerHere();
    server = here.server;
    asking = new Asking(server);
    ada = await server.addPatient('Ada');
    ben = await server.addPatient('Ben');
    ofBen = await asking.write('Condition', problemOf(ben, 'of Ben'));
  });
  after(() => here[Symbol.asyncDispose]());

  test('who withdraws consent is seen no more, on a screen that is open as well; an alarm is', async () => {
    const dora = await server.addPatient('Dora');
    const nurse = await signedIn(here, ['nurse', 'physician']);
    await server.post('/api/shifts', { accountId: nurse.accountId, unit: null });
    const screen = server.listen([dora.subjectId, ben.subjectId], nurse.headers);
    assert.equal(await screen.opened, true);
    await eventually('the subscription', () =>
      screen.notices.find(({ type }) => type === 'subscribed'),
    );
    await server.send(dora, JSON.stringify({ values: { 'heart-rate': 71 } }));
    await eventually('a number', () => (screen.values.includes(71) ? true : undefined));
    const note = await asking.write('Condition', problemOf(dora, 'kept'));
    const consentId = await asking.write('Consent', refusalBy(dora));
    await eventually('the screen forgets', () =>
      screen.notices.find((one) => one.type === 'cleared' && one.subjects.includes(dora.subjectId)),
    );
    await server.send(dora, JSON.stringify({ values: { 'heart-rate': 72 } }));
    await server.send(ben, JSON.stringify({ values: { 'heart-rate': 73 } }));
    await eventually('what came later', () => (screen.values.includes(73) ? true : undefined));
    assert.ok(!screen.values.includes(72));
    assert.equal((await asking.as(nurse, `/api/subjects/${dora.subjectId}`)).status, 403);
    assert.equal((await asking.as(nurse, `/fhir/R4/Condition/${note}`)).status, 404);
    assert.deepEqual(await asking.found(nurse, `Condition?patient=${dora.subjectId}`), []);
    const counted = await asking.json<{ total?: number }>(
      nurse,
      `/fhir/R4/Condition?patient=${dora.subjectId}&_summary=count`,
    );
    assert.equal(counted.total, 0);
    assert.ok(
      (await asking.found(nurse, 'Condition')).includes(ofBen),
      'others are seen as before',
    );
    for (const ms of [3000, 2000, 1000])
      await server.send(
        dora,
        JSON.stringify({ time: Date.now() - ms, values: { 'heart-rate': 171 } }),
      );
    // Whoever is on shift hears it, and may see who and what it is until it is answered (safety S13).
    const alarm = await eventually('the alarm', async () => {
      const { alarms } = await asking.json<{ alarms: { id: string; subjectId: string }[] }>(
        nurse,
        '/api/alarms',
      );
      return alarms.find(({ subjectId }) => subjectId === dora.subjectId);
    });
    assert.equal((await asking.as(nurse, `/api/subjects/${dora.subjectId}`)).status, 200);
    const answer = await asking.as(
      nurse,
      `/api/alarms/${encodeURIComponent(alarm.id)}/acknowledge`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ subjectId: dora.subjectId }),
      },
    );
    assert.equal(answer.status, 200);
    await eventually('it is closed again', async () =>
      (await asking.as(nurse, `/api/subjects/${dora.subjectId}`)).status === 403 ? true : undefined,
    );
    const heard = screen.notices.flatMap((one) => (one.type === 'alarms' ? one.alarms : []));
    assert.ok(
      heard.some(({ id }) => id === alarm.id),
      'the open screen has heard it',
    );
    screen.close();
    const removed = await server.fetch(`/fhir/R4/Consent/${consentId}`, { method: 'DELETE' });
    assert.ok([204, 403, 404].includes(removed.status));
  });

  test('who lies nowhere that is known belongs to whoever is on shift while an alarm waits', async () => {
    const fern = await server.addPatient('Fern');
    const nurse = await signedIn(here, ['nurse']);
    const shift = { accountId: nurse.accountId, unit: 'Some ward' };
    const { id } = await server.post<{ id: string }>('/api/shifts', shift);
    const path = `/api/subjects/${fern.subjectId}`;
    const screen = server.listen([fern.subjectId], nurse.headers);
    assert.equal(await screen.opened, true);
    assert.equal((await asking.as(nurse, path)).status, 403);
    for (const ms of [3000, 2000, 1000]) {
      const body = { time: Date.now() - ms, values: { 'heart-rate': 172 } };
      await server.send(fern, JSON.stringify(body));
    }
    // It was asked for before it could be seen: the screen hears of it all the same.
    await eventually('the alarm on the screen', () =>
      screen.notices.find(
        (one) => one.type === 'alarms' && one.alarms.some((of) => of.subjectId === fern.subjectId),
      ),
    );
    assert.equal((await asking.as(nurse, path)).status, 200);
    assert.equal((await asking.as(nurse, `${path}/limits`)).status, 403, 'and no more than that');
    await server.post(`/api/accounts/${nurse.accountId}/shifts/${id}/end`, {});
    await eventually('the end of the shift', async () =>
      (await asking.as(nurse, path)).status === 403 ? true : undefined,
    );
    screen.close();
  });

  test('a ward where nobody answers is answered by whoever is on shift elsewhere', async () => {
    const identity = { familyName: 'Hazel', sex: 'unknown', ward: 'Lone ward', invented: true };
    const hazel = await server.post<{ id: string }>('/api/subjects', {
      ...{ category: 'adult', paced: 'no', identity },
    });
    const monitor = await server.addDevice(hazel.id);
    const path = `/api/subjects/${hazel.id}`;
    const beginShift = async (roles: readonly Role[], unit: string) => {
      const person = await signedIn(here, roles);
      const shift = { accountId: person.accountId, unit };
      const { id } = await server.post<{ id: string }>('/api/shifts', shift);
      const end = () => server.post(`/api/accounts/${person.accountId}/shifts/${id}/end`, {});
      return { person, end };
    };
    const elsewhere = await beginShift(['nurse'], 'Another ward');
    const statusOf = async () => (await asking.as(elsewhere.person, path)).status;
    assert.equal(await statusOf(), 403, 'nothing is owed');
    for (const ms of [3000, 2000, 1000]) {
      const body = { time: Date.now() - ms, values: { 'heart-rate': 172 } };
      await server.send(monitor, JSON.stringify(body));
    }
    const becomes = (status: number) =>
      eventually(`the answer ${status}`, async () =>
        (await statusOf()) === status ? true : undefined,
      );
    await becomes(200);
    const pharmacist = await beginShift(['pharmacist'], 'lone ward ');
    assert.equal(await statusOf(), 200, 'a pharmacist answers no alarms');
    const there = await beginShift(['nurse'], 'lone ward ');
    await becomes(403);
    await there.end();
    await becomes(200);
    for (const shift of [pharmacist, elsewhere]) await shift.end();
  });

  test('an emergency opens a record for a while, with a reason, and is answered for', async () => {
    const nurse = await signedIn(here, ['nurse']);
    const path = `/api/subjects/${ben.subjectId}`;
    const headers = { 'content-type': 'application/json' };
    const breaking = (body: object) =>
      asking.as(nurse, `${path}/break-glass`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
    assert.equal((await asking.as(nurse, path)).status, 403);
    assert.equal((await breaking({ reason: 'asdf' })).status, 400);
    assert.equal((await breaking({ reason: 'Found without a pulse', minutes: 241 })).status, 400);
    const broken = (await (await breaking({ reason: 'Found without a pulse' })).json()) as {
      id: string;
    };
    assert.equal((await asking.as(nurse, path)).status, 200);
    assert.ok((await asking.found(nurse, 'Condition')).includes(ofBen));
    assert.equal(
      (await asking.as(nurse, `/api/subjects/${ada.subjectId}`)).status,
      403,
      'and no other',
    );
    const auditor = await signedIn(here, ['auditor']);
    const list = await asking.json<{ broken: { id: string; reviewed: boolean }[] }>(
      auditor,
      '/api/broken-glass',
    );
    assert.deepEqual(
      list.broken.map(({ id, reviewed }) => [id, reviewed]),
      [[broken.id, false]],
    );
    const review = `${path}/break-glass/${broken.id}/review`;
    assert.equal((await asking.as(nurse, review, { method: 'POST' })).status, 403);
    assert.equal((await asking.as(auditor, review, { method: 'POST' })).status, 204);
    assert.equal((await asking.as(auditor, review, { method: 'POST' })).status, 404);
    const manager = await signedIn(here, ['administrator']);
    assert.equal(
      (
        await asking.as(manager, `${path}/break-glass`, {
          method: 'POST',
          headers,
          body: JSON.stringify({ reason: 'Only curious today' }),
        })
      ).status,
      403,
    );
    const sql = here.database.line;
    const rows = await sql<
      { act: string }[]
    >`SELECT act FROM audit_leaf WHERE target = ${`subject/${ben.subjectId}`}`;
    assert.deepEqual(
      rows
        .map(({ act }) => act)
        .filter((act) => act.startsWith('glass'))
        .sort(),
      ['glass-broken', 'glass-reviewed'],
    );
    const [sealed] = await sql<{ reason_sealed: Buffer }[]>`SELECT reason_sealed FROM broken_glass`;
    assert.ok(sealed !== undefined && !sealed.reason_sealed.includes('pulse'));
  });

  test('grants, shifts and teams are given by whoever may, and say what is wrong', async () => {
    const nurse = await signedIn(here, ['nurse']);
    const headers = { 'content-type': 'application/json' };
    const post = async (path: string, body: object, person?: Person) => {
      const options = { method: 'POST', headers, body: JSON.stringify(body) };
      return (
        await (person === undefined
          ? server.fetch(path, options)
          : asking.as(person, path, options))
      ).status;
    };
    const until = Date.now() + HOUR_MS;
    const words = { dataClasses: ['vitals'], actions: ['read'], purposes: ['TREAT'], until };
    const house = await otherOrganisation(here, 'Third house');
    assert.equal(await post('/api/grants', { ...words, organisationId: house }, nurse), 403);
    assert.equal(await post('/api/shifts', { accountId: nurse.accountId, unit: null }, nurse), 403);
    for (const wrong of [
      { organisationId: await ownOrganisation(here) },
      { organisationId: randomUUID() },
      { dataClasses: ['everything'] },
      { actions: ['peek'] },
      { purposes: ['HMARKT'] },
      { subjectId: randomUUID() },
      { encounterId: 'none' },
      { subjectId: ben.subjectId, encounterId: 'none' },
      { until: Date.now() - 1 },
    ])
      assert.equal(
        await post('/api/grants', { organisationId: house, ...words, ...wrong }),
        400,
        JSON.stringify(wrong),
      );
    const team = `/api/subjects/${ben.subjectId}/team`;
    assert.equal(await post(team, { accountId: nurse.accountId, kind: 'care-team' }, nurse), 403);
    assert.equal(await post(team, { accountId: randomUUID(), kind: 'care-team' }), 404);
    assert.equal(await post(team, { accountId: nurse.accountId, kind: 'friend' }), 400);
    assert.equal(await post(team, { accountId: nurse.accountId, kind: 'care-team', until }), 201);
    assert.equal(
      await post(team, { accountId: nurse.accountId, kind: 'proxy' }, nurse),
      403,
      'who speaks for whom is said by who keeps accounts',
    );
    assert.equal((await asking.as(nurse, `/api/subjects/${ben.subjectId}`)).status, 200);
    const ended = await server.fetch(`${team}/${nurse.accountId}/care-team`, { method: 'DELETE' });
    assert.equal(ended.status, 204);
    assert.equal((await asking.as(nurse, `/api/subjects/${ben.subjectId}`)).status, 403);
  });
});
