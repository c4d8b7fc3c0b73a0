/**
 * The closed loop in data, on the real server: one call walks from a blood pressure to the alarm about it, the
 * Task for that, the revision of the care plan that it led to, and how the pressure went on.
 */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type {
  Bundle,
  CarePlan,
  Flag,
  Observation,
  OperationOutcome,
  Resource,
} from '@medplum/fhirtypes';
import { fhirClient, type Json, json } from './support/fhir-http.ts';
import { assertAllRight, type FhirRecorder, recordFhir } from './support/fhir-recorder.ts';
import { acknowledge } from './support/nurse.ts';
import {
  eventually,
  iso,
  type ServerHere,
  startServerHere,
  type TestDevice,
} from './support/server.ts';

let here: ServerHere;
let recorder: FhirRecorder;
let worn: TestDevice;
let observation: string;
const { send, made } = fhirClient(() => here.server);
const reference = (type: string, id: string | undefined) => ({ reference: `${type}/${id}` });
const ofPatient = (id = worn.subjectId) => reference('Patient', id);

const cuff = (time: number, systolic: number) => ({
  time,
  values: { 'nibp-systolic': systolic, 'nibp-diastolic': systolic - 90 },
});

before(async () => {
  here = await startServerHere({ config: { demo: true } });
  recorder = await recordFhir(here.server.url);
  worn = await here.server.addPatient('Pressed');
  const atMs = Date.now() - 40_000;
  await here.server.send(worn, JSON.stringify([cuff(atMs, 190), cuff(atMs + 10_000, 230)]));
  const found = await eventually('the readings', async () => {
    const panel = `/Observation?subject=Patient/${worn.subjectId}&code=85354-9&_sort=-date`;
    const { entry = [] } = await json(await send('GET', panel));
    return entry.length === 2 ? entry : undefined;
  });
  observation = found[0]?.resource?.id ?? '';
});
after(async () => {
  await recorder[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

/** Through the recorder, which validates what is answered by R4. */
async function walk(id = observation, query = ''): Promise<{ status: number; all: Resource[] }> {
  const response = await fetch(`${recorder.url}/fhir/R4/Observation/${id}/$closed-loop${query}`, {
    headers: { authorization: `Bearer ${here.server.token}` },
  });
  const { entry = [] } = (await response.json()) as Bundle;
  return { status: response.status, all: entry.flatMap(({ resource }) => resource ?? []) };
}

const ofType = <T extends Resource['resourceType']>(all: readonly Resource[], type: T) =>
  all.filter((one): one is Extract<Resource, { resourceType: T }> => one.resourceType === type);

const alarmed = (id = observation): Promise<Flag> =>
  eventually('the alarm', async () => ofType((await walk(id)).all, 'Flag')[0]);

const plan = (more: Partial<CarePlan> = {}) => ({
  ...{ resourceType: 'CarePlan', status: 'active', intent: 'plan', subject: ofPatient() },
  ...more,
});

/** A plan of one version, and the text of its second. */
async function revised(more: Partial<CarePlan>): Promise<Json & { id: string }> {
  const first = await made(plan());
  const second = await send('PUT', `/CarePlan/${first.id}`, { ...plan(more), id: first.id });
  assert.equal(second.status, 200);
  return first;
}

const figure = (one: Observation | undefined, code: string): number | undefined =>
  one?.component?.find((part) => part.code.coding?.[0]?.code === code)?.valueQuantity?.value;

test('an alarm is a Flag that names the reading, is read by its id, and is written by nobody', async () => {
  const flag = await alarmed();
  assert.deepEqual(
    flag.extension?.map(({ valueReference }) => valueReference?.reference).filter(Boolean),
    [`Observation/${observation}`],
  );
  assert.equal(flag.code.coding?.[0]?.code, 'limit/blood-pressure-systolic/high');
  const path = `/Flag/${flag.id}`;
  const read = await send('GET', path);
  assert.deepEqual(await read.json(), flag);
  assert.equal((await send('GET', `${path}/_history/${flag.meta?.versionId}`)).status, 200);
  assert.equal((await send('PUT', path, flag)).status, 405);
  assert.equal((await send('DELETE', path)).status, 405);
  // The lower pressure before it opened nothing, and nobody has revised a plan.
  const { all } = await walk();
  assert.deepEqual(
    all.map(({ resourceType }) => resourceType),
    ['Observation', 'Flag', 'OperationOutcome'],
  );
  const listed = await json(await send('GET', `/Flag?patient=${worn.subjectId}`));
  assert.match(JSON.stringify(listed), /has none of them/, 'whoever searches is told so');
  const [alarm] = await here.server.alarms(worn.subjectId);
  assert.equal(await acknowledge(here.server.url, alarm), 200);
  const later = (await json(await send('GET', path))) as Json & Flag;
  assert.equal(later.category?.[0]?.coding?.[0]?.code, 'acknowledged');
  assert.notEqual(later.meta?.versionId, flag.meta?.versionId);
});

test('one call leads from a pressure to the revision that it caused, and to how it went on', async () => {
  const flag = await alarmed();
  const task = { resourceType: 'Task', status: 'completed', intent: 'order', for: ofPatient() };
  const call = await made({ ...task, focus: reference('Flag', flag.id) });
  const part = await made({ ...task, partOf: [reference('Task', call.id)] });
  await made({ ...task, focus: reference('Flag', 'another') });
  const first = await revised({ description: 'Two tablets' });
  const revision = `CarePlan/${first.id}/_history/2`;
  const provenance = await made({
    ...{ resourceType: 'Provenance', recorded: iso(Date.now()) },
    target: [{ reference: revision }],
    agent: [{ who: { display: 'Team' } }],
    entity: [{ role: 'source', what: reference('Task', call.id) }],
  });
  const nowMs = Date.now();
  await here.server.send(worn, JSON.stringify([cuff(nowMs, 150), cuff(nowMs + 1, 140)]));
  await eventually('the later readings', async () =>
    (await here.server.readings(worn.subjectId, 'nibp-systolic')).length === 4 ? true : undefined,
  );

  const { status, all } = await walk();
  assert.equal(status, 200);
  assert.deepEqual(
    all.slice(0, 6).map(({ resourceType, id }) => `${resourceType}/${id}`),
    [
      ...[`Observation/${observation}`, `Flag/${flag.id}`],
      ...[`Task/${call.id}`, `Task/${part.id}`],
      ...[`Provenance/${provenance.id}`, `CarePlan/${first.id}`],
    ],
  );
  const [changed] = ofType(all, 'CarePlan');
  assert.deepEqual([changed?.meta?.versionId, changed?.description], ['2', 'Two tablets']);
  const figures = ofType(all, 'Observation').slice(1);
  assert.ok(figures.every(({ basedOn }) => basedOn?.[0]?.reference === revision));
  // Systolic and diastolic, each before and after.
  const told = figures.map((one) => [figure(one, 'count'), figure(one, 'average')]);
  assert.deepEqual(told, [
    ...[
      [2, 210],
      [2, 145],
    ],
    ...[
      [2, 120],
      [2, 55],
    ],
  ]);
  assert.deepEqual(ofType(all, 'OperationOutcome'), []);
});

test('a plan that names what it was made for is told as of the version that began to', async () => {
  const flag = await alarmed();
  const linked = { supportingInfo: [reference('Observation', observation)] };
  const { id } = await revised(linked);
  await send('PUT', `/CarePlan/${id}`, { ...plan({ ...linked, description: 'Later' }), id });
  // An alarm is known by its number too, and a plan without its version is told as it is.
  const identifier = { system: 'urn:ausculta:alarm', value: flag.identifier?.[0]?.value ?? '' };
  const loose = await revised({ description: 'Loose' });
  await made({
    ...{ resourceType: 'Task', status: 'completed', intent: 'order', focus: { identifier } },
    for: ofPatient(),
    output: [{ type: { text: 'Plan' }, valueReference: reference('CarePlan', loose.id) }],
  });
  const { all } = await walk();
  const versions = ofType(all, 'CarePlan').map((one) => [one.id, one.meta?.versionId]);
  assert.deepEqual(versions.slice(1), [
    [id, '2'],
    [loose.id, '2'],
  ]);
  const [outcome] = ofType(all, 'OperationOutcome') as OperationOutcome[];
  assert.match(outcome?.issue[0]?.details?.text ?? '', /without its version/);
});

test('what is of another patient is of another loop', async () => {
  const flag = await alarmed();
  const other = await here.server.addSubject('Another');
  const task = await made({
    ...{
      resourceType: 'Task',
      status: 'ready',
      intent: 'order',
      focus: reference('Flag', flag.id),
    },
    for: ofPatient(other.id),
  });
  const theirs = await made({ ...plan(), subject: ofPatient(other.id) });
  await made({
    ...{
      resourceType: 'Provenance',
      recorded: iso(Date.now()),
      agent: [{ who: { display: 'X' } }],
    },
    target: [{ reference: `CarePlan/${theirs.id}/_history/1` }],
    entity: [{ role: 'source', what: reference('Flag', flag.id) }],
  });
  const ids = (await walk()).all.map(({ id }) => id);
  assert.ok(!ids.includes(task.id) && !ids.includes(theirs.id));
});

test('a value that somebody wrote leads to its alarm as well', async () => {
  const { id: subjectId } = await here.server.addSubject('Charted');
  const written = await made({
    ...{ resourceType: 'Observation', status: 'final', subject: ofPatient(subjectId) },
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    effectiveDateTime: iso(Date.now() - 60_000),
    valueQuantity: { value: 180, system: 'http://unitsofmeasure.org', code: '/min' },
  });
  const flag = await alarmed(written.id);
  const details = flag.extension?.map(({ valueReference }) => valueReference?.reference);
  assert.ok(details?.includes(`Observation/${written.id}`));
  await here.server.post(`/api/subjects/${subjectId}/erasure`, {
    recordNumber: (
      await here.server.get<{ identity: { recordNumber: string } }>(`/api/subjects/${subjectId}`)
    ).identity.recordNumber,
  });
  assert.equal((await send('GET', `/Flag/${flag.id}`)).status, 404);
});

test('readings that went to another record of the same person are in the figures', async () => {
  const old = await here.server.addPatient('Old');
  const kept = await here.server.addPatient('Kept');
  const readingsOf = (subjectId: string) => here.server.readings(subjectId, 'nibp-systolic');
  await here.server.send(old, JSON.stringify([cuff(Date.now() - 40_000, 160)]));
  await eventually('the reading', async () => (await readingsOf(old.subjectId))[0]);
  const subject = ofPatient(old.subjectId);
  const said = await made({
    ...{ resourceType: 'Observation', status: 'final', subject },
    code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] },
    effectiveDateTime: iso(Date.now() - 30_000),
    valueQuantity: { value: 150, system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
  });
  await made(plan({ subject, supportingInfo: [reference('Observation', said.id)] }));
  const before = async () => figure(ofType((await walk(said.id)).all, 'Observation')[1], 'count');
  assert.equal(await before(), 2);
  await here.server.post(`/api/subjects/${old.subjectId}/merge`, { into: kept.subjectId });
  await eventually('the reading there', async () => (await readingsOf(kept.subjectId))[0]);
  assert.equal(await before(), 2);
});

test('it is refused of what is not here, of nobody, and where it is not understood', async () => {
  assert.equal((await walk(randomUUID())).status, 404);
  assert.equal((await walk(observation, '?days=0')).status, 400);
  assert.equal((await walk(observation, '?days=91')).status, 400);
  assert.equal((await walk(observation, '?deep=1')).status, 400);
  const code = { text: 'Of a room' };
  const room = await made({ resourceType: 'Observation', status: 'final', code });
  assert.equal((await walk(room.id)).status, 422);
  const subject = ofPatient();
  const words = { resourceType: 'Observation', status: 'final', code, subject };
  const said = await made({ ...words, valueString: 'fine' });
  assert.equal((await walk(said.id)).status, 200, 'of no number there is no alarm and no figure');
  const flag = await alarmed();
  const foreign = randomUUID();
  const sql = here.database.line;
  await sql`INSERT INTO organisation (id, name) VALUES (${foreign}, 'The other hospital')`;
  const token_hash = createHash('sha256').update('foreign').digest();
  await sql`INSERT INTO api_token (organisation_id, token_hash, label, roles)
    VALUES (${foreign}, ${token_hash}, 'test', ARRAY['administrator', 'physician', 'nurse'])`;
  const headers = { authorization: 'Bearer foreign' };
  for (const path of [`Flag/${flag.id}`, `Observation/${observation}/$closed-loop`]) {
    const response = await fetch(`${here.server.url}/fhir/R4/${path}`, { headers });
    assert.equal(response.status, 404, path);
  }
  assertAllRight(recorder, 15);
});
