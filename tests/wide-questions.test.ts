/** Questions over more than one answer holds: FHIR pages, streamed readings, events. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EventList } from '@ausculta/contract/readings';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';

interface Searched {
  readonly link: { relation: string; url: string }[];
  readonly entry?: { resource: { id: string; effectiveDateTime: string } }[];
}

describe('wide questions', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  let device: TestDevice;
  const startMs = Date.now() - 50_000;
  before(async () => {
    here = await startServerHere();
    server = here.server;
    device = await server.addPatient();
    const readings = Array.from({ length: 250 }, (_, i) => ({
      time: startMs + Math.floor(i / 5) * 1000,
      values: { [VITALS[i % 5] as string]: 20 + i / 5 },
    }));
    for (let from = 0; from < readings.length; from += 50) {
      const body = JSON.stringify({ readings: readings.slice(from, from + 50) });
      assert.equal((await server.send(device, body)).status, 202);
    }
  });
  after(() => here[Symbol.asyncDispose]());

  const VITALS = ['heart-rate', 'pulse-rate-oximeter', 'resp-rate', 'spo2', 'body-temperature'];

  /** Follows next links to the end. */
  async function pages(query: string): Promise<Searched[]> {
    const found: Searched[] = [];
    let path: string | undefined = `/fhir/R4/Observation?patient=${device.subjectId}&${query}`;
    while (path !== undefined) {
      const page: Searched = await server.get<Searched>(path);
      found.push(page);
      path = page.link.find(({ relation }) => relation === 'next')?.url.replace(server.url, '');
      assert.ok(found.length <= 250);
    }
    return found;
  }

  for (const sort of ['-date', 'date']) {
    test(`FHIR: next links lead through all Observations once, in order of ${sort}, though five share each time`, async () => {
      const whole = await pages(`_sort=${sort}&_count=1000`);
      const ids = whole.flatMap(({ entry = [] }) => entry.map(({ resource }) => resource.id));
      assert.equal(ids.length, 250);
      for (const count of [1, 7, 50, 125, 249, 250]) {
        const found = await pages(`_sort=${sort}&_count=${count}`);
        assert.equal(found.length, Math.ceil(250 / count), `pages of ${count}`);
        assert.deepEqual(
          found.flatMap(({ entry = [] }) => entry.map(({ resource }) => resource.id)),
          ids,
        );
      }
    });
  }

  test('FHIR: a count of none has neither entries nor a next page', async () => {
    const [page, ...more] = await pages('_count=0');
    assert.deepEqual([page?.entry, more], [undefined, []]);
  });

  test('FHIR: a temperature of 37 is sent as 37.0', async () => {
    const patient = await server.addPatient();
    await server.send(patient, JSON.stringify({ values: { 'body-temperature': 37 } }));
    const path = `/fhir/R4/Observation?patient=${patient.subjectId}`;
    assert.match(await (await server.fetch(path)).text(), /"value":37\.0,/);
  });

  test('readings end after as many as are asked for, and a limit that is none is refused', async () => {
    const path = `/api/subjects/${device.subjectId}/readings?metric=heart-rate,spo2`;
    const linesOf = async (limit: number) =>
      (await (await server.fetch(`${path}&limit=${limit}`)).text()).trimEnd().split('\n').length;
    assert.deepEqual([await linesOf(1), await linesOf(7), await linesOf(1_000)], [1, 7, 100]);
    for (const limit of ['0', '-1', 'many', '1.5'])
      assert.equal((await server.fetch(`${path}&limit=${limit}`)).status, 400, limit);
  });

  test('events are listed the newest first, whether they are stored yet or not, page by page', async () => {
    const patient = await server.addPatient();
    const time = Date.now();
    const send = (sequence: number, stampMs: number | undefined) =>
      server.send(
        patient,
        JSON.stringify({ kind: 'button', boot: 1, sequence, ...(stampMs && { time: stampMs }) }),
        'events',
      );
    for (let i = 0; i < 5; i += 1) assert.equal((await send(i, time - 5_000)).status, 202);
    assert.equal((await send(9, time - 9_000)).status, 202);
    assert.equal((await send(5, undefined)).status, 202);
    assert.equal((await send(5, undefined)).status, 202);
    const path = `/api/subjects/${patient.subjectId}/events`;
    const { events } = await eventually('the events', async () => {
      const list = await server.get<EventList>(path);
      return list.events.length >= 7 ? list : undefined;
    });
    assert.deepEqual(
      events.map(({ id }) => id.split('/').at(-1)),
      ['5', '4', '3', '2', '1', '0', '9'],
    );
    assert.deepEqual([events[0]?.stamp, events[0]?.kind], [null, 'button']);
    assert.equal(events[6]?.time, new Date(time - 9_000).toISOString());
    const paged: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const cursor: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
      const list: EventList = await server.get<EventList>(`${path}?limit=2${cursor}`);
      paged.push(...list.events.map(({ id }) => id));
      next = list.next;
    }
    assert.deepEqual(
      paged,
      events.map(({ id }) => id),
    );
    const from = new Date(time - 5_000).toISOString();
    const { events: some } = await server.get<EventList>(`${path}?from=${from}&to=${time - 4_999}`);
    assert.equal(some.length, 5);
    for (const bad of ['limit=0', 'limit=1001', 'cursor=nonsense', 'from=yesterday'])
      assert.equal((await server.fetch(`${path}?${bad}`)).status, 400, bad);
  });
});
