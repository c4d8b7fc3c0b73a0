/** Apps that people let in with their own account (SMART App Launch), by a client that we did not write. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { AccessReport } from '@ausculta/contract/accesses';
import type { AppGrantList, LaunchView } from '@ausculta/contract/apps';
import { exportJWK } from 'jose';
import * as openid from 'openid-client';
import {
  addApp,
  askFor,
  connectApp,
  decide,
  fhirWith,
  letIn,
  requestOf,
  WHOLE,
} from './support/apps.ts';
import { Asking, type Person, problemOf, signedIn } from './support/people.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';

let here: ServerHere;
let server: ServerUnderTest;
let asking: Asking;
let ada: TestDevice;
let ben: TestDevice;
let person: Person;
let nurse: Person;

const status = async (token: string, path: string) => (await fhirWith(server, token, path)).status;

const nameIn = async (response: Response) =>
  ((await response.json()) as { name?: { text?: string }[] }).name?.[0]?.text;

const ofOne = (route: string) => route === '/fhir/R4/:type/:id';

const refreshUnnamed = (token: string) => {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token });
  return fetch(`${server.url}/oidc/token`, { method: 'POST', body });
};

describe('apps that people let in', () => {
  before(async () => {
    here = await startServerHere();
    server = here.server;
    asking = new Asking(server);
    ada = await server.addPatient('Ada');
    ben = await server.addPatient('Ben');
    await asking.write('Condition', problemOf(ada, 'of Ada'));
    await asking.write('Condition', problemOf(ben, 'of Ben'));
    person = await signedIn(here, ['patient']);
    await asking.relate(person, ada, 'self');
    nurse = await signedIn(here, ['nurse']);
    await server.post('/api/shifts', { accountId: nurse.accountId, unit: null });
  });
  after(() => here[Symbol.asyncDispose]());

  test('a person lets an app in, and it reads of their record what they ticked', async () => {
    const app = await addApp(server, `${WHOLE} patient/*.rs`);
    const connection = await connectApp(server, app.id);
    const scope =
      'openid fhirUser launch/patient patient/Patient.rs patient/Condition.rs patient/*.cruds';
    const asked = await askFor(server, connection, person, { scope });
    const request = await requestOf(asked);
    assert.equal(request.app, 'Growth chart');
    assert.deepEqual(request.patient, { kind: 'choose' });
    const words = 'openid fhirUser launch/patient patient/Patient.rs patient/Condition.rs'.split(
      ' ',
    );
    assert.deepEqual(request.words, words, 'what it may not have is not asked');
    const chosen = words.filter((word) => word !== 'patient/Patient.rs');
    const back = await decide(asked, { words: chosen, subjectId: ada.subjectId });
    const { verifier: pkceCodeVerifier, state: expectedState } = asked;
    const checks = { pkceCodeVerifier, expectedState };
    const tokens = await openid.authorizationCodeGrant(connection, back, checks);
    assert.equal(tokens.scope, chosen.join(' '));
    assert.equal(tokens['patient'], ada.subjectId);
    assert.equal(tokens['need_patient_banner'], true);
    assert.equal(tokens.refresh_token, undefined);
    const claims = tokens.claims();
    assert.equal(claims?.['fhirUser'], `${server.url}/fhir/R4/Patient/${ada.subjectId}`);
    const token = tokens.access_token;
    assert.equal(await status(token, 'Condition'), 200);
    assert.equal(await status(token, `Patient/${ada.subjectId}`), 403);
    const found = (await (await fhirWith(server, token, 'Condition')).json()) as {
      entry?: { resource: { code?: { text: string } } }[];
    };
    assert.deepEqual(
      found.entry?.map(({ resource }) => resource.code?.text),
      ['of Ada'],
    );
  });

  test('who lets nobody in sends the app back with that answer', async () => {
    const app = await addApp(server, `${WHOLE} patient/*.rs`);
    const connection = await connectApp(server, app.id);
    const asked = await askFor(server, connection, person, { scope: 'patient/*.rs' });
    const refused = await asked.browser.json(`${asked.base}/refusal`, {});
    const { goTo } = (await refused.json()) as { goTo: string };
    const back = new URL((await asked.browser.go(goTo)).headers.get('location') ?? '');
    assert.equal(back.searchParams.get('error'), 'access_denied');
    assert.equal(back.searchParams.get('state'), asked.state);
  });

  test('a refresh token is good once; used twice, nothing that came of it is good', async () => {
    const app = await addApp(server, `${WHOLE} patient/*.rs`);
    const connection = await connectApp(server, app.id);
    const on = { connection, scope: 'launch/patient patient/*.rs offline_access' };
    const { tokens } = await letIn(server, person, on, { subjectId: ada.subjectId });
    const first = tokens.refresh_token ?? '';
    const next = await openid.refreshTokenGrant(connection, first);
    assert.notEqual(next.refresh_token, first);
    assert.equal(next['patient'], ada.subjectId);
    assert.equal(await status(next.access_token, 'Condition'), 200);
    const third = await refreshUnnamed(next.refresh_token ?? '');
    assert.equal(third.status, 200, 'an app without keys need not say who it is');
    await assert.rejects(openid.refreshTokenGrant(connection, first), openid.ResponseBodyError);
    assert.equal(await status(next.access_token, 'Condition'), 401);
    await assert.rejects(openid.refreshTokenGrant(connection, next.refresh_token ?? ''));
  });

  test('an app with keys proves itself by them at every step', async () => {
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, [
      'sign',
      'verify',
    ]);
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES384', use: 'sig' };
    const app = await addApp(server, `${WHOLE} user/*.rs`, { jwks: { keys: [jwk] } });
    const auth = openid.PrivateKeyJwt({ key: keys.privateKey, kid: 'one' });
    const connection = await connectApp(server, app.id, auth);
    const { tokens } = await letIn(server, nurse, {
      ...{
        connection,
        scope: 'openid fhirUser user/Condition.rs user/Practitioner.r offline_access',
      },
    });
    assert.equal(tokens['patient'], undefined);
    const found = (await (await fhirWith(server, tokens.access_token, 'Condition')).json()) as {
      entry?: unknown[];
    };
    assert.equal(found.entry?.length, 2);
    const me = tokens.claims()?.['fhirUser'];
    assert.equal(me, `${server.url}/fhir/R4/Practitioner/${nurse.accountId}`);
    const practitioner = await fhirWith(
      server,
      tokens.access_token,
      String(me).split('/R4/')[1] ?? '',
    );
    assert.deepEqual(await nameIn(practitioner), 'Somebody');
    const patients = await fhirWith(server, server.token, `Practitioner/${person.accountId}`);
    assert.equal(patients.status, 404, 'a patient is none');
    const bare = await connectApp(server, app.id);
    await assert.rejects(openid.refreshTokenGrant(bare, tokens.refresh_token ?? ''));
    const unnamed = await refreshUnnamed(tokens.refresh_token ?? '');
    assert.equal(unnamed.status, 400, 'its keys are asked for');
    const next = await openid.refreshTokenGrant(connection, tokens.refresh_token ?? '');
    assert.equal(next.scope, tokens.scope);
  });

  test('the workspace opens an app for a patient, once, for whoever opened it', async () => {
    const launchUrl = 'https://app.example/launch?theme=light';
    const app = await addApp(server, `${WHOLE} patient/*.rs`, { launchUrl });
    const connection = await connectApp(server, app.id);
    const listed = await asking.json<{ apps: { id: string }[] }>(nurse, '/api/apps');
    assert.ok(listed.apps.some(({ id }) => id === app.id));
    const stayOf = ({ subjectId }: TestDevice) =>
      asking.write('Encounter', {
        ...{ status: 'in-progress', class: { code: 'IMP' } },
        subject: { reference: `Patient/${subjectId}` },
        period: { start: '2026-11-20T08:00:00Z' },
      });
    const stay = await stayOf(ada);
    const open = async (as: Person) =>
      await asking.json<LaunchView>(as, '/api/launches', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ clientId: app.id, subjectId: ada.subjectId, encounterId: stay }),
      });
    const { url } = await open(nurse);
    const query = new URL(url).searchParams;
    assert.equal(query.get('theme'), 'light');
    assert.equal(query.get('iss'), `${server.url}/fhir/R4`);
    const launch = query.get('launch') ?? '';
    const on = { connection, scope: 'launch patient/*.rs' };
    const { tokens } = await letIn(server, nurse, on, { launch });
    assert.deepEqual(
      [tokens['patient'], tokens['encounter'], tokens['need_patient_banner']],
      [ada.subjectId, stay, false],
    );
    const again = await askFor(server, connection, nurse, { ...{ scope: on.scope }, launch });
    assert.equal((await again.browser.go(`${again.base}/request`)).status, 410, 'a second time');
    const stolen = new URL((await open(nurse)).url).searchParams.get('launch') ?? '';
    const other = await askFor(server, connection, person, { scope: on.scope, launch: stolen });
    assert.equal((await other.browser.go(`${other.base}/request`)).status, 410, 'somebody else');
    const mixed = await asking.as(nurse, '/api/launches', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ clientId: app.id, subjectId: ada.subjectId },
        encounterId: await stayOf(ben),
      }),
    });
    assert.equal(mixed.status, 404, 'in the stay of somebody else');
    const unseen = await asking.as(person, '/api/launches', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ clientId: app.id, subjectId: ben.subjectId }),
    });
    assert.equal(unseen.status, 404, 'for whom one may not see');
    const unknown = await asking.as(nurse, '/api/launches', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ clientId: 'no app', subjectId: ada.subjectId }),
    });
    assert.equal(unknown.status, 404, 'of no app');
    const program = await server.fetch('/api/launches', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ clientId: app.id, subjectId: ada.subjectId }),
    });
    assert.equal(program.status, 403, 'by a program');
    assert.match(await program.text(), /opened by a person/);
  });

  test('a screen without a keyboard is let in by a code that is typed elsewhere', async () => {
    const app = await addApp(server, `${WHOLE} patient/*.rs`, { redirectUris: [] });
    const connection = await connectApp(server, app.id);
    const scope = 'launch/patient patient/Condition.rs offline_access';
    const device = await openid.initiateDeviceAuthorization(connection, { scope });
    assert.equal(device.verification_uri, `${server.url}/oidc/device`);
    const page = await fetch(device.verification_uri_complete ?? '', { redirect: 'manual' });
    assert.equal(page.headers.get('location'), `/device-code#${device.user_code}`);
    const post = (as: Person, path: string, body: object) =>
      asking.as(as, path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const code = device.user_code.toLowerCase();
    const looked = await post(person, '/api/device-codes/look', { code });
    const { words } = (await looked.json()) as { words: string[] };
    assert.deepEqual(words, scope.split(' '));
    const decision = { code, words, subjectId: ada.subjectId };
    assert.equal((await post(person, '/api/device-codes/grant', decision)).status, 204);
    // It is decided: the device would be told at its first question, five seconds from now.
    const poll = (asked: typeof device) =>
      openid.pollDeviceAuthorizationGrant(connection, { ...asked, interval: 0 });
    const tokens = await poll(device);
    assert.equal(tokens['patient'], ada.subjectId);
    assert.equal(await status(tokens.access_token, 'Condition'), 200);
    assert.ok(tokens.refresh_token !== undefined);
    assert.equal((await post(person, '/api/device-codes/grant', decision)).status, 404, 'twice');
    const other = await openid.initiateDeviceAuthorization(connection, { scope });
    const refused = await post(person, '/api/device-codes/refusal', { code: other.user_code });
    assert.equal(refused.status, 204);
    await assert.rejects(poll(other), { error: 'access_denied' });
    let last = 0;
    for (let at = 0; at < 12; at += 1)
      last = (await post(person, '/api/device-codes/look', { code: 'WRONGWRG' })).status;
    assert.equal(last, 429, 'guesses are counted');
  });

  test('a person sees whom they have let in, and takes it back at once', async () => {
    const app = await addApp(server, `${WHOLE} patient/*.rs`);
    const connection = await connectApp(server, app.id);
    const on = { connection, scope: 'launch/patient patient/*.rs offline_access' };
    const { tokens } = await letIn(server, person, on, { subjectId: ada.subjectId });
    assert.equal(await status(tokens.access_token, 'Condition'), 200);
    const { apps } = await asking.json<AppGrantList>(person, '/api/me/apps');
    const [mine] = apps;
    assert.equal(mine?.name, 'Growth chart');
    assert.equal(mine?.endsWithSession, false);
    const theirs = await asking.as(nurse, `/api/me/apps/${mine?.id}`, { method: 'DELETE' });
    assert.equal(theirs.status, 404, 'nobody else’s');
    const gone = await asking.as(person, `/api/me/apps/${mine?.id}`, { method: 'DELETE' });
    assert.equal(gone.status, 204);
    assert.equal(await status(tokens.access_token, 'Condition'), 401);
    await assert.rejects(openid.refreshTokenGrant(connection, tokens.refresh_token ?? ''));
    const acts = await here.database.line<{ act: string }[]>`
      SELECT act FROM audit_leaf WHERE target = ${`client/${app.id}`} ORDER BY at_ms`;
    assert.deepEqual(
      acts.map(({ act }) => act),
      ['client-added', 'app-let-in', 'app-withdrawn'],
    );
  });

  test('the report of who has looked says by way of which app', async () => {
    const app = await addApp(server, `${WHOLE} patient/*.rs`);
    const connection = await connectApp(server, app.id);
    const on = { connection, scope: 'launch/patient patient/*.rs' };
    const { tokens } = await letIn(server, person, on, { subjectId: ada.subjectId });
    assert.equal(await status(tokens.access_token, `Patient/${ada.subjectId}`), 200);
    await asking.json(person, `/fhir/R4/Patient/${ada.subjectId}`);
    const path = `/api/subjects/${ada.subjectId}/accesses`;
    const told = await eventually('both reads are in the report', async () => {
      const { accesses } = await asking.json<AccessReport>(person, path);
      const own = accesses.filter(({ who, route }) => who === person.accountId && ofOne(route));
      const byApp = own.find((one) => one.app === app.id);
      const bySession = own.find((one) => one.app === null);
      return byApp && bySession && { byApp, bySession };
    });
    assert.deepEqual([told.byApp.name, told.byApp.appName], ['Somebody', 'Growth chart']);
    assert.deepEqual([told.bySession.name, told.bySession.appName], ['Somebody', null]);
  });

  test('of an erased patient nothing that an app was given is left', async () => {
    const gone = await server.addPatient('Gone');
    const app = await addApp(server, `${WHOLE} patient/*.rs`);
    const connection = await connectApp(server, app.id);
    const on = { connection, scope: 'launch/patient patient/*.rs offline_access' };
    const { tokens } = await letIn(server, nurse, on, { subjectId: gone.subjectId });
    assert.equal(await status(tokens.access_token, `Patient/${gone.subjectId}`), 200);
    const { identity } = await server.get<{ identity: { recordNumber: string } }>(
      `/api/subjects/${gone.subjectId}`,
    );
    await server.post(`/api/subjects/${gone.subjectId}/erasure`, {
      recordNumber: identity.recordNumber,
      stopMonitoring: true,
    });
    const rows = await eventually('nothing left', async () => {
      const left = await here.database.line`
        SELECT FROM app_grant WHERE subject_id = ${gone.subjectId}`;
      return left.length === 0 ? left : undefined;
    });
    assert.equal(rows.length, 0);
    await assert.rejects(openid.refreshTokenGrant(connection, tokens.refresh_token ?? ''));
    assert.notEqual(await status(tokens.access_token, `Patient/${gone.subjectId}`), 200);
  });
});
