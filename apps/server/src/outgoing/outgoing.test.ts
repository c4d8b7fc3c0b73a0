/** Whoever owns a name may point it anywhere, at any moment, and answer anything: nothing is reached by it. */
import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { test } from 'node:test';
import { countedTimers } from '../../../../tests/support/timers.ts';
import { NotAllowed, pinnedAddress } from './guarded-lookup.ts';
import { Outgoing } from './outgoing.ts';

const RULES = { prefixes: [], mayBePrivate: false };

async function listening(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.headers.host} ${request.url}`);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await once(server.close(), 'close');
  };
  return { seen, port, [Symbol.asyncDispose]: close };
}

/** A name that leads to the next of these each time that it is asked. */
function turning(...turns: readonly string[]) {
  const asked: string[] = [];
  const left = [...turns];
  const resolve = async (name: string): Promise<LookupAddress[]> => {
    asked.push(name);
    return [{ address: left.shift() ?? '127.0.0.1', family: 4 }];
  };
  const ports = { rules: RULES, resolve, after: countedTimers().after };
  return { asked, outgoing: new Outgoing({ ...ports, reads: 'whole', connectionsMax: 1 }) };
}

const asking = (port: number, host = 'localhost') => ({
  url: new URL(`http://${host}:${port}/path`),
  headers: { authorization: 'Bearer secret' },
  body: '{}',
});

test('a name is asked once for a connection, which goes to the address that was looked at', async () => {
  await using there = await listening((_request, response) => response.end('taken'));
  // The second answer would lead to where the keys of a cloud machine are told.
  const { asked, outgoing } = turning('127.0.0.1', '169.254.169.254');
  using _ = outgoing;
  const reply = await outgoing.post(asking(there.port));
  assert.deepEqual([reply.kind, asked], ['answer', ['localhost']]);
  assert.deepEqual(there.seen, [`localhost:${there.port} /path`]);
});

test('a name that is pointed elsewhere between two connections is refused by the second', async () => {
  await using there = await listening((_request, response) =>
    response.setHeader('connection', 'close').end('taken'),
  );
  const { asked, outgoing } = turning('127.0.0.1', '10.0.0.1');
  using _ = outgoing;
  assert.equal((await outgoing.post(asking(there.port))).kind, 'answer');
  const second = await outgoing.post(asking(there.port));
  assert.ok(second.kind === 'none' && second.why === 'not-allowed');
  assert.equal(asked.length, 2);
  assert.equal(there.seen.length, 1);
});

for (const location of [
  'http://169.254.169.254/latest/meta-data/',
  'http://127.0.0.1:1/',
  '/other',
])
  test(`a redirect to ${location} is an answer, and not a way`, async () => {
    await using there = await listening((_request, response) =>
      response.writeHead(307, { location }).end(),
    );
    const { outgoing } = turning();
    using _ = outgoing;
    const reply = await outgoing.post(asking(there.port));
    assert.ok(reply.kind === 'answer' && reply.status === 307);
    assert.equal(there.seen.length, 1);
  });

for (const host of [
  '169.254.169.254',
  '[::ffff:a9fe:a9fe]',
  '2852039166',
  '0xa9fea9fe',
  '[fe80::1]',
  '0.0.0.0',
  '[::]',
])
  test(`${host}, written as an address, is not connected to`, async () => {
    const { asked, outgoing } = turning();
    using _ = outgoing;
    const reply = await outgoing.post(asking(80, host));
    assert.ok(reply.kind === 'none' && reply.why === 'not-allowed', JSON.stringify(reply));
    assert.deepEqual(asked, []);
  });

test('an answer without an end is cut', async () => {
  await using there = await listening((_request, response) => {
    const part = Buffer.alloc(2 ** 20);
    const more = (): void =>
      void (response.destroyed || response.write(part, () => setImmediate(more)));
    more();
  });
  const { outgoing } = turning();
  using _ = outgoing;
  const reply = await outgoing.post(asking(there.port));
  assert.ok(reply.kind === 'none' && reply.why === 'too-long');
});

test('who looks names up by themselves is given an address that may be reached, or none', async () => {
  const mayBePrivate = { prefixes: [], mayBePrivate: true };
  const leading = (...addresses: string[]) => ({
    rules: mayBePrivate,
    resolve: async () => addresses.map((address) => ({ address, family: 4 })),
  });
  assert.equal(await pinnedAddress('relay.example', leading('10.0.0.5')), '10.0.0.5');
  assert.equal(
    await pinnedAddress('relay.example', leading('169.254.1.1', '10.0.0.5')),
    '10.0.0.5',
  );
  assert.equal(await pinnedAddress('127.0.0.1', leading()), '127.0.0.1');
  for (const address of ['127.0.0.1', '169.254.169.254', '0.0.0.0'])
    await assert.rejects(pinnedAddress('relay.example', leading(address)), NotAllowed);
  await assert.rejects(pinnedAddress('169.254.169.254', leading()), NotAllowed);
});
