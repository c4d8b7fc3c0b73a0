/** The ledger: what of a person left the house, to whom, for what and by what right; and what a no keeps here. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DisclosureReport, DisclosureView } from '@ausculta/contract/disclosures';
import type { Erasure } from '@ausculta/contract/erasure';
import { consentOf, NOBODY_LOOKS } from './support/consents.ts';
import { type HookReceiver, hookReceiver } from './support/hook-receiver.ts';
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
import {
  settingsFor,
  subscribed,
  subscriptionWith,
  written,
} from './support/subscription-sample.ts';

const HOUR_MS = 3_600_000;
const ASYNC = { prefer: 'respond-async' };

let receiver: HookReceiver;
let here: ServerHere;
let server: ServerUnderTest;
let asking: Asking;

const pathOf = (url: string): string => new URL(url).pathname;
const ledgerOf = async ({ subjectId }: TestDevice): Promise<readonly DisclosureView[]> =>
  (await server.get<DisclosureReport>(`/api/subjects/${subjectId}/disclosures`)).disclosures;

async function measured(device: TestDevice, rate: number): Promise<void> {
  await server.send(device, JSON.stringify({ time: Date.now(), values: { 'heart-rate': rate } }));
  await eventually('the reading', async () =>
    (await server.readings(device.subjectId, 'heart-rate')).length > 0 ? true : undefined,
  );
}

/** All lines of an export in bulk. */
async function exported(person?: Person, headers: Record<string, string> = {}): Promise<string> {
  const fetch = (path: string, more = {}) =>
    person === undefined
      ? server.fetch(path, { headers: { ...headers, ...more } })
      : asking.as(person, path, { headers: { ...headers, ...more } });
  const begun = await fetch('/fhir/R4/$export', ASYNC);
  assert.equal(begun.status, 202, await begun.text());
  const status = pathOf(begun.headers.get('content-location') ?? '');
  const { output } = await eventually('the export', async () => {
    const response = await fetch(status);
    return response.status === 200
      ? ((await response.json()) as { output: { url: string }[] })
      : undefined;
  });
  const files: string[] = [];
  for (const { url } of output) files.push(await (await fetch(pathOf(url))).text());
  return files.join('');
}

describe('what leaves the house', () => {
  before(async () => {
    receiver = await hookReceiver();
    here = await startServerHere(settingsFor(receiver));
    server = here.server;
    asking = new Asking(server);
  });
  after(async () => {
    await here[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  test('a table of readings is taken along by who may, is entered, and read by whom it is about', async () => {
    const ada = await server.addPatient('Ada');
    await measured(ada, 61);
    const path = `/api/subjects/${ada.subjectId}/readings?metric=heart-rate`;
    const nurse = await signedIn(here, ['nurse']);
    await server.post('/api/shifts', { accountId: nurse.accountId, unit: null });
    assert.equal((await asking.as(nurse, path)).status, 200, 'who looks');
    const refused = await asking.as(nurse, `${path}&format=csv`);
    assert.equal(refused.status, 403, 'does not take along');
    const edf = `/api/subjects/${ada.subjectId}/edf?metrics=ecg-ii&from=1&to=2`;
    assert.equal((await asking.as(nurse, edf)).status, 403);
    assert.deepEqual(await ledgerOf(ada), [], 'nothing has left');

    const doctor = await signedIn(here, ['physician']);
    await asking.relate(doctor, ada, 'care-team');
    for (let i = 0; i < 3; i += 1) {
      const table = await asking.as(doctor, `${path}&format=csv&from=1000&to=${Date.now()}`);
      assert.match(await table.text(), /,61,/);
    }
    const person = await signedIn(here, ['patient']);
    await asking.relate(person, ada, 'self');
    assert.equal((await asking.as(person, `${path}&format=csv`)).status, 200);
    const own = await asking.json<DisclosureReport>(
      person,
      `/api/subjects/${ada.subjectId}/disclosures`,
    );
    const by = (who: Person) =>
      own.disclosures.filter(({ recipient }) => recipient === `account/${who.accountId}`);
    const [entry, ...more] = by(doctor);
    assert.ok(entry !== undefined && more.length === 0, 'one a day and recipient');
    const { way, purpose, basis, classes, times, name, paper, onward } = entry;
    assert.deepEqual(
      { way, purpose, basis, classes, times, name, paper, onward },
      {
        ...{ way: 'export', purpose: 'TREAT', basis: 'law', classes: ['vitals'], times: 3 },
        ...{ name: 'Somebody', paper: null, onward: null },
      },
    );
    assert.equal(entry.from, new Date(1000).toISOString());
    assert.deepEqual(
      by(person).map((one) => [one.purpose, one.basis]),
      [['PATRQT', 'own-request']],
    );
    assert.equal(
      (await asking.as(nurse, `/api/subjects/${ada.subjectId}/disclosures`)).status,
      403,
    );
    const auditor = await signedIn(here, ['auditor']);
    assert.equal(
      (await asking.as(auditor, `/api/subjects/${ada.subjectId}/disclosures`)).status,
      200,
    );
  });

  test('an export in bulk asks for each person, for its purpose, and enters each', async () => {
    const [ben, eve] = [await server.addPatient('Ben'), await server.addPatient('Eve')];
    for (const one of [ben, eve]) await measured(one, 73);
    const ofBen = await asking.write('Condition', problemOf(ben, 'of Ben'));
    const ofEve = await asking.write('Condition', problemOf(eve, 'of Eve'));
    const lines = await exported();
    for (const id of [ben.subjectId, eve.subjectId, ofBen, ofEve])
      assert.ok(lines.includes(id), id);
    const [entry] = await ledgerOf(ben);
    assert.ok(entry !== undefined);
    assert.deepEqual([entry.way, entry.purpose, entry.basis], ['export', 'HOPERAT', 'law']);
    assert.ok(entry.classes.includes('identity') && entry.classes.includes('vitals'));
    const purpose = { 'ausculta-purpose': 'HRESCH' };
    const other = await server.fetch('/fhir/R4/$export', { headers: { ...ASYNC, ...purpose } });
    assert.equal(other.status, 403, 'nor for another purpose');

    // Only what leaves is kept back: whoever treats goes on seeing it.
    const consentaction = 'http://terminology.hl7.org/CodeSystem/consentaction';
    const action = [{ coding: [{ system: consentaction, code: 'disclose' }] }];
    await written(
      server,
      consentOf({ subjectId: eve.subjectId, base: 'OPTIN', provision: { type: 'deny', action } }),
    );
    assert.equal((await server.fetch(`/fhir/R4/Condition/${ofEve}`)).status, 200);
    const after = await exported();
    assert.ok(after.includes(ofBen));
    for (const id of [eve.subjectId, ofEve]) assert.ok(!after.includes(id), id);
    const path = `/api/subjects/${eve.subjectId}/readings?metric=heart-rate&format=csv`;
    assert.equal((await server.fetch(path)).status, 403);
    const nurse = await signedIn(here, ['nurse']);
    const begun = await asking.as(nurse, '/fhir/R4/$export', { headers: ASYNC });
    assert.equal(begun.status, 403);
  });

  test('another house, and what it may do with it, stands in the ledger with its grant', async () => {
    const fay = await server.addPatient('Fay');
    await asking.write('Condition', problemOf(fay, 'shared'));
    const house = await otherOrganisation(here, 'The other house');
    const specialist = await signedIn(here, ['physician'], house);
    await asking.relate(specialist, fay, 'care-team');
    const { id } = await server.post<{ id: string }>('/api/grants', {
      ...{ organisationId: house, subjectId: fay.subjectId, onward: 'same-purpose' },
      ...{ dataClasses: ['identity', 'documents'], actions: ['read', 'search'] },
      ...{ purposes: ['TREAT'], until: Date.now() + HOUR_MS },
    });
    const headers = { 'ausculta-organisation': await ownOrganisation(here) };
    for (let i = 0; i < 3; i += 1)
      assert.equal((await asking.found(specialist, 'Condition', headers)).length, 1);
    const told = (await ledgerOf(fay)).filter(({ way }) => way === 'grant');
    assert.deepEqual(
      told.map((one) => [one.recipient, one.name, one.basis, one.paper, one.onward, one.times]),
      [[`organisation/${house}`, 'The other house', 'grant', id, 'same-purpose', 3]],
    );
  });

  test('an endpoint outside is one line a day, and none of what it was not told', async () => {
    const [gus, hal] = [await server.addPatient('Gus'), await server.addPatient('Hal')];
    await written(
      server,
      consentOf({ subjectId: hal.subjectId, base: 'OPTIN', provision: NOBODY_LOOKS }),
    );
    const asked = { topic: 'written', filters: ['Condition'], endpoint: receiver.url } as const;
    const { id } = await subscribed(server, asked);
    for (let i = 0; i < 4; i += 1) await asking.write('Condition', problemOf(gus, `of ${i}`));
    await asking.write('Condition', problemOf(hal, 'kept'));
    const events = () =>
      receiver.taken.filter(({ text }) => text.includes(id)).flatMap((one) => one.events);
    await eventually('five events', () => (events().length === 5 ? true : undefined));
    const told = await eventually('all four', async () => {
      const found = (await ledgerOf(gus)).filter(({ way }) => way === 'subscription');
      return found[0]?.times === 4 ? found : undefined;
    });
    assert.deepEqual(
      told.map((one) => [one.recipient, one.name, one.classes, one.times]),
      [[`subscription/${id}`, `127.0.0.1:${receiver.port}`, ['documents'], 4]],
    );
    assert.deepEqual(await ledgerOf(hal), []);
    await written(server, { ...(await subscriptionWith(server, id, 'active')), status: 'off' });
  });

  test('who is erased is in it still, by their number alone', async () => {
    const ivy = await server.addPatient('Ivy');
    await measured(ivy, 64);
    const path = `/api/subjects/${ivy.subjectId}`;
    await server.fetch(`${path}/readings?metric=heart-rate&format=csv`);
    const [before] = await ledgerOf(ivy);
    assert.equal(before?.recipient.startsWith('token/'), true);
    const { identity } = await server.get<{ identity: { recordNumber: string } }>(path);
    const { recordNumber } = identity;
    const erased = await server.fetch(`${path}/erasure`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ recordNumber, stopMonitoring: true }),
    });
    assert.equal(erased.status, 200);
    const { recipients } = (await erased.json()) as Erasure;
    assert.deepEqual(recipients, [
      {
        ...{ recipient: before?.recipient, name: before?.name, way: 'export' },
        last: before?.last,
      },
    ]);
    const again = await server.get<Erasure>(`${path}/erasure`);
    assert.deepEqual(again.recipients, recipients, 'whoever has to tell them asks when they do');
    const [after] = await ledgerOf(ivy);
    assert.deepEqual(after, before);
    assert.deepEqual(here.problems, []);
  });
});
