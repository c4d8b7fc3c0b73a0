/** Where a listed name leads is looked at with each connection, whoever owns the name; patience ends with it. */
import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { test } from 'node:test';
import { type HookReceiver, hookReceiver } from '../../../../tests/support/hook-receiver.ts';
import { eventually } from '../../../../tests/support/server.ts';
import { countedTimers } from '../../../../tests/support/timers.ts';
import { parsePrefixes } from '../outgoing/endpoints.ts';
import { notificationText } from './notification.ts';
import { RestHooks } from './rest-hook.ts';

interface Sending {
  readonly mayBePrivate?: boolean;
  readonly answer?: HookReceiver['answer'];
  readonly timeoutMs?: number;
}

/** A notification to a name that leads to these addresses. */
async function sentTo(
  host: string,
  addresses: readonly string[],
  { mayBePrivate = false, answer = 200, timeoutMs = 60_000 }: Sending = {},
) {
  await using receiver = await hookReceiver();
  receiver.answer = answer;
  const url = `http://${host}:${receiver.port}/`;
  const asked: string[] = [];
  const timers = countedTimers();
  const found: LookupAddress[] = addresses.map((address) => ({ address, family: 4 }));
  using hooks = new RestHooks({
    rules: { prefixes: parsePrefixes(url) ?? [], mayBePrivate },
    after: timers.after,
    resolve: (name) => {
      asked.push(name);
      return Promise.resolve(found);
    },
  });
  const hook = { url: new URL(url), headers: [], timeoutMs };
  const of = {
    baseUrl: 'https://ausculta.example/fhir/R4',
    subscriptionId: '1',
    topic: 'task',
  } as const;
  const told = { ...of, type: 'handshake', status: 'requested', lastEvent: 0 } as const;
  const body = notificationText({ ...told, events: [], errors: [] }, { id: '2', nowMs: 0 });
  const sent = await hooks.send({ ...hook, body });
  await eventually('no patience that is left over', () => (timers.count === 0 ? true : undefined));
  return { sent, seen: receiver.seen.length, asked };
}

test('a name that leads to this machine is taken if it is localhost, and listed', async () => {
  const { sent, seen, asked } = await sentTo('localhost', ['127.0.0.1']);
  assert.deepEqual(sent, { ok: true });
  assert.equal(seen, 1);
  assert.deepEqual(asked, ['localhost']);
});

for (const address of [
  '127.0.0.1',
  '10.0.0.1',
  '192.168.0.1',
  '169.254.169.254',
  '100.100.100.200',
]) {
  test(`a listed name that leads to ${address} is refused`, async () => {
    const { sent, seen } = await sentTo('hooks.example', [address]);
    assert.ok(!sent.ok && /does not allow/.test(sent.reason), JSON.stringify(sent));
    assert.equal(seen, 0);
  });
}

for (const address of ['127.0.0.1', '169.254.169.254']) {
  test(`${address} is refused though names may lead to private addresses`, async () => {
    const { sent } = await sentTo('hooks.example', [address], { mayBePrivate: true });
    assert.ok(!sent.ok && /does not allow/.test(sent.reason), JSON.stringify(sent));
  });
}

test('of several addresses those are tried that are allowed', async () => {
  const { sent, seen } = await sentTo('localhost', ['169.254.169.254', '127.0.0.1']);
  assert.deepEqual(sent, { ok: true });
  assert.equal(seen, 1);
});

test('an endpoint that answers nothing is waited for no longer than was asked', async () => {
  const asked = { answer: 'never', timeoutMs: 100 } as const;
  const { sent, seen } = await sentTo('localhost', ['127.0.0.1'], asked);
  assert.deepEqual(sent, { ok: false, reason: 'No answer within 0.1 s.' });
  assert.equal(seen, 1);
});

test('an endpoint that cannot be reached is told of at once', async () => {
  const { sent } = await sentTo('localhost', ['127.0.0.2']);
  assert.deepEqual(sent, { ok: false, reason: 'The endpoint cannot be reached (ECONNREFUSED).' });
});
