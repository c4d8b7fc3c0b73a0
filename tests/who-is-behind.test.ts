/** Nobody learns by the way who somebody is: not by a device, by a document about two, or by a stay that has ended. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DeviceGrantList } from '@ausculta/contract/device-grants';
import type { DeviceView } from '@ausculta/contract/devices';
import { consentOf, NOBODY_LOOKS } from './support/consents.ts';
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
} from './support/server.ts';
import { written } from './support/subscription-sample.ts';

const HOUR_MS = 3_600_000;
const FHIR = { 'content-type': 'application/fhir+json' };

describe('who is behind what', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  let asking: Asking;
  before(async () => {
    here = await startServerHere();
    server = here.server;
    asking = new Asking(server);
  });
  after(() => here[Symbol.asyncDispose]());

  test('an engineer sees which device hears which, and where it was corrected, and of whom nowhere', async () => {
    const ada = await server.addPatient('Ada');
    const ben = await server.addPatient('Ben');
    const until = new Date(Date.now() + HOUR_MS).toISOString();
    await server.post(`/api/devices/${ada.id}/grants`, { to: ben.id, data: ['vitals'], until });
    await server.post(`/api/devices/${ada.id}/correction`, {
      subjectId: ben.subjectId,
      from: new Date(Date.now() - 10_000).toISOString(),
      until: new Date(Date.now() - 5_000).toISOString(),
    });
    const engineer = await signedIn(here, ['biomedical-engineer']);
    const path = `/api/devices/${ada.id}`;
    const { grants } = await asking.json<DeviceGrantList>(engineer, `${path}/grants`);
    assert.deepEqual(
      grants.map(({ from, to, subjectId }) => [from, to, subjectId]),
      [[ada.id, ben.id, null]],
    );
    const text = await (await asking.as(engineer, path)).text();
    assert.doesNotMatch(text, new RegExp(`${ada.subjectId}|${ben.subjectId}`));
    const { reattributions } = JSON.parse(text) as DeviceView;
    assert.ok(reattributions.length > 0, 'that something was corrected');
    const seen = await server.get<DeviceView>(path);
    assert.ok(seen.reattributions.some(({ fromSubjectId }) => fromSubjectId === ada.subjectId));
  });

  test('whoever may see no device sees none by a batch or by GraphQL either', async () => {
    const ada = await server.addPatient('Ada');
    const found = await asking.json<{ entry: { resource: { id: string } }[] }>(
      await signedIn(here, ['biomedical-engineer']),
      `/fhir/R4/Device?identifier=${ada.id}`,
    );
    const id = found.entry[0]?.resource.id ?? '';
    assert.ok(id !== '');
    const person = await signedIn(here, ['patient']);
    await asking.relate(person, ada, 'self');
    assert.notEqual((await asking.as(person, `/fhir/R4/Device/${id}`)).status, 200);
    const entry = [`Device/${id}`, `Device?patient=${ada.subjectId}`].map((url) => ({
      request: { method: 'GET', url },
    }));
    const batch = await asking.as(person, '/fhir/R4', {
      ...{ method: 'POST', headers: FHIR },
      body: JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }),
    });
    assert.doesNotMatch(await batch.text(), /"resourceType":"Device"/);
    const query = `{ Device(id: "${id}") { id } DeviceList(patient: "${ada.subjectId}") { id } }`;
    const asked = await asking.as(person, '/fhir/R4/$graphql', {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ query }),
    });
    assert.ok(!(await asked.text()).includes(`"id":"${id}"`));
  });

  test('a document about two persons is not there once either of them keeps theirs back', async () => {
    const [ada, ben] = [await server.addPatient('Ada'), await server.addPatient('Ben')];
    const nurse = await signedIn(here, ['nurse']);
    await server.post('/api/shifts', { accountId: nurse.accountId, unit: null });
    const both = [ada, ben].sort((a, b) => (a.subjectId < b.subjectId ? -1 : 1));
    const [first, second] = both.map(({ subjectId }) => ({ reference: `Patient/${subjectId}` }));
    assert.ok(first !== undefined && second !== undefined);
    const about = { status: 'completed', subject: first, recipient: [second] };
    const id = await asking.write('Communication', about);
    assert.equal((await asking.as(nurse, `/fhir/R4/Communication/${id}`)).status, 200);
    const [, other] = both;
    assert.ok(other !== undefined);
    await written(
      server,
      consentOf({ subjectId: other.subjectId, base: 'OPTIN', provision: NOBODY_LOOKS }),
    );
    assert.equal((await asking.as(nurse, `/fhir/R4/Communication/${id}`)).status, 404);
    assert.deepEqual(await asking.found(nurse, `Communication?patient=${first.reference}`), []);
  });

  test('a grant for a stay that goes on ends what was measured with the stay', async () => {
    const eve = await server.addPatient('Eve');
    const startMs = Date.now() - 50_000;
    const measure = async (atMs: number, rate: number): Promise<void> => {
      const values = { 'heart-rate': rate };
      await server.send(eve, JSON.stringify({ time: atMs, values }));
    };
    await measure(startMs, 61);
    await measure(startMs + 45_000, 62);
    await eventually('the readings', async () =>
      (await server.readings(eve.subjectId, 'heart-rate')).length === 2 ? true : undefined,
    );
    const stay = {
      ...{ resourceType: 'Encounter', status: 'in-progress', class: { code: 'IMP' } },
      subject: { reference: `Patient/${eve.subjectId}` },
      period: { start: new Date(startMs - 1000).toISOString() },
    };
    const open = await written(server, stay);
    await asking.write('Condition', problemOf(eve, 'of the stay', open.id));
    const house = await otherOrganisation(here, 'The other house');
    const specialist = await signedIn(here, ['physician'], house);
    await asking.relate(specialist, eve, 'care-team');
    await server.post('/api/grants', {
      ...{ organisationId: house, subjectId: eve.subjectId, encounterId: open.id },
      ...{ dataClasses: ['identity', 'vitals', 'documents'], actions: ['read', 'search'] },
      ...{ purposes: ['TREAT'], until: Date.now() + HOUR_MS },
    });
    const headers = { 'ausculta-organisation': await ownOrganisation(here) };
    const path = `/api/subjects/${eve.subjectId}/readings?metric=heart-rate`;
    const rates = async () => {
      const text = await (await asking.as(specialist, path, { headers })).text();
      return [...text.matchAll(/"value":(6[12])/g)].map(([, rate]) => Number(rate));
    };
    assert.deepEqual((await rates()).sort(), [61, 62]);
    const end = new Date(startMs + 10_000).toISOString();
    const period = { ...stay.period, end };
    await written(server, { ...open, status: 'finished', period });
    assert.deepEqual(await rates(), [61]);
    assert.deepEqual(here.problems, []);
  });
});
