/** Tokens of a destination, from a file and from an authorisation server that looks at our signature. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, randomUUID, verify } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { eventually, temporaryDirectory } from '../../../../tests/support/server.ts';
import { countedTimers } from '../../../../tests/support/timers.ts';
import { Outgoing } from '../outgoing/outgoing.ts';
import { AccessToken } from './access-token.ts';

interface Grant {
  readonly form: URLSearchParams;
  readonly header: { readonly alg: string; readonly kid: string };
  readonly claims: Readonly<Record<string, unknown>>;
  readonly isSigned: boolean;
}

const KEYS = {
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  RS384: generateKeyPairSync('rsa', { modulusLength: 2_048 }),
} as const;

/** An authorisation server: what it was shown, and what it answers. */
const grants: Grant[] = [];
let answer: { status: number; body: object } = { status: 200, body: {} };
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const form = new URLSearchParams(Buffer.concat(parts).toString());
    const [head = '', claims = '', signature = ''] = (form.get('client_assertion') ?? '').split(
      '.',
    );
    const header = jsonOf(head) as Grant['header'];
    const key = createPublicKey(KEYS[header.alg as keyof typeof KEYS].privateKey);
    const given = { key, dsaEncoding: 'ieee-p1363' as const };
    const isSigned = verify(
      'sha384',
      Buffer.from(`${head}.${claims}`),
      given,
      Buffer.from(signature, 'base64url'),
    );
    grants.push({ form, header, claims: jsonOf(claims) as Grant['claims'], isSigned });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer.body));
  });
});

function jsonOf(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}

describe('what says to a destination who we are', () => {
  let tokenUrl: string;
  let outgoing: Outgoing;
  const clock = { nowMs: Date.UTC(2026, 10, 22, 12) };
  const timers = countedTimers();

  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    tokenUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/token`;
    const rules = { prefixes: [tokenUrl], mayBePrivate: false };
    outgoing = new Outgoing({
      ...{ rules, resolve: lookup, after: timers.after, reads: 'whole', connectionsMax: 2 },
    });
  });
  after(async () => {
    outgoing[Symbol.dispose]();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  afterEach(() =>
    eventually('no patience that is left over', () => (timers.count === 0 ? true : undefined)),
  );

  const ports = () => ({ outgoing, nowMs: () => clock.nowMs, newId: () => randomUUID() });

  async function backendOf(algorithm: keyof typeof KEYS): Promise<AccessToken> {
    const keyFile = join(await temporaryDirectory(), 'key.pem');
    const pem = KEYS[algorithm].privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(keyFile, pem);
    const credentials = {
      kind: 'smart-backend',
      ...{ tokenUrl, clientId: 'ausculta-7', keyFile, keyId: 'k1' },
      ...{ algorithm, scope: 'system/Observation.cruds' },
    } as const;
    return new AccessToken(credentials, ports());
  }

  for (const algorithm of ['ES384', 'RS384'] as const) {
    test(`a statement signed with ${algorithm} is a token, which is asked for anew before it ends`, async () => {
      grants.length = 0;
      answer = { status: 200, body: { access_token: 'abc', expires_in: 300 } };
      const token = await backendOf(algorithm);
      assert.deepEqual(await token.get(), { ok: true, header: 'Bearer abc' });
      await token.get();
      assert.equal(grants.length, 1, 'it is kept');
      const [grant] = grants;
      assert.equal(grant?.isSigned, true);
      assert.equal(grant?.form.get('grant_type'), 'client_credentials');
      assert.equal(grant?.form.get('scope'), 'system/Observation.cruds');
      const { header, claims } = grant as Grant;
      assert.deepEqual([header.alg, header.kid], [algorithm, 'k1']);
      assert.deepEqual([claims['iss'], claims['sub']], ['ausculta-7', 'ausculta-7']);
      assert.equal(claims['aud'], tokenUrl);
      const lastsS = Number(claims['exp']) - clock.nowMs / 1000;
      assert.ok(lastsS > 0 && lastsS <= 300, 'five minutes at most');
      clock.nowMs += 269_000;
      await token.get();
      assert.equal(grants.length, 1);
      clock.nowMs += 2_000;
      await token.get();
      assert.equal(grants.length, 2);
      assert.notEqual(grants[1]?.claims['jti'], claims['jti'], 'each statement is used once');
    });
  }

  test('a token that was not taken is forgotten', async () => {
    const token = await backendOf('ES384');
    answer = { status: 200, body: { access_token: 'one', expires_in: 300 } };
    await token.get();
    answer = { status: 200, body: { access_token: 'two', expires_in: 300 } };
    token.forget();
    assert.deepEqual(await token.get(), { ok: true, header: 'Bearer two' });
  });

  const REFUSALS = [
    { what: 'refuses', status: 400, body: { error: 'invalid_client' }, why: /400/ },
    { what: 'is away', status: 503, body: {}, why: /503/ },
    { what: 'gives none', status: 200, body: { token_type: 'bearer' }, why: /has none/ },
    { what: 'gives what is none', status: 200, body: { access_token: 'a\nb' }, why: /has none/ },
  ];

  for (const { what, status, body, why } of REFUSALS) {
    test(`an authorisation server that ${what} makes everything wait, and it is seen why`, async () => {
      answer = { status, body };
      const given = await (await backendOf('ES384')).get();
      assert.ok(!given.ok && given.outcome.kind === 'away');
      assert.match(given.outcome.reason, why);
    });
  }

  test('a key of another algorithm, and files that are missing, are told without what is in them', async () => {
    const keyFile = join(await temporaryDirectory(), 'key.pem');
    await writeFile(keyFile, 'no key at all');
    const asked = { tokenUrl, clientId: 'c', keyId: 'k', algorithm: 'ES384', scope: 's' } as const;
    for (const file of [keyFile, `${keyFile}.gone`]) {
      const credentials = { kind: 'smart-backend', keyFile: file, ...asked } as const;
      const given = await new AccessToken(credentials, ports()).get();
      assert.ok(!given.ok && given.outcome.kind === 'away');
      assert.match(given.outcome.reason, /keyFile/);
    }
    const bearer = new AccessToken({ kind: 'bearer', tokenFile: `${keyFile}.gone` }, ports());
    const given = await bearer.get();
    assert.ok(!given.ok && given.outcome.kind === 'away');
    assert.match(given.outcome.reason, /tokenFile/);
  });

  test('a token in a file is read anew when it was not taken', async () => {
    const tokenFile = join(await temporaryDirectory(), 'token');
    await writeFile(tokenFile, 'first\n');
    const token = new AccessToken({ kind: 'bearer', tokenFile }, ports());
    assert.deepEqual(await token.get(), { ok: true, header: 'Bearer first' });
    await writeFile(tokenFile, 'second\n');
    assert.deepEqual(await token.get(), { ok: true, header: 'Bearer first' });
    token.forget();
    assert.deepEqual(await token.get(), { ok: true, header: 'Bearer second' });
  });

  test('a name that leads into the network of the server is not connected to', async () => {
    const rules = { prefixes: ['http://ehr.example/'], mayBePrivate: false };
    const resolve = async () => [{ address: '10.0.0.7', family: 4 }];
    using guarded = new Outgoing({
      ...{ rules, resolve, after: timers.after, reads: 'whole', connectionsMax: 2 },
    });
    const url = new URL('http://ehr.example/fhir');
    const reply = await guarded.post({ url, headers: {}, body: '' });
    assert.deepEqual(reply, {
      kind: 'none',
      why: 'not-allowed',
      reason: 'its name leads to an address that is not allowed',
    });
  });
});
