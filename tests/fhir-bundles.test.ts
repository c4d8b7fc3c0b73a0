/** Bundles on the real server: records of somebody else come in as a whole, or not at all. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes';
import { dataTest } from '../tools/test-data.ts';
import { type ServerHere, type ServerUnderTest, startServerHere } from './support/server.ts';

let here: ServerHere;
let server: ServerUnderTest;

const BASE = '/fhir/R4';

async function post(bundle: object): Promise<Response> {
  const headers = { 'content-type': 'application/fhir+json' };
  return await server.fetch(BASE, { method: 'POST', headers, body: JSON.stringify(bundle) });
}

const transaction = (...entry: BundleEntry[]): Bundle => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry,
});

const creating = (resource: object, fullUrl?: string, more: object = {}): BundleEntry => {
  const { resourceType: url } = resource as Resource;
  const named = fullUrl === undefined ? {} : { fullUrl };
  return { ...named, resource: resource as Resource, request: { method: 'POST', url, ...more } };
};

async function done(bundle: Bundle): Promise<NonNullable<Bundle['entry']>> {
  const response = await post(bundle);
  const answer = (await response.json()) as Bundle;
  assert.equal(response.status, 200, JSON.stringify(answer).slice(0, 500));
  return answer.entry ?? [];
}

/** Without what the server adds, and with references as they became. */
function bare(resource: object, renamed: ReadonlyMap<string, string> = new Map()): unknown {
  const { id: _id, meta, ...rest } = resource as Resource & { meta?: Record<string, unknown> };
  const { versionId: _version, lastUpdated: _time, ...said } = meta ?? {};
  let text = JSON.stringify({ ...rest, ...(Object.keys(said).length > 0 && { meta: said }) });
  for (const [from, to] of renamed) text = text.replaceAll(`"${from}"`, `"${to}"`);
  return JSON.parse(text);
}

describe('FHIR bundles', () => {
  before(async () => {
    here = await startServerHere();
    server = here.server;
  });
  after(() => here[Symbol.asyncDispose]());

  const synthea = 'Synthea’s patients come in as they are, and read back equal';
  dataTest({ dataset: 'fhir', name: synthea, cases: 2 }, async (directory) => {
    const place = join(directory, 'synthea-r4');
    for (const file of readdirSync(place)) {
      const bundle = JSON.parse(readFileSync(join(place, file), 'utf8')) as Bundle;
      const answers = await done(bundle);
      const sent = bundle.entry ?? [];
      assert.equal(answers.length, sent.length);
      const names = answers.map(({ response }) => response?.location?.split('/_history')[0] ?? '');
      const renamed = new Map(sent.map(({ fullUrl }, at) => [fullUrl ?? '', names[at] ?? '']));
      for (const [at, { resource }] of sent.entries()) {
        const read = await server.get<Resource>(`${BASE}/${names[at]}`);
        assert.deepEqual(bare(read), bare(resource ?? {}, renamed), names[at]);
      }
      const patient = names.find((name) => name.startsWith('Patient/'));
      const own = await server.get<Bundle>(
        `${BASE}/Encounter?subject=${patient}&_include=Encounter:service-provider&_revinclude=Condition:encounter`,
      );
      const types = new Set((own.entry ?? []).map(({ resource }) => resource?.resourceType));
      assert.deepEqual([...types].sort(), ['Condition', 'Encounter', 'Organization']);
    }
  });

  test('of a transaction with one bad entry nothing is done', async () => {
    const name = randomUUID();
    const good = creating({ resourceType: 'Organization', name });
    const patient = creating({ resourceType: 'Patient', name: [{ family: name }] });
    const bad = creating({ resourceType: 'Flag', status: 'done' });
    const response = await post(transaction(good, patient, bad));
    assert.equal(response.status, 422);
    const outcome = (await response.json()) as { issue: { expression?: string[] }[] };
    assert.deepEqual(outcome.issue[0]?.expression, ['Bundle.entry[2].resource.Flag.code']);
    for (const query of [`Organization?name=${name}`, `Patient?family=${name}`]) {
      const { entry = [] } = await server.get<Bundle>(`${BASE}/${query}`);
      assert.deepEqual(entry, []);
    }
    const subjects = await server.get<object>('/api/subjects');
    assert.ok(!JSON.stringify(subjects).includes(name));
  });

  test('of a batch each entry is done by itself', async () => {
    const name = randomUUID();
    const good = creating({ resourceType: 'Organization', name });
    const bad = creating({ resourceType: 'Flag', status: 'done' });
    const ask = { request: { method: 'GET', url: `Organization?name=${name}` } } as const;
    const answers = await done({ ...transaction(good, bad, ask), type: 'batch' });
    assert.deepEqual(
      answers.map(({ response }) => response?.status.slice(0, 3)),
      ['201', '422', '200'],
    );
    assert.equal((answers[2]?.resource as Bundle | undefined)?.entry?.length, 1);
  });

  test('entries refer to one another, to what is found, and to what is there already', async () => {
    const value = randomUUID();
    const identifier = [{ system: 'urn:npi', value }];
    const practitioner = { resourceType: 'Practitioner', identifier };
    const [made] = await done(transaction(creating(practitioner)));
    const id = made?.response?.location?.split('/')[1];
    const [patient, again] = [`urn:uuid:${randomUUID()}`, `urn:uuid:${randomUUID()}`];
    const ifNoneExist = `identifier=urn:npi|${value}`;
    const answers = await done(
      transaction(
        creating(
          {
            ...{ resourceType: 'Encounter', status: 'finished', class: { code: 'AMB' } },
            subject: { reference: patient },
            participant: [
              { individual: { reference: `Practitioner?identifier=urn:npi|${value}` } },
              { individual: { reference: again } },
            ],
          },
          `urn:uuid:${randomUUID()}`,
        ),
        creating({ resourceType: 'Patient', name: [{ family: 'Referred' }] }, patient),
        creating(practitioner, again, { ifNoneExist }),
      ),
    );
    assert.deepEqual(
      answers.map(({ response }) => response?.status.slice(0, 3)),
      ['201', '201', '200'],
    );
    const encounter = answers[0]?.resource as {
      subject: { reference: string };
      participant: { individual: { reference: string } }[];
    };
    assert.equal(encounter.subject.reference, `Patient/${answers[1]?.resource?.id}`);
    for (const { individual } of encounter.participant)
      assert.equal(individual.reference, `Practitioner/${id}`);
    const nobody = { reference: 'Practitioner?identifier=urn:npi|nobody' };
    const lost = { resourceType: 'Schedule', actor: [nobody] };
    assert.equal((await post(transaction(creating(lost)))).status, 412);
  });

  test('a Bundle that is none, too long, or about one resource twice is refused', async () => {
    const status = async (bundle: object): Promise<number> => (await post(bundle)).status;
    const organization = { resourceType: 'Organization', id: 'twice', name: 'Twice' };
    const put = {
      resource: organization as Resource,
      request: { method: 'PUT', url: 'Organization/twice' },
    } as const;
    assert.equal(await status({ resourceType: 'Bundle', type: 'collection' }), 400);
    assert.equal(await status({ resourceType: 'Patient' }), 400);
    assert.equal(await status({ ...transaction(), entry: 'x' }), 400);
    assert.equal(await status(transaction(put, put)), 400);
    assert.equal(await status(transaction({})), 400);
    assert.equal(await status({ ...transaction(), entry: [null] }), 400);
    const entry = Array.from({ length: 5_001 }, () => ({}));
    assert.equal(await status({ ...transaction(), entry }), 413);
    assert.equal((await server.fetch(`${BASE}/Organization/twice`)).status, 404);
  });
});
