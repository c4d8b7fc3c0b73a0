/** Programs of others (SMART Backend Services), with a client that we did not write. */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { ClientView } from '@ausculta/contract/clients';
import { exportJWK, SignJWT } from 'jose';
import * as openid from 'openid-client';
import { type ServerHere, type ServerUnderTest, startServerHere } from './support/server.ts';

let here: ServerHere;
let server: ServerUnderTest;
let skewMs = 0;
let keys: CryptoKeyPair;
let base = '';

const HOUR_MS = 3_600_000;

const newKeys = (): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, ['sign', 'verify']);

async function addClient(scope: string, roles = ['nurse', 'physician']): Promise<ClientView> {
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES384', use: 'sig' };
  const wanted = { name: 'A research archive', roles, scope, jwks: { keys: [jwk] } };
  return await server.post<ClientView>('/api/clients', wanted);
}

/** By the server's own word of itself. */
async function connect(clientId: string, key = keys.privateKey): Promise<openid.Configuration> {
  return await openid.discovery(
    new URL(base),
    clientId,
    undefined,
    openid.PrivateKeyJwt({ key, kid: 'one' }),
    { execute: [openid.allowInsecureRequests] },
  );
}

const statusWith = async (token: string, path: string, options: RequestInit = {}) =>
  (
    await fetch(`${server.url}${path}`, {
      ...options,
      headers: { authorization: `Bearer ${token}`, ...options.headers },
    })
  ).status;

describe('programs that come with access tokens', () => {
  before(async () => {
    here = await startServerHere({ outside: { nowMs: () => Date.now() + skewMs } });
    server = here.server;
    base = `${server.url}/oidc`;
    keys = await newKeys();
  });
  after(() => here[Symbol.asyncDispose]());

  test('what SMART asks to be told leads to a token, and the token reads what its scope says', async () => {
    const told = await fetch(`${server.url}/fhir/R4/.well-known/smart-configuration`);
    assert.match(told.headers.get('content-type') ?? '', /^application\/json/);
    const smart = (await told.json()) as Record<string, unknown>;
    assert.equal(smart['token_endpoint'], `${base}/token`);
    const { subjectId } = await server.addPatient('Okafor');
    const condition = { subject: { reference: `Patient/${subjectId}` }, code: { text: 'x' } };
    await server.post('/fhir/R4/Condition', { resourceType: 'Condition', ...condition });
    const client = await addClient('system/Patient.rs system/Observation.rs');
    const connection = await connect(client.id);
    assert.equal(connection.serverMetadata().token_endpoint, smart['token_endpoint']);
    const scope = 'system/Patient.rs system/Condition.cruds';
    const answer = await openid.clientCredentialsGrant(connection, { scope });
    assert.equal(answer.scope, 'system/Patient.rs', 'what it was not given is left out');
    assert.equal(answer.expires_in, 3600);
    const token = answer.access_token;
    assert.equal(await statusWith(token, `/fhir/R4/Patient/${subjectId}`), 200);
    assert.equal(await statusWith(token, '/fhir/R4/Patient?family=Okafor'), 200);
    for (const path of [
      '/fhir/R4/Observation?code=8867-4',
      '/fhir/R4/Patient?_has:Observation:subject:code=8867-4',
      '/fhir/R4/Patient?general-practitioner.name=x',
      '/fhir/R4/$export',
      '/fhir/R4/_history',
      '/api/subjects',
      '/api/accounts',
      '/api/session',
    ])
      assert.equal(await statusWith(token, path), 403, path);
    // Of what is asked beside it, its own type alone is told.
    for (const path of [
      `/fhir/R4/Patient?_id=${subjectId}&_revinclude=Condition:subject`,
      `/fhir/R4/Patient/${subjectId}/$everything`,
    ]) {
      const headers = { authorization: `Bearer ${token}` };
      const told = (await (await fetch(`${server.url}${path}`, { headers })).json()) as {
        entry: { resource: { resourceType: string } }[];
      };
      const types = told.entry.map(({ resource }) => resource.resourceType);
      assert.deepEqual(types, ['Patient'], path);
    }
    const json = { 'content-type': 'application/fhir+json' };
    const body = JSON.stringify({ resourceType: 'Patient', name: [{ family: 'Forged' }] });
    const post = { method: 'POST', headers: json, body };
    assert.equal(await statusWith(token, '/fhir/R4/Patient', post), 403);
    const kept = JSON.stringify(
      await here.database.line`
      SELECT encode(sealed, 'escape') AS escaped, kind FROM oidc_artifact`,
    );
    assert.ok(!kept.includes(token) && kept.includes('ClientCredentials'));
  });

  test('a token is asked about by its own client, taken back, and runs out', async () => {
    const [mine, other] = [await addClient('system/*.rs'), await addClient('system/*.rs')];
    const connection = await connect(mine.id);
    const grant = () => openid.clientCredentialsGrant(connection, { scope: 'system/*.rs' });
    const { access_token: token } = await grant();
    assert.equal(await statusWith(token, '/fhir/R4/Patient'), 200);
    const about = await openid.tokenIntrospection(connection, token);
    assert.deepEqual([about.active, about.client_id], [true, mine.id]);
    const others = await openid.tokenIntrospection(await connect(other.id), token);
    assert.deepEqual(others, { active: false });
    await openid.tokenRevocation(connection, token);
    assert.equal((await openid.tokenIntrospection(connection, token)).active, false);
    assert.equal(await statusWith(token, '/fhir/R4/Patient'), 401, 'at once');
    const { access_token: another } = await grant();
    skewMs = HOUR_MS - 120_000;
    assert.equal(await statusWith(another, '/fhir/R4/Patient'), 200);
    skewMs = HOUR_MS + 1_000;
    assert.equal(await statusWith(another, '/fhir/R4/Patient'), 401);
    skewMs = 0;
  });

  test('a client that is taken out of use gets no token, and those it has open nothing, at once', async () => {
    const client = await addClient('system/*.rs');
    const connection = await connect(client.id);
    const ask = () => openid.clientCredentialsGrant(connection, { scope: 'system/*.rs' });
    const { access_token: token } = await ask();
    assert.equal(await statusWith(token, '/fhir/R4/Patient'), 200);
    const path = `/api/clients/${client.id}/disable`;
    assert.equal((await server.fetch(path, { method: 'POST' })).status, 200);
    assert.equal(await statusWith(token, '/fhir/R4/Patient'), 401);
    await assert.rejects(ask, openid.ResponseBodyError);
    const acts = await here.database.line<{ act: string }[]>`
      SELECT act FROM audit_leaf WHERE target = ${`client/${client.id}`} ORDER BY at_ms`;
    assert.deepEqual(
      acts.map(({ act }) => act),
      ['client-added', 'client-disabled'],
    );
  });

  const assertion = (clientId: string, claims: Record<string, unknown> = {}) => {
    const nowS = Math.floor(Date.now() / 1000);
    const all = { iss: clientId, sub: clientId, aud: base, jti: randomUUID(), exp: nowS + 60 };
    return new SignJWT({ ...all, iat: nowS, ...claims }).setProtectedHeader({
      alg: 'ES384',
      kid: 'one',
    });
  };

  async function tokenFor(signed: string, headers = {}): Promise<number> {
    const response = await fetch(`${base}/token`, {
      method: 'POST',
      headers,
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: 'system/*.rs',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: signed,
      }),
    });
    return response.status;
  }

  test('an assertion is good once, in its time, for us, and by the client’s own key', async () => {
    const { id } = await addClient('system/*.rs');
    const good = await assertion(id).sign(keys.privateKey);
    assert.equal(await tokenFor(good), 200);
    assert.notEqual(await tokenFor(good), 200, 'a second time');
    const { privateKey: strange } = await newKeys();
    assert.notEqual(await tokenFor(await assertion(id).sign(strange)), 200, 'another key');
    for (const claims of [
      { exp: Math.floor(Date.now() / 1000) - 120 },
      { aud: 'https://elsewhere.example/token' },
      { sub: randomUUID() },
      { jti: undefined },
    ])
      assert.notEqual(
        await tokenFor(await assertion(id, claims).sign(keys.privateKey)),
        200,
        JSON.stringify(claims),
      );
    const theirs = await assertion(id, { aud: 'https://elsewhere.example/oidc/token' });
    const replayed = await theirs.sign(keys.privateKey);
    for (const headers of [
      { 'x-forwarded-host': 'elsewhere.example', 'x-forwarded-proto': 'https' },
      { forwarded: 'host=elsewhere.example;proto=https' },
    ])
      assert.notEqual(await tokenFor(replayed, headers), 200, 'made for another server');
    const own = await assertion(id, { aud: `${base}/token` });
    assert.equal(await tokenFor(await own.sign(keys.privateKey)), 200, 'for our very endpoint');
    const [, payload] = good.split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    assert.notEqual(await tokenFor(`${none}.${payload}.`), 200, 'no signature');
    const secret = createHash('sha256').update('public').digest();
    const symmetric = await new SignJWT({ iss: id, sub: id, aud: base, jti: randomUUID() })
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .setExpirationTime('1m')
      .sign(secret);
    assert.notEqual(await tokenFor(symmetric), 200, 'a secret that anybody has');
  });

  test('a client is given scopes of the system alone, roles of the policy, and no secret key', async () => {
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one' };
    const wanted = { name: 'x', roles: ['nurse'], scope: 'system/*.rs', jwks: { keys: [jwk] } };
    for (const change of [
      { scope: 'patient/*.rs' },
      { scope: 'user/*.cruds' },
      { scope: 'system/Observation.rs?category=vital-signs' },
      { scope: 'system/*.rs openid' },
      { roles: ['clinician'] },
      { jwks: { keys: [{ ...(await exportJWK(keys.privateKey)), kid: 'one' }] } },
      { jwks: { keys: [] } },
    ])
      await assert.rejects(
        server.post('/api/clients', { ...wanted, ...change }),
        /PAYLOAD_MALFORMED/,
        JSON.stringify(change),
      );
  });
});
