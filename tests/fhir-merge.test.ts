/** `Patient/$merge` and `$unmerge` on the real server: two records are one, and are again what they were. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type {
  Bundle,
  OperationOutcome,
  Parameters,
  ParametersParameter,
  Patient,
  Resource,
} from '@medplum/fhirtypes';
import { assertAllRight, type FhirRecorder, recordFhir } from './support/fhir-recorder.ts';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './support/server.ts';

let here: ServerHere;
let recorder: FhirRecorder;

const BASE = '/fhir/R4';
const HOSPITAL = 'http://hospital.example/number';

async function ask(path: string, body?: object): Promise<Response> {
  return await fetch(`${recorder.url}${BASE}${path}`, {
    headers: {
      authorization: `Bearer ${here.server.token}`,
      ...(body && { 'content-type': 'application/fhir+json' }),
    },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
}

async function got<T extends Resource>(path: string, body?: object): Promise<T> {
  const response = await ask(path, body);
  const text = await response.text();
  assert.ok(response.ok, `${path}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

const made = async (body: object): Promise<string> =>
  (await got<Resource>(`/${(body as Resource).resourceType}`, body)).id ?? '';

const named = (name: string, id: string): ParametersParameter => ({
  ...{ name, valueReference: { reference: `Patient/${id}` } },
});

const asking = (act: string, parameter: ParametersParameter[]): [string, object] => [
  `/Patient/$${act}`,
  { resourceType: 'Parameters', parameter },
];

const merge = (source: string, target: string, ...more: ParametersParameter[]) =>
  got<Parameters>(
    ...asking('merge', [named('source-patient', source), named('target-patient', target), ...more]),
  );

const unmerge = (source: string) =>
  got<Parameters>(...asking('unmerge', [named('source-patient', source)]));

const partOf = <T extends Resource>({ parameter = [] }: Parameters, name: string): T | undefined =>
  parameter.find((one) => one.name === name)?.resource as T | undefined;

const idsIn = ({ entry = [] }: Bundle): string[] =>
  entry.filter(({ search }) => search?.mode === 'match').map(({ resource }) => resource?.id ?? '');

const found = async (path: string): Promise<string[]> => idsIn(await got<Bundle>(path)).sort();

const linksOf = ({ link = [] }: Patient): unknown[] =>
  link.map(({ other, type }) => [type, other?.reference]);

const patientWith = (family: string, value: string): Promise<string> =>
  made({
    ...{ resourceType: 'Patient', birthDate: '1960-01-01', gender: 'female' },
    name: [{ family }],
    identifier: [{ system: HOSPITAL, value }],
    link: [{ other: { reference: `RelatedPerson/${randomUUID()}` }, type: 'seealso' }],
  });

const conditionOf = (patient: string, text: string): Promise<string> =>
  made({
    ...{ resourceType: 'Condition', subject: { reference: `Patient/${patient}` }, code: { text } },
  });

interface Case {
  readonly old: TestDevice;
  readonly source: string;
  readonly target: string;
  readonly conditions: readonly [string, string];
}

/** A record with readings and documents, and one with documents alone. */
async function twoRecords(): Promise<Case> {
  const source = await patientWith('Twice', `S-${randomUUID()}`);
  const target = await patientWith('Twice', `T-${randomUUID()}`);
  const old = await here.server.addDevice(source);
  const startMs = Math.floor(Date.now() / 1000) * 1000 - 20_000;
  const readings = [0, 1, 2].map((i) => ({
    time: startMs + i * 2_000,
    values: { 'heart-rate': 80 + i },
  }));
  await here.server.send(old, JSON.stringify(readings));
  await moved(source);
  const conditions = [
    await conditionOf(source, 'asthma'),
    await conditionOf(target, 'gout'),
  ] as const;
  return { old, source, target, conditions };
}

/** All that is told of a record: itself, its documents, its readings. */
async function recordOf(id: string): Promise<unknown> {
  const everything = await got<Bundle>(`/Patient/${id}/$everything?_count=100`);
  const all = (everything.entry ?? []).map(({ resource }) => resource);
  return {
    all,
    history: (await got<Bundle>(`/Patient/${id}/_history`)).entry?.length,
    conditions: await found(`/Condition?patient=${id}`),
    rates: await found(`/Observation?patient=${id}&code=8867-4&_sort=-date`),
  };
}

/** Nobody is shown readings while they change hands. */
async function moved(to: string): Promise<void> {
  await eventually('the readings where they belong', async () =>
    (await here.server.readings(to, 'heart-rate')).length === 3 ? true : undefined,
  );
}

before(async () => {
  here = await startServerHere();
  recorder = await recordFhir(here.server.url);
});
after(async () => {
  await recorder[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

describe('$merge', () => {
  test('records and readings are found under the one that goes on, and links tell of both', async () => {
    const { source, target, conditions } = await twoRecords();
    const merged = await merge(source, target);
    assert.equal(partOf<OperationOutcome>(merged, 'outcome')?.issue[0]?.severity, 'information');
    assert.equal(partOf<Parameters>(merged, 'input')?.parameter?.length, 2);
    assert.equal(partOf<Patient>(merged, 'result')?.id, target);
    const [old, kept] = [
      await got<Patient>(`/Patient/${source}`),
      await got<Patient>(`/Patient/${target}`),
    ];
    assert.deepEqual(linksOf(kept).slice(1), [['replaces', `Patient/${source}`]]);
    assert.deepEqual(linksOf(old).slice(1), [['replaced-by', `Patient/${target}`]]);
    assert.deepEqual([old.active, kept.active ?? true], [false, true]);
    const both = [...conditions].sort();
    assert.deepEqual(await found(`/Condition?patient=${target}`), both);
    assert.deepEqual(await found(`/Condition?subject=Patient/${target}`), both);
    assert.deepEqual(await found(`/Condition?patient=${source}`), [conditions[0]]);
    const number = `${HOSPITAL}|${kept.identifier?.[0]?.value}`;
    assert.deepEqual(
      await found(`/Condition?patient.identifier=${encodeURIComponent(number)}`),
      both,
    );
    const rates = `&code=8867-4&_sort=-date`;
    await moved(target);
    assert.equal((await found(`/Observation?patient=${target}${rates}`)).length, 3);
    assert.deepEqual(await found(`/Observation?patient=${source}${rates}`), []);
    const back = await got<Bundle>(`/Patient?_id=${target}&_revinclude=Condition:patient`);
    assert.equal(back.entry?.length, 3);
    assert.deepEqual(await found(`/Patient?link=Patient/${target}`), [source]);
    const everything = JSON.stringify(await recordOf(target));
    for (const id of conditions) assert.ok(everything.includes(id));
  });

  test('undone, both are told exactly as they were', async () => {
    const { source, target } = await twoRecords();
    const before = [await recordOf(source), await recordOf(target)];
    await merge(source, target);
    assert.notDeepEqual([await recordOf(source), await recordOf(target)], before);
    const apart = await unmerge(source);
    assert.equal(partOf<Patient>(apart, 'result')?.id, target);
    await moved(source);
    assert.deepEqual([await recordOf(source), await recordOf(target)], before);
    await merge(source, target);
    // Its answer may be lost.
    await merge(source, target);
    assert.equal((await found(`/Condition?patient=${target}`)).length, 2);
  });

  test('what is written of the old record afterwards is found under the other, first page and all', async () => {
    const { source, target } = await twoRecords();
    await merge(source, target);
    await moved(target);
    const newest = `/Observation?patient=${target}&code=8867-4&_sort=-date`;
    assert.equal((await found(newest)).length, 3);
    const written = await made({
      ...{ resourceType: 'Observation', status: 'final' },
      ...{
        subject: { reference: `Patient/${source}` },
        effectiveDateTime: new Date().toISOString(),
      },
      code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
      valueQuantity: { value: 77, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
    });
    assert.ok((await found(newest)).includes(written));
    assert.equal((await found(newest)).length, 4);
  });

  test('an export of the one that goes on has what was written of both', async () => {
    const { source, target, conditions } = await twoRecords();
    await merge(source, target);
    const headers = { prefer: 'respond-async', accept: 'application/fhir+json' };
    const asked = `/Patient/$export?_type=Condition&patient=Patient/${target}`;
    const begun = await here.server.fetch(`${BASE}${asked}`, { headers });
    const { pathname } = new URL(begun.headers.get('content-location') ?? '');
    const { output } = await eventually('the export', async () => {
      const response = await here.server.fetch(pathname);
      if (response.status === 202) return undefined;
      return (await response.json()) as { output: { url: string }[] };
    });
    const file = await here.server.fetch(new URL(output[0]?.url ?? '').pathname);
    const lines = (await file.text()).trim().split('\n');
    const ids = lines.map((line) => (JSON.parse(line) as Resource).id ?? '');
    assert.deepEqual(ids.sort(), [...conditions].sort());
  });

  test('says beforehand what it would do, and does nothing', async () => {
    const { source, target } = await twoRecords();
    const before = [await recordOf(source), await recordOf(target)];
    const told = await merge(source, target, { name: 'preview', valueBoolean: true });
    assert.match(
      partOf<OperationOutcome>(told, 'outcome')?.issue[0]?.details?.text ?? '',
      /Nothing was done/,
    );
    assert.deepEqual([await recordOf(source), await recordOf(target)], before);
  });

  test('writes what the record is to say, and goes by identifiers too', async () => {
    const { source, target } = await twoRecords();
    const kept = await got<Patient>(`/Patient/${target}`);
    const result = { ...kept, birthDate: '1961-02-03' };
    const identifiers = async (name: string, id: string): Promise<ParametersParameter[]> =>
      ((await got<Patient>(`/Patient/${id}`)).identifier ?? []).map((valueIdentifier) => ({
        ...{ name: `${name}-identifier`, valueIdentifier },
      }));
    const merged = await got<Parameters>(
      ...asking('merge', [
        ...(await identifiers('source-patient', source)),
        ...(await identifiers('target-patient', target)),
        { name: 'result-patient', resource: result },
      ]),
    );
    const told = partOf<Patient>(merged, 'result');
    assert.deepEqual([told?.birthDate, linksOf(told as Patient).length], ['1961-02-03', 2]);
    // Told and sent back, the link is not told twice, and goes when the merge is undone.
    const response = await fetch(`${recorder.url}${BASE}/Patient/${target}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${here.server.token}`,
        'content-type': 'application/fhir+json',
      },
      body: JSON.stringify(told),
    });
    assert.equal(response.status, 200);
    assert.equal(linksOf(await got<Patient>(`/Patient/${target}`)).length, 2);
    await unmerge(source);
    assert.equal(linksOf(await got<Patient>(`/Patient/${target}`)).length, 1);
  });

  test('a record that was merged is read, and not written', async () => {
    const { source, target } = await twoRecords();
    await merge(source, target);
    const old = await got<Patient>(`/Patient/${source}`);
    const response = await fetch(`${recorder.url}${BASE}/Patient/${source}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${here.server.token}`,
        'content-type': 'application/fhir+json',
      },
      body: JSON.stringify(old),
    });
    assert.equal(response.status, 409);
  });
});

test('what cannot be merged is refused, and nothing is done', async () => {
  const { source, target } = await twoRecords();
  const refused = async (act: string, parts: ParametersParameter[], status: number) => {
    const response = await ask(...asking(act, parts));
    const outcome = (await response.json()) as OperationOutcome;
    assert.equal(response.status, status, JSON.stringify(outcome));
    assert.equal(outcome.resourceType, 'OperationOutcome');
  };
  const before = [await recordOf(source), await recordOf(target)];
  const [from, into] = [named('source-patient', source), named('target-patient', target)];
  await refused('merge', [], 400);
  await refused('merge', [from], 400);
  await refused('merge', [into], 400);
  await refused('merge', [from, into, { name: 'colour', valueString: 'red' }], 400);
  await refused('merge', [from, into, { name: 'preview', valueString: 'yes' }], 400);
  await refused('merge', [from, named('target-patient', source)], 422);
  await refused('merge', [from, named('target-patient', randomUUID())], 404);
  await refused(
    'merge',
    [{ name: 'source-patient', valueReference: { reference: 'Group/1' } }, into],
    400,
  );
  const nobody = { system: HOSPITAL, value: 'nobody' };
  await refused(
    'merge',
    [{ name: 'source-patient-identifier', valueIdentifier: nobody }, into],
    404,
  );
  const other = { resourceType: 'Patient', id: source } as const;
  await refused('merge', [from, into, { name: 'result-patient', resource: other }], 422);
  await refused('unmerge', [from], 422);
  await refused('unmerge', [from, { name: 'preview', valueBoolean: true }], 400);
  await here.server.post(`/api/subjects/${source}/holds`, { reason: 'the case of her brother' });
  const response = await ask(...asking('merge', [from, into]));
  const text = await response.text();
  assert.ok(response.status === 409 || response.status === 423, text);
  assert.doesNotMatch(text, /brother/);
  assert.deepEqual([await recordOf(source), await recordOf(target)], before);
});

test('every answer was what R4 says', () => assertAllRight(recorder, 60));
