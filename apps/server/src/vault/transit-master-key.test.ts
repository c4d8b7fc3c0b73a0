/** Against a small server that speaks the transit API as its documentation describes it. */
import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, test } from 'node:test';
import { StartProblem } from '../database/start-problem.ts';
import { transitMasterKeys } from './transit-master-key.ts';

const TOKEN = 'hvs.test-token';
const ROOT = Uint8Array.from(randomBytes(32));

let service: Server;
let url = '';
/** The versions of the one key, oldest first. */
let versions: Buffer[] = [];

beforeEach(async () => {
  versions = [randomBytes(32)];
  service = createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/v1/transit`;
});
afterEach(async () => {
  service.closeAllConnections();
  await once(service.close(), 'close');
});

interface Answer {
  readonly status: number;
  readonly body: object;
}

const refuse = (status: number, why: string): Answer => ({ status, body: { errors: [why] } });

async function answer(request: IncomingMessage): Promise<Answer> {
  const { plaintext, ciphertext } = JSON.parse(await text(request)) as Record<string, string>;
  if (request.headers['x-vault-token'] !== TOKEN) return refuse(403, 'permission denied');
  if (request.method !== 'POST') return refuse(405, 'unsupported operation');
  if (request.url === '/v1/transit/encrypt/ausculta') {
    return { status: 200, body: { data: { ciphertext: encrypt(plaintext ?? '') } } };
  }
  if (request.url !== '/v1/transit/decrypt/ausculta') return refuse(404, 'no such key');
  const opened = decrypt(ciphertext ?? '');
  if (opened === undefined) return refuse(400, 'cipher: message authentication failed');
  return { status: 200, body: { data: { plaintext: opened } } };
}

function encrypt(base64: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', versions.at(-1) as Buffer, nonce);
  const bytes = Buffer.concat([cipher.update(Buffer.from(base64, 'base64')), cipher.final()]);
  const all = Buffer.concat([nonce, bytes, cipher.getAuthTag()]);
  return `vault:v${versions.length}:${all.toString('base64')}`;
}

function decrypt(text: string): string | undefined {
  const [, version = '', base64 = ''] = text.split(':');
  const all = Buffer.from(base64, 'base64');
  try {
    const key = versions[Number(version.slice(1)) - 1] as Buffer;
    const decipher = createDecipheriv('aes-256-gcm', key, all.subarray(0, 12));
    decipher.setAuthTag(all.subarray(-16));
    return Buffer.concat([decipher.update(all.subarray(12, -16)), decipher.final()]).toString(
      'base64',
    );
  } catch {
    return undefined;
  }
}

const keysOf = (options: { token?: string; keyName?: string; url?: string } = {}) =>
  transitMasterKeys({ url, keyName: 'ausculta', token: TOKEN, ...options });

test('what the service wrapped it opens again, after its own rotation too', async () => {
  const [key] = keysOf().known;
  const wrapped = await key?.wrap(ROOT);
  assert.ok(key !== undefined && wrapped !== undefined);
  assert.ok(!Buffer.from(wrapped).includes(Buffer.from(ROOT)));
  versions.push(randomBytes(32));
  assert.deepEqual(await key.unwrap(wrapped), { ok: true, value: ROOT });
  const next = await (await keysOf().next()).wrap(ROOT);
  assert.match(Buffer.from(next).toString(), /^vault:v2:/);
});

test('another key and another provider are told apart from a service that is away', async () => {
  const [key] = keysOf({ url: `${url}/` }).known;
  const wrapped = (await key?.wrap(ROOT)) as Uint8Array;
  versions = [randomBytes(32)];
  assert.deepEqual(await key?.unwrap(wrapped), {
    ok: false,
    fault: { code: 'SEAL_BROKEN', detail: 'another key' },
  });
  assert.equal((await key?.unwrap(new Uint8Array(65)))?.ok, false);
});

const REFUSALS = [
  ['a wrong token', { token: 'wrong' }, /AUSCULTA_KMS_TOKEN_FILE/],
  ['an unknown key', { keyName: 'other' }, /AUSCULTA_KMS_KEY/],
  ['a service that is away', { url: 'http://127.0.0.1:9/v1/transit' }, /does not answer/],
] as const;

for (const [what, options, says] of REFUSALS) {
  test(`${what} stops the start with the mend`, async () => {
    const [key] = keysOf(options).known;
    const refused = (error: unknown) => error instanceof StartProblem && says.test(error.message);
    await assert.rejects(async () => await key?.wrap(ROOT), refused);
    const wrapped = Buffer.from('vault:v1:AAAA');
    await assert.rejects(async () => await key?.unwrap(wrapped), refused);
  });
}
