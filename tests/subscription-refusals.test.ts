/** What Subscriptions must not do: reach addresses that nobody listed, tell secrets, or tell of others. */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { CapabilityStatement, OperationOutcome, Subscription } from '@medplum/fhirtypes';
import { TOPICS } from '../apps/server/src/subscriptions/topics.ts';
import { eventsTaken, hookReceiver } from './support/hook-receiver.ts';
import { eventually, type ServerHere, startServerHere } from './support/server.ts';
import {
  conditionOf,
  eventsOf,
  settingsFor,
  subscribed,
  subscriptionOf,
  subscriptionWith,
  writeFhir,
  written,
} from './support/subscription-sample.ts';

test('a handshake that fails is an error with its reason', async () => {
  await using receiver = await hookReceiver();
  receiver.answer = 401;
  await using here = await startServerHere(settingsFor(receiver));
  const { server } = here;
  const { id } = await written(server, subscriptionOf({ topic: 'task', endpoint: receiver.url }));
  const { error } = await subscriptionWith(server, id, 'error');
  assert.match(error ?? '', /handshake failed.*401/);
});

test('headers of the endpoint are sent, and told to nobody', async () => {
  await using receiver = await hookReceiver();
  await using here = await startServerHere(settingsFor(receiver));
  const { server } = here;
  const headers = ['Authorization: Bearer very-secret'];
  const asked = { topic: 'task', endpoint: receiver.url, headers } as const;
  const subscription = await subscribed(server, asked);
  assert.equal(receiver.taken[0]?.headers.authorization, 'Bearer very-secret');
  const history = await (await server.fetch('/fhir/R4/_history')).text();
  assert.ok(!history.includes('very-secret'));
  await written(server, { ...subscription, status: 'requested' });
  await eventually('another handshake', () => (receiver.taken.length > 1 ? true : undefined));
  assert.equal(receiver.taken[1]?.headers.authorization, 'Bearer very-secret');
  const { id: _, ...copy } = subscription;
  const other = { ...copy.channel, endpoint: `${receiver.url}other` };
  const stolen = await writeFhir(server, { ...copy, status: 'requested', channel: other });
  assert.equal(stolen.status, 422, 'it is sealed for its endpoint');
});

/** Of a reading that comes in this is not known: whoever asks for it would wait in vain. */
const NOT_OF_READINGS = [
  ...['date=gt2026-01-01', '_lastUpdated=gt2026-01-01', 'device=monitor-1', 'status=final'],
  ...['code:text=heart', 'code:not=9279-1', 'category:missing=true', 'patient.name=Smith'],
  ...['patient=somebody', 'subject=Device/monitor-1', 'patient:identifier=urn:mrn|1'],
  ...['_id=1', 'combo-value-quantity=gt130'],
];

test('what is not understood or not allowed is refused with its element', async () => {
  await using receiver = await hookReceiver();
  await using here = await startServerHere(settingsFor(receiver));
  const { server } = here;
  const sample = subscriptionOf({ topic: 'task', endpoint: receiver.url });
  const { channel } = sample;
  const withFilter = (topic: 'task' | 'alarm' | 'overLimit' | 'written', ...filters: string[]) =>
    subscriptionOf({ topic, filters, endpoint: receiver.url });
  const cases: readonly (readonly [string, Subscription])[] = [
    ['criteria', { ...sample, criteria: 'Observation?code=8867-4' }],
    ['status', { ...sample, status: 'active' }],
    ['channel.type', { ...sample, channel: { ...channel, type: 'sms' } }],
    [
      'channel.endpoint',
      { ...sample, channel: { ...channel, endpoint: 'http://169.254.169.254/' } },
    ],
    [
      'channel.endpoint',
      { ...sample, channel: { ...channel, endpoint: 'https://elsewhere.example/' } },
    ],
    ['channel.header', { ...sample, channel: { ...channel, header: ['no header'] } }],
    ['channel.header', { ...sample, channel: { ...channel, header: ['Host: elsewhere'] } }],
    ['channel.payload', { ...sample, channel: { ...channel, payload: 'application/xml' } }],
    ['criteria.extension', withFilter('task', 'Observation?code=1')],
    ['criteria.extension', withFilter('task', 'Task?colour=red')],
    ['criteria.extension', withFilter('alarm', 'Flag?priority=loud')],
    ['criteria.extension', withFilter('overLimit', 'Observation?code=8867-4')],
    ['criteria.extension', withFilter('overLimit', 'Observation?code=8867-4&value-quantity=120')],
    ...NOT_OF_READINGS.map(
      (asked) =>
        [
          'criteria.extension',
          withFilter('overLimit', `Observation?code=8867-4&value-quantity=gt120&${asked}`),
        ] as const,
    ),
    ['criteria.extension', withFilter('written')],
    ['criteria.extension', withFilter('written', 'Condition?patient.name=Smith')],
  ];
  for (const [element, resource] of cases) {
    const response = await writeFhir(server, resource);
    const outcome = (await response.json()) as OperationOutcome;
    assert.equal(response.status, 422, `${element}: ${JSON.stringify(outcome)}`);
    assert.equal(outcome.issue[0]?.expression?.[0], `Subscription.${element}`);
  }
  assert.deepEqual(receiver.seen, []);
});

test('who has records sent outside is in the audit trail; what the server says of it is not', async () => {
  await using receiver = await hookReceiver();
  await using here = await startServerHere(settingsFor(receiver));
  const { server, database } = here;
  const followed = await subscribed(server, { topic: 'task', endpoint: receiver.url });
  const acts = () => database.line`
    SELECT act FROM audit_leaf WHERE target = ${`subscription/${followed.id}`}`;
  assert.deepEqual([...(await acts())], [{ act: 'subscription-written' }]);
  await written(server, { ...followed, status: 'off' });
  assert.equal((await acts()).length, 2);
});

test('an organisation has so many subscriptions, and no more', async () => {
  await using receiver = await hookReceiver();
  await using here = await startServerHere(settingsFor(receiver, { followedMax: 2 }));
  const { server } = here;
  const sample = subscriptionOf({ topic: 'task' });
  const first = await written(server, sample);
  await written(server, sample);
  const refused = await writeFhir(server, sample);
  assert.equal(refused.status, 422);
  assert.match(await refused.text(), /too-costly/);
  await subscriptionWith(server, first.id, 'active');
  const changed = await written(server, { ...first, status: 'requested', reason: 'Another' });
  await subscriptionWith(server, first.id, 'active');
  await written(server, { ...changed, status: 'off' });
  await written(server, sample);
});

test('two organisations are told nothing of each other', async () => {
  await using receiver = await hookReceiver();
  await using here = await startServerHere(settingsFor(receiver));
  const { server } = here;
  const { id } = await subscribed(server, { topic: 'task', endpoint: receiver.url });
  const authorization = `Bearer ${await otherHospital(here)}`;
  const task = { resourceType: 'Task', status: 'requested', intent: 'order' };
  assert.equal((await writeFhir(server, task, { authorization })).status, 201);
  await written(server, task);
  assert.deepEqual(await eventsTaken(receiver, 1), [1]);
  for (const operation of ['$status', '$events', '$get-ws-binding-token']) {
    const path = `/fhir/R4/Subscription/${id}/${operation}`;
    const response = await server.fetch(path, { headers: { authorization } });
    assert.equal(response.status, 404, operation);
  }
});

test('of who is erased nothing is told any more, and the numbers stay', async () => {
  await using receiver = await hookReceiver();
  await using here = await startServerHere(settingsFor(receiver));
  const { server, database } = here;
  const subject = await server.addSubject();
  const patient = await server.addDevice(subject.id);
  const endpoint = receiver.url;
  const limit = 'Observation?code=8867-4&value-quantity=gt120';
  const followed = [
    await subscribed(server, { topic: 'written', filters: ['Condition'], endpoint }),
    await subscribed(server, { topic: 'overLimit', filters: [limit], endpoint }),
    await subscribed(server, { topic: 'alarm', endpoint }),
  ];
  await written(server, conditionOf(patient.subjectId));
  const reading = { time: Date.now(), values: { 'heart-rate': 180 } };
  assert.equal((await server.send(patient, JSON.stringify(reading))).status, 202);
  assert.equal((await server.send(patient, '{"kind":"button"}', 'events')).status, 202);
  await eventsTaken(receiver, 3);
  const { recordNumber } = subject.identity;
  const asked = { recordNumber, stopMonitoring: true };
  await server.post(`/api/subjects/${patient.subjectId}/erasure`, asked);
  await eventually('the rows to go', async () => {
    const [row] = await database.line`
      SELECT FROM subscription_event WHERE subject_id = ${patient.subjectId} OR sealed IS NOT NULL`;
    return row === undefined ? true : undefined;
  });
  for (const { id } of followed) {
    const told = await eventsOf(server, id, '?content=full-resource');
    assert.deepEqual(told.events[0], { number: 1, focus: undefined });
    assert.ok(!told.text.includes(patient.subjectId));
  }
});

/** An administrator's token of another organisation. */
async function otherHospital({ database }: ServerHere): Promise<string> {
  const sql = database.line;
  const organisationId = randomUUID();
  const token = randomUUID();
  await sql`INSERT INTO organisation (id, name) VALUES (${organisationId}, 'The other hospital')`;
  await sql`
    INSERT INTO api_token (organisation_id, token_hash, label, roles)
    VALUES (${organisationId}, ${createHash('sha256').update(token).digest()}, 'test', ARRAY['administrator', 'physician', 'nurse'])`;
  return token;
}

test('whoever asks is told which topics and operations there are', async () => {
  await using here = await startServerHere();
  const statement = await here.server.get<CapabilityStatement>('/fhir/R4/metadata');
  const offered = statement.rest?.[0]?.resource?.find(({ type }) => type === 'Subscription');
  const topics = offered?.extension?.map(({ valueCanonical }) => valueCanonical);
  assert.deepEqual(topics, Object.values(TOPICS));
  const names = offered?.operation?.map(({ name }) => name) ?? [];
  for (const name of ['status', 'events', 'get-ws-binding-token']) assert.ok(names.includes(name));
});

test('who is no administrator writes no subscription', async () => {
  await using receiver = await hookReceiver();
  await using here = await startServerHere(settingsFor(receiver));
  const authorization = `Bearer ${await clinicianOf(here)}`;
  const asked = subscriptionOf({ topic: 'task', endpoint: receiver.url });
  assert.equal((await writeFhir(here.server, asked, { authorization })).status, 403);
  assert.deepEqual(receiver.seen, []);
});

async function clinicianOf({ database }: ServerHere): Promise<string> {
  const sql = database.line;
  const [own] = await sql<{ id: string }[]>`SELECT id FROM organisation`;
  const token = randomUUID();
  const token_hash = createHash('sha256').update(token).digest();
  await sql`
    INSERT INTO api_token (organisation_id, token_hash, label, roles)
    VALUES (${own?.id ?? null}, ${token_hash}, 'test', ARRAY['physician', 'nurse'])`;
  return token;
}
