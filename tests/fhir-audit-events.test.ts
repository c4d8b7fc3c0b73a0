/** The audit and the ledger as AuditEvents: told to whoever keeps the audit, and to each person of themselves. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SubjectView } from '@ausculta/contract/subjects';
import { isError, validate } from '@ausculta/fhir/validation';
import type { AuditEvent, Bundle, CapabilityStatement } from '@medplum/fhirtypes';
import { r4 } from './support/fhir.ts';
import { Asking, otherOrganisation, type Person, signedIn } from './support/people.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';

const FHIR = '/fhir/R4';

let here: ServerHere;
let server: ServerUnderTest;
let asking: Asking;
let auditor: Person;
let doctor: Person;
let ada: TestDevice;
let ben: TestDevice;

interface Page {
  readonly events: AuditEvent[];
  readonly next: string | undefined;
}

async function page(person: Person, path: string): Promise<Page> {
  const bundle = await asking.json<Bundle<AuditEvent>>(person, path);
  const events = (bundle.entry ?? []).flatMap(({ resource }) =>
    resource?.resourceType === 'AuditEvent' ? [resource] : [],
  );
  const next = bundle.link?.find(({ relation }) => relation === 'next')?.url;
  return { events, next: next?.slice(next.indexOf(FHIR)) };
}

/** All pages, one after the other. */
async function all(person: Person, query: string): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  let path: string | undefined = `${FHIR}/AuditEvent?${query}`;
  while (path !== undefined) {
    const one: Page = await page(person, path);
    events.push(...one.events);
    path = one.next;
  }
  return events;
}

const codesOf = ({ subtype = [] }: AuditEvent) => subtype.map(({ code }) => code);
const patientsIn = ({ entity = [] }: AuditEvent) =>
  entity.flatMap(({ what }) => /^Patient\/(.+)$/.exec(what?.reference ?? '')?.[1] ?? []);
const idOf = ({ id }: AuditEvent): string => id ?? assert.fail('an event has an id');
const known = (event: AuditEvent | undefined): AuditEvent => event ?? assert.fail('there is one');

describe('the audit by FHIR', () => {
  before(async () => {
    here = await startServerHere();
    server = here.server;
    asking = new Asking(server);
    auditor = await signedIn(here, ['auditor']);
    doctor = await signedIn(here, ['physician']);
    [ada, ben] = [await server.addPatient('Quagswaggerin'), await server.addPatient('Ben')];
    for (const one of [ada, ben]) {
      await asking.relate(doctor, one, 'care-team');
      const body = JSON.stringify({ time: Date.now(), values: { 'heart-rate': 61 } });
      await server.send(one, body);
      await eventually('the reading', async () =>
        (await server.readings(one.subjectId, 'heart-rate')).length > 0 ? true : undefined,
      );
    }
    await asking.json(doctor, `${FHIR}/Patient`);
    await asking.json(doctor, `${FHIR}/Patient/${ada.subjectId}`);
    const table = `/api/subjects/${ada.subjectId}/readings?metric=heart-rate&format=csv`;
    assert.equal((await asking.as(doctor, table)).status, 200);
  });
  after(() => here[Symbol.asyncDispose]());

  test('a read, a search, an act and a disclosure have the shape of BALP, and are valid R4', async () => {
    const events = await all(auditor, '_count=1000');
    for (const event of events)
      assert.deepEqual(validate(r4(), event).filter(isError), [], JSON.stringify(event));
    const ofDoctor = events.filter(({ agent }) =>
      agent.some(({ who }) => who?.reference === `Practitioner/${doctor.accountId}`),
    );
    const read = known(
      ofDoctor.find((one) => codesOf(one)[0] === 'read' && one.type.code === 'rest'),
    );
    assert.equal(read.action, 'R');
    assert.equal(read.outcome, '0');
    assert.deepEqual(patientsIn(read), [ada.subjectId]);
    const user = known(read).agent.find(({ requestor }) => requestor);
    assert.equal(user?.name, 'Somebody');
    assert.deepEqual(
      user?.role?.map(({ coding }) => coding?.[0]?.code),
      ['physician'],
    );
    assert.equal(read.purposeOfEvent?.[0]?.coding?.[0]?.code, 'TREAT');
    assert.deepEqual(
      read.agent.map(({ type }) => type?.coding?.[0]?.code),
      ['110153', '110152', 'IRCP'],
    );
    const searched = known(
      ofDoctor.find(({ action, type }) => action === 'E' && type.code === 'rest'),
    );
    assert.deepEqual(patientsIn(searched).sort(), [ada.subjectId, ben.subjectId].sort());
    assert.ok(
      searched.entity?.some(({ role, query }) => role?.code === '24' && query === undefined),
    );
    const begun = known(events.find((one) => codesOf(one).includes('relation-begun')));
    assert.deepEqual([begun.type.code, begun.action], ['110113', 'U']);
    const disclosed = known(events.find((one) => codesOf(one).includes('disclose')));
    assert.deepEqual([disclosed.type.code, disclosed.action], ['110106', 'R']);
    assert.deepEqual(patientsIn(disclosed), [ada.subjectId]);
    assert.doesNotMatch(JSON.stringify(events), /Quagswaggerin|_count|format=csv/);
    const body = JSON.stringify(read);
    const headers = { 'content-type': 'application/fhir+json' };
    const asked = { method: 'POST', headers, body };
    const judged = await server.fetch(`${FHIR}/AuditEvent/$validate`, asked);
    assert.doesNotMatch(await judged.text(), /"severity":"(error|fatal)"/);
  });

  test('pages go on from where they were, with nothing twice and nothing passed over', async () => {
    const until = new Date().toISOString();
    const whole = (await all(auditor, `date=lt${until}&_count=1000`)).map(idOf);
    const inPages = (await all(auditor, `date=lt${until}&_count=2`)).map(idOf);
    assert.ok(whole.length > 6, `${whole.length} entries`);
    assert.deepEqual(inPages, whole);
    assert.equal(new Set(whole).size, whole.length);
    const ofAda = (
      await all(auditor, `date=lt${until}&patient=Patient/${ada.subjectId}&_count=2`)
    ).map(idOf);
    const meant = (await all(auditor, `date=lt${until}&_count=1000`))
      .filter((one) => patientsIn(one).includes(ada.subjectId))
      .map(idOf);
    assert.deepEqual(ofAda, meant);
  });

  test('each is read by its id, as it was found', async () => {
    for (const event of await all(auditor, '_count=1000')) {
      const path = `${FHIR}/AuditEvent/${idOf(event)}`;
      assert.deepEqual(await asking.json(auditor, path), event);
      const version = await asking.json(auditor, `${path}/_history/${event.meta?.versionId}`);
      assert.deepEqual(version, event);
    }
    for (const id of ['00000000-0000-4000-8000-000000000000', 'nothing'])
      assert.equal((await asking.as(auditor, `${FHIR}/AuditEvent/${id}`)).status, 404);
  });

  test('is found by person, time, agent and kind', async () => {
    const found = async (query: string) => await all(auditor, query);
    const ofDoctor = await found(`agent=Practitioner/${doctor.accountId}`);
    assert.ok(ofDoctor.length >= 3);
    for (const { agent } of ofDoctor)
      assert.ok(agent.some(({ who }) => who?.reference === `Practitioner/${doctor.accountId}`));
    const exports = await found('type=http://dicom.nema.org/resources/ontology/DCM|110106');
    assert.deepEqual(new Set(exports.map(({ type }) => type.code)), new Set(['110106']));
    const disclosed = await found('subtype=disclose');
    assert.equal(disclosed.length, 1);
    const shared = await found('subtype=relation-begun&_count=1');
    assert.equal(shared.length, 2);
    for (const { action } of await found('action=R')) assert.equal(action, 'R');
    assert.deepEqual(await found('date=lt2020-01-01'), []);
    assert.ok((await found('date=ge2020-01-01&_sort=-date')).length > 6);
    assert.deepEqual(await found('patient=Patient/00000000-0000-4000-8000-000000000000'), []);
    const count = await asking.as(auditor, `${FHIR}/AuditEvent?_summary=count`);
    assert.equal(count.status, 400, 'entries are not counted');
    const cursor = await asking.as(auditor, `${FHIR}/AuditEvent?_cursor=audit.nonsense`);
    assert.equal(cursor.status, 400);
  });

  test('a person is told what is about them, and of nobody else; staff are not told', async () => {
    const person = await signedIn(here, ['patient']);
    await asking.relate(person, ada, 'self');
    const proxy = await signedIn(here, ['proxy']);
    await asking.relate(proxy, ben, 'proxy');
    const own = await all(person, '_count=1000');
    assert.ok(own.length > 3);
    for (const event of own) assert.deepEqual(patientsIn(event), [ada.subjectId]);
    const shared = own.filter(({ meta }) => meta?.tag?.some(({ code }) => code === 'SUBSETTED'));
    assert.ok(shared.length > 0, 'what was of Ben as well says that it is a part');
    assert.doesNotMatch(JSON.stringify(own), new RegExp(ben.subjectId));
    const ofBen = await all(proxy, `_count=1000`);
    for (const event of ofBen) assert.deepEqual(patientsIn(event), [ben.subjectId]);
    assert.deepEqual(await all(person, `patient=Patient/${ben.subjectId}`), []);
    const theirs = known(ofBen.find((one) => !own.some(({ id }) => id === one.id)));
    assert.equal((await asking.as(person, `${FHIR}/AuditEvent/${theirs.id}`)).status, 404);
    const mine = idOf(known(own[0]));
    assert.equal((await asking.as(person, `${FHIR}/AuditEvent/${mine}`)).status, 200);
    for (const path of ['AuditEvent', `AuditEvent/${mine}`])
      assert.equal((await asking.as(doctor, `${FHIR}/${path}`)).status, 403, path);
    const batch = JSON.stringify({
      ...{ resourceType: 'Bundle', type: 'batch' },
      entry: [{ request: { method: 'GET', url: `AuditEvent/${mine}` } }],
    });
    const headers = { 'content-type': 'application/fhir+json' };
    const answered = await asking.as(doctor, FHIR, { method: 'POST', headers, body: batch });
    assert.match(await answered.text(), /"status":"404/, 'nor in a batch');
    const looked = await all(person, 'subtype=search&_count=1000');
    const { agent } = known(
      looked.find(({ entity = [] }) => entity.some(({ what }) => what?.display === 'AuditEvent')),
    );
    assert.match(JSON.stringify(agent), new RegExp(person.accountId), 'who reads it is in it');
  });

  test('another organisation has an audit of its own', async () => {
    const elsewhere = await otherOrganisation(here, 'Elsewhere');
    const there = await signedIn(here, ['auditor'], elsewhere);
    assert.deepEqual(await all(there, '_count=1000'), []);
    assert.deepEqual(await all(there, `patient=Patient/${ada.subjectId}`), []);
    for (const event of await all(auditor, '_count=1000')) {
      const { status } = await asking.as(there, `${FHIR}/AuditEvent/${idOf(event)}`);
      assert.equal(status, 404);
    }
  });

  test('nobody changes or deletes one; what another system adds follows after ours', async () => {
    const [newest] = await all(auditor, '_count=1000');
    const id = idOf(known(newest));
    const headers = { 'content-type': 'application/fhir+json' };
    for (const method of ['PUT', 'DELETE']) {
      const body = method === 'PUT' ? JSON.stringify(newest) : undefined;
      const answer = await server.fetch(`${FHIR}/AuditEvent/${id}`, {
        ...{ method, headers: body === undefined ? {} : headers },
        ...(body !== undefined && { body }),
      });
      assert.equal(answer.status, 405, method);
      assert.match(await answer.text(), /"resourceType":"OperationOutcome"/);
    }
    const { id: _id, meta: _meta, entity: _entity, ...seen } = known(newest);
    const added = await asking.write('AuditEvent', seen);
    const told = (await all(auditor, '_count=3')).map(idOf);
    assert.equal(told.at(-1), added);
    const statement = await server.get<CapabilityStatement>(`${FHIR}/metadata`);
    const resource = statement.rest?.[0]?.resource?.find(({ type }) => type === 'AuditEvent');
    const offered = resource?.interaction?.map(({ code }) => code) ?? [];
    assert.ok(offered.includes('read') && offered.includes('search-type'));
    assert.ok(
      !offered.includes('update') && !offered.includes('delete') && !offered.includes('patch'),
    );
  });

  test('after an erasure it still answers, by ids that name nobody', async () => {
    const path = `/api/subjects/${ben.subjectId}`;
    const { identity } = await server.get<SubjectView>(path);
    const order = { recordNumber: identity.recordNumber, stopMonitoring: true };
    await server.post(`${path}/erasure`, order);
    const events = await all(auditor, `patient=Patient/${ben.subjectId}&_count=1000`);
    assert.ok(events.some((one) => codesOf(one).includes('subject-erased')));
    assert.ok(events.some(({ type }) => type.code === 'rest'));
    for (const event of events) assert.deepEqual(validate(r4(), event).filter(isError), []);
  });
});
