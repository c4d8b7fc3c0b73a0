/**
 * Each sees whom they stand to, and nobody else: the person their own record, a nurse her ward, a specialist
 * elsewhere the one stay that was shared.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  Asking,
  otherOrganisation,
  ownOrganisation,
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
/** Ada's: one of the stay that is shared, one of before. */
let stayId = '';
let ofStay = '';
let ofBefore = '';
let ofBen = '';

const HOUR_MS = 3_600_000;
const startMs = Date.now() - 50_000;
const at = (ms: number): string => new Date(ms).toISOString();

const WEIGHT = { status: 'final', code: { text: 'weight' } };
const TAKEN = { status: 'active', medicationCodeableConcept: { text: 'a tablet' } };

describe('who sees whom', () => {
  before(async () => {
    here = await startServerHere();
    server = here.server;
    asking = new Asking(server);
    ada = await server.addPatient('Ada');
    ben = await server.addPatient('Ben');
    for (const [device, rate] of [
      [ada, 61],
      [ben, 91],
    ] as const) {
      for (const ms of [0, 1000, 45_000])
        await server.send(
          device,
          JSON.stringify({ time: startMs + ms, values: { 'heart-rate': rate } }),
        );
      await eventually('the readings', async () =>
        (await server.readings(device.subjectId, 'heart-rate')).length === 3 ? true : undefined,
      );
    }
    const patient = { reference: `Patient/${ada.subjectId}` };
    const period = { start: at(startMs - 1000), end: at(startMs + 10_000) };
    stayId = await asking.write('Encounter', {
      ...{ status: 'finished', class: { code: 'IMP' }, subject: patient, period },
    });
    ofStay = await asking.write('Condition', problemOf(ada, 'of the stay', stayId));
    ofBefore = await asking.write('Condition', problemOf(ada, 'of before'));
    ofBen = await asking.write('Condition', problemOf(ben, 'of Ben'));
  });
  after(() => here[Symbol.asyncDispose]());

  test('a person sees and takes along their own record, and nothing of anybody else', async () => {
    const person = await signedIn(here, ['patient']);
    const unknown = await asking.as(person, '/fhir/R4/Condition');
    assert.equal(unknown.status, 403, 'nobody has said who they are');
    await asking.relate(person, ada, 'self');
    assert.deepEqual((await asking.found(person, 'Condition')).sort(), [ofStay, ofBefore].sort());
    assert.deepEqual(await asking.found(person, 'Patient'), [ada.subjectId]);
    assert.deepEqual(await asking.found(person, `Condition?patient=${ben.subjectId}`), []);
    const counted = await asking.json<{ total?: number }>(
      person,
      '/fhir/R4/Condition?_summary=count',
    );
    assert.equal(counted.total, 2);
    const everything = await asking.found(
      person,
      `Patient/${ada.subjectId}/$everything?_count=1000`,
    );
    for (const id of [ada.subjectId, stayId, ofStay, ofBefore])
      assert.ok(everything.includes(id), id);
    const whole = await (
      await asking.as(person, `/fhir/R4/Patient/${ada.subjectId}/$everything?_count=1000`)
    ).text();
    assert.match(whole, /"value":61/);
    assert.doesNotMatch(whole, new RegExp(`${ben.subjectId}|"value":91`));
    const readings = await asking.as(
      person,
      `/api/subjects/${ada.subjectId}/readings?metric=heart-rate`,
    );
    assert.equal((await readings.text()).match(/\b61\b/g)?.length, 3);
    const { subjects } = await asking.json<{ subjects: { id: string }[] }>(person, '/api/subjects');
    assert.deepEqual(
      subjects.map(({ id }) => id),
      [ada.subjectId],
    );
    for (const path of [
      `/api/subjects/${ben.subjectId}`,
      `/api/subjects/${ben.subjectId}/readings?metric=heart-rate`,
      `/api/subjects/${ben.subjectId}/team`,
      `/fhir/R4/Patient/${ben.subjectId}`,
      `/fhir/R4/Patient/${ben.subjectId}/$everything`,
      `/fhir/R4/Patient/${ben.subjectId}/$summary`,
      `/fhir/R4/Condition/${ofBen}`,
      `/fhir/R4/Condition/${ofBen}/_history`,
      `/fhir/R4/Condition/${ofBen}/_history/1`,
      `/fhir/R4/Subscription`,
      '/fhir/R4/$export',
      '/api/write-back',
      '/api/devices',
    ]) {
      const { status } = await asking.as(person, path);
      assert.ok(status === 403 || status === 404, `${path}: ${status}`);
    }
    const ofOther = `AuditEvent?patient=Patient/${ben.subjectId}`;
    assert.deepEqual(await asking.found(person, ofOther), []);
  });

  test('a person adds what they have measured, and no diagnosis; nothing to another', async () => {
    const person = await signedIn(here, ['patient']);
    await asking.relate(person, ada, 'self');
    const headers = { 'content-type': 'application/fhir+json' };
    const send = async (resourceType: string, device: TestDevice, of: object = WEIGHT) => {
      const note = { resourceType, subject: { reference: `Patient/${device.subjectId}` }, ...of };
      const body = JSON.stringify(note);
      return (
        await asking.as(person, `/fhir/R4/${resourceType}`, { method: 'POST', headers, body })
      ).status;
    };
    assert.equal(await send('Observation', ada), 201);
    assert.equal(await send('Observation', ben), 403);
    assert.equal(await send('MedicationStatement', ada, TAKEN), 403);
    const change = {
      method: 'PUT',
      headers,
      body: JSON.stringify({ resourceType: 'Condition', id: ofBefore, ...problemOf(ada, 'other') }),
    };
    assert.equal((await asking.as(person, `/fhir/R4/Condition/${ofBefore}`, change)).status, 403);
    const theirs = {
      method: 'PUT',
      headers,
      body: JSON.stringify({ resourceType: 'Condition', id: ofBen, ...problemOf(ada, 'stolen') }),
    };
    assert.ok(
      [403, 404, 409].includes(
        (await asking.as(person, `/fhir/R4/Condition/${ofBen}`, theirs)).status,
      ),
    );
    const gone = await asking.as(person, `/fhir/R4/Condition/${ofBen}`, { method: 'DELETE' });
    assert.equal(gone.status, 403);
    assert.equal((await server.fetch(`/fhir/R4/Condition/${ofBen}`)).status, 200);
  });

  test('a nurse sees her ward while she is on shift there', async () => {
    const nurse = await signedIn(here, ['nurse']);
    const identity = { familyName: 'Cara', ward: 'ICU', bed: '3', invented: true };
    const cara = await server.post<{ id: string }>('/api/subjects', {
      category: 'adult',
      identity,
    });
    const seen = async () => {
      const { subjects } = await asking.json<{ subjects: { id: string }[] }>(
        nurse,
        '/api/subjects',
      );
      return subjects.map(({ id }) => id);
    };
    assert.deepEqual(await seen(), []);
    const shift = await server.post<{ id: string }>('/api/shifts', {
      accountId: nurse.accountId,
      unit: 'icu ',
    });
    assert.deepEqual(await seen(), [cara.id]);
    assert.deepEqual(await asking.found(nurse, 'Condition'), []);
    assert.equal((await asking.as(nurse, `/api/subjects/${ben.subjectId}/limits`)).status, 403);
    assert.ok(
      (await asking.found(nurse, 'Patient?name=Ben')).includes(ben.subjectId),
      'to be admitted they are found',
    );
    await server.post(`/api/accounts/${nurse.accountId}/shifts/${shift.id}/end`, {});
    await eventually('the end of the shift', async () =>
      (await seen()).length === 0 ? true : undefined,
    );
  });

  test('a specialist of another house sees the stay that was shared, until it is withdrawn', async () => {
    const house = await otherOrganisation(here, 'Heart centre');
    const own = await ownOrganisation(here);
    const specialist = await signedIn(here, ['physician'], house);
    const there = { 'ausculta-organisation': own };
    assert.equal(
      (await asking.as(specialist, '/fhir/R4/Condition', { headers: there })).status,
      403,
    );
    await asking.relate(specialist, ada, 'care-team');
    assert.equal(
      (await asking.as(specialist, '/fhir/R4/Condition', { headers: there })).status,
      403,
      'a team alone opens no house',
    );
    const asked = {
      organisationId: house,
      subjectId: ada.subjectId,
      dataClasses: ['identity', 'placement', 'vitals', 'documents'],
      actions: ['read', 'search'],
      purposes: ['TREAT'],
      until: Date.now() + HOUR_MS,
    };
    const { id: grant } = await server.post<{ id: string }>('/api/grants', {
      ...asked,
      encounterId: stayId,
    });
    assert.deepEqual(await asking.found(specialist, 'Condition', there), [ofStay]);
    assert.deepEqual(await asking.found(specialist, `Encounter?patient=${ada.subjectId}`, there), [
      stayId,
    ]);
    assert.deepEqual(await asking.found(specialist, 'Patient', there), [ada.subjectId]);
    assert.equal(
      (await asking.as(specialist, `/fhir/R4/Condition/${ofBefore}`, { headers: there })).status,
      404,
    );
    assert.equal(
      (await asking.as(specialist, `/fhir/R4/Patient/${ben.subjectId}`, { headers: there })).status,
      404,
    );
    const everything = await asking.found(
      specialist,
      `Patient/${ada.subjectId}/$everything?_count=1000`,
      there,
    );
    assert.ok(everything.includes(ofStay) && !everything.includes(ofBefore));
    const path = `/api/subjects/${ada.subjectId}/readings?metric=heart-rate`;
    const text = await (await asking.as(specialist, path, { headers: there })).text();
    assert.equal(text.match(/\b61\b/g)?.length, 2, 'of three readings two are of the stay');
    for (const closed of [
      `/api/subjects/${ben.subjectId}`,
      '/api/devices',
      '/api/grants',
      `/api/subjects/${ada.subjectId}/limits`,
    ])
      assert.equal((await asking.as(specialist, closed, { headers: there })).status, 403, closed);
    const atHome = await asking.as(specialist, '/fhir/R4/Condition');
    assert.equal(atHome.status, 403, 'and at home nothing of ours');
    await asking.as(specialist, path, { headers: there });
    const headers = { authorization: `Bearer ${server.token}` };
    const withdrawn = await server.fetch(`/api/grants/${grant}/withdrawal`, {
      method: 'POST',
      headers,
    });
    assert.equal(withdrawn.status, 204);
    assert.equal((await asking.as(specialist, path, { headers: there })).status, 403);
  });
});
