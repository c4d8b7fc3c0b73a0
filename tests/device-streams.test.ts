/** One device hears another by grant alone (A1.2): from the grant on, of its patient, and not after its end. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { DeviceGrantList, DeviceGrantView } from '@ausculta/contract/device-grants';
import type { SubjectView } from '@ausculta/contract/subjects';
import { entriesOf } from '../apps/server/src/audit/read-log.ts';
import { consentOf } from './support/consents.ts';
import { publishPacket, subscribePacket } from './support/mqtt-bytes.ts';
import { Asking, signedIn } from './support/people.ts';
import { RawMqtt } from './support/raw-mqtt.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';
import { written } from './support/subscription-sample.ts';

const LATER = new Date(Date.now() + 3_600_000).toISOString();
const [GRANTED, REFUSED] = [0, 0x80];

describe('a device that hears another', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  let sensor: TestDevice;
  let pump: TestDevice;
  let aheadMs = 0;
  before(async () => {
    here = await startServerHere({ outside: { nowMs: () => Date.now() + aheadMs } });
    server = here.server;
    sensor = await server.addPatient();
    pump = await server.addDevice(sensor.subjectId);
  });
  after(() => here?.[Symbol.asyncDispose]());

  const grant = (change: object = {}): Promise<DeviceGrantView> =>
    server.post(`/api/devices/${sensor.id}/grants`, {
      ...{ to: pump.id, data: ['vitals'], until: LATER },
      ...change,
    });
  const withdraw = ({ id }: DeviceGrantView) =>
    server.post(`/api/devices/${sensor.id}/grants/${id}/withdrawal`, {});
  const signIn = () => RawMqtt.signIn(server.mqttPort, pump, { clientId: randomUUID() });
  const streamOf = ({ id }: TestDevice, kind = 'readings') => `devices/${id}/${kind}`;

  /** What the server answers to each filter. */
  async function subscribe(peer: RawMqtt, ...filters: string[]): Promise<number[]> {
    peer.forget();
    peer.send(subscribePacket(1, ...filters));
    const [suback] = await peer.packets(1);
    peer.forget();
    return [...(suback ?? []).slice(4)];
  }

  async function measure(value: number): Promise<void> {
    const body = JSON.stringify({ time: Date.now(), values: { 'glucose-interstitial': value } });
    assert.equal((await server.send(sensor, body)).status, 202);
  }

  /** The glucose values that a peer has heard, as soon as there are so many. */
  async function heard(peer: RawMqtt, count: number): Promise<number[]> {
    const packets = await peer.packets(count);
    return packets.map((bytes) => {
      const { values } = JSON.parse(bytes.subarray(bytes.indexOf('{')).toString()) as {
        values: Record<string, { value: number } | number>;
      };
      const glucose = values['glucose-interstitial'];
      return typeof glucose === 'number' ? glucose : (glucose?.value ?? 0);
    });
  }

  test('hears it from the grant on, once the log has it, and not after the grant is withdrawn', async () => {
    using before = await signIn();
    assert.deepEqual(await subscribe(before, streamOf(sensor)), [REFUSED]);
    await measure(100);
    const given = await grant();
    assert.deepEqual(await subscribe(before, streamOf(sensor)), [GRANTED]);
    await measure(110);
    assert.deepEqual(await heard(before, 1), [110], 'nothing of what was before');
    using other = await RawMqtt.signIn(server.mqttPort, await server.addPatient());
    assert.deepEqual(await subscribe(other, streamOf(sensor)), [REFUSED], 'it is the pump’s');
    await withdraw(given);
    await before.ended;
    using again = await signIn();
    assert.deepEqual(await subscribe(again, streamOf(sensor)), [REFUSED]);
    await measure(120);
    again.send(Buffer.from([0xc0, 0]));
    assert.deepEqual(await again.hex(1), ['d000'], 'a ping overtakes nothing');
    const { grants } = await server.get<DeviceGrantList>(`/api/devices/${pump.id}/grants`);
    assert.deepEqual(grants, []);
    const acts = await here.database.line`
      SELECT act FROM audit_leaf WHERE target = ${`device/${sensor.id}`} AND act LIKE 'device-grant%'`;
    assert.equal(acts.length, 2);
    const entries = await eventually('the entry of the subscription', async () => {
      const rows = await here.database.line<{ entries: Uint8Array }[]>`
        SELECT entries FROM audit_read WHERE ${sensor.subjectId} = ANY(subjects)`;
      const all = await Promise.all(rows.map((row) => entriesOf(row.entries)));
      const own = all.flat().filter((entry) => entry?.who === `device/${pump.id}`);
      return own.length > 0 ? own : undefined;
    });
    assert.deepEqual(
      entries.map((entry) => `${entry?.act} ${entry?.route}`),
      ['subscribe devices/:id/vitals'],
    );
  });

  test('hears nobody who keeps back what is measured of them, from then on', async () => {
    const given = await grant();
    using peer = await signIn();
    assert.deepEqual(await subscribe(peer, streamOf(sensor)), [GRANTED]);
    const { subjectId } = sensor;
    const no = await written(server, consentOf({ subjectId, base: 'OPTOUT' }));
    await peer.ended;
    using again = await signIn();
    assert.deepEqual(await subscribe(again, streamOf(sensor)), [REFUSED]);
    // By the person: the house may see nothing of it any more, and so not change it either.
    const person = await signedIn(here, ['patient']);
    const asking = new Asking(server);
    await asking.relate(person, sensor, 'self');
    const taken = await asking.as(person, `/fhir/R4/Consent/${no.id}`, {
      ...{ method: 'PUT', headers: { 'content-type': 'application/fhir+json' } },
      body: JSON.stringify({ ...no, status: 'inactive' }),
    });
    assert.equal(taken.status, 200);
    assert.deepEqual(await subscribe(again, streamOf(sensor)), [GRANTED]);
    await withdraw(given);
  });

  test('hears what was granted, and what comes by any door', async () => {
    const given = await grant({ data: ['events'] });
    using peer = await signIn();
    assert.deepEqual(await subscribe(peer, streamOf(sensor), streamOf(sensor, 'events')), [
      REFUSED,
      GRANTED,
    ]);
    await measure(90);
    const { id, token } = sensor;
    using speaks = await RawMqtt.signIn(server.mqttPort, { id, token });
    const event = JSON.stringify({ events: [{ kind: 'button', time: Date.now() }] });
    speaks.send(publishPacket({ topic: streamOf(sensor, 'events'), payload: event }));
    const [packet] = await peer.packets(1);
    assert.match(String(packet), /"kind":"button"/);
    await withdraw(given);
    await peer.ended;
  });

  test('hears nothing of whoever wears the sensor next', async () => {
    await grant();
    using peer = await signIn();
    assert.deepEqual(await subscribe(peer, streamOf(sensor)), [GRANTED]);
    const next = await server.addSubject('Next');
    await server.post(`/api/devices/${sensor.id}/assignment`, { subjectId: next.id });
    await measure(250);
    await peer.ended;
    assert.equal(peer.received.length, 0);
    using again = await signIn();
    assert.deepEqual(await subscribe(again, streamOf(sensor)), [REFUSED]);
    await server.post(`/api/devices/${sensor.id}/assignment`, { subjectId: sensor.subjectId });
  });

  test('is refused every wildcard, and what no grant could open', async () => {
    using peer = await signIn();
    await grant();
    const filters = ['#', '+/+/+', `devices/${sensor.id}/#`, `devices/+/readings`];
    const closed = ['waveforms', 'errors', 'certificate'].map((kind) => streamOf(sensor, kind));
    const answers = await subscribe(peer, ...filters, ...closed, streamOf(pump));
    assert.deepEqual(new Set(answers), new Set([REFUSED]));
    peer.send(publishPacket({ topic: streamOf(sensor), payload: '{}' }));
    await peer.ended;
  });

  test('a grant is of two devices of this house, of somebody, and has an end', async () => {
    const unworn = `gateway-${randomUUID().slice(0, 8)}`;
    await server.addGateway(unworn);
    const post = async (from: string, change: object) => {
      const body = JSON.stringify({ to: pump.id, data: ['vitals'], until: LATER, ...change });
      const headers = { 'content-type': 'application/json' };
      const path = `/api/devices/${from}/grants`;
      return (await server.fetch(path, { method: 'POST', headers, body })).status;
    };
    for (const [from, change, status] of [
      [sensor.id, { to: 'nobody-1' }, 404],
      [sensor.id, { to: sensor.id }, 400],
      [sensor.id, { data: ['identity'] }, 400],
      [sensor.id, { data: [] }, 400],
      [sensor.id, { until: new Date(Date.now() - 1).toISOString() }, 400],
      [sensor.id, { until: '2999-01-01T00:00:00Z' }, 400],
      ['nobody-1', {}, 404],
      [unworn, {}, 400],
    ] as const)
      assert.equal(await post(from, change), status, JSON.stringify(change));
    const short = await grant({ until: new Date(Date.now() + 40_000).toISOString() });
    using peer = await signIn();
    for (const { id } of (await server.get<DeviceGrantList>(`/api/devices/${sensor.id}/grants`))
      .grants)
      if (id !== short.id) await withdraw({ ...short, id });
    assert.deepEqual(await subscribe(peer, streamOf(sensor)), [GRANTED]);
    aheadMs = 41_000;
    await eventually('the end of the grant', () => (peer.isEnded ? true : undefined));
  });

  test('an erasure takes the grants about the patient with it', async () => {
    const worn = await server.addPatient();
    const body = { to: pump.id, data: ['vitals'], until: LATER };
    await server.post(`/api/devices/${worn.id}/grants`, body);
    await server.post(`/api/devices/${worn.id}/unassignment`, {});
    const { identity } = await server.get<SubjectView>(`/api/subjects/${worn.subjectId}`);
    const { recordNumber } = identity;
    await server.post(`/api/subjects/${worn.subjectId}/erasure`, { recordNumber });
    await eventually('the rows to go', async () => {
      const left = await here.database.line`
        SELECT FROM device_grant WHERE subject_id = ${worn.subjectId}`;
      return left.length === 0 ? true : undefined;
    });
  });
});
