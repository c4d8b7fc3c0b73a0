/** A client that others wrote does with our server what it does with any. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MedplumClient, OperationOutcomeError } from '@medplum/core';
import type { Bundle, Observation, Patient } from '@medplum/fhirtypes';
import { type ServerHere, startServerHere } from './support/server.ts';

let here: ServerHere;
let client: MedplumClient;

const statusOf = (error: unknown): string | undefined =>
  error instanceof OperationOutcomeError ? error.outcome.issue[0]?.code : undefined;

describe('MedplumClient', () => {
  before(async () => {
    here = await startServerHere();
    client = new MedplumClient({
      baseUrl: `${here.server.url}/`,
      fhirUrlPath: 'fhir/R4',
      accessToken: here.server.token,
      fetch: (url: string, options?: RequestInit) => fetch(url, options),
      cacheTime: 0,
    });
  });
  after(() => here[Symbol.asyncDispose]());

  test('creates, reads, searches, changes, patches and deletes', async () => {
    const patient = await client.createResource<Patient>({
      resourceType: 'Patient',
      name: [{ family: 'Peer', given: ['Client'] }],
      birthDate: '1970-01-02',
    });
    const found = await client.searchResources('Patient', { family: 'peer', birthdate: 'lt1980' });
    assert.deepEqual(
      found.map(({ id }) => id),
      [patient.id],
    );
    const subject = { reference: `Patient/${patient.id}` };
    const made = await client.createResource<Observation>({
      ...{ resourceType: 'Observation', status: 'final', subject },
      code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
      valueQuantity: { value: 80, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
    });
    const changed = await client.updateResource<Observation>({ ...made, status: 'amended' });
    assert.equal(changed.meta?.versionId, '2');
    const patched = await client.patchResource('Observation', made.id, [
      { op: 'replace', path: '/valueQuantity/value', value: 81 },
    ]);
    assert.equal(patched.valueQuantity?.value, 81);
    const history = await client.readHistory('Observation', made.id);
    assert.equal(history.entry?.length, 3);
    const first = await client.readVersion('Observation', made.id, '1');
    assert.equal(first.status, 'final');
    const chained = await client.search(
      'Observation',
      'subject:Patient.name=peer&value-quantity=gt80000||g',
    );
    assert.ok((chained.entry ?? []).every(({ search }) => search?.mode === 'outcome'));
    const heavy = 'subject:Patient.name=peer&value-quantity=gt80000|http://unitsofmeasure.org|g';
    assert.equal((await client.searchResources('Observation', heavy))[0]?.id, made.id);
    await client.deleteResource('Observation', made.id);
    await assert.rejects(client.readResource('Observation', made.id), (error) =>
      ['deleted', 'gone'].includes(statusOf(error) ?? ''),
    );
  });

  test('makes what is not there yet, and sends a transaction', async () => {
    const identifier = [{ system: 'urn:peer', value: '1' }];
    const device = { resourceType: 'Device', identifier } as const;
    const made = await client.createResourceIfNoneExist(
      { ...device, identifier: [...identifier] },
      'identifier=urn:peer|1',
    );
    const again = await client.createResourceIfNoneExist(
      { ...device, identifier: [...identifier] },
      'identifier=urn:peer|1',
    );
    assert.equal(again.id, made.id);
    const answer = (await client.executeBatch({
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          resource: { resourceType: 'Organization', name: 'Peer' },
          request: { method: 'POST', url: 'Organization' },
        },
      ],
    })) as Bundle;
    assert.equal(answer.entry?.[0]?.response?.status, '201 Created');
  });
});
