/** What the screens of who sees whom are made of: a caller learns of their own standing, and of nothing else. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type {
  BrokenGlassList,
  Directory,
  FoundPatients,
  MyAccess,
  MyEmergencies,
  RelationList,
} from '@ausculta/contract/access';
import type { Session } from '@ausculta/contract/session';
import { Asking, otherOrganisation, type Person, signedIn } from './support/people.ts';
import { type ServerHere, startServerHere, type TestDevice } from './support/server.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('what a screen is told of who sees whom', () => {
  let here: ServerHere;
  let asking: Asking;
  let patient: TestDevice;
  let nurse: Person;
  let admin: Person;
  let auditor: Person;
  let own: Person;
  before(async () => {
    here = await startServerHere();
    asking = new Asking(here.server);
    patient = await here.server.addPatient('Testperson');
    nurse = await signedIn(here, ['nurse']);
    admin = await signedIn(here, ['administrator']);
    auditor = await signedIn(here, ['auditor']);
    own = await signedIn(here, ['patient']);
    await asking.relate(own, patient, 'self');
  });
  after(() => here?.[Symbol.asyncDispose]());

  const access = (who: Person, id = patient.subjectId) =>
    asking.json<MyAccess>(who, `/api/me/access/${id}`);

  test('a session says what its roles open in the house', async () => {
    const may = async (who: Person) => (await asking.json<Session>(who, '/api/session')).may;
    assert.deepEqual(await may(nurse), ['search identity']);
    assert.deepEqual(await may(own), []);
    assert.deepEqual(await may(auditor), ['search audit']);
    assert.deepEqual(await may(admin), [
      'administer accounts',
      'administer devices',
      'administer policy',
    ]);
  });

  test('a closed record looks like one that is not there', async () => {
    const closed = { may: [], opensInEmergency: true };
    assert.deepEqual(await access(nurse), closed);
    assert.deepEqual(await access(nurse, randomUUID()), closed);
    assert.deepEqual(await access(admin), { may: [], opensInEmergency: false });
    assert.deepEqual(await access(admin, randomUUID()), { may: [], opensInEmergency: false });
    assert.equal((await asking.as(nurse, '/api/me/access/x')).status, 404);
    assert.deepEqual((await access(own)).may, [
      ...['read identity', 'read placement', 'read consents', 'create consents'],
      ...['change consents', 'read disclosures'],
    ]);
  });

  test('whoever admits finds a person by name or number, and learns who it is and no more', async () => {
    const find = (who: Person, wanted: string) =>
      asking.as(who, '/api/find-patients', {
        ...{ method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ wanted }) },
      });
    const answer = (await (await find(nurse, 'testper')).json()) as FoundPatients;
    assert.equal(answer.more, false);
    assert.deepEqual(Object.keys(answer.found[0] ?? {}), [
      ...['id', 'familyName', 'givenName', 'recordNumber'],
    ]);
    assert.deepEqual(
      answer.found.map(({ id }) => id),
      [patient.subjectId],
    );
    const byNumber = (await (
      await find(nurse, answer.found[0]?.recordNumber ?? '')
    ).json()) as FoundPatients;
    assert.equal(byNumber.found.length, 1);
    const none = (await (await find(nurse, 'nobody at all')).json()) as FoundPatients;
    assert.deepEqual(none, { found: [], more: false });
    assert.equal((await find(nurse, 'x')).status, 400);
    for (const who of [admin, auditor, own]) assert.equal((await find(who, 'testper')).status, 403);
    const other = await signedIn(here, ['nurse'], await otherOrganisation(here, 'Elsewhere'));
    assert.deepEqual(await (await find(other, 'testper')).json(), { found: [], more: false });
  });

  test('an emergency is told to whoever has it, and its reason to whoever reviews it', async () => {
    const open = (who: Person) => asking.json<MyEmergencies>(who, '/api/me/emergencies');
    assert.deepEqual(await open(nurse), { open: [] });
    const path = `/api/subjects/${patient.subjectId}/break-glass`;
    const body = JSON.stringify({ reason: 'Found without a pulse', minutes: 5 });
    const options = { method: 'POST', headers: JSON_TYPE, body };
    assert.equal((await asking.as(nurse, path, options)).status, 201);
    assert.equal((await asking.as(admin, path, options)).status, 403);
    const [glass] = (await open(nurse)).open;
    assert.equal(glass?.subjectId, patient.subjectId);
    assert.deepEqual(await open(admin), { open: [] });
    const { may, opensInEmergency } = await access(nurse);
    assert.ok(may.includes('read identity') && !may.includes('change placement'));
    assert.equal(opensInEmergency, false);
    const { broken } = await asking.json<BrokenGlassList>(auditor, '/api/broken-glass');
    assert.deepEqual(
      broken.map(({ name, reason, reviewed }) => [name, reason, reviewed]),
      [['Somebody', 'Found without a pulse', false]],
    );
    assert.equal((await asking.as(nurse, '/api/broken-glass')).status, 403);
  });

  test('the directory names who treats, not patients; other houses to whoever opens something to them', async () => {
    const house = await otherOrganisation(here, 'The other house');
    const directory = (who: Person) => asking.json<Directory>(who, '/api/directory');
    const { people, houses } = await directory(nurse);
    assert.ok(people.some(({ id }) => id === nurse.accountId));
    assert.ok(people.every(({ id }) => ![own, admin, auditor].some((one) => one.accountId === id)));
    assert.deepEqual(houses, []);
    const told = (await directory(admin)).houses;
    assert.ok(told.some(({ id, name }) => id === house && name === 'The other house'));
    assert.ok(told.every(({ id }) => id !== admin.organisationId));
    await here.database.line`
      UPDATE account SET disabled_at = now() WHERE id = ${nurse.accountId}`;
    assert.ok((await directory(admin)).people.every(({ id }) => id !== nurse.accountId));
  });

  test('a care team has names, and says which other houses the record is opened to', async () => {
    const treating = await signedIn(here, ['physician']);
    await asking.relate(treating, patient, 'care-team');
    const house = await otherOrganisation(here, 'Heart centre');
    const specialist = await signedIn(here, ['physician'], house);
    await asking.relate(specialist, patient, 'care-team');
    const words = { dataClasses: ['vitals'], actions: ['read'], purposes: ['TREAT'] };
    const given = { organisationId: house, subjectId: patient.subjectId, ...words };
    await here.server.post('/api/grants', { ...given, until: Date.now() + 60_000 });
    const path = `/api/subjects/${patient.subjectId}/team`;
    const { team, houses } = await asking.json<RelationList>(treating, path);
    const member = (who: Person) => team.find(({ accountId }) => accountId === who.accountId);
    assert.deepEqual(
      [treating, specialist, own].map((who) => [member(who)?.name, member(who)?.house]),
      [
        ['Somebody', null],
        ['Somebody', 'Heart centre'],
        ['Somebody', null],
      ],
    );
    assert.deepEqual(member(treating)?.roles, ['physician']);
    assert.deepEqual(
      houses.map(({ organisationName, dataClasses }) => [organisationName, dataClasses]),
      [['Heart centre', ['vitals']]],
    );
    assert.equal((await asking.as(admin, path)).status, 403);
  });
});
