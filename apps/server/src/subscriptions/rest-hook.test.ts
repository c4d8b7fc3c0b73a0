/** Where a listed name leads is looked at with each connection, whoever owns the name. */
import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { test } from 'node:test';
import { hookReceiver } from '../../../../tests/support/hook-receiver.ts';
import { parsePrefixes } from './endpoints.ts';
import { notificationText } from './notification.ts';
import { RestHooks } from './rest-hook.ts';

/** A notification to a name that leads to these addresses. */
async function sentTo(host: string, addresses: readonly string[], mayBePrivate = false) {
  await using receiver = await hookReceiver();
  const url = `http://${host}:${receiver.port}/`;
  const asked: string[] = [];
  const found: LookupAddress[] = addresses.map((address) => ({ address, family: 4 }));
  using hooks = new RestHooks({
    rules: { prefixes: parsePrefixes(url) ?? [], mayBePrivate },
    after: (delayMs, run) => void setTimeout(run, delayMs).unref(),
    resolve: (name) => {
      asked.push(name);
      return Promise.resolve(found);
    },
  });
  const hook = { url: new URL(url), headers: [], timeoutMs: 2_000 };
  const of = {
    baseUrl: 'https://ausculta.example/fhir/R4',
    subscriptionId: '1',
    topic: 'task',
  } as const;
  const told = { ...of, type: 'handshake', status: 'requested', lastEvent: 0 } as const;
  const body = notificationText({ ...told, events: [], errors: [] }, { id: '2', nowMs: 0 });
  return { sent: await hooks.send({ ...hook, body }), seen: receiver.seen.length, asked };
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
    const { sent } = await sentTo('hooks.example', [address], true);
    assert.ok(!sent.ok && /does not allow/.test(sent.reason), JSON.stringify(sent));
  });
}

test('of several addresses those are tried that are allowed', async () => {
  const { sent, seen } = await sentTo('localhost', ['169.254.169.254', '127.0.0.1']);
  assert.deepEqual(sent, { ok: true });
  assert.equal(seen, 1);
});
