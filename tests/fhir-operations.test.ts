/** Operations of FHIR on the real server, as clients of others call them. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Bundle, Parameters, Patient, Resource } from '@medplum/fhirtypes';
import { clientStatus, type KitClient, kitClient } from './support/fhir-clients.ts';
import { assertAllRight, type FhirRecorder, recordFhir } from './support/fhir-recorder.ts';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './support/server.ts';

let here: ServerHere;
let recorder: FhirRecorder;
let client: KitClient;
let ward: { readonly worn: TestDevice; readonly startMs: number; readonly other: string };

const BASE = '/fhir/R4';
const LOINC = 'http://loinc.org';

const made = async <T extends Resource>(body: T): Promise<string> =>
  (await client.create({ resourceType: body.resourceType, body })).id ?? '';

const refersTo = (type: string, id: string) => ({ reference: `${type}/${id}` });

const names = ({ entry = [] }: Bundle, mode = 'match'): string[] =>
  entry
    .filter(({ search }) => search?.mode === mode)
    .map(({ resource }) => `${resource?.resourceType}/${resource?.id}`);

function observed(subjectId: string, code: string, at: string, value: number): Resource {
  return {
    ...{ resourceType: 'Observation', status: 'final', effectiveDateTime: at },
    subject: refersTo('Patient', subjectId),
    code: { coding: [{ system: LOINC, code }] },
    valueQuantity: { value, unit: 'kg' },
  };
}

async function allPages(first: Bundle): Promise<Bundle[]> {
  const pages = [first];
  for (let page = await client.nextPage({ bundle: first }); page !== undefined; ) {
    pages.push(page);
    page = await client.nextPage({ bundle: page });
  }
  return pages;
}

/** A patient whom a device measures, and another one. */
async function fillWard(): Promise<typeof ward> {
  const { server } = here;
  const worn = await server.addPatient('Operated');
  const startMs = Math.floor(Date.now() / 1000) * 1000 - 40_000;
  const readings = Array.from({ length: 6 }, (_, i) => ({
    time: startMs + i * 2_000,
    values: i % 2 === 0 ? { 'heart-rate': 80 + i } : { 'heart-rate': 80 + i, spo2: 95 },
  }));
  await server.send(worn, JSON.stringify(readings));
  await eventually('the readings', async () =>
    (await server.readings(worn.subjectId, 'heart-rate')).length === 6 ? true : undefined,
  );
  return { worn, startMs, other: (await server.addSubject('Another')).id };
}

before(async () => {
  here = await startServerHere();
  recorder = await recordFhir(here.server.url);
  client = await kitClient(`${recorder.url}${BASE}`, here.server.token);
  ward = await fillWard();
});
after(async () => {
  await recorder[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

describe('$everything', () => {
  // The client writes "?undefined" for a question that is an empty object.
  const everything = (id: string, input?: object, method: 'GET' | 'POST' = 'GET') =>
    client.operation({
      ...{ name: '$everything', resourceType: 'Patient', id, method },
      ...(input !== undefined && { input }),
    }) as Promise<Bundle>;

  let own: { organization: string; old: string; young: string; flag: string };

  before(async () => {
    const { subjectId } = ward.worn;
    const subject = refersTo('Patient', subjectId);
    const organization = await made({ resourceType: 'Organization', name: 'Ward' });
    const encounter = (start: string, end: string): Resource => ({
      ...{ resourceType: 'Encounter', status: 'finished', class: { code: 'IMP' }, subject },
      serviceProvider: refersTo('Organization', organization),
      period: { start, end },
    });
    const old = await made(encounter('2019-01-01', '2019-01-09'));
    const young = await made(encounter('2021-02-01', '2021-02-09'));
    const flag = await made({
      ...{ resourceType: 'Flag', status: 'active', code: { text: 'falls' }, subject },
    });
    // Of somebody else, and of both: what names another is no reason to tell who that is.
    const author = refersTo('Patient', ward.other);
    await made({ resourceType: 'Flag', status: 'active', code: { text: 'x' }, subject: author });
    own = { organization, old, young, flag };
  });

  test('tells the patient, the documents, what they refer to, and the readings', async () => {
    const { subjectId } = ward.worn;
    const bundle = await everything(subjectId);
    const [first, ...rest] = names(bundle);
    assert.equal(first, `Patient/${subjectId}`);
    assert.deepEqual(rest.slice(0, 3).sort(), [
      ...[`Encounter/${own.old}`, `Encounter/${own.young}`].sort(),
      `Flag/${own.flag}`,
    ]);
    // Six heart rates and three saturations.
    assert.equal(rest.slice(3).filter((name) => name.startsWith('Observation/')).length, 9);
    assert.equal(rest.length, 12);
    assert.deepEqual(names(bundle, 'include'), [`Organization/${own.organization}`]);
    assert.ok(!JSON.stringify(bundle).includes(ward.other));
  });

  test('page after page tells the same, nothing twice', async () => {
    const { subjectId } = ward.worn;
    const whole = names(await everything(subjectId));
    for (const _count of ['1', '3', '4']) {
      const pages = await allPages(await everything(subjectId, { _count }));
      assert.deepEqual(
        pages.flatMap((page) => names(page)),
        whole,
        `_count=${_count}`,
      );
    }
  });

  test('is narrowed by the time of the care, by type, and by what has changed since', async () => {
    const { subjectId } = ward.worn;
    const ofCare = names(await everything(subjectId, { start: '2021-02-09', end: '2021-12-31' }));
    assert.deepEqual(ofCare.slice(1).sort(), [`Encounter/${own.young}`, `Flag/${own.flag}`]);
    const before = names(await everything(subjectId, { end: '2020' }));
    assert.deepEqual(before.slice(1).sort(), [`Encounter/${own.old}`, `Flag/${own.flag}`]);
    const typed = names(await everything(subjectId, { _type: 'Flag,Encounter' }));
    assert.deepEqual(typed.map((name) => name.split('/')[0]).sort(), [
      ...['Encounter', 'Encounter', 'Flag'],
    ]);
    const since = new Date(Date.now() + 3_600_000).toISOString();
    const bundle = await everything(subjectId, { _since: since });
    assert.deepEqual(names(bundle), [`Patient/${subjectId}`]);
    assert.equal(names(bundle, 'outcome').length, 1, 'it says how readings were asked');
    const parameters: Parameters = {
      resourceType: 'Parameters',
      parameter: [
        { name: '_type', valueCode: 'Flag' },
        { name: '_count', valueInteger: 5 },
      ],
    };
    const posted = names(await everything(subjectId, parameters, 'POST'));
    assert.deepEqual(posted, [`Flag/${own.flag}`]);
  });

  test('is refused of who is not here, and where it is not understood', async () => {
    const refused = (id: string, input: object | undefined, status: number) =>
      assert.rejects(everything(id, input), (error) => clientStatus(error) === status);
    await refused(randomUUID(), undefined, 404);
    await refused('not-a-uuid', undefined, 404);
    const { subjectId } = ward.worn;
    await refused(subjectId, { start: 'soon' }, 400);
    await refused(subjectId, { _count: '0' }, 400);
    await refused(subjectId, { _count: 'many' }, 400);
    await refused(subjectId, { _type: 'Flog' }, 400);
    await refused(subjectId, { _cursor: 'x' }, 400);
    await refused(subjectId, { subject: 'x' }, 400);
  });
});

describe('$lastn', () => {
  const lastn = (input: object) =>
    client.operation({
      ...{ name: '$lastn', resourceType: 'Observation', method: 'GET', input },
    }) as Promise<Bundle>;

  const valuesIn = ({ entry = [] }: Bundle) =>
    entry.flatMap(({ resource }) =>
      resource?.resourceType === 'Observation'
        ? [[resource.code?.coding?.[0]?.code, resource.valueQuantity?.value]]
        : [],
    );

  test('finds the newest of each code, in documents and readings alike', async () => {
    const { subjectId: patient } = ward.worn;
    for (const [day, value] of [
      ['2020-01-02', 71],
      ['2020-01-03', 72],
      ['2020-01-01', 70],
    ] as const)
      await made(observed(patient, '29463-7', day, value));
    // Before the readings, and after them.
    await made(observed(patient, '8867-4', '2020-01-01', 60));
    const later = new Date(ward.startMs + 3_600_000).toISOString();
    const one = valuesIn(await lastn({ patient }));
    assert.deepEqual(
      one.sort(),
      [
        ['29463-7', 72],
        ['2708-6', 95],
        ['8867-4', 85],
      ].sort(),
    );
    const two = valuesIn(await lastn({ patient: `Patient/${patient}`, max: '2', code: '29463-7' }));
    assert.deepEqual(two, [
      ['29463-7', 72],
      ['29463-7', 71],
    ]);
    await made(observed(patient, '8867-4', later, 61));
    const three = valuesIn(await lastn({ subject: patient, max: '3', code: `${LOINC}|8867-4` }));
    assert.deepEqual(
      three.map(([, value]) => value),
      [61, 85, 84],
    );
    const vital = valuesIn(await lastn({ patient, category: 'vital-signs' }));
    assert.deepEqual(vital.map(([code]) => code).sort(), ['2708-6', '8867-4']);
  });

  test('says when it cannot look among readings', async () => {
    const { subjectId: patient } = ward.worn;
    const heavy = await lastn({ patient, 'value-quantity': 'gt70' });
    assert.deepEqual(names(heavy, 'outcome').length, 1);
    assert.deepEqual(valuesIn(heavy), [['29463-7', 72]]);
  });

  test('is refused without a patient, or where it is not understood', async () => {
    const refused = (input: object) =>
      assert.rejects(lastn(input), (error) => clientStatus(error) === 400);
    await refused({ code: '29463-7' });
    await refused({ patient: ward.other, max: '0' });
    await refused({ patient: ward.other, max: '1000' });
    await refused({ patient: ward.other, date: 'soon' });
    assert.deepEqual(valuesIn(await lastn({ patient: ward.other })), []);
    assert.deepEqual(valuesIn(await lastn({ patient: randomUUID() })), []);
  });
});

describe('$match', () => {
  const match = (resource: Partial<Patient>, more: object[] = []) => {
    const parameter = [{ name: 'resource', resource: { resourceType: 'Patient', ...resource } }];
    const input = { resourceType: 'Parameters', parameter: [...parameter, ...more] };
    return client.operation({ name: '$match', resourceType: 'Patient', input }) as Promise<Bundle>;
  };

  test('finds who it may be, the likeliest first, each with its grade', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    const person = (given: string): Patient => ({
      resourceType: 'Patient',
      name: [{ family: 'Matched', given: [given] }],
      birthDate: '1950-05-06',
    });
    const identifier = [{ system: 'urn:match', value: first }];
    const ann = await made<Resource>({ ...person('Ann'), identifier });
    const bea = await made<Resource>({ ...person('Bea'), identifier: [{ value: second }] });
    const found = await match(person('Ann'));
    const told = (found.entry ?? []).map(({ resource, search }) => [
      ...[resource?.id, search?.extension?.[0]?.valueCode],
    ]);
    assert.deepEqual(told, [
      [ann, 'probable'],
      [bea, 'possible'],
    ]);
    const certainly = { name: 'onlyCertainMatches', valueBoolean: true };
    assert.deepEqual(names(await match(person('Ann'), [certainly])), []);
    assert.deepEqual(names(await match({ identifier }, [certainly])), [`Patient/${ann}`]);
    assert.equal(names(await match(person('Ann'), [{ name: 'count', valueInteger: 1 }])).length, 1);
  });

  test('is refused without a Patient', async () => {
    const input = { resourceType: 'Parameters', parameter: [{ name: 'count', valueInteger: 1 }] };
    await assert.rejects(
      client.operation({ name: '$match', resourceType: 'Patient', input }),
      (error) => clientStatus(error) === 400,
    );
  });
});

test('operations are in the capability statement, and others are not', async () => {
  const { rest } = await client.capabilityStatement();
  const operationsOf = (type: string) =>
    rest?.[0]?.resource?.find((one) => one.type === type)?.operation?.map(({ name }) => name);
  assert.deepEqual(operationsOf('Patient'), [
    'everything',
    'summary',
    'match',
    'merge',
    'unmerge',
    'export',
    'graphql',
    'validate',
  ]);
  assert.deepEqual(operationsOf('Observation'), [
    'lastn',
    'stats',
    'waveform',
    'closed-loop',
    'graphql',
    'validate',
  ]);
  assert.deepEqual(operationsOf('Encounter'), ['claim', 'graphql', 'validate']);
  assert.deepEqual(operationsOf('Flag'), ['graphql', 'validate']);
  const ofSystem = rest?.[0]?.operation?.map(({ name }) => name) ?? [];
  assert.ok(ofSystem.includes('graphql') && !ofSystem.includes('everything'));
  const unknown = client.operation({ name: '$what', resourceType: 'Patient', method: 'GET' });
  await assert.rejects(unknown, (error) => clientStatus(error) === 404);
});

test('every answer was what R4 says', () => assertAllRight(recorder, 60));
