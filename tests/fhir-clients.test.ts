/**
 * Clients that others wrote do with our server what they do with any. Every answer that they get goes
 * through a recorder, which holds it against the official definitions.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { MedplumClient, OperationOutcomeError } from '@medplum/core';
import type { Bundle, Observation, Organization, Patient } from '@medplum/fhirtypes';
import {
  clientStatus,
  type KitClient,
  kitClient,
  type SmartClient,
  smartClient,
} from './support/fhir-clients.ts';
import { assertAllRight, type FhirRecorder, recordFhir } from './support/fhir-recorder.ts';
import { type ServerHere, startServerHere } from './support/server.ts';

let here: ServerHere;
let recorder: FhirRecorder;

const BASE = '/fhir/R4';
const WEIGHT = [{ system: 'http://loinc.org', code: '29463-7' }];

const patient = (family: string): Patient => ({
  resourceType: 'Patient',
  name: [{ family, given: ['Client'] }],
  birthDate: '1970-01-02',
});

const weight = (reference: string, value: number): Observation => ({
  ...{ resourceType: 'Observation', status: 'final', subject: { reference } },
  code: { coding: WEIGHT },
  valueQuantity: { value, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
});

const posted = (resource: Patient | Observation, fullUrl: string) => ({
  ...{ resource, fullUrl },
  request: { method: 'POST', url: resource.resourceType } as const,
});

/** A patient and some weights of theirs, which refer to the patient by the entry's own name. */
function recordOf(family: string, values: readonly number[]): Bundle {
  const self = 'urn:uuid:6b1d9f86-0f0c-4a8e-9d2e-5a0b7c1d2e3f';
  const weights = values.map((value, at) =>
    posted(weight(self, value), `urn:uuid:6b1d9f86-0f0c-4a8e-9d2e-${String(at).padStart(12, '0')}`),
  );
  const entry = [posted(patient(family), self), ...weights];
  return { resourceType: 'Bundle', type: 'transaction', entry };
}

const statusesOf = ({ entry = [] }: Bundle): (string | undefined)[] =>
  entry.map(({ response }) => response?.status.slice(0, 3));

const idIn = (answer: Bundle): string => answer.entry?.[0]?.response?.location?.split('/')[1] ?? '';

const valuesIn = (bundle: Bundle): (number | undefined)[] =>
  (bundle.entry ?? []).flatMap(({ resource }) =>
    resource?.resourceType === 'Observation' ? [resource.valueQuantity?.value] : [],
  );

before(async () => {
  here = await startServerHere();
  recorder = await recordFhir(here.server.url);
});
after(async () => {
  await recorder[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

describe('fhir-kit-client', () => {
  let client: KitClient;
  beforeEach(async () => {
    client = await kitClient(`${recorder.url}${BASE}`, here.server.token);
  });

  test('creates, reads, reads a version, changes if nobody else has, deletes', async () => {
    const resourceType = 'Organization';
    const body: Organization = { resourceType, name: 'Kit' };
    const { id = '', meta } = await client.create({ resourceType, body });
    assert.equal(meta?.versionId, '1');
    const name = { resourceType, id };
    const second = { ...body, id, name: 'Kit, changed' };
    const changed = await client.update({
      ...{ ...name, body: second },
      options: { headers: { 'if-match': 'W/"1"' } },
    });
    assert.equal(changed.meta?.versionId, '2');
    const stale = client.update({
      ...{ ...name, body: { ...second, name: 'Kit, too late' } },
      options: { headers: { 'if-match': 'W/"1"' } },
    });
    await assert.rejects(stale, (error) => clientStatus(error) === 412);
    const jsonPatch = [{ op: 'add', path: '/active', value: true }];
    assert.equal((await client.patch({ ...name, jsonPatch })).meta?.versionId, '3');
    const first = (await client.vread({ ...name, version: '1' })) as Organization;
    assert.equal(first.name, 'Kit');
    const history = await client.history(name);
    assert.equal(history.entry?.length, 3);
    await client.delete(name);
    await assert.rejects(client.read(name), (error) => clientStatus(error) === 410);
    await assert.rejects(
      client.read({ resourceType, id: 'never' }),
      (error) => clientStatus(error) === 404,
    );
  });

  test('sends transactions and batches, and follows a search page by page', async () => {
    const answer = await client.transaction({ body: recordOf('Kitpages', [70, 71, 72, 73, 74]) });
    assert.deepEqual(statusesOf(answer), Array(6).fill('201'));
    const searchParams = { patient: idIn(answer), code: '29463-7', _count: '2' };
    let page: Bundle | undefined = await client.search({
      ...{ resourceType: 'Observation', searchParams },
    });
    const values: (number | undefined)[] = [];
    let pages = 0;
    while (page !== undefined) {
      pages += 1;
      values.push(...valuesIn(page));
      page = await client.nextPage({ bundle: page });
    }
    assert.deepEqual([pages, values.sort()], [3, [70, 71, 72, 73, 74]]);
    const get = { method: 'GET', url: `Patient/${idIn(answer)}` } as const;
    const bad = { resource: { resourceType: 'Flag' }, request: { method: 'POST', url: 'Flag' } };
    const entry = [{ request: get }, bad] as NonNullable<Bundle['entry']>;
    const batch = await client.batch({ body: { resourceType: 'Bundle', type: 'batch', entry } });
    assert.deepEqual(statusesOf(batch), ['200', '422']);
  });

  test('reads histories of a type and of all, and what the server can do', async () => {
    assert.ok((await client.history({ resourceType: 'Organization' })).entry?.length);
    assert.ok((await client.history({})).entry?.length);
    const statement = await client.capabilityStatement();
    assert.equal(statement.fhirVersion, '4.0.1');
  });
});

describe('fhirclient', () => {
  let client: SmartClient;
  beforeEach(async () => {
    client = await smartClient(`${recorder.url}${BASE}`, here.server.token);
  });

  test('creates, reads, changes if nobody else has, patches, deletes', async () => {
    const made = await client.create(patient('Smart'));
    const url = `Patient/${made.id}`;
    assert.equal((await client.request<Patient>(url)).birthDate, '1970-01-02');
    const observation = await client.create(weight(url, 80));
    const amended = await client.update({ ...observation, status: 'amended' } as Observation, {
      headers: { 'if-match': 'W/"1"' },
    });
    assert.equal(amended.meta?.versionId, '2');
    const late = client.update(observation, { headers: { 'if-match': 'W/"1"' } });
    await assert.rejects(late, (error) => clientStatus(error) === 412);
    const place = `Observation/${observation.id}`;
    const patched = await client.patch<Observation>(place, [
      { op: 'replace', path: '/status', value: 'corrected' },
    ]);
    assert.equal(patched.status, 'corrected');
    const first = await client.request<Observation>(`${place}/_history/1`);
    assert.equal(first.status, 'final');
    assert.equal((await client.request<Bundle>(`${place}/_history`)).entry?.length, 3);
    await client.delete(place);
    await assert.rejects(client.request(place), (error) => clientStatus(error) === 410);
  });

  test('follows pages, resolves references, and sends Bundles', async () => {
    const body = JSON.stringify(recordOf('Smartpages', [60, 61, 62]));
    const headers = { 'content-type': 'application/fhir+json' };
    const answer = await client.request<Bundle>({ url: '/', method: 'POST', body, headers });
    await assert.rejects(
      client.request({ url: 'Flag', headers: { accept: 'application/fhir+xml' } }),
      (error) => clientStatus(error) === 406,
    );
    const search = `Observation?patient=${idIn(answer)}&code=29463-7&_count=1`;
    const all = await client.request<Observation[]>(search, { pageLimit: 0, flat: true });
    assert.deepEqual(all.map((one) => one.valueQuantity?.value).sort(), [60, 61, 62]);
    const resolved = await client.request<{ subject: Patient }>(`Observation/${all[0]?.id}`, {
      resolveReferences: ['subject'],
    });
    assert.equal(resolved.subject.name?.[0]?.family, 'Smartpages');
    assert.equal(await client.getFhirVersion(), '4.0.1');
  });

  test('is refused without a token that is ours', async () => {
    const stranger = await smartClient(`${recorder.url}${BASE}`, 'not-ours');
    await assert.rejects(stranger.request('Patient'), (error) => clientStatus(error) === 401);
  });
});

describe('MedplumClient', () => {
  let client: MedplumClient;
  beforeEach(() => {
    client = new MedplumClient({
      baseUrl: `${recorder.url}/`,
      fhirUrlPath: 'fhir/R4',
      accessToken: here.server.token,
      fetch: (url: string, options?: RequestInit) => fetch(url, options),
      cacheTime: 0,
    });
  });

  const codeOf = (error: unknown): string | undefined =>
    error instanceof OperationOutcomeError ? error.outcome.issue[0]?.code : undefined;

  test('creates, reads, searches, changes, patches and deletes', async () => {
    const made = await client.createResource<Patient>(patient('Peer'));
    const found = await client.searchResources('Patient', { family: 'peer', birthdate: 'lt1980' });
    assert.deepEqual(
      found.map(({ id }) => id),
      [made.id],
    );
    const observation = await client.createResource<Observation>(weight(`Patient/${made.id}`, 80));
    const changed = await client.updateResource<Observation>({ ...observation, status: 'amended' });
    assert.equal(changed.meta?.versionId, '2');
    const patched = await client.patchResource('Observation', observation.id, [
      { op: 'replace', path: '/valueQuantity/value', value: 81 },
    ]);
    assert.equal(patched.valueQuantity?.value, 81);
    assert.equal((await client.readHistory('Observation', observation.id)).entry?.length, 3);
    const first = await client.readVersion('Observation', observation.id, '1');
    assert.equal(first.status, 'final');
    const [chain, unit] = ['subject:Patient.name=peer', 'http://unitsofmeasure.org'];
    const other = await client.search('Observation', `${chain}&value-quantity=gt80000||g`);
    assert.ok((other.entry ?? []).every(({ search }) => search?.mode === 'outcome'));
    const heavy = `${chain}&value-quantity=gt80000|${unit}|g`;
    assert.equal((await client.searchResources('Observation', heavy))[0]?.id, observation.id);
    await client.deleteResource('Observation', observation.id);
    await assert.rejects(client.readResource('Observation', observation.id), (error) =>
      ['deleted', 'gone'].includes(codeOf(error) ?? ''),
    );
  });

  test('goes through all pages of a search', async () => {
    const answer = await client.executeBatch(recordOf('Peerpages', [50, 51, 52]));
    const values: (number | undefined)[] = [];
    const asked = { patient: idIn(answer), _count: '2' };
    for await (const page of client.searchResourcePages('Observation', asked)) {
      // What is told about the answer is an entry too, and no match.
      for (const one of page)
        if (one.resourceType === 'Observation') values.push(one.valueQuantity?.value);
    }
    assert.deepEqual(values.sort(), [50, 51, 52]);
  });

  test('makes what is not there yet, once', async () => {
    const device = { resourceType: 'Device' } as const;
    const identifier = () => [{ system: 'urn:peer', value: '1' }];
    const once = () =>
      client.createResourceIfNoneExist(
        { ...device, identifier: identifier() },
        'identifier=urn:peer|1',
      );
    const { id } = await once();
    assert.equal((await once()).id, id);
  });
});

test('every answer was what R4 says', () => assertAllRight(recorder, 45));
