/**
 * Everything that comes in goes out again: real records and examples are taken in, exported in bulk,
 * imported into an empty installation, and exported there as the same.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Bundle, OperationOutcome, Parameters, Resource } from '@medplum/fhirtypes';
import { dataTest } from '../tools/test-data.ts';
import { type Example, wholeExamplesIn } from './support/fhir.ts';
import { xmlExamplesIn } from './support/fhir-xml.ts';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './support/server.ts';

const BASE = '/fhir/R4';
const ASYNC = { prefer: 'respond-async', accept: 'application/fhir+json' };

interface Manifest {
  readonly transactionTime: string;
  readonly request: string;
  readonly requiresAccessToken: boolean;
  readonly output: readonly { type: string; url: string; count?: number }[];
  readonly error: readonly { type: string; url: string }[];
}

async function beginExport({ server }: ServerHere, path = '/$export'): Promise<string> {
  const begun = await server.fetch(`${BASE}${path}`, { headers: ASYNC });
  assert.equal(begun.status, 202, await begun.text());
  return pathOf(begun.headers.get('content-location') ?? '');
}

const pathOf = (url: string): string => new URL(url).pathname;

async function manifestAt({ server }: ServerHere, status: string): Promise<Manifest> {
  return await eventually('the export', async () => {
    const response = await server.fetch(status);
    if (response.status === 202) {
      assert.ok(response.headers.get('x-progress'));
      return undefined;
    }
    assert.equal(response.status, 200);
    return (await response.json()) as Manifest;
  });
}

/** The lines of all files, by type; each file holds its type alone, and as many as it says. */
async function exported(here: ServerHere, path?: string): Promise<Map<string, string[]>> {
  const manifest = await manifestAt(here, await beginExport(here, path));
  const found = new Map<string, string[]>();
  for (const { type, url, count } of manifest.output) {
    const response = await here.server.fetch(pathOf(url));
    assert.match(response.headers.get('content-type') ?? '', /^application\/fhir\+ndjson/);
    const lines = (await response.text()).split('\n').filter((line) => line !== '');
    if (count !== undefined) assert.equal(lines.length, count, url);
    for (const line of lines) assert.ok(line.startsWith(`{"resourceType":"${type}"`), line);
    found.set(type, [...(found.get(type) ?? []), ...lines]);
  }
  return found;
}

async function imported({ server }: ServerHere, lines: readonly string[]) {
  const response = await server.fetch(`${BASE}/$import`, {
    ...{ method: 'POST', body: `${lines.join('\n')}\n` },
    headers: { 'content-type': 'application/fhir+ndjson' },
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  const { parameter = [] } = JSON.parse(text) as Parameters;
  const counts = Object.fromEntries(
    parameter.flatMap(({ name, valueInteger }) =>
      valueInteger === undefined ? [] : [[name, valueInteger]],
    ),
  );
  const outcome = parameter.find(({ name }) => name === 'outcome')?.resource;
  return { counts, issues: (outcome as OperationOutcome | undefined)?.issue ?? [] };
}

/** As the resource is, without its version here and its time here. */
function bare(line: string): string {
  return line
    .replace(/"versionId":"[^"]*",?/, '')
    .replace(/"lastUpdated":"[^"]*",?/, '')
    .replace(/,\}/, '}')
    .replace('"meta":{},', '');
}

const bareOf = (files: ReadonlyMap<string, readonly string[]>): string[] =>
  [...files.values()].flat().map(bare).sort();

/** What base R4 forbids, what is no document, and what is of a patient who is not here. */
const NOT_TAKEN = [
  'bundle-questionnaire.json',
  'operationoutcome-example.json',
  'riskassessment-example.json',
  // A search in the place of a topic, and an endpoint that nobody has listed.
  'subscription-example.json',
];

/** Patients first, as whoever speaks of them wants; transactions come as such. */
function linesOf(directory: string): { readonly lines: Example[]; readonly bundles: Resource[] } {
  const all = ['r4-examples', 'phd-ig', 'pocd-ig'].flatMap((place) => [
    ...wholeExamplesIn(join(directory, place)),
    ...xmlExamplesIn(join(directory, place)),
  ]);
  const isPatient = ({ resource }: Example) => resource.resourceType === 'Patient';
  const isTransaction = ({ resource }: Example) =>
    resource.resourceType === 'Bundle' && resource.type === 'transaction';
  // The same person is in one of the transactions, under the same number.
  const isTwice = ({ file }: Example) => file === 'patientExample-1.json';
  const singles = all.filter((one) => !isTransaction(one) && !isTwice(one));
  return {
    lines: [...singles.filter(isPatient), ...singles.filter((one) => !isPatient(one))],
    bundles: all.filter(isTransaction).map(({ resource }) => resource),
  };
}

async function post({ server }: ServerHere, path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/fhir+json' };
  return await server.fetch(`${BASE}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
}

async function measured({ server }: ServerHere, device: TestDevice): Promise<void> {
  const startMs = Date.now() - 30_000;
  const readings = Array.from({ length: 20 }, (_, i) => ({
    time: startMs + i * 1_000,
    values: {
      'heart-rate': 80 + i,
      'body-temperature': 37,
      'nibp-systolic': 120,
      'nibp-diastolic': 80,
    },
  }));
  await server.send(device, JSON.stringify(readings));
  await eventually('the readings', async () =>
    (await server.readings(device.subjectId, 'heart-rate')).length === 20 ? true : undefined,
  );
}

let here: ServerHere;
let there: ServerHere;

describe('in bulk', () => {
  before(async () => {
    [here, there] = [await startServerHere(), await startServerHere()];
  });
  after(async () => {
    await here[Symbol.asyncDispose]();
    await there[Symbol.asyncDispose]();
  });

  const everything = 'records and examples come in, go out, and come out of another house the same';
  dataTest({ dataset: 'fhir', name: everything, cases: 3 }, async (directory) => {
    for (const file of ['Buster_Hoeger.json', 'Clemente_Kreiger.json']) {
      const text = readFileSync(join(directory, 'synthea-r4', file), 'utf8');
      assert.equal((await post(here, '', JSON.parse(text) as Bundle)).status, 200);
    }
    const { lines: given, bundles } = linesOf(directory);
    const { counts, issues } = await imported(
      here,
      given.map(({ resource }) => JSON.stringify(resource)),
    );
    assert.equal(counts['received'], given.length);
    const refused = issues.map(({ diagnostics = '' }) => given[Number(diagnostics.slice(5)) - 1]);
    assert.deepEqual([...new Set(refused.map((one) => one?.file))].sort(), NOT_TAKEN);
    for (const bundle of bundles) assert.equal((await post(here, '', bundle)).status, 200);
    const device = await here.server.addPatient('Measured');
    await measured(here, device);

    const out = await exported(here);
    assert.ok((out.get('Patient')?.length ?? 0) >= 4);
    assert.ok((out.get('Observation')?.length ?? 0) > 200);
    for (const line of [...out.values()].flat()) {
      const { resourceType, id } = JSON.parse(line) as Resource;
      if (/^[0-9a-f]{16}\./.test(id ?? '')) continue;
      const read = await here.server.fetch(`${BASE}/${resourceType}/${id}`);
      assert.equal(await read.text(), line);
    }
    const lines = [...out.values()].flat();
    const again = await imported(there, lines);
    assert.deepEqual(again.issues, []);
    assert.equal(again.counts['created'], lines.length);
    assert.deepEqual(bareOf(await exported(there)), bareOf(out));
    // Sent twice it is there once.
    const twice = await imported(there, lines);
    assert.equal(twice.counts['unchanged'], lines.length);
  });

  test('a group, and the patients of a house, are exported with their records alone', async () => {
    const [one, other] = [
      await here.server.addPatient('One'),
      await here.server.addPatient('Other'),
    ];
    await measured(here, one);
    await measured(here, other);
    const flags: string[] = [];
    for (const { subjectId } of [one, other]) {
      const subject = { reference: `Patient/${subjectId}` };
      const flag = { resourceType: 'Flag', status: 'active', code: { text: 'x' }, subject };
      flags.push(((await (await post(here, '/Flag', flag)).json()) as { id: string }).id);
    }
    const member = [
      { entity: { reference: `Patient/${one.subjectId}` } },
      { entity: { reference: `Patient/${other.subjectId}` }, inactive: true },
    ];
    const group = { resourceType: 'Group', type: 'person', actual: true, member };
    const { id } = (await (await post(here, '/Group', group)).json()) as { id: string };
    const idsOf = (files: ReadonlyMap<string, string[]>, type: string) =>
      (files.get(type) ?? []).map((line) => (JSON.parse(line) as { id: string }).id);
    const ofGroup = await exported(here, `/Group/${id}/$export`);
    assert.deepEqual(idsOf(ofGroup, 'Patient'), [one.subjectId]);
    assert.deepEqual(idsOf(ofGroup, 'Flag'), [flags[0]]);
    assert.deepEqual(idsOf(ofGroup, 'Organization'), []);
    // Twenty heart rates, temperatures and pressures.
    assert.equal(ofGroup.get('Observation')?.length, 60);
    const ofPatients = await exported(here, '/Patient/$export?_type=Flag,Patient');
    assert.deepEqual([...ofPatients.keys()], ['Patient', 'Flag']);
    assert.ok(flags.every((flag) => idsOf(ofPatients, 'Flag').includes(flag)));
    const named = await exported(here, `/Patient/$export?patient=Patient/${other.subjectId}`);
    assert.deepEqual(idsOf(named, 'Patient'), [other.subjectId]);
    assert.deepEqual(idsOf(named, 'Flag'), [flags[1]]);
  });

  test('what changes afterwards is not in an export, and _since tells what has changed', async () => {
    const made = await post(here, '/Organization', { resourceType: 'Organization', name: 'first' });
    const { id } = (await made.json()) as { id: string };
    const status = await beginExport(here, '/$export?_type=Organization');
    const manifest = await manifestAt(here, status);
    const body = JSON.stringify({ resourceType: 'Organization', id, name: 'second' });
    const headers = { 'content-type': 'application/fhir+json' };
    await here.server.fetch(`${BASE}/Organization/${id}`, { method: 'PUT', headers, body });
    const url = pathOf(manifest.output[0]?.url ?? '');
    assert.match(await (await here.server.fetch(url)).text(), /"name":"first"/);
    const since = encodeURIComponent(manifest.transactionTime);
    const later = await exported(here, `/$export?_type=Organization&_since=${since}`);
    assert.deepEqual(
      later.get('Organization')?.map((line) => /"name":"(\w+)"/.exec(line)?.[1]),
      ['second'],
    );
    const told = await manifestAt(here, await beginExport(here, `/$export?_since=${since}`));
    const error = await here.server.fetch(pathOf(told.error[0]?.url ?? ''));
    assert.match(await error.text(), /_since is asked of readings/);
    assert.equal((await here.server.fetch(status, { method: 'DELETE' })).status, 202);
    for (const gone of [status, url]) assert.equal((await here.server.fetch(gone)).status, 404);
  });

  test('an erasure ends what was exported before it', async () => {
    const subject = await here.server.addSubject('Erased');
    const status = await beginExport(here, '/Patient/$export');
    const { output } = await manifestAt(here, status);
    const { recordNumber } = subject.identity;
    await here.server.post(`/api/subjects/${subject.id}/erasure`, { recordNumber });
    await eventually('the end of the export', async () =>
      (await here.server.fetch(status)).status === 404 ? true : undefined,
    );
    assert.equal((await here.server.fetch(pathOf(output[0]?.url ?? ''))).status, 404);
    const now = await exported(here, '/Patient/$export');
    assert.ok(!now.get('Patient')?.some((line) => line.includes(subject.id)));
  });

  test('what cannot be taken in is told line by line, the rest is taken', async () => {
    const { counts, issues } = await imported(there, [
      JSON.stringify({ resourceType: 'Organization', id: 'bulk-1', name: 'one' }),
      '{"resourceType":"Organization"',
      JSON.stringify({ resourceType: 'Flag', id: 'bulk-2', status: 'done' }),
      JSON.stringify({ resourceType: 'Nothing', id: 'bulk-3' }),
      JSON.stringify({ resourceType: 'Organization', id: 'bulk 4' }),
      JSON.stringify({ resourceType: 'Organization', id: 'bulk-1', name: 'two' }),
    ]);
    assert.deepEqual(counts, { received: 6, created: 1, updated: 1, unchanged: 0, refused: 4 });
    assert.deepEqual([...new Set(issues.map(({ diagnostics }) => diagnostics))].sort(), [
      'line 2',
      'line 3',
      'line 4',
      'line 5',
    ]);
    const read = await there.server.get<{ name: string }>(`${BASE}/Organization/bulk-1`);
    assert.equal(read.name, 'two');
  });

  test('two sources that count their patients from one do not become one record', async () => {
    const person = (given: string) =>
      JSON.stringify({
        resourceType: 'Patient',
        id: '1',
        name: [{ family: 'Counted', given: [given] }],
      });
    const subject = { reference: 'Patient/1' };
    const flag = { resourceType: 'Flag', id: 'counted', status: 'active', code: { text: 'x' } };
    const ann = [person('Ann'), JSON.stringify({ ...flag, subject })];
    assert.equal((await imported(there, ann)).counts['created'], 2);
    assert.equal((await imported(there, [person('Bob')])).counts['created'], 1);
    const again = await imported(there, ann);
    assert.deepEqual(again.counts, {
      received: 2,
      created: 0,
      updated: 0,
      unchanged: 2,
      refused: 0,
    });
    const found = await there.server.get<Bundle>(`${BASE}/Patient?family=counted`);
    assert.equal(found.entry?.length, 2);
    const { entry } = await there.server.get<Bundle>(`${BASE}/Flag?patient.given=ann`);
    assert.equal(entry?.[0]?.resource?.id, 'counted');
  });

  test('a line that comes before its patient is taken once the patient is there', async () => {
    const id = randomUUID();
    const subject = { reference: `Patient/${id}` };
    const early = {
      resourceType: 'Flag',
      id: 'early',
      status: 'active',
      code: { text: 'x' },
      subject,
    };
    const patient = { resourceType: 'Patient', id, name: [{ family: 'Late' }] };
    const { counts } = await imported(
      there,
      [early, patient].map((one) => JSON.stringify(one)),
    );
    assert.deepEqual(counts, { received: 2, created: 2, updated: 0, unchanged: 0, refused: 0 });
    const alone = { ...early, id: 'alone', subject: { reference: `Patient/${randomUUID()}` } };
    const { issues } = await imported(there, [JSON.stringify(alone)]);
    assert.equal(issues[0]?.diagnostics, 'line 1');
  });

  test('is refused where it is not understood', async () => {
    const ask = async (path: string, headers: Record<string, string> = ASYNC) =>
      (await here.server.fetch(`${BASE}${path}`, { headers })).status;
    assert.equal(await ask('/$export', {}), 400);
    assert.equal(await ask('/$export?_type=Flog'), 400);
    assert.equal(await ask('/$export?_since=soon'), 400);
    assert.equal(await ask('/$export?_outputFormat=text/csv'), 400);
    assert.equal(await ask('/$export?_elements=id'), 400);
    assert.equal(await ask('/$export?patient=Patient/x'), 400);
    assert.equal(await ask('/Patient/$export?patient=Patient/x'), 400);
    assert.equal(await ask('/Group/none/$export'), 404);
    assert.equal(await ask('/$export/none'), 404);
    const type = { 'content-type': 'application/fhir+json' };
    const options = { method: 'POST', body: '{"resourceType":"Flag"}', headers: type };
    assert.equal((await here.server.fetch(`${BASE}/$import`, options)).status, 415);
  });
});
