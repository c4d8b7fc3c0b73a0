/** Subscriptions by rest-hook: who asked is told, in order, once it is durable, and again until it arrives. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AlarmView } from '@ausculta/contract/alarms';
import type { Bundle, Parameters, Subscription } from '@medplum/fhirtypes';
import { freshDatabase } from './support/database.ts';
import { holdRows } from './support/held-rows.ts';
import { eventsTaken, hookReceiver, numbersOf } from './support/hook-receiver.ts';
import { startServerProcess, urlOf } from './support/program.ts';
import {
  eventually,
  type ServerUnderTest,
  startServerHere,
  temporaryDirectory,
} from './support/server.ts';
import {
  conditionOf,
  eventsOf,
  settingsFor,
  subscribed,
  subscriptionWith,
  written,
} from './support/subscription-sample.ts';

const HOUR_MS = 3_600_000;

async function errorsOf(server: ServerUnderTest, id: string): Promise<string[]> {
  const bundle = await server.get<Bundle<Parameters>>(`/fhir/R4/Subscription/${id}/$status`);
  const { parameter = [] } = bundle.entry?.[0]?.resource ?? { resourceType: 'Parameters' };
  return parameter.flatMap(({ name, valueCodeableConcept }) =>
    name === 'error' ? (valueCodeableConcept?.text ?? []) : [],
  );
}

describe('subscriptions by rest-hook', () => {
  test('a handshake, then what is written, numbered, with what the subscriber may be told', async () => {
    await using receiver = await hookReceiver();
    await using here = await startServerHere(settingsFor(receiver));
    const { server } = here;
    const patient = await server.addSubject();
    const other = await server.addSubject();
    const filters = [`Condition?patient=Patient/${patient.id}`];
    const asked = { topic: 'written', filters, endpoint: receiver.url } as const;
    const ids = await subscribed(server, asked);
    const full = await subscribed(server, { ...asked, content: 'full-resource' });
    assert.deepEqual(
      receiver.taken.map(({ type }) => type),
      ['handshake', 'handshake'],
    );
    await written(server, conditionOf(other.id));
    const { id } = await written(server, conditionOf(patient.id));
    await written(server, conditionOf(patient.id, 'Gout'));
    await eventsTaken(receiver, 4);
    const toldTo = (subscription: Subscription) =>
      receiver.taken.filter(
        ({ type, text }) => type !== 'handshake' && text.includes(subscription.id ?? ''),
      );
    assert.deepEqual(numbersOf(toldTo(ids)), [1, 2]);
    assert.deepEqual(numbersOf(toldTo(full)), [1, 2]);
    const [first] = toldTo(ids);
    assert.deepEqual(first?.events[0], { number: 1, focus: `Condition/${id}` });
    assert.ok(!toldTo(ids).some(({ text }) => text.includes('Asthma')), 'ids alone');
    assert.ok(toldTo(full)[0]?.text.includes('Asthma'));
    assert.equal(first?.bundle.type, 'history');
    assert.equal(first?.headers['content-type'], 'application/fhir+json');

    const again = await eventsOf(server, ids.id, '?eventsSinceNumber=2');
    assert.equal(again.type, 'query-event');
    assert.deepEqual(numbersOf([again]), [2]);
    const whole = await eventsOf(server, ids.id, '?content=full-resource&eventsUntilNumber=1');
    assert.ok(whole.text.includes('Asthma'));
    assert.deepEqual(await errorsOf(server, ids.id), []);
    await written(server, { ...ids, status: 'off' });
    const off = await server.fetch(`/fhir/R4/Subscription/${ids.id}/$events`);
    assert.equal(off.status, 404);
    assert.deepEqual(here.problems, []);
  });

  test('an alarm is told when it is raised and when it is acknowledged, as urgent as was asked', async () => {
    await using receiver = await hookReceiver();
    const settings = settingsFor(receiver);
    await using here = await startServerHere({ config: { ...settings.config, demo: true } });
    const { server } = here;
    const device = await server.addPatient();
    const endpoint = receiver.url;
    const content = 'full-resource';
    const of = `Flag?patient=Patient/${device.subjectId}`;
    await subscribed(server, {
      topic: 'alarm',
      filters: [`${of}&priority=high`],
      endpoint,
      content,
    });
    await subscribed(server, { topic: 'alarm', filters: [`${of}&priority=low`], endpoint });
    await help(server, device);
    await eventsTaken(receiver, 1);
    const [alarm] = await server.alarms(device.subjectId);
    assert.equal(alarm?.priority, 'high');
    const [told] = receiver.taken.filter(({ type }) => type === 'event-notification');
    const flag = told?.bundle.entry?.[1]?.resource;
    assert.ok(flag?.resourceType === 'Flag');
    assert.equal(flag.identifier?.[0]?.value, alarm?.id);
    assert.equal(flag.subject.reference, `Patient/${device.subjectId}`);
    assert.equal(await acknowledge(server.url, alarm), 200);
    assert.deepEqual(await eventsTaken(receiver, 2), [1, 2]);
    const last = receiver.taken.at(-1)?.bundle.entry?.[1]?.resource;
    assert.ok(last?.resourceType === 'Flag' && last.status === 'inactive');
    assert.deepEqual(here.problems, []);
  });

  test('a reading that crosses the limit that was named is told once, until it crosses again', async () => {
    await using receiver = await hookReceiver();
    await using here = await startServerHere(settingsFor(receiver));
    const { server } = here;
    const device = await server.addPatient();
    const stranger = await server.addPatient();
    const filters = [`Observation?patient=${device.subjectId}&code=8867-4&value-quantity=gt120`];
    await subscribed(server, {
      ...{ topic: 'overLimit', filters, endpoint: receiver.url, content: 'full-resource' },
    });
    let time = Date.now() - 60_000;
    const beat = async (of: typeof device, value: number): Promise<void> => {
      time += 1_000;
      const body = JSON.stringify({ time, values: { 'heart-rate': value } });
      assert.equal((await server.send(of, body)).status, 202);
    };
    for (const value of [90, 121, 140, 100, 130]) await beat(device, value);
    await beat(stranger, 150);
    const observed = (value: number, code = '8867-4') => ({
      ...{ resourceType: 'Observation', status: 'final' },
      code: { coding: [{ system: 'http://loinc.org', code }] },
      subject: { reference: `Patient/${device.subjectId}` },
      valueQuantity: { value, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
    });
    await written(server, observed(120));
    await written(server, observed(150, '9279-1'));
    const { id } = await written(server, observed(121));
    assert.deepEqual(await eventsTaken(receiver, 3), [1, 2, 3]);
    const events = receiver.taken.flatMap((one) => one.events);
    assert.ok(events.some(({ focus }) => focus === `Observation/${id}`));
    const values = receiver.taken
      .flatMap(({ bundle }) => bundle.entry?.slice(1) ?? [])
      .flatMap(({ resource }) =>
        resource?.resourceType === 'Observation' ? (resource.valueQuantity?.value ?? []) : [],
      );
    assert.deepEqual(values.toSorted(), [121, 121, 130]);
    assert.deepEqual(here.problems, []);
  });

  test('what an endpoint does not take waits, in order; then all of it arrives', async () => {
    await using receiver = await hookReceiver();
    await using elsewhere = await hookReceiver();
    await using here = await startServerHere(settingsFor(receiver));
    const { server } = here;
    const { id } = await subscribed(server, {
      ...{ topic: 'task', endpoint: receiver.url, timeoutS: 1 },
    });
    const task = { resourceType: 'Task', status: 'requested', intent: 'order' };
    for (const answer of [500, { redirect: elsewhere.url }, 'never'] as const) {
      receiver.answer = answer;
      const before = receiver.seen.length;
      await written(server, task);
      await eventually('a try', () => (receiver.seen.length > before ? true : undefined));
    }
    const waiting = await eventually('the reason to be told', async () => {
      const errors = await errorsOf(server, id);
      return errors.some((text) => text.includes('events have not been delivered'))
        ? errors
        : undefined;
    });
    assert.match(waiting.join(), /endpoint|answer/);
    const { parts } = await server.get<{ parts: { name: string; attention?: boolean }[] }>(
      '/api/status',
    );
    assert.equal(parts.find(({ name }) => name === 'subscriptions')?.attention, true);
    receiver.answer = 200;
    assert.deepEqual(await eventsTaken(receiver, 3), [1, 2, 3]);
    assert.deepEqual(elsewhere.seen, [], 'nothing was followed elsewhere');
    await eventually('no more errors', async () =>
      (await errorsOf(server, id)).length === 0 ? true : undefined,
    );
  });

  test('whoever asks of one record of a person is told of the person, once they are one', async () => {
    await using receiver = await hookReceiver();
    await using here = await startServerHere(settingsFor(receiver));
    const { server } = here;
    const old = await server.addSubject();
    const kept = await server.addSubject();
    const device = await server.addDevice(kept.id);
    const endpoint = receiver.url;
    const limit = `Observation?patient=${old.id}&code=8867-4&value-quantity=gt120`;
    const asked = [
      { topic: 'overLimit', filters: [limit] },
      { topic: 'alarm', filters: [`Flag?patient=${old.id}&priority=high`] },
      { topic: 'written', filters: [`Condition?patient=Patient/${old.id}`] },
      { topic: 'written', filters: [`Condition?patient=Patient/${kept.id}`] },
    ] as const;
    const followed: string[] = [];
    for (const one of asked) followed.push((await subscribed(server, { ...one, endpoint })).id);
    let time = Date.now() - 20_000;
    const beat = async (value: number): Promise<void> => {
      time += 1_000;
      const body = JSON.stringify({ time, values: { 'heart-rate': value } });
      assert.equal((await server.send(device, body)).status, 202);
    };
    await beat(130);
    await written(server, conditionOf(kept.id));
    assert.deepEqual(await eventsTaken(receiver, 1), [1], 'of the other record alone');
    await server.post(`/api/subjects/${old.id}/merge`, { into: kept.id });
    await beat(70);
    await beat(131);
    await help(server, device);
    await written(server, conditionOf(kept.id));
    await written(server, conditionOf(old.id));
    const told = (id: string | undefined) =>
      numbersOf(receiver.taken.filter(({ text }) => text.includes(`Subscription/${id}`)));
    await eventually('the alarm', () => (told(followed[1]).length > 0 ? true : undefined));
    await eventually('the last of the others', () =>
      told(followed[3]).length === 3 ? true : undefined,
    );
    assert.deepEqual(
      [0, 2, 3].map((at) => told(followed[at])),
      [[1], [1, 2], [1, 2, 3]],
    );
    assert.deepEqual(here.problems, []);
  });

  test('what is on its way when its subscription is written anew arrives once', async () => {
    await using receiver = await hookReceiver();
    await using here = await startServerHere(settingsFor(receiver));
    const { server } = here;
    const endpoint = receiver.url;
    const followed = await subscribed(server, { topic: 'task', endpoint, timeoutS: 60 });
    const { promise: takenAt, resolve: take } = Promise.withResolvers<void>();
    receiver.answer = { takenAt };
    const task = { resourceType: 'Task', status: 'requested', intent: 'order' };
    await written(server, task);
    await eventually('it to be on its way', () => (receiver.seen.length > 1 ? true : undefined));
    receiver.answer = 200;
    await written(server, { ...followed, status: 'requested', reason: 'Another' });
    await written(server, task);
    take();
    assert.deepEqual(await eventsTaken(receiver, 2), [1, 2]);
    const { error } = await subscriptionWith(server, followed.id, 'active');
    assert.equal(error, undefined);
    assert.deepEqual(
      receiver.taken.map(({ type }) => type),
      ['handshake', 'event-notification', 'handshake', 'event-notification'],
    );
    assert.deepEqual(here.problems, []);
  });

  test('who takes nothing for too long is given up in the open, and goes on when asked anew', async () => {
    await using receiver = await hookReceiver();
    let turnedMs = 0;
    const nowMs = () => Date.now() + turnedMs;
    const settings = settingsFor(receiver);
    await using here = await startServerHere({ ...settings, outside: { nowMs } });
    const { server } = here;
    const { id } = await subscribed(server, { topic: 'task', endpoint: receiver.url });
    receiver.answer = 503;
    const task = { resourceType: 'Task', status: 'requested', intent: 'order' };
    await written(server, task);
    await eventually('a try', () => (receiver.seen.length > 1 ? true : undefined));
    // From when the server knows that it was not taken, which may be later than now.
    const given = await eventually('it to be given up', async () => {
      turnedMs += HOUR_MS;
      const found = await server.get<Subscription & { id: string }>(`/fhir/R4/Subscription/${id}`);
      return found.status === 'error' ? found : undefined;
    });
    assert.match(given.error ?? '', /503/);
    await written(server, task);
    receiver.answer = 200;
    assert.deepEqual(numbersOf([await eventsOf(server, id)]), [1, 2], 'nothing is lost meanwhile');
    const { error: _, ...rest } = given;
    await written(server, { ...rest, status: 'requested' });
    await subscriptionWith(server, id, 'active');
    assert.deepEqual(await eventsTaken(receiver, 2), [1, 2]);
    turnedMs += 8 * 24 * HOUR_MS;
  });

  test('a heartbeat comes when nothing else has', async () => {
    await using receiver = await hookReceiver();
    let turnedMs = 0;
    const nowMs = () => Date.now() + turnedMs;
    await using here = await startServerHere({ ...settingsFor(receiver), outside: { nowMs } });
    await subscribed(here.server, { topic: 'task', endpoint: receiver.url, heartbeatS: 60 });
    assert.deepEqual(
      receiver.taken.map(({ type }) => type),
      ['handshake'],
    );
    turnedMs = 61_000;
    await eventually('a heartbeat', () => (receiver.taken.length > 1 ? true : undefined));
    assert.equal(receiver.taken[1]?.type, 'heartbeat');
  });
});

for (const end of ['kill', 'stop'] as const) {
  const how = end === 'kill' ? 'died' : 'stopped';
  test(`what was not delivered when the server ${how} is delivered by the next`, async () => {
    const dataDir = await temporaryDirectory();
    await using receiver = await hookReceiver();
    const settings = { AUSCULTA_HOOKS: receiver.url };
    const endpoint = receiver.url;
    let id: string;
    {
      await using running = await startServerProcess(dataDir, settings);
      const { server } = running;
      const device = await server.addPatient();
      ({ id } = await subscribed(server, { topic: 'task', endpoint }));
      await subscribed(server, { topic: 'alarm', endpoint });
      const filters = ['Observation?code=8867-4&value-quantity=gt120'];
      await subscribed(server, { topic: 'overLimit', filters, endpoint });
      receiver.answer = 500;
      await written(server, { resourceType: 'Task', status: 'requested', intent: 'order' });
      await help(server, device);
      await eventually('the alarm', async () => (await server.alarms(device.subjectId))[0]);
      // It has been acknowledged: whatever becomes of the server now, it is told.
      const reading = { time: Date.now(), values: { 'heart-rate': 125 } };
      assert.equal((await server.send(device, JSON.stringify(reading))).status, 202);
      await running[end]();
    }
    receiver.answer = 200;
    await using again = await startServerProcess(dataDir, settings);
    assert.deepEqual(await eventsTaken(receiver, 3), [1, 1, 1]);
    assert.deepEqual(numbersOf([await eventsOf(again.server, id)]), [1]);
  });
}

test('what a crash held up is told of the person, whichever of their records was named', async () => {
  const dataDir = await temporaryDirectory();
  await using database = await freshDatabase();
  await using receiver = await hookReceiver();
  const endpoint = receiver.url;
  const settings = { AUSCULTA_HOOKS: endpoint, DATABASE_URL: urlOf(database.connection) };
  {
    await using running = await startServerProcess(dataDir, settings);
    const { server } = running;
    const device = await server.addPatient();
    const old = await server.addSubject();
    await server.post(`/api/subjects/${old.id}/merge`, { into: device.subjectId });
    await subscribed(server, { topic: 'alarm', filters: [`Flag?patient=${old.id}`], endpoint });
    const filters = [`Observation?patient=${old.id}&code=8867-4&value-quantity=gt120`];
    await subscribed(server, { topic: 'overLimit', filters, endpoint });
    // No event can be stored meanwhile.
    await using _held = await holdRows(database, (tx) => tx`SELECT FROM subscription FOR UPDATE`);
    await help(server, device);
    await eventually('the alarm', async () => (await server.alarms(device.subjectId))[0]);
    const reading = { time: Date.now(), values: { 'heart-rate': 125 } };
    assert.equal((await server.send(device, JSON.stringify(reading))).status, 202);
    await running.kill();
  }
  await using _again = await startServerProcess(dataDir, settings);
  assert.deepEqual(await eventsTaken(receiver, 2), [1, 1]);
});

/** As the demo's nurse: a program cannot answer an alarm. */
async function acknowledge(url: string, alarm: AlarmView | undefined): Promise<number> {
  const json = { 'content-type': 'application/json', origin: url };
  const login = JSON.stringify({ loginName: 'nurse', password: 'demo-ausculta' });
  const session = await fetch(`${url}/api/session`, { method: 'POST', headers: json, body: login });
  const cookie = session.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const path = `/api/alarms/${encodeURIComponent(alarm?.id ?? '')}/acknowledge`;
  const body = JSON.stringify({ subjectId: alarm?.subjectId, priority: alarm?.priority });
  const answer = await fetch(`${url}${path}`, {
    ...{ method: 'POST', headers: { ...json, cookie }, body },
  });
  return answer.status;
}

/** A help button. */
async function help(
  server: ServerUnderTest,
  device: { id: string; token: string; subjectId: string },
) {
  const event = { kind: 'button' };
  const response = await server.send(device, JSON.stringify(event), 'events');
  assert.equal(response.status, 202, await response.text());
}
