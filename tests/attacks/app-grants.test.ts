/** What a person let an app do ends where the person's own right ends, and begins with nobody but them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SignInLink } from '@ausculta/contract/accounts';
import type { Role } from '@ausculta/policy/vocabulary';
import * as openid from 'openid-client';
import { addApp, askFor, connectApp, fhirWith, letIn, requestOf, WHOLE } from '../support/apps.ts';
import {
  Asking,
  otherOrganisation,
  ownOrganisation,
  type Person,
  problemOf,
  signedIn,
} from '../support/people.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from '../support/server.ts';

let here: ServerHere;
let server: ServerUnderTest;
let asking: Asking;
let ada: TestDevice;

const SCOPE = 'launch/patient patient/Condition.rs offline_access';
const PASSWORD = 'a long enough sentence for a password';

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

const newApp = async (rest = {}) => {
  const app = await addApp(server, `${WHOLE} patient/*.cruds user/*.rs`, rest);
  return { app, connection: await connectApp(server, app.id) };
};

const post = (person: Person, path: string, body: object, method = 'POST') =>
  asking.as(person, path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

async function personOfAda(roles: readonly Role[] = ['patient']): Promise<Person> {
  const person = await signedIn(here, roles);
  await asking.relate(person, ada, 'self');
  return person;
}

async function appOf(person: Person, scope = SCOPE) {
  const { connection } = await newApp();
  const { subjectId } = ada;
  const { tokens } = await letIn(server, person, { connection, scope }, { subjectId });
  const { access_token: token, refresh_token: refresh = '' } = tokens;
  assert.equal((await fhirWith(server, token, 'Condition')).status, 200);
  return { connection, token, refresh };
}

async function isShutOut({ connection, token, refresh }: Awaited<ReturnType<typeof appOf>>) {
  assert.equal((await fhirWith(server, token, 'Condition')).status, 401);
  await assert.rejects(openid.refreshTokenGrant(connection, refresh));
}

describe('what was given to an app, and when it is over', () => {
  before(async () => {
    here = await startServerHere();
    server = here.server;
    asking = new Asking(server);
    ada = await server.addPatient('Ada');
    await asking.write('Condition', problemOf(ada, 'of Ada'));
  });
  after(() => here[Symbol.asyncDispose]());

  test('what another house has opened for a person is not open to their app', async () => {
    const house = await otherOrganisation(here, 'Heart centre');
    const own = await ownOrganisation(here);
    const specialist = await signedIn(here, ['physician'], house);
    await asking.relate(specialist, ada, 'care-team');
    const shared = {
      organisationId: house,
      subjectId: ada.subjectId,
      dataClasses: ['identity', 'documents'],
      actions: ['read', 'search'],
      purposes: ['TREAT'],
      until: Date.now() + 3_600_000,
    };
    await server.post('/api/grants', shared);
    const there = { 'ausculta-organisation': own };
    assert.equal((await asking.found(specialist, 'Condition', there)).length, 1);
    const { app, connection } = await newApp();
    await here.database.line`
      UPDATE oidc_client SET organisation_id = ${house} WHERE id = ${app.id}`;
    const { tokens } = await letIn(server, specialist, { connection, scope: 'user/*.rs' });
    const read = (headers: Record<string, string>) =>
      fhirWith(server, tokens.access_token, 'Patient', { headers });
    assert.equal((await read(there)).status, 403);
    const atHome = await read({ 'ausculta-organisation': house });
    assert.equal(atHome.status, (await read({})).status, 'its own house by name');
    assert.notEqual(atHome.status, 401);
  });

  test('whoever finds a screen unlocked lets no app in that writes, or that goes on without its person', async () => {
    const { connection } = await newApp();
    const proved = async (agoS: number): Promise<Person> => {
      const found = await personOfAda();
      await here.database.line`
        UPDATE session SET proved_at = now() - make_interval(secs => ${agoS})
        WHERE account_id = ${found.accountId}`;
      return found;
    };
    const { subjectId } = ada;
    const decides = async (person: Person, scope: string) => {
      const asked = await askFor(server, connection, person, { scope: `launch/patient ${scope}` });
      const words = (await requestOf(asked)).words;
      const decision = { words, subjectId };
      const response = await asked.browser.json(`${asked.base}/grant`, decision);
      return { asked, decision, status: response.status, text: await response.text() };
    };
    const found = await proved(660);
    for (const scope of ['patient/Condition.rs offline_access', 'patient/Condition.crs']) {
      const refused = await decides(found, scope);
      assert.equal(refused.status, 403);
      assert.match(refused.text, /PROOF_NEEDED/);
    }
    assert.equal((await decides(found, 'patient/Condition.rs')).status, 200, 'to look, meanwhile');
    const { asked, decision } = await decides(found, 'patient/Condition.crs');
    const less = { ...decision, words: decision.words.filter((word) => !word.endsWith('.crs')) };
    assert.deepEqual(less.words, ['launch/patient']);
    const without = await asked.browser.json(`${asked.base}/grant`, less);
    assert.equal(without.status, 200, 'what is left out needs no proof');
    const fresh = await proved(540);
    assert.equal((await decides(fresh, 'patient/Condition.crs offline_access')).status, 200);
  });

  test('a sign-in link that is used shuts out the apps of before', async () => {
    const person = await personOfAda();
    const app = await appOf(person);
    const made = `/api/accounts/${person.accountId}/link`;
    const { path } = await server.post<SignInLink>(made, { resetsFactors: true });
    const token = path.split('#')[1] ?? '';
    const used = await server.fetch('/api/sign-in-link', {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: new URL(server.url).origin },
      body: JSON.stringify({ token, password: PASSWORD }),
    });
    assert.equal(used.status, 204);
    await isShutOut(app);
  });

  test('a new password, the end of all other sessions and other roles shut them out as well', async () => {
    const changes: readonly ((person: Person) => Promise<Response>)[] = [
      (person) => post(person, '/api/me/password', { password: PASSWORD }),
      (person) => asking.as(person, '/api/me/sessions', { method: 'DELETE' }),
      ({ accountId }) =>
        server.fetch(`/api/accounts/${accountId}/roles`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ roles: ['patient', 'proxy'] }),
        }),
    ];
    for (const change of changes) {
      const person = await personOfAda();
      const app = await appOf(person);
      assert.ok((await change(person)).ok);
      await isShutOut(app);
    }
  });

  test('a wall display lets no app in, by no way', async () => {
    const wall = await signedIn(here, ['wall-display']);
    const { app, connection } = await newApp({ launchUrl: 'https://app.example/launch' });
    const asked = await askFor(server, connection, wall, { scope: SCOPE });
    assert.equal((await asked.browser.go(`${asked.base}/request`)).status, 403);
    const decision = { words: SCOPE.split(' '), subjectId: ada.subjectId };
    assert.equal((await asked.browser.json(`${asked.base}/grant`, decision)).status, 403);
    const screen = await newApp({ redirectUris: [] });
    const shown = await openid.initiateDeviceAuthorization(screen.connection, { scope: SCOPE });
    const code = shown.user_code;
    assert.equal((await post(wall, '/api/device-codes/look', { code })).status, 403);
    assert.equal((await post(wall, '/api/device-codes/grant', { code, ...decision })).status, 403);
    const opened = { clientId: app.id, subjectId: ada.subjectId };
    assert.equal((await post(wall, '/api/launches', opened)).status, 403);
  });

  test('beside a locked screen an app reads and writes nothing; one that goes on without it does', async () => {
    const person = await personOfAda();
    const scope = (how: string) => `launch/patient patient/Condition.cruds ${how}`;
    const beside = await appOf(person, scope('online_access'));
    const without = await appOf(person, scope('offline_access'));
    const body = JSON.stringify({ resourceType: 'Condition', ...problemOf(ada, 'by an app') });
    const write = async ({ token }: { readonly token: string }) => {
      const written = await fhirWith(server, token, 'Condition', { method: 'POST', body });
      return { status: written.status, text: await written.text() };
    };
    const before = await write(beside);
    assert.doesNotMatch(before.text, /SESSION_LOCKED/);
    assert.equal((await post(person, '/api/session/lock', {})).status, 204);
    const locked = await write(beside);
    assert.notEqual(locked.status, before.status);
    assert.match(locked.text, /SESSION_LOCKED|locked/i);
    const batch = JSON.stringify({
      ...{ resourceType: 'Bundle', type: 'batch' },
      entry: [{ request: { method: 'GET', url: 'Condition' } }],
    });
    for (const [path, options] of [
      ['Condition', {}],
      [`Condition?subject=Patient/${ada.subjectId}`, { method: 'HEAD' }],
      ['Condition/_search', { method: 'POST', body: '' }],
      ['', { method: 'POST', body: batch }],
    ] as const)
      assert.equal((await fhirWith(server, beside.token, path, options)).status, 423, path);
    assert.equal((await fhirWith(server, without.token, 'Condition')).status, 200);
    assert.deepEqual((await write(without)).status, before.status);
    const renewed = await openid.refreshTokenGrant(beside.connection, beside.refresh);
    const again = await fhirWith(server, renewed.access_token, 'Condition');
    assert.equal(again.status, 423, 'another token of the same grant');
    await here.database.line`
      UPDATE session SET locked_at = NULL WHERE account_id = ${person.accountId}`;
    await eventually('the app goes on', async () =>
      (await write(beside)).status === before.status ? true : undefined,
    );
  });

  test('who asks to be let in without end, or with very much, shuts nobody else out', async () => {
    const { app } = await newApp();
    const ask = (state: string) => {
      const query = new URLSearchParams({ client_id: app.id, state });
      return fetch(`${server.url}/oidc/auth?${query}`, { redirect: 'manual' });
    };
    assert.equal((await ask('x'.repeat(4_096))).status, 400);
    const body = new URLSearchParams({ client_id: app.id, state: 'x'.repeat(4_096) });
    const posted = await fetch(`${server.url}/oidc/auth`, { method: 'POST', body });
    assert.equal(posted.status, 413);
    let last = 0;
    for (let at = 0; at < 121; at += 1) last = (await ask('s')).status;
    assert.equal(last, 429);
    const token = await fetch(`${server.url}/oidc/token`, { method: 'POST', body });
    assert.equal(token.status, 400, 'answered, not shut out');
  });

  test('an app that asks for tokens without end uses up its own bound, and no other ward’s', async () => {
    const ask = async (clientId: string) => {
      const body = { grant_type: 'refresh_token', client_id: clientId, refresh_token: 'none' };
      const asked = { method: 'POST', body: new URLSearchParams(body) };
      return (await fetch(`${server.url}/oidc/token`, asked)).status;
    };
    const [busy, other] = [(await newApp()).app.id, (await newApp()).app.id];
    for (let at = 0; at < 12; at += 1) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask(busy)));
      assert.ok(answers.every((status) => status === 400));
    }
    assert.equal(await ask(busy), 429);
    assert.equal(await ask(other), 400, 'behind the same address');
    assert.equal((await fetch(`${server.url}/oidc/jwks`)).status, 200);
  });

  test('an app that has an address of its own is given no code to send to somebody', async () => {
    const { app, connection } = await newApp();
    await assert.rejects(openid.initiateDeviceAuthorization(connection, { scope: SCOPE }));
    const body = { grant_type: DEVICE_GRANT, client_id: app.id, device_code: 'x' };
    const asked = await fetch(`${server.url}/oidc/token`, {
      method: 'POST',
      body: new URLSearchParams(body),
    });
    assert.equal(asked.status, 400);
    assert.doesNotMatch(await asked.text(), /authorization_pending/);
  });
});
