/** What a certificate that is shown in a real handshake is taken for. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import {
  certificateFor,
  newKeys,
  pemOfKey,
  serverCertificate,
  type Wanted,
} from '../../../../tests/support/certificates.ts';
import { type ClientCertificate, clientCertificateOf } from './client-certificate.ts';

const OURS = 'our authority';

test('a certificate is good if our authority has signed it for a client, and it is in time', async () => {
  const [ours, others] = [await newKeys(), await newKeys()];
  const ca = await certificateFor(ours, { name: OURS, isAuthority: true });
  const server = createServer({
    ...(await serverCertificate()),
    ...{ ca, requestCert: true, rejectUnauthorized: false },
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const shown = async (wanted?: Wanted): Promise<ClientCertificate | undefined> => {
    const keys = await newKeys();
    const own = wanted && { key: await pemOfKey(keys), cert: await certificateFor(keys, wanted) };
    const coming = once(server, 'secureConnection');
    const client = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...own });
    const [socket] = (await coming) as [TLSSocket];
    const found = clientCertificateOf(socket);
    client.destroy();
    return found;
  };

  const signedBy = { name: OURS, keys: ours };
  const name = 'monitor-1';
  const good = await shown({ name, signedBy });
  assert.equal(good?.fault, undefined);
  assert.equal(good?.name, name);
  assert.match(good?.fingerprint ?? '', /^[0-9a-f]{64}$/);
  assert.equal(await shown(), undefined);
  const bad: readonly (readonly [Wanted, string])[] = [
    [{ name }, 'self-signed'],
    [{ name, signedBy: { name: OURS, keys: others } }, 'not-verified'],
    [{ name, signedBy: { name: 'another', keys: others } }, 'wrong-authority'],
    [{ name, signedBy, purpose: 'server' }, 'wrong-purpose'],
    [{ name, signedBy, untilMs: Date.now() - 1_000 }, 'expired'],
  ];
  for (const [wanted, fault] of bad) assert.equal((await shown(wanted))?.fault, fault);
  server.close();
});
