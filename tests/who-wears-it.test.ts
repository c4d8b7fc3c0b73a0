/** Who wears a device: given to somebody, taken off, corrected; and what stands in the way of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DeviceView } from '@ausculta/contract/devices';
import type { Erasure } from '@ausculta/contract/erasure';
import type { SubjectView } from '@ausculta/contract/subjects';
import {
  eventually,
  iso,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';

const MINUTE = 60_000;

describe('who wears a device', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  /** What the server's clock runs ahead of ours. */
  let aheadMs = 0;
  /** While it is closed, nothing moves. */
  let gate = Promise.resolve();
  before(async () => {
    const outside = {
      nowMs: () => Date.now() + aheadMs,
      pause: async () => {
        // Whoever reads pauses as well, and is not held.
        if (new Error().stack?.includes('/reattribution/') === true) await gate;
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
    here = await startServerHere({ outside });
    server = here.server;
  });
  after(async () => {
    assert.deepEqual(here.problems, []);
    await here[Symbol.asyncDispose]();
  });

  const act = (device: { id: string }, what: string, body: object): Promise<Response> =>
    server.fetch(`/api/devices/${device.id}/${what}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  async function done(device: { id: string }, what: string, body: object): Promise<DeviceView> {
    const answer = await act(device, what, body);
    assert.equal(answer.status, 200, await answer.clone().text());
    return (await answer.json()) as DeviceView;
  }

  async function send(device: TestDevice, time: number, value = 71): Promise<number> {
    const body = JSON.stringify({
      time,
      sent: server && Date.now() + aheadMs,
      values: { spo2: value },
    });
    return (await server.send(device, body)).status;
  }

  const stamps = async (subjectId: string): Promise<number[]> =>
    (await server.readings(subjectId, 'spo2')).map(({ stamp }) => Date.parse(stamp));

  test('given to another from a time in the past on: both sides of the border', async () => {
    const device = await server.addPatient('Aalto');
    const ben = await server.addSubject('Berg');
    const borderMs = Date.now() - 30_000;
    for (const time of [borderMs - 1, borderMs, borderMs + 1]) {
      assert.equal(await send(device, time), 202);
    }
    const view = await done(device, 'assignment', { subjectId: ben.id, from: iso(borderMs) });
    assert.deepEqual(
      view.worn.map(({ subjectId, until }) => [subjectId, until]),
      [
        [device.subjectId, iso(borderMs)],
        [ben.id, null],
      ],
    );
    await server.settled(device);
    assert.deepEqual(await stamps(device.subjectId), [borderMs - 1]);
    assert.deepEqual(await stamps(ben.id), [borderMs, borderMs + 1]);
    assert.equal(await send(device, borderMs - 2), 202, 'late, and still hers');
    assert.deepEqual(await stamps(device.subjectId), [borderMs - 2, borderMs - 1]);
  });

  test('given to another from a time to come on: until then it is worn as before', async () => {
    const device = await server.addPatient('Aalto');
    const ben = await server.addSubject('Berg');
    const soonMs = Date.now() + aheadMs + 60 * MINUTE;
    const view = await done(device, 'assignment', { subjectId: ben.id, from: iso(soonMs) });
    assert.equal(view.wornBy, device.subjectId);
    assert.deepEqual(view.reattributions, [], 'nothing of it has been measured yet');
    const own = await server.get<SubjectView>(`/api/subjects/${device.subjectId}`);
    assert.equal(own.devices[0]?.id, device.id);
    assert.equal((await server.get<SubjectView>(`/api/subjects/${ben.id}`)).devices.length, 0);
  });

  test('taken off now: its readings are parked, and nobody has them', async () => {
    const device = await server.addPatient('Aalto');
    assert.equal(await send(device, Date.now() - 1_000), 202);
    const view = await done(device, 'unassignment', {});
    assert.equal(view.wornBy, null);
    await server.settled(device);
    assert.equal((await stamps(device.subjectId)).length, 1);
    const answer = await server.send(device, JSON.stringify({ values: { spo2: 97 } }));
    assert.equal(answer.status, 422);
    assert.match(await answer.text(), /DEVICE_UNASSIGNED/);
  });

  test('taken off a while ago: what it measured since is somebody’s whom nobody knows', async () => {
    const device = await server.addPatient('Aalto');
    const offMs = Date.now() - 20_000;
    for (const time of [offMs - 1, offMs]) assert.equal(await send(device, time), 202);
    const view = await done(device, 'unassignment', { at: iso(offMs) });
    assert.equal(view.wornBy, null);
    const unknownId = view.worn[1]?.subjectId ?? '';
    await server.settled(device);
    assert.deepEqual(await stamps(device.subjectId), [offMs - 1]);
    assert.deepEqual(await stamps(unknownId), [offMs]);
    const unknown = await server.get<SubjectView>(`/api/subjects/${unknownId}`);
    assert.deepEqual([unknown.kind, unknown.identity.familyName], ['bed', 'Unknown']);
    // Somebody finds out who it was: the same act gives them the name.
    const eva = await server.addSubject('Eriksen');
    const span = { from: iso(offMs), until: view.worn[1]?.until };
    await done(device, 'correction', { subjectId: eva.id, ...span });
    await server.settled(device);
    assert.deepEqual(await stamps(eva.id), [offMs]);
    assert.deepEqual(await stamps(unknownId), []);
  });

  test('while readings are on their way, nobody is shown them twice, and no record is erased', async () => {
    const device = await server.addPatient('Aalto');
    const ben = await server.addSubject('Berg');
    const time = Date.now() - 10_000;
    assert.equal(await send(device, time), 202);
    let open = (): void => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const live = server.listen([device.subjectId]);
    await live.opened;
    await done(device, 'assignment', { subjectId: ben.id, from: iso(time) });
    try {
      const shown = [...(await stamps(device.subjectId)), ...(await stamps(ben.id))];
      assert.ok(shown.length <= 1);
      assert.deepEqual(await stamps(device.subjectId), []);
      for (const id of [device.subjectId, ben.id]) {
        const subject = await server.get<SubjectView>(`/api/subjects/${id}`);
        const { recordNumber } = subject.identity;
        const order = {
          method: 'POST',
          body: JSON.stringify({ recordNumber, stopMonitoring: true }),
        };
        const headers = { 'content-type': 'application/json' };
        const refused = await server.fetch(`/api/subjects/${id}/erasure`, { ...order, headers });
        assert.equal(refused.status, 409);
        assert.match(await refused.text(), /READINGS_MOVING/);
      }
    } finally {
      open();
      gate = Promise.resolve();
    }
    await server.settled(device);
    assert.deepEqual(await stamps(ben.id), [time]);
    live.close();
    const { recordNumber } = ben.identity;
    const order = { recordNumber, stopMonitoring: true };
    const { receipt } = await server.post<Erasure>(`/api/subjects/${ben.id}/erasure`, order);
    assert.equal(receipt.finalOn, null, 'an older backup knows the reading as hers');
    assert.match(receipt.copies.at(-1)?.what ?? '', /another record/);
  });

  test('a record under a legal hold loses no reading; the device may be taken off all the same', async () => {
    const device = await server.addPatient('Aalto');
    const ben = await server.addSubject('Berg');
    assert.equal(await send(device, Date.now() - 10_000), 202);
    await server.post(`/api/subjects/${device.subjectId}/holds`, { reason: 'case 7' });
    const from = iso(Date.now() - 20_000);
    for (const [what, body] of [
      ['assignment', { subjectId: ben.id, from }],
      ['unassignment', { at: from }],
      ['correction', { subjectId: null, from, until: null }],
    ] as const) {
      const refused = await act(device, what, body);
      assert.equal(refused.status, 409, what);
      assert.match(await refused.text(), /LEGAL_HOLD.*case 7/);
    }
    assert.equal((await stamps(device.subjectId)).length, 1);
    assert.equal((await done(device, 'unassignment', {})).wornBy, null);
  });

  test('what is asked for wrongly changes nothing', async () => {
    const device = await server.addPatient('Aalto');
    const { subjectId } = device;
    const before = await server.get<DeviceView>(`/api/devices/${device.id}`);
    const [from, later] = [iso(Date.now() - 20_000), iso(Date.now() - 10_000)];
    for (const [what, body, status] of [
      ['assignment', {}, 400],
      ['assignment', { subjectId: 'nobody' }, 404],
      ['assignment', { subjectId, from: 'yesterday' }, 400],
      ['assignment', { subjectId, from: '1999-12-31T23:59:59Z' }, 400],
      ['assignment', { subjectId, from: iso(Date.now() + 400 * 24 * 60 * MINUTE) }, 400],
      ['correction', { subjectId, from: later, until: from }, 400],
      ['correction', { subjectId, from, until: from }, 400],
      [
        'correction',
        { subjectId: null, from: '2001-01-01T00:00:00Z', until: '2001-01-02T00:00:00Z' },
        400,
      ],
    ] as const) {
      assert.equal((await act(device, what, body)).status, status, JSON.stringify(body));
    }
    assert.equal((await act({ id: 'no-such-device' }, 'assignment', { subjectId })).status, 404);
    assert.deepEqual(await server.get<DeviceView>(`/api/devices/${device.id}`), before);
  });

  test('each act leaves its entry in the audit, with the history of before and after', async () => {
    const device = await server.addPatient('Aalto');
    const ben = await server.addSubject('Berg');
    await done(device, 'assignment', { subjectId: ben.id });
    await done(device, 'correction', {
      subjectId: ben.id,
      from: iso(Date.now() - 5_000),
      until: null,
    });
    await done(device, 'unassignment', {});
    const rows = await here.database.line<{ act: string; detail_sealed: Uint8Array | null }[]>`
      SELECT act, detail_sealed FROM audit_leaf WHERE target = ${`device/${device.id}`} ORDER BY at_ms`;
    assert.deepEqual(
      rows.map(({ act: what }) => what),
      ['device-assigned', 'assignment-corrected', 'device-unassigned'],
    );
    assert.ok(rows.every(({ detail_sealed }) => detail_sealed !== null));
  });

  test('a loss of monitoring ends when its device is taken off, and says so', async () => {
    const device = await server.addPatient('Aalto');
    for (let second = 3; second >= 0; second -= 1) {
      assert.equal(await send(device, Date.now() + aheadMs - second * 1000, 97), 202);
    }
    const alarm = (condition: string) =>
      eventually(`a loss that is ${condition}`, async () => {
        // Faster than the clock, but never so fast that it looks like a sleep.
        aheadMs += 50;
        const alarms = await server.alarms(device.subjectId);
        return alarms.find((a) => a.ruleKey.includes('no-data') && a.condition === condition);
      });
    assert.equal((await alarm('present')).endedBecause, undefined);
    await done(device, 'unassignment', {});
    const over = await alarm('absent');
    assert.deepEqual([over.endedBecause, over.episode], ['taken-off', 'raised']);
  });
});
