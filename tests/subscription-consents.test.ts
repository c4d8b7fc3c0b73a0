/**
 * A subscription acts for whoever wrote it: what was withdrawn from them is told no more, from the next
 * notification on and within two seconds, and never in silence.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import type { Parameters, Subscription } from '@medplum/fhirtypes';
import { WebSocket } from 'ws';
import { consentOf, NOBODY_LOOKS } from './support/consents.ts';
import { type HookReceiver, hookReceiver, readNotification } from './support/hook-receiver.ts';
import { Asking, type Person, problemOf, signedIn } from './support/people.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';
import {
  eventsOf,
  settingsFor,
  subscribed,
  subscriptionOf,
  subscriptionWith,
  written,
} from './support/subscription-sample.ts';

const WITHIN_MS = 2_000;

let receiver: HookReceiver;
let here: ServerHere;
let server: ServerUnderTest;
let asking: Asking;

const taken = (id: string) => receiver.taken.filter(({ text }) => text.includes(id));
const errorsIn = ({ parameter = [] }: Parameters): string[] =>
  parameter.flatMap(({ name, valueCodeableConcept }) =>
    name === 'error' ? (valueCodeableConcept?.text ?? []) : [],
  );

async function write(device: TestDevice, text: string): Promise<string> {
  return await asking.write('Condition', problemOf(device, text));
}

const refuse = ({ subjectId }: TestDevice) =>
  written(server, consentOf({ subjectId, base: 'OPTIN', provision: NOBODY_LOOKS }));

async function subscribedBy(person: Person, resource: Subscription) {
  const made = await asking.json<Subscription & { id: string }>(person, '/fhir/R4/Subscription', {
    ...{ method: 'POST', body: JSON.stringify(resource) },
    headers: { 'content-type': 'application/fhir+json' },
  });
  return await subscriptionWith(server, made.id, 'active');
}

describe('what a subscription may tell', () => {
  before(async () => {
    receiver = await hookReceiver();
    here = await startServerHere(settingsFor(receiver));
    server = here.server;
    asking = new Asking(server);
  });
  after(async () => {
    await here[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  test('one of many keeps theirs back: their events are empty, with a word, those of others are not', async () => {
    const [ada, ben] = [await server.addPatient('Ada'), await server.addPatient('Ben')];
    const asked = { topic: 'written', filters: ['Condition'], endpoint: receiver.url } as const;
    const { id } = await subscribed(server, { ...asked, content: 'full-resource' });
    await write(ada, 'of Ada before');
    await eventually('what is open', () =>
      taken(id).find(({ text }) => text.includes('of Ada before')),
    );
    await refuse(ada);
    const hidden = await write(ada, 'of Ada after');
    const open = await write(ben, 'of Ben');
    await eventually('what is open', () => taken(id).find(({ text }) => text.includes('of Ben')));
    const told = taken(id).filter(({ type }) => type === 'event-notification');
    assert.ok(!told.some(({ text }) => text.includes('of Ada after') || text.includes(hidden)));
    const events = told.flatMap((one) => one.events);
    assert.deepEqual(
      events.map(({ number }) => number),
      [1, 2, 3],
      'no number is left out',
    );
    assert.deepEqual(
      events.slice(1).map(({ focus }) => focus),
      [undefined, `Condition/${open}`],
    );
    const empty = told.find((one) => one.events.some(({ number }) => number === 2));
    assert.ok(empty !== undefined && /may not see/.test(errorsIn(empty.status).join()));
    const again = await eventsOf(server, id, '?content=full-resource');
    assert.ok(!again.text.includes('of Ada'), 'nor when it is asked for again');
    assert.ok(again.text.includes('of Ben'));
    await written(server, { ...(await subscriptionWith(server, id, 'active')), status: 'off' });
  });

  test('what was asked of one person alone ends with a word within two seconds of their no', async () => {
    const eve = await server.addPatient('Eve');
    const filters = [`Condition?patient=${eve.subjectId}`];
    const { id } = await subscribed(server, { topic: 'written', filters, endpoint: receiver.url });
    const atMs = Date.now();
    await refuse(eve);
    const last = await eventually('the last word', () =>
      taken(id).find(({ status }) => errorsIn(status).length > 0),
    );
    assert.ok(Date.now() - atMs < WITHIN_MS, `${Date.now() - atMs} ms`);
    assert.match(errorsIn(last.status).join(), /has ended/);
    const { error } = await subscriptionWith(server, id, 'error');
    assert.match(error ?? '', /has ended/);
    const count = taken(id).length;
    const hidden = await write(eve, 'after the end');
    const other = await server.addPatient();
    const marker = await subscribed(server, {
      ...{ topic: 'written', filters: [`Condition?patient=${other.subjectId}`] },
      endpoint: receiver.url,
    });
    await write(other, 'a marker');
    await eventually('the marker', () => taken(marker.id).find(({ events }) => events.length > 0));
    assert.equal(taken(id).length, count);
    assert.ok(!receiver.seen.some(({ text }) => text.includes(hidden)));
  });

  test('an endpoint that does not listen gets the last word when it does', async () => {
    const hal = await server.addPatient('Hal');
    const filters = [`Condition?patient=${hal.subjectId}`];
    const { id } = await subscribed(server, { topic: 'written', filters, endpoint: receiver.url });
    receiver.answer = 503;
    await refuse(hal);
    await eventually('a first try', () =>
      receiver.seen.find(({ text, status }) => text.includes(id) && errorsIn(status).length > 0),
    );
    assert.equal(taken(id).filter(({ status }) => errorsIn(status).length > 0).length, 0);
    receiver.answer = 200;
    await eventually('the last word', () =>
      taken(id).find(({ status }) => errorsIn(status).length > 0),
    );
    await subscriptionWith(server, id, 'error');
  });

  test('a socket is closed with a word within two seconds', async () => {
    const fay = await server.addPatient('Fay');
    const filters = [`Condition?patient=${fay.subjectId}`];
    const { id } = await subscribed(server, { topic: 'written', filters });
    const path = `/fhir/R4/Subscription/${id}/$get-ws-binding-token`;
    const { parameter = [] } = await server.get<Parameters>(path);
    const named = (name: string) => parameter.find((one) => one.name === name);
    const socket = new WebSocket(named('websocket-url')?.valueUrl ?? '');
    const heard: ReturnType<typeof readNotification>[] = [];
    socket.on('message', (data) => heard.push(readNotification(String(data))));
    const closed = once(socket, 'close');
    await once(socket, 'open');
    socket.send(`bind-with-token ${named('token')?.valueString}`);
    await eventually('the handshake', () => heard[0]);
    const atMs = Date.now();
    await refuse(fay);
    assert.equal((await closed)[0], 1008);
    assert.ok(Date.now() - atMs < WITHIN_MS, `${Date.now() - atMs} ms`);
    assert.match(errorsIn(heard.at(-1)?.status ?? { resourceType: 'Parameters' }).join(), /ended/);
  });

  test('it tells no more than whoever wrote it may see, and ends when they have gone', async () => {
    const gus = await server.addPatient('Gus');
    const asked = { topic: 'written', filters: ['Condition'], endpoint: receiver.url } as const;
    const resource = subscriptionOf({ ...asked, content: 'full-resource' });
    const keeper = await signedIn(here, ['administrator']);
    const blind = await subscribedBy(keeper, resource);
    const doctor = await signedIn(here, ['administrator', 'physician']);
    await server.post('/api/shifts', { accountId: doctor.accountId, unit: null });
    const seeing = await subscribedBy(doctor, resource);
    const id = await write(gus, 'for who treats');
    await eventually('what a physician may see', () =>
      taken(seeing.id).find(({ text }) => text.includes('for who treats')),
    );
    const [told] = await eventually('the other notification', () => {
      const events = taken(blind.id).filter(({ type }) => type === 'event-notification');
      return events.length > 0 ? events : undefined;
    });
    assert.ok(
      told !== undefined && !told.text.includes(id) && !told.text.includes('for who treats'),
    );
    // Nobody reads by somebody else's subscription what they may not see themselves.
    const peeked = await asking.as(
      keeper,
      `/fhir/R4/Subscription/${seeing.id}/$events?content=full-resource`,
    );
    assert.equal(peeked.status, 200);
    assert.doesNotMatch(await peeked.text(), new RegExp(`for who treats|${id}`));

    const atMs = Date.now();
    await server.post(`/api/accounts/${doctor.accountId}/disable`, {});
    await eventually('the last word', () =>
      taken(seeing.id).find(({ status }) => /not here any more/.test(errorsIn(status).join())),
    );
    assert.ok(Date.now() - atMs < WITHIN_MS, `${Date.now() - atMs} ms`);
    await subscriptionWith(server, seeing.id, 'error');
    assert.deepEqual(here.problems, []);
  });
});
