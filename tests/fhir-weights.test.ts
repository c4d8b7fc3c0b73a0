/** Answers of megabytes over HTTP: a Bundle has room for so much, and a page of readings loses none. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bundle, Observation } from '@medplum/fhirtypes';
import { type ServerHere, startServerHere } from './support/server.ts';

const BASE = '/fhir/R4';
/** Four megabytes, in texts as long as R4 allows. */
const LONG = Array.from({ length: 4 }, () => 'A long note. '.repeat(80_000));

describe('weights', () => {
  let here: ServerHere;
  before(async () => {
    here = await startServerHere();
  });
  after(() => here[Symbol.asyncDispose]());

  test('what finds no room in the answer to a Bundle is refused by itself', async () => {
    const { server } = here;
    const contained = LONG.map((text, at) => {
      return { resourceType: 'Basic', id: `b${at}`, code: { text } };
    });
    const text = JSON.stringify({ resourceType: 'Organization', name: 'Ward 7', contained });
    const headers = { 'content-type': 'application/fhir+json' };
    const made = await server.fetch(`${BASE}/Organization`, {
      ...{ method: 'POST', headers, body: text },
    });
    const { id } = (await made.json()) as { id: string };
    const reads = Array.from({ length: 20 }, () => ({ method: 'GET', url: `Organization/${id}` }));
    const write = { method: 'PUT', url: `Organization/${id}` };
    const resource = { resourceType: 'Organization', id, name: 'Ward 8' };
    const entry = [...reads.map((request) => ({ request })), { request: write, resource }];
    const answer = await server.fetch(BASE, {
      ...{ method: 'POST', headers },
      body: JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }),
    });
    const told = ((await answer.json()) as Bundle).entry ?? [];
    const statuses = told.map(({ response }) => response?.status.slice(0, 3));
    const room = Math.ceil((64 * 2 ** 20) / text.length);
    assert.deepEqual(statuses.slice(0, room), Array(room).fill('200'));
    assert.deepEqual(statuses.slice(room, 20), Array(20 - room).fill('413'));
    // What is done is told, but without the resource.
    assert.deepEqual([statuses[20], told[20]?.resource], ['200', undefined]);
    assert.equal(told[20]?.response?.etag, 'W/"2"');
  });

  test('no reading is told before a document that found no room', async () => {
    const { server } = here;
    const device = await server.addPatient();
    const startMs = Date.now() - 60_000;
    const readings = [{ time: startMs, values: { 'heart-rate': 71 } }];
    assert.equal((await server.send(device, JSON.stringify({ readings }))).status, 202);
    for (let at = 1; at <= 6; at += 1) {
      const observation = {
        ...{ resourceType: 'Observation', status: 'final', code: { text: 'Scan' } },
        subject: { reference: `Patient/${device.subjectId}` },
        effectiveDateTime: new Date(startMs + at * 1_000).toISOString(),
        note: LONG.map((text) => ({ text })),
      };
      await server.post(`${BASE}/Observation`, observation);
    }
    const times: (string | undefined)[] = [];
    const pages: number[] = [];
    let path: string | undefined = `${BASE}/Observation?patient=${device.subjectId}&_count=50`;
    while (path !== undefined && pages.length < 5) {
      const page: Bundle = await server.get<Bundle>(path);
      const found = (page.entry ?? []).map(({ resource }) => resource as Observation);
      pages.push(found.length);
      times.push(...found.map(({ effectiveDateTime }) => effectiveDateTime));
      path = page.link?.find(({ relation }) => relation === 'next')?.url.replace(server.url, '');
    }
    const expected = [6, 5, 4, 3, 2, 1, 0].map((at) =>
      new Date(startMs + at * 1_000).toISOString(),
    );
    assert.deepEqual(times, expected);
    assert.deepEqual(pages, [5, 2]);
  });
});
