/** Who is counted, and who is believed: limits by address and account, with and without a proxy. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ServerHere, startServerHere } from './support/server.ts';

const tryOnce = (here: ServerHere, forwardedFor: string, loginName = 'admin') =>
  fetch(`${here.server.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': forwardedFor },
    body: JSON.stringify({ loginName, password: 'wrong' }),
  });

async function statuses(count: number, one: (i: number) => Promise<Response>) {
  const found: number[] = [];
  for (let i = 0; i < count; i += 1) found.push((await one(i)).status);
  return found;
}

test('nobody is believed who was not named: made-up addresses share the limit of the real one', async () => {
  await using here = await startServerHere();
  const found = await statuses(31, (i) => tryOnce(here, `192.0.2.${i}`, `guess-${i}`));
  assert.deepEqual([found[0], found[29], found[30]], [401, 401, 429]);
});

test('an account is counted from however many addresses, and says how long to wait', async () => {
  await using here = await startServerHere({ config: { trustedProxies: ['127.0.0.1'] } });
  const found = await statuses(10, (i) => tryOnce(here, `192.0.2.${i}`));
  assert.deepEqual([...new Set(found)], [401]);
  const refused = await tryOnce(here, '192.0.2.99');
  assert.equal(refused.status, 429);
  const seconds = Number(refused.headers.get('retry-after'));
  assert.ok(seconds > 20 && seconds <= 30, `${seconds} s`);
  assert.equal((await tryOnce(here, '192.0.2.99', 'somebody-else')).status, 401);
});

test('behind a proxy that was named each address has its own limit, and the last proxy decides which', async () => {
  await using here = await startServerHere({ config: { trustedProxies: ['127.0.0.1/32'] } });
  const first = await statuses(31, (i) => tryOnce(here, '192.0.2.1', `guess-${i}`));
  assert.deepEqual([first[29], first[30]], [401, 429]);
  assert.equal((await tryOnce(here, '192.0.2.2', 'other')).status, 401);
  // What a client puts before the address that our proxy saw is its own invention.
  assert.equal((await tryOnce(here, '203.0.113.5, 192.0.2.1', 'other')).status, 429);
});
