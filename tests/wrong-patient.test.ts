/**
 * A device is on the wrong patient for an hour, with an alarm in it; somebody finds out. The story of
 * both records: what was whose, what was told to whom, and that nothing is lost or shown twice.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { AlarmView } from '@ausculta/contract/alarms';
import type { DeviceView } from '@ausculta/contract/devices';
import type { EventList } from '@ausculta/contract/readings';
import {
  eventually,
  iso,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';

const MINUTE = 60_000;

describe('a device on the wrong patient', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  before(async () => {
    here = await startServerHere();
    server = here.server;
  });
  after(async () => {
    assert.deepEqual(here.problems, []);
    await here[Symbol.asyncDispose]();
  });

  const correct = (device: TestDevice, span: object): Promise<DeviceView> =>
    server.post(`/api/devices/${device.id}/correction`, span);

  const stamps = async (subjectId: string, metric = 'heart-rate'): Promise<number[]> =>
    (await server.readings(subjectId, metric)).map(({ stamp }) => Date.parse(stamp));

  const observations = async (subjectId: string) => {
    const query = `subject=Patient/${subjectId}&code=8867-4&_count=1000`;
    const bundle = await server.get<{
      entry?: { resource: { id: string; subject: { reference: string } } }[];
    }>(`/fhir/R4/Observation?${query}`);
    return (bundle.entry ?? []).map(({ resource }) => resource);
  };

  test('both records are right afterwards, and both sides are told', async () => {
    const ana = await server.addSubject('Aalto');
    const ben = await server.addSubject('Berg');
    const device = await server.addDevice(ana.id);
    const nowMs = Math.floor(Date.now() / 1000) * 1000;
    const hourAgo = nowMs - 60 * MINUTE;
    await server.post(`/api/devices/${device.id}/correction`, {
      subjectId: ana.id,
      from: iso(hourAgo - 60 * MINUTE),
      until: iso(nowMs),
    });
    // An hour on Ana, then an hour on Ben that everybody takes for Ana's; his rate was 170 for a while.
    const all: number[] = [];
    for (let atMs = hourAgo - 30 * MINUTE; atMs < nowMs; atMs += MINUTE / 2) all.push(atMs);
    for (const time of all) {
      const isFast = time >= hourAgo + 20 * MINUTE && time < hourAgo + 25 * MINUTE;
      const body = { time, sent: Date.now(), values: { 'heart-rate': isFast ? 170 : 71 } };
      const answer = await server.send(device, JSON.stringify(body));
      assert.equal(answer.status, 202, await answer.text());
    }
    const event = { time: hourAgo + 40 * MINUTE, kind: 'button' };
    await server.send(device, JSON.stringify(event), 'events');
    const sounded = await eventually('alarms on the wrong patient', async () => {
      const alarms = await server.alarms(ana.id);
      return alarms.length >= 2 ? alarms : undefined;
    });
    const live = server.listen([ana.id, ben.id]);
    await live.opened;
    await eventually('the last number on her tile', () =>
      live.values.includes(71) ? true : undefined,
    );
    const before = await observations(ana.id);

    await correct(device, { subjectId: ben.id, from: iso(hourAgo), until: null });
    assert.ok(
      (await stamps(ana.id)).every((stamp) => stamp < hourAgo),
      'from the answer on, nobody is shown them as hers',
    );
    const view = await server.settled(device);
    assert.equal(view.wornBy, ben.id);
    assert.ok((view.reattributions[0]?.valuesMoved ?? 0) >= 121);

    assert.deepEqual(
      await stamps(ana.id),
      all.filter((stamp) => stamp < hourAgo),
    );
    assert.deepEqual(
      await stamps(ben.id),
      all.filter((stamp) => stamp >= hourAgo),
    );
    const events = await server.get<EventList>(`/api/subjects/${ben.id}/events`);
    assert.equal(events.events[0]?.kind, 'button');
    assert.deepEqual((await server.get<EventList>(`/api/subjects/${ana.id}/events`)).events, []);

    // The ids of FHIR are of what was measured: they follow it, and are nobody else's.
    const [hers, his] = [await observations(ana.id), await observations(ben.id)];
    const ids = (found: typeof before) => found.map(({ id }) => id).sort();
    assert.deepEqual(ids([...hers, ...his]), ids(before));
    assert.ok(his.every(({ subject }) => subject.reference === `Patient/${ben.id}`));

    await checkAlarms({ ana: ana.id, ben: ben.id, sounded });
    assert.ok(live.notices.some((n) => n.type === 'cleared' && n.subjects.includes(ana.id)));
    live.close();
  });

  async function checkAlarms(told: { ana: string; ben: string; sounded: AlarmView[] }) {
    const { ana, ben, sounded } = told;
    const hers = await server.alarms(ana);
    for (const { id } of sounded) {
      const alarm = hers.find((one) => one.id === id);
      assert.ok(alarm?.movedMs !== undefined, `${id} says that its readings were moved`);
      assert.notEqual(alarm.condition, 'present');
    }
    const his = await server.alarms(ben);
    assert.deepEqual(his.map(({ ruleKey }) => ruleKey.split('/')[0]).sort(), ['call', 'limit']);
    for (const { episode, condition, priority, movedMs } of his) {
      assert.deepEqual([episode, condition, movedMs], ['raised', 'absent', undefined]);
      assert.notEqual(priority, 'low', 'late, and still owed');
    }
  }
});
