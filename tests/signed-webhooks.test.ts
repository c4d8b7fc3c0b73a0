/** A subscriber that we did not write knows by their signature what comes from us, also while its secret changes. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { eventsTaken, hookReceiver, type Notification } from './support/hook-receiver.ts';
import { eventually, startServerHere } from './support/server.ts';
import {
  conditionOf,
  settingsFor,
  subscribed,
  subscriptionOf,
  writeFhir,
} from './support/subscription-sample.ts';

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const asHeader = (secret: string): string => `Ausculta-Signing-Secret: ${secret}`;

const told = ({ headers }: Notification) => ({
  'webhook-id': String(headers['webhook-id']),
  'webhook-timestamp': String(headers['webhook-timestamp']),
  'webhook-signature': String(headers['webhook-signature']),
});

test('a notification is verified by the library of others, and one that was changed or kept is not', async () => {
  await using receiver = await hookReceiver();
  await using here = await startServerHere(settingsFor(receiver));
  const { server } = here;
  const { id: subject } = await server.addSubject();
  const [old, next] = [newSecret(), newSecret()];
  const channel = {
    endpoint: receiver.url,
    headers: [asHeader(old), asHeader(next), 'X-Own: kept'],
  };
  const subscription = await subscribed(server, {
    topic: 'written',
    filters: ['Condition?'],
    ...channel,
  });
  assert.ok(
    !JSON.stringify(subscription).includes(old),
    'it is not told to who reads the Subscription',
  );
  receiver.answer = 503;
  assert.equal((await writeFhir(server, conditionOf(subject))).status, 201);
  const first = await eventually('a first attempt', () =>
    receiver.seen.find(({ events }) => events.length > 0),
  );
  receiver.answer = 200;
  await eventsTaken(receiver, 1);
  const taken = receiver.taken.find(({ events }) => events.length > 0);
  assert.ok(taken);
  for (const one of [first, taken, ...receiver.taken]) {
    for (const secret of [old, next]) new Webhook(secret).verify(one.text, told(one));
    assert.equal(one.headers['ausculta-signing-secret'], undefined);
    assert.equal(one.headers['x-own'], 'kept');
  }
  assert.equal(told(first)['webhook-id'], told(taken)['webhook-id'], 'who gets it twice sees one');
  const ids = receiver.taken.map((one) => told(one)['webhook-id']);
  assert.equal(new Set(ids).size, ids.length, 'a handshake is another one');
  const webhook = new Webhook(next);
  const headers = told(taken);
  for (const [what, text, shown] of [
    ['changed', `${taken.text} `, headers],
    [
      'by another',
      taken.text,
      { ...headers, 'webhook-signature': `v1,${randomBytes(32).toString('base64')}` },
    ],
    [
      'of another time',
      taken.text,
      { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 600) },
    ],
    ['of another id', taken.text, { ...headers, 'webhook-id': 'msg_other' }],
  ] as const)
    assert.throws(() => webhook.verify(text, shown), WebhookVerificationError, what);
  assert.throws(
    () => new Webhook(newSecret()).verify(taken.text, headers),
    'by a secret of nobody',
  );
});

test('what is no secret, and headers that only we write, are refused', async () => {
  await using receiver = await hookReceiver();
  await using here = await startServerHere(settingsFor(receiver));
  const good = {
    topic: 'written',
    filters: ['Condition?'],
    endpoint: receiver.url,
    headers: [asHeader(newSecret())],
  } as const;
  assert.equal((await writeFhir(here.server, subscriptionOf(good))).status, 201);
  for (const header of [
    asHeader('short'),
    asHeader('whsec_c2hvcnQ='),
    asHeader(`whsec_${'!'.repeat(44)}`),
    asHeader(`whsec_${randomBytes(65).toString('base64')}`),
    ...['Webhook-Signature: v1,AAAA', 'webhook-id: mine', 'webhook-timestamp: 1'],
  ]) {
    const asked = {
      topic: 'written',
      filters: ['Condition?'],
      endpoint: receiver.url,
      headers: [header],
    } as const;
    const response = await writeFhir(here.server, subscriptionOf(asked));
    assert.equal(response.status, 422, header);
    assert.ok(!(await response.text()).includes('whsec_'), header);
  }
});
