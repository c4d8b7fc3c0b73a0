/** What a search answers over HTTP beside what it finds: its links, what comes with it, and what is missing. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { BASE, fhirClient, ids, type Json, json } from './support/fhir-http.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
} from './support/server.ts';

let here: ServerHere;
let server: ServerUnderTest;

const { send, made } = fhirClient(() => server);

const linksOf = (bundle: Json) => bundle['link'] as { relation: string; url: string }[];

const nextOf = (bundle: Json): string | undefined =>
  linksOf(bundle)
    .find(({ relation }) => relation === 'next')
    ?.url.split(BASE)[1];

describe('a search', () => {
  before(async () => {
    here = await startServerHere();
    server = here.server;
  });
  after(() => here[Symbol.asyncDispose]());

  test('by a form goes on page after page, and no address tells what was asked', async () => {
    const family = `Form${randomBytes(8).toString('hex')}`;
    const patients = ['A', 'B', 'C'].map((given) => ({
      resourceType: 'Patient',
      name: [{ family, given: [given] }],
    }));
    const all = await Promise.all(patients.map(async (patient) => (await made(patient)).id));
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const long = `&identifier:not=${randomBytes(3_900).toString('hex')}`;
    for (const [form, kind] of [
      [`family=${family}`, 'q'],
      [`family=${family}${long}`, 'k'],
    ] as const) {
      const found: unknown[] = [];
      let response = await send('POST', '/Patient/_search?_count=1', form, type);
      for (let next: string | undefined = ''; next !== undefined; ) {
        const page = await json(response);
        found.push(...ids(page));
        for (const { url } of linksOf(page)) assert.ok(!url.includes('Form'), url);
        next = nextOf(page);
        if (next === undefined) break;
        assert.ok(next.startsWith(`/Patient?_cursor=${kind}.`) && next.length < 4_100, next);
        response = await send('GET', next);
        assert.equal(response.status, 200);
        const elsewhere = next.replace('Patient', 'Observation');
        assert.equal((await send('GET', elsewhere)).status, 400);
      }
      assert.deepEqual(found.sort(), all.sort());
    }
    const request = { method: 'GET', url: `Patient?family=${family}&_count=2` };
    const batch = { resourceType: 'Bundle', type: 'batch', entry: [{ request }] };
    const [entry] = (await json(await send('POST', '', batch))).entry ?? [];
    const next = nextOf(entry?.resource ?? {}) ?? '';
    assert.ok(!next.includes('Form'));
    assert.equal(ids(await json(await send('GET', next))).length, 1);
  });

  test('says that readings are missing wherever Observations are asked for by other ways', async () => {
    const { id } = await server.addSubject('Warned');
    const warned = async (path: string): Promise<boolean> => {
      const text = JSON.stringify(await json(await send('GET', path)));
      return text.includes('This answer has none of them');
    };
    for (const path of [
      `/?_type=Observation&patient=${id}`,
      `/?_type=Condition,Observation&patient=${id}`,
      `/Patient?_id=${id}&_revinclude=Observation:patient`,
      `/Patient?_has:Observation:patient:code=8867-4`,
      `/Encounter?subject:Patient._has:Observation:patient:code=8867-4`,
      `/DiagnosticReport?result.code=8867-4`,
    ])
      assert.ok(await warned(path), path);
    for (const path of [
      `/?_type=Condition&patient=${id}`,
      `/Patient?_id=${id}&_revinclude=Condition:patient`,
      `/Patient?_has:Condition:patient:code=8867-4`,
      `/Observation?patient=${id}&_revinclude=Provenance:target`,
    ])
      assert.ok(!(await warned(path)), path);
  });

  test('brings what goes with the readings and documents of its page, and with no others', async () => {
    const device = await server.addPatient('Included');
    const startMs = Date.now() - 60_000;
    await server.send(device, JSON.stringify([{ time: startMs, values: { 'heart-rate': 80 } }]));
    await eventually('the reading', async () =>
      (await server.readings(device.subjectId, 'heart-rate')).length === 1 ? true : undefined,
    );
    const who = await made({ resourceType: 'Practitioner', active: true });
    const older = {
      ...{ resourceType: 'Observation', status: 'final' },
      subject: { reference: `Patient/${device.subjectId}` },
      performer: [{ reference: `Practitioner/${who.id}` }],
      code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
      effectiveDateTime: new Date(startMs - 1_000).toISOString(),
    };
    const { id: document } = await made(older);
    const asked = `/Observation?patient=${device.subjectId}&_count=1`;
    const brought = async (path: string) => {
      const page = await json(await send('GET', path));
      return { found: ids(page), included: ids(page, 'include'), next: nextOf(page) ?? '' };
    };
    const first = await brought(
      `${asked}&_include=Observation:patient&_include=Observation:performer`,
    );
    assert.deepEqual(first.included, [device.subjectId], 'the patient of a reading');
    const second = await brought(first.next);
    assert.deepEqual(second.found, [document]);
    assert.deepEqual(second.included.sort(), [device.subjectId, who.id].sort());

    const target = [{ reference: `Observation/${first.found[0]}` }];
    const agent = [{ who: { reference: `Practitioner/${who.id}` } }];
    const recorded = new Date().toISOString();
    const about = await made({ resourceType: 'Provenance', ...{ target, agent, recorded } });
    const reverse = await brought(`${asked}&_revinclude=Provenance:target`);
    assert.deepEqual([reverse.found, reverse.included], [first.found, [about.id]]);
    assert.deepEqual((await brought(reverse.next)).included, []);
  });
});
