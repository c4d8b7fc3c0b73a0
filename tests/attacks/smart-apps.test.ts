/** Whoever wants more than a person has let an app do: with its codes, its tokens, its address, its name. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as openid from 'openid-client';
import {
  addApp,
  askFor,
  Browser,
  connectApp,
  decide,
  fhirWith,
  letIn,
  REDIRECT,
  requestOf,
  WHOLE,
} from '../support/apps.ts';
import { Asking, type Person, problemOf, signedIn } from '../support/people.ts';
import {
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from '../support/server.ts';

let here: ServerHere;
let server: ServerUnderTest;
let asking: Asking;
let ada: TestDevice;
let ben: TestDevice;
let person: Person;
let skewMs = 0;

const SCOPE = 'launch/patient patient/Condition.rs offline_access';

const newApp = async (scope = `${WHOLE} patient/*.rs`) => {
  const app = await addApp(server, scope);
  return { app, connection: await connectApp(server, app.id) };
};

const status = async (token: string, path: string) => (await fhirWith(server, token, path)).status;

const exchange = (body: Record<string, string>) =>
  fetch(`${server.url}/oidc/token`, { method: 'POST', body: new URLSearchParams(body) });

/** Where a person would be asked, of a request that is made by hand. */
async function authorise(parameters: Record<string, string>): Promise<URL | number> {
  const query = new URLSearchParams(parameters);
  const response = await new Browser(server, person).go(`/oidc/auth?${query}`);
  const location = response.headers.get('location');
  return location === null ? response.status : new URL(location, server.url);
}

async function codeFor(on: Awaited<ReturnType<typeof newApp>>) {
  const asked = await askFor(server, on.connection, person, { scope: SCOPE });
  const { words } = await requestOf(asked);
  const back = await decide(asked, { words, subjectId: ada.subjectId });
  return { ...asked, code: back.searchParams.get('code') ?? '', back };
}

describe('who wants more than an app was given', () => {
  before(async () => {
    here = await startServerHere({ outside: { nowMs: () => Date.now() + skewMs } });
    server = here.server;
    asking = new Asking(server);
    ada = await server.addPatient('Ada');
    ben = await server.addPatient('Ben');
    await asking.write('Condition', problemOf(ada, 'of Ada'));
    person = await signedIn(here, ['patient']);
    await asking.relate(person, ada, 'self');
  });
  after(() => here[Symbol.asyncDispose]());

  test('a code is good once; the second time nothing that came of it is good', async () => {
    const on = await newApp();
    const { code, verifier } = await codeFor(on);
    const body = {
      grant_type: 'authorization_code',
      client_id: on.app.id,
      redirect_uri: REDIRECT,
      ...{ code, code_verifier: verifier },
    };
    const first = (await (await exchange(body)).json()) as Record<string, string>;
    const token = first['access_token'] ?? '';
    assert.equal(await status(token, 'Condition'), 200);
    assert.equal((await exchange(body)).status, 400);
    assert.equal(await status(token, 'Condition'), 401);
    const again = { grant_type: 'refresh_token', client_id: on.app.id };
    const refresh = { ...again, refresh_token: first['refresh_token'] ?? '' };
    assert.equal((await exchange(refresh)).status, 400);
  });

  test('of two who redeem one code at once, one is given a token at most', async () => {
    const on = await newApp();
    const { code, verifier } = await codeFor(on);
    const body = { grant_type: 'authorization_code', client_id: on.app.id, redirect_uri: REDIRECT };
    const all = await Promise.all(
      [1, 2, 3, 4].map(() => exchange({ ...body, code, code_verifier: verifier })),
    );
    assert.ok(all.filter((response) => response.status === 200).length <= 1);
  });

  test('a code is nothing without its verifier, its address, its app and its minute', async () => {
    const on = await newApp();
    const other = await newApp();
    const bodies = (code: string, verifier: string): Record<string, string>[] => {
      const whole = {
        grant_type: 'authorization_code',
        client_id: on.app.id,
        redirect_uri: REDIRECT,
        ...{ code, code_verifier: verifier },
      };
      const { code_verifier: _verifier, ...without } = whole;
      return [
        without,
        { ...whole, code_verifier: openid.randomPKCECodeVerifier() },
        { ...whole, code_verifier: '' },
        { ...whole, redirect_uri: `${REDIRECT}/` },
        { ...whole, redirect_uri: 'https://elsewhere.example/' },
        { ...whole, client_id: other.app.id },
        { ...whole, client_id: 'nobody' },
      ];
    };
    const wanted = bodies('', '').length;
    for (let at = 0; at < wanted; at += 1) {
      const { code, verifier } = await codeFor(on);
      const body = bodies(code, verifier)[at] ?? {};
      const response = await exchange(body);
      assert.ok(response.status >= 400, JSON.stringify(Object.keys(body)));
      assert.ok(!(await response.text()).includes('access_token'));
    }
    const { code, verifier } = await codeFor(on);
    skewMs = 61_000;
    const late = await exchange(bodies(code, verifier)[0] ?? {});
    skewMs = 0;
    assert.equal(late.status, 400);
  });

  test('an app is never asked for without S256, to another address, or in the name of another server', async () => {
    const { app } = await newApp();
    const verifier = openid.randomPKCECodeVerifier();
    const whole: Record<string, string> = {
      response_type: 'code',
      client_id: app.id,
      redirect_uri: REDIRECT,
      scope: SCOPE,
      state: 's',
      aud: `${server.url}/fhir/R4`,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    };
    const asked = await authorise(whole);
    assert.ok(asked instanceof URL && asked.pathname.startsWith('/oidc/asking/'));
    const without = (name: string) =>
      Object.fromEntries(Object.entries(whole).filter(([key]) => key !== name));
    for (const change of [
      { ...whole, code_challenge_method: 'plain', code_challenge: verifier },
      without('code_challenge'),
      without('aud'),
      { ...whole, aud: 'https://elsewhere.example/fhir/R4' },
      { ...whole, aud: `${server.url}/fhir/R4.elsewhere.example` },
      { ...whole, resource: 'https://elsewhere.example/fhir' },
      { ...whole, response_type: 'token' },
      { ...whole, response_type: 'code id_token', nonce: 'n' },
      { ...whole, request: 'x.y.z' },
      { ...whole, request_uri: 'https://elsewhere.example/' },
      { ...whole, prompt: 'none' },
    ]) {
      const told = await authorise(change);
      assert.ok(told instanceof URL, JSON.stringify(change));
      assert.equal(`${told.origin}${told.pathname}`, REDIRECT, JSON.stringify(change));
      const answer = `${told.search}${told.hash}`;
      assert.match(answer, /error=/);
      assert.doesNotMatch(answer, /[?#&]code=/);
    }
    for (const redirect_uri of [
      'https://elsewhere.example/',
      `${REDIRECT}/more`,
      `${REDIRECT}?a=b`,
      `${REDIRECT}#x`,
      REDIRECT.replace('127.0.0.1', 'localhost'),
      REDIRECT.replace(':9', ':10'),
      `${REDIRECT}/../other`,
      'javascript:alert(1)',
    ])
      assert.equal(await authorise({ ...whole, redirect_uri }), 400, redirect_uri);
    assert.equal(await authorise({ ...whole, client_id: 'nobody' }), 400);
  });

  test('a refresh asks for less, and never for more', async () => {
    const on = await newApp();
    const about = { connection: on.connection, scope: SCOPE };
    const given = await letIn(server, person, about, { subjectId: ada.subjectId });
    const more = openid.refreshTokenGrant(on.connection, given.tokens.refresh_token ?? '', {
      scope: `${SCOPE} patient/Observation.rs`,
    });
    await assert.rejects(more, { error: 'invalid_scope' });
    const wide = await letIn(
      server,
      person,
      { connection: on.connection, scope: `${SCOPE} patient/Observation.rs` },
      { subjectId: ada.subjectId },
    );
    const less = await openid.refreshTokenGrant(on.connection, wide.tokens.refresh_token ?? '', {
      scope: 'patient/Observation.rs',
    });
    assert.equal(less.scope, 'patient/Observation.rs');
    assert.equal(await status(less.access_token, 'Condition'), 403);
    const other = await newApp();
    await assert.rejects(
      openid.refreshTokenGrant(other.connection, less.refresh_token ?? ''),
      { error: 'invalid_grant' },
      'by another app',
    );
  });

  test('what a person did not tick, may not see, or was not asked is not given by saying so', async () => {
    const on = await newApp('launch/patient patient/Condition.rs');
    const scope = 'launch/patient patient/Condition.rs patient/*.cruds user/*.rs system/*.rs';
    const asked = await askFor(server, on.connection, person, { scope });
    const { words } = await requestOf(asked);
    assert.deepEqual(words, ['launch/patient', 'patient/Condition.rs']);
    const say = async (decision: object) =>
      (await asked.browser.json(`${asked.base}/grant`, decision)).status;
    const { subjectId } = ada;
    assert.equal(await say({ words: [...words, 'patient/*.cruds'], subjectId }), 400);
    assert.equal(await say({ words: [...words, 'system/*.rs'], subjectId }), 400);
    assert.equal(await say({ words: [...words, 'offline_access'], subjectId }), 400);
    assert.equal(await say({ words, subjectId: ben.subjectId }), 400, 'another patient');
    assert.equal(await say({ words }), 400, 'no patient');
    assert.equal(await say({ words, subjectId, more: 1 }), 400);
    const back = await decide(asked, { words, subjectId });
    assert.ok(back.searchParams.has('code'));
    assert.equal(await say({ words, subjectId }), 410, 'once');
  });

  test('nobody decides about what another browser has begun', async () => {
    const on = await newApp();
    const attacker = await askFor(server, on.connection, undefined, { scope: SCOPE });
    const lured = new Browser(server, person);
    const body = { words: SCOPE.split(' '), subjectId: ada.subjectId };
    assert.equal((await lured.go(`${attacker.base}/request`)).status, 410);
    assert.equal((await lured.json(`${attacker.base}/grant`, body)).status, 410);
    assert.equal((await attacker.browser.json(`${attacker.base}/grant`, body)).status, 401);
    const own = await askFor(server, on.connection, person, { scope: SCOPE });
    const mixed = await own.browser.json(`${attacker.base}/grant`, body);
    assert.equal(mixed.status, 410, 'the cookie of another request');
    const json = { 'content-type': 'application/json' };
    const options = { method: 'POST', body: JSON.stringify(body) };
    const fromElsewhere = { ...json, origin: 'https://elsewhere.example' };
    const forged = await own.browser.go(`${own.base}/grant`, {
      ...options,
      headers: fromElsewhere,
    });
    assert.equal(forged.status, 403, 'a page from elsewhere');
    const without = await own.browser.go(`${own.base}/grant`, {
      ...options,
      headers: { ...json, origin: '' },
    });
    assert.ok(without.status >= 400, 'a page that does not say where it is from');
  });

  test('an app that asks for a fresh proof of who it is gets no old one', async () => {
    const on = await newApp();
    const longAgo = await signedIn(here, ['patient']);
    await asking.relate(longAgo, ada, 'self');
    await here.database.line`
      UPDATE session SET proved_at = now() - interval '1 hour' WHERE account_id = ${longAgo.accountId}`;
    for (const [more, expected] of [
      [{ max_age: '60' }, 403],
      [{ max_age: '0' }, 403],
      [{ prompt: 'login' }, 403],
      [{ max_age: '7200' }, 200],
      [{}, 200],
    ] as const) {
      const scope = 'openid launch/patient patient/Condition.rs';
      const asked = await askFor(server, on.connection, longAgo, { scope, ...more });
      const { words } = await requestOf(asked);
      const body = { words, subjectId: ada.subjectId };
      const said = await asked.browser.json(`${asked.base}/grant`, body);
      assert.equal(said.status, expected, JSON.stringify(more));
    }
  });

  test('what the provider has of its own opens nothing: no form of its, no session of its', async () => {
    const on = await newApp();
    const screen = await addApp(server, `${WHOLE} patient/*.rs`, { redirectUris: [] });
    const kiosk = await connectApp(server, screen.id);
    const device = await openid.initiateDeviceAuthorization(kiosk, { scope: SCOPE });
    const browser = new Browser(server, person);
    const posted = await browser.go('/oidc/device', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ user_code: device.user_code, confirm: 'yes', xsrf: '' }),
    });
    assert.ok(posted.status >= 400, `${posted.status}`);
    const first = await askFor(server, on.connection, person, { scope: SCOPE });
    const { words } = await requestOf(first);
    await decide(first, { words, subjectId: ada.subjectId });
    const query = new URLSearchParams({
      ...{ response_type: 'code', client_id: on.app.id, redirect_uri: REDIRECT, scope: SCOPE },
      ...{ code_challenge_method: 'S256', aud: `${server.url}/fhir/R4`, prompt: 'none' },
      code_challenge: await openid.calculatePKCECodeChallenge(openid.randomPKCECodeVerifier()),
    });
    const silent = await first.browser.go(`/oidc/auth?${query}`);
    assert.match(silent.headers.get('location') ?? '', /error=login_required/);
  });

  test('an account that is out of use gets no token, and one that was let in is shut out', async () => {
    const on = await newApp();
    const gone = await signedIn(here, ['patient']);
    await asking.relate(gone, ada, 'self');
    const about = { connection: on.connection, scope: SCOPE };
    const { tokens } = await letIn(server, gone, about, { subjectId: ada.subjectId });
    const asked = await askFor(server, on.connection, gone, { scope: SCOPE });
    const { words } = await requestOf(asked);
    const back = await decide(asked, { words, subjectId: ada.subjectId });
    await server.post(`/api/accounts/${gone.accountId}/disable`, {});
    assert.equal(await status(tokens.access_token, 'Condition'), 401);
    await assert.rejects(openid.refreshTokenGrant(on.connection, tokens.refresh_token ?? ''));
    const late = openid.authorizationCodeGrant(on.connection, back, {
      pkceCodeVerifier: asked.verifier,
      expectedState: asked.state,
    });
    await assert.rejects(late);
    const about2 = await openid.tokenIntrospection(on.connection, tokens.access_token);
    assert.equal('scope' in about2 && about2.active && 'patient' in about2, false);
  });

  test('who is no longer the patient reads nothing more by the token of before', async () => {
    const on = await newApp();
    const carer = await signedIn(here, ['proxy']);
    await asking.relate(carer, ada, 'proxy');
    const about = { connection: on.connection, scope: SCOPE };
    const { tokens } = await letIn(server, carer, about, { subjectId: ada.subjectId });
    assert.equal(await status(tokens.access_token, 'Condition'), 200);
    const path = `/api/subjects/${ada.subjectId}/team/${carer.accountId}/proxy`;
    assert.ok((await server.fetch(path, { method: 'DELETE' })).ok);
    assert.equal(await status(tokens.access_token, 'Condition'), 403);
  });

  test('an app that is opened for a patient too late, or for another app, is not', async () => {
    const launchUrl = 'https://app.example/launch';
    const app = await addApp(server, `${WHOLE} patient/*.rs`, { launchUrl });
    const connection = await connectApp(server, app.id);
    const other = await newApp();
    const open = async () => {
      const { url } = await asking.json<{ url: string }>(person, '/api/launches', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ clientId: app.id, subjectId: ada.subjectId }),
      });
      return new URL(url).searchParams.get('launch') ?? '';
    };
    const look = async (on: openid.Configuration, launch: string) => {
      const asked = await askFor(server, on, person, { scope: 'launch patient/*.rs', launch });
      return (await asked.browser.go(`${asked.base}/request`)).status;
    };
    assert.equal(await look(other.connection, await open()), 410, 'another app');
    assert.equal(await look(connection, 'made-up'), 410);
    const launch = await open();
    skewMs = 5 * 60_000 + 1_000;
    assert.equal(await look(connection, launch), 410, 'too late');
    skewMs = 0;
    assert.equal(await look(connection, launch), 200);
  });
});
