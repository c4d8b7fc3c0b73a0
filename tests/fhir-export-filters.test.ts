/** `_typeFilter` of `$export` on the real server: what is asked for, whole, and nothing else. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Observation, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './support/server.ts';

let here: ServerHere;
let worn: TestDevice;

const BASE = '/fhir/R4';
const ASYNC = { prefer: 'respond-async', accept: 'application/fhir+json' };

interface Manifest {
  readonly request: string;
  readonly output: readonly { readonly type: string; readonly url: string }[];
  readonly error: readonly { readonly url: string }[];
}

const pathOf = (url: string): string => new URL(url).pathname;

async function begin(query: string, prefer = ASYNC.prefer): Promise<Response> {
  return await here.server.fetch(`${BASE}/$export?${query}`, { headers: { ...ASYNC, prefer } });
}

async function manifestOf(query: string): Promise<Manifest> {
  const begun = await begin(query);
  assert.equal(begun.status, 202, await begun.text());
  const status = pathOf(begun.headers.get('content-location') ?? '');
  return await eventually('the export', async () => {
    const response = await here.server.fetch(status);
    return response.status === 202 ? undefined : ((await response.json()) as Manifest);
  });
}

async function linesAt(url: string): Promise<Resource[]> {
  const text = await (await here.server.fetch(pathOf(url))).text();
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Resource]));
}

const searched = (...filters: readonly string[]): string =>
  filters.map((filter) => `_typeFilter=${encodeURIComponent(filter)}`).join('&');

async function exported(query: string): Promise<Resource[]> {
  const { output } = await manifestOf(query);
  const files = await Promise.all(output.map(({ url }) => linesAt(url)));
  return files.flat();
}

function textOf(one: Resource): string | undefined {
  if (one.resourceType === 'Encounter') return one.status;
  return one.resourceType === 'Condition' ? one.code?.text : undefined;
}

const made = (body: Resource) => here.server.post<Resource>(`${BASE}/${body.resourceType}`, body);

before(async () => {
  here = await startServerHere();
  worn = await here.server.addPatient('Measured');
  const startMs = Date.now() - 30_000;
  const readings = [0, 1, 2].map((i) => ({
    time: startMs + i * 1_000,
    values: { 'heart-rate': 80 + i, spo2: 96 },
  }));
  await here.server.send(worn, JSON.stringify(readings));
  await eventually('the readings', async () =>
    (await here.server.readings(worn.subjectId, 'spo2')).length === 3 ? true : undefined,
  );
  for (const family of ['Narrow', 'Wide'])
    await made({ resourceType: 'Patient', name: [{ family }], birthDate: '1980-01-01' });
  const subject = { reference: `Patient/${worn.subjectId}` };
  for (const [text, code] of [
    ['sore', 'active'],
    ['gout', 'resolved'],
    ['cough, dry', 'remission'],
  ] as const)
    await made({
      ...{ resourceType: 'Condition', subject, code: { text } },
      clinicalStatus: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code }],
      },
    });
  for (const status of ['finished', 'planned'] as const)
    await made({ resourceType: 'Encounter', status, subject, class: { code: 'IMP' } });
});
after(() => here[Symbol.asyncDispose]());

describe('_typeFilter', () => {
  test('narrows its own type, and each of several searches adds to it', async () => {
    const types = '_type=Condition,Encounter&';
    const one = await exported(types + searched('Condition?clinical-status=active'));
    assert.deepEqual(one.map(textOf).sort(), ['finished', 'planned', 'sore']);
    const either = searched(
      'Condition?clinical-status=active',
      'Condition?code:text=cough&clinical-status=remission,Encounter?status=finished',
    );
    assert.deepEqual((await exported(types + either)).map(textOf).sort(), [
      ...['cough, dry', 'finished', 'sore'],
    ]);
    const none = searched('Condition?clinical-status=active&code:text=gout');
    assert.deepEqual(await exported(`_type=Condition&${none}`), []);
  });

  test('narrows patients, and readings as Observations', async () => {
    const patients = await exported(`_type=Patient&${searched('Patient?family=narrow')}`);
    assert.deepEqual(
      patients.map((one) => (one as { name?: { family?: string }[] }).name?.[0]?.family),
      ['Narrow'],
    );
    const rates = (await exported(
      `_type=Observation&${searched('Observation?code=http://loinc.org|8867-4&value-quantity=gt80')}`,
    )) as Observation[];
    assert.deepEqual(
      rates.map(({ valueQuantity }) => valueQuantity?.value),
      [81, 82],
    );
  });

  test('what it asks is told in the manifest, and kept where nobody reads it', async () => {
    const filter = 'Patient?family=Narrow&birthdate=1980-01-01';
    const { request } = await manifestOf(`_type=Patient&${searched(filter)}`);
    assert.equal(new URL(request).searchParams.get('_typeFilter'), filter);
    assert.equal(new URL(request).searchParams.get('_type'), 'Patient');
    const rows = await here.database.line`SELECT request, filters FROM fhir_export`;
    assert.ok(rows.some(({ filters }) => filters !== null));
    const kept = rows.map(({ request: text, filters }) => `${text} ${Buffer.from(filters ?? '')}`);
    assert.doesNotMatch(kept.join(), /narrow|1980|family/i);
  });

  test('an unknown parameter is passed over and told, or refused to whoever is strict', async () => {
    const query = `_type=Encounter&${searched('Encounter?status=finished&colour=red')}`;
    const { output, error } = await manifestOf(query);
    assert.deepEqual((await linesAt(output[0]?.url ?? '')).map(textOf), ['finished']);
    const [told] = (await linesAt(error[0]?.url ?? '')) as OperationOutcome[];
    assert.equal(told?.issue[0]?.severity, 'warning');
    assert.match(told?.issue[0]?.details?.text ?? '', /colour/);
    const strict = await begin(query, 'respond-async, handling=strict');
    assert.equal(strict.status, 400);
    assert.equal(((await strict.json()) as OperationOutcome).resourceType, 'OperationOutcome');
  });

  test('what is no search of an exported type is refused', async () => {
    for (const [types, filter] of [
      ['Flag', 'Condition?code=1'],
      ['Flag', 'status=active'],
      ['Flag', 'Flag'],
      ['Flag', 'Flag?_sort=date'],
      ['Flag', 'Flag?_include=Flag:subject'],
      ['Flag', 'Flag?date=yesterday'],
      ['Flag', 'Flag?subject:Patient.family=x'],
      ['Patient', 'Patient?_has:Flag:subject:status=active'],
    ] as const) {
      const response = await begin(`_type=${types}&${searched(filter)}`);
      assert.equal(response.status, 400, filter);
      assert.equal(((await response.json()) as OperationOutcome).resourceType, 'OperationOutcome');
    }
    const many = Array.from({ length: 51 }, () => 'Flag?status=active');
    assert.equal((await begin(searched(...many))).status, 400);
    assert.equal((await begin(searched('Nothing?status=active'))).status, 400);
  });
});
