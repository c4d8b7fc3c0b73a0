/**
 * Tokens that were forged, borrowed, stolen or kept: at everything that takes one. A JSON Web Token opens nothing
 * by itself here; only a program's assertion is one, and it is held to the keys that its client was given.
 */
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { ClientView } from '@ausculta/contract/clients';
import { signedIn } from '../support/people.ts';
import { addPerson, askAs, PASSWORD, type Person, signIn } from '../support/person.ts';
import { ROUTES } from '../support/route-access.ts';
import {
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from '../support/server.ts';

const own = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-384' });

const encoded = (value: object | string): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

type Signer = (input: string) => Buffer;
const ecdsa =
  (key: KeyObject): Signer =>
  (input) =>
    sign('sha384', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
const hmac =
  (secret: string | Buffer): Signer =>
  (input) =>
    createHmac('sha256', secret).update(input).digest();
const unsigned: Signer = () => Buffer.alloc(0);

function jwt(header: object, claims: object, signer: Signer): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${signer(input).toString('base64url')}`;
}

let here: ServerHere;
let server: ServerUnderTest;
let base = '';
let client: ClientView;
let device: TestDevice;

describe('tokens that are not what they say', () => {
  before(async () => {
    here = await startServerHere();
    server = here.server;
    base = `${server.url}/oidc`;
    device = await server.addPatient();
    const keys = [
      { ...own.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES384', use: 'sig' },
      { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'two', alg: 'RS384', use: 'sig' },
    ];
    const wanted = {
      name: 'Archive',
      roles: ['nurse', 'physician'],
      scope: 'system/*.rs',
      jwks: { keys },
    };
    client = await server.post<ClientView>('/api/clients', wanted);
  });
  after(async () => {
    assert.deepEqual(here.problems, []);
    await here[Symbol.asyncDispose]();
  });

  const claims = (more: object = {}) => {
    const nowS = Math.floor(Date.now() / 1000);
    const { id } = client;
    return { iss: id, sub: id, aud: base, jti: randomUUID(), iat: nowS, exp: nowS + 60, ...more };
  };

  async function granted(
    assertion: string,
    more: Record<string, string> = {},
    path = '/token',
  ): Promise<number> {
    const form = {
      grant_type: 'client_credentials',
      scope: 'system/*.rs',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      ...more,
    };
    const response = await fetch(`${base}${path}`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    const text = await response.text();
    assert.ok(response.status === 200 || !text.includes('access_token'), text);
    assert.ok(response.status < 500, `${response.status} ${text}`);
    return response.status;
  }

  test('an assertion is believed by its client’s own key and algorithm alone', async (t) => {
    let fetched = 0;
    const theirs = createServer((_request, response) => {
      fetched += 1;
      const key = { ...stranger.publicKey.export({ format: 'jwk' }), kid: 'evil', alg: 'ES384' };
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [key] }));
    }).listen(0, '127.0.0.1');
    t.after(() => theirs.close());
    await once(theirs, 'listening');
    const address = theirs.address();
    const evil = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/jwks.json`;
    const evilKey = stranger.publicKey.export({ format: 'jwk' });
    const good = { alg: 'ES384', kid: 'one' };
    const byOwn = ecdsa(own.privateKey);
    const byStranger = ecdsa(stranger.privateKey);
    const pem = String(rsa.publicKey.export({ type: 'spki', format: 'pem' }));
    const der = rsa.publicKey.export({ type: 'spki', format: 'der' });
    assert.equal(await granted(jwt(good, claims(), byOwn)), 200, 'the true one is taken');
    for (const [what, token] of Object.entries({
      'no algorithm': jwt({ alg: 'none' }, claims(), unsigned),
      'no algorithm, in capitals': jwt({ alg: 'NoNe', kid: 'one' }, claims(), unsigned),
      'no signature': jwt(good, claims(), unsigned),
      'a signature of zeros': jwt(good, claims(), () => Buffer.alloc(96)),
      'the public key as a secret': jwt({ alg: 'HS256', kid: 'two' }, claims(), hmac(pem)),
      'the same in bytes': jwt({ alg: 'HS256', kid: 'two' }, claims(), hmac(der)),
      'an empty secret': jwt({ alg: 'HS256', kid: '/dev/null' }, claims(), hmac('')),
      'another algorithm of the same key': jwt({ alg: 'ES256', kid: 'one' }, claims(), byOwn),
      'another key of the client': jwt({ alg: 'RS384', kid: 'two' }, claims(), byOwn),
      'a stranger’s key': jwt(good, claims(), byStranger),
      'a key that it brings along': jwt({ ...good, jwk: evilKey }, claims(), byStranger),
      'keys of another address': jwt({ ...good, kid: 'evil', jku: evil }, claims(), byStranger),
      'a certificate of another address': jwt(
        { ...good, kid: 'evil', x5u: evil },
        claims(),
        byStranger,
      ),
      'a certificate that it brings along': jwt({ ...good, x5c: ['AAAA'] }, claims(), byStranger),
      'a key by a path': jwt({ alg: 'ES384', kid: '../../../../dev/null' }, claims(), byStranger),
      'a key by a query': jwt({ alg: 'ES384', kid: "one' OR '1'='1" }, claims(), byStranger),
      'something that must be understood': jwt(
        { ...good, crit: ['believe'], believe: true },
        claims(),
        byOwn,
      ),
      'another issuer': jwt(good, claims({ iss: 'https://evil.example' }), byOwn),
      'another client': jwt(good, claims({ iss: randomUUID(), sub: randomUUID() }), byOwn),
      'another audience': jwt(good, claims({ aud: 'https://evil.example/oidc/token' }), byOwn),
      'an audience that begins like ours': jwt(
        good,
        claims({ aud: `${base}.evil.example` }),
        byOwn,
      ),
      'no audience': jwt(good, claims({ aud: undefined }), byOwn),
      over: jwt(good, claims({ exp: Math.floor(Date.now() / 1000) - 60 }), byOwn),
      'without an end': jwt(good, claims({ exp: undefined }), byOwn),
      'not yet': jwt(good, claims({ nbf: Math.floor(Date.now() / 1000) + 3_600 }), byOwn),
      'an end that is no number': jwt(good, claims({ exp: '9999999999' }), byOwn),
      'claims that are none': `${encoded(good)}.${encoded('[]')}.AAAA`,
      nothing: '..',
      'too many parts': `${jwt(good, claims(), byOwn)}.AAAA`,
      'nested without an end': jwt(
        { ...good, cty: 'JWT' },
        { ...claims(), deep: '['.repeat(1_000) },
        byStranger,
      ),
    }))
      for (const path of ['/token', '/token/introspection', '/token/revocation'])
        assert.notEqual(await granted(token, { token: 'x' }, path), 200, `${what} at ${path}`);
    assert.equal(fetched, 0, 'nothing is fetched because a token says so');
  });

  test('no token that was made elsewhere opens any route, any device or any topic', async () => {
    const forged = [
      jwt(
        { alg: 'none' },
        { sub: 'admin', roles: ['administrator'], scope: 'system/*.cruds' },
        unsigned,
      ),
      jwt(
        { alg: 'HS256' },
        { sub: 'admin', aud: `${server.url}/fhir/R4`, exp: 9_999_999_999 },
        hmac('secret'),
      ),
      jwt({ alg: 'ES384', kid: 'one' }, claims({ scope: 'system/*.cruds' }), ecdsa(own.privateKey)),
      ...['null', 'undefined', '0', '[object Object]', '%00', "' OR 1=1 --", 'A'.repeat(8_000)],
    ];
    for (const token of forged) {
      const headers = { authorization: `Bearer ${token}` };
      for (const path of [
        '/api/subjects',
        '/api/accounts',
        '/fhir/R4/Patient',
        '/fhir/R4/$export',
        '/api/session',
      ])
        assert.equal((await server.fetch(path, { headers })).status, 401, path);
      assert.equal(
        (await server.send({ ...device, token }, '{"values":{"heart-rate":66}}')).status,
        401,
      );
      const password = token.slice(0, 1_000);
      await assert.rejects(server.connect({ ...device, token: password }), 'by MQTT');
    }
  });

  test('what is good for one door is nothing at another', async () => {
    const answer = await fetch(`${base}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        ...{ grant_type: 'client_credentials', scope: 'system/*.rs' },
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: jwt({ alg: 'ES384', kid: 'one' }, claims(), ecdsa(own.privateKey)),
      }),
    });
    const { access_token: access } = (await answer.json()) as { access_token: string };
    const person = await signedIn(here, ['administrator']);
    const session = person.headers['cookie']?.split('=')[1] ?? '';
    const { code } = await server.post<{ code: string }>(`/api/devices/${device.id}/claim`, {});
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const cookie = (token: string) => ({ authorization: '', cookie: `ausculta_session=${token}` });
    assert.equal((await server.fetch('/fhir/R4/Patient', { headers: bearer(access) })).status, 200);
    for (const [what, headers] of Object.entries({
      'a session as a token': bearer(session),
      'a device’s token as a program’s': bearer(device.token),
      'a claim code as a token': bearer(code),
      'a program’s token as a session': cookie(server.token),
      'an access token as a session': cookie(access),
      'a device’s token as a session': cookie(device.token),
      'a token in its query': { authorization: '', 'x-access-token': server.token },
      'a token by name and password': { authorization: `Basic ${btoa(`admin:${server.token}`)}` },
    }))
      for (const path of [
        '/api/subjects',
        '/fhir/R4/Patient',
        `/api/subjects?access_token=${server.token}`,
      ])
        assert.equal((await server.fetch(path, { headers })).status, 401, `${what}: ${path}`);
    for (const token of [server.token, access, session, code])
      assert.equal(
        (await server.send({ ...device, token }, '{"values":{"heart-rate":66}}')).status,
        401,
      );
  });

  test('a device that listens to everything hears nothing, and nobody else’s topic is its own', async () => {
    const other = await server.addPatient();
    const listener = await server.connect(device, { clientId: 'greedy' });
    const heard: string[] = [];
    listener.on('message', (topic) => heard.push(topic));
    for (const topic of [
      '#',
      '+/+/+',
      'devices/#',
      'devices/+/readings',
      '$SYS/#',
      '$share/x/#',
      `devices/${other.id}/readings`,
      `devices/${other.id}/#`,
    ]) {
      const [granted] = await listener
        .subscribeAsync(topic, { qos: 0 })
        .catch(() => [{ qos: 128 }]);
      assert.ok((granted?.qos ?? 128) >= 128, `${topic}: refused`);
    }
    assert.equal((await server.send(other, '{"values":{"heart-rate":66}}')).status, 202);
    const last = await server.readings(other.subjectId, 'heart-rate');
    assert.equal(last.length, 1);
    assert.deepEqual(heard, []);
    await listener.endAsync();
  });

  describe('a session that was stolen', () => {
    const reads = Object.entries(ROUTES)
      .filter(
        ([name, access]) => name.startsWith('GET ') && access !== 'public' && access !== 'device',
      )
      .map(([name]) => name.slice(4).replace(/:\w+/g, randomUUID()));

    async function opensNothing(cookie: string, why: string): Promise<void> {
      for (const path of reads)
        assert.equal((await askAs(server, cookie, path)).status, 401, `${why}: ${path}`);
      assert.equal(await server.listen([], { cookie, origin: server.url }).opened, false, why);
    }

    let thief: Person;
    async function stolen(): Promise<string> {
      thief = await addPerson(server, `stolen-${randomUUID().slice(0, 8)}`, ['nurse']);
      const cookie = thief.headers['cookie'] ?? '';
      assert.equal((await askAs(server, cookie, '/api/session')).status, 200);
      return cookie;
    }

    test('opens nothing after its person has signed out', async () => {
      const cookie = await stolen();
      assert.equal((await askAs(server, cookie, '/api/session', { method: 'DELETE' })).status, 204);
      await opensNothing(cookie, 'signed out');
    });

    test('opens nothing after the account was taken out of use, or its roles changed', async () => {
      const first = await stolen();
      await server.fetch(`/api/accounts/${thief.id}/disable`, { method: 'POST' });
      await opensNothing(first, 'disabled');
      const second = await stolen();
      await server.post(`/api/accounts/${thief.id}/roles`, { roles: ['physician'] });
      await opensNothing(second, 'other roles');
    });

    test('opens nothing after its person has chosen another password, by themselves or by a link', async () => {
      const first = await stolen();
      const again = await signIn(server, thief.loginName);
      const mine = again.headers.getSetCookie()[0]?.split(';')[0] ?? '';
      const changed = { body: { password: `${PASSWORD} anew` } };
      assert.equal((await askAs(server, mine, '/api/me/password', changed)).status, 204);
      await opensNothing(first, 'changed');
      assert.equal(
        (await askAs(server, mine, '/api/session')).status,
        200,
        'who changed it goes on',
      );
      const second = await stolen();
      const link = await server.post<{ path: string }>(`/api/accounts/${thief.id}/link`, {});
      const body = { token: link.path.split('#')[1] ?? '', password: PASSWORD };
      assert.equal((await askAs(server, '', '/api/sign-in-link', { body })).status, 204);
      await opensNothing(second, 'by a link');
    });

    test('is not one that the thief has chosen: who signs in is given another', async () => {
      const person = await addPerson(server, `fixed-${randomUUID().slice(0, 8)}`, ['nurse']);
      const response = await fetch(`${server.url}/api/session`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          cookie: 'ausculta_session=chosen',
          origin: server.url,
        },
        body: JSON.stringify({ loginName: person.loginName, password: PASSWORD }),
      });
      const [set = ''] = response.headers.getSetCookie();
      assert.match(
        set,
        /^ausculta_session=[\w-]{32,}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/,
      );
      assert.equal((await askAs(server, 'ausculta_session=chosen', '/api/session')).status, 401);
      assert.equal((await askAs(server, set.split(';')[0] ?? '', '/api/session')).status, 200);
    });
  });
});
