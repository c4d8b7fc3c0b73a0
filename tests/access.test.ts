/**
 * Deny by default: every route of the running server states who may use it and holds to it; a page
 * from elsewhere cannot use a nurse's cookie; two organisations never see anything of each other.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { after, before, describe, test } from 'node:test';
import type { FastifyInstance, RouteOptions } from 'fastify';
import type { Access } from '../apps/server/src/people/access.ts';
import { PUBLIC, pathsThatRead, ROUTES, SAME_FOR_ALL } from './support/route-access.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';
import { subscriptionOf } from './support/subscription-sample.ts';

interface Route {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly access: string;
}

const routes: Route[] = [];

/** Fastify announces each server as it is made: no route can be added unseen. */
function watchRoutes(message: unknown): void {
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook('onRoute', ({ method, url, config }: RouteOptions) => {
    for (const one of [method].flat()) {
      if (one === 'HEAD' || one === 'OPTIONS') continue;
      const path = url.replace(/:\w+/g, randomUUID()).replace('*', 'index.html');
      routes.push({ name: `${one} ${url}`, method: one, path, access: wordsOf(config?.access) });
    }
  });
}

function wordsOf(access: Access | undefined): string {
  if (typeof access !== 'object') return access ?? 'nobody said';
  const { may, of, about, purposes } = access;
  return [may, of, about, ...(purposes ?? [])].join(' ');
}

const clinicianToken = randomBytes(24).toString('base64url');
const foreignToken = randomBytes(24).toString('base64url');
const foreign = { authorization: `Bearer ${foreignToken}` };

let here: ServerHere;
let server: ServerUnderTest;
let cookie = '';

describe('access', () => {
  before(async () => {
    subscribe('fastify.initialization', watchRoutes);
    here = await startServerHere();
    unsubscribe('fastify.initialization', watchRoutes);
    server = here.server;
    const sql = here.database.line;
    const [own] = await sql<{ id: string }[]>`SELECT id FROM organisation`;
    const other = randomUUID();
    await sql`INSERT INTO organisation (id, name) VALUES (${other}, 'The other hospital')`;
    for (const [organisation_id, token, roles] of [
      [own?.id, clinicianToken, ['physician', 'nurse']] as const,
      [other, foreignToken, ['administrator', 'physician', 'nurse']] as const,
    ]) {
      const token_hash = createHash('sha256')
        .update(token ?? '')
        .digest();
      await sql`INSERT INTO api_token ${sql({ organisation_id, token_hash, label: 'test', roles } as never)}`;
    }
    const password = 'correct horse battery staple';
    await sql`UPDATE account SET password_hash = ${await (await import('@node-rs/argon2')).hash(password)} WHERE login_name = 'admin'`;
    const response = await fetch(`${server.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ loginName: 'admin', password }),
    });
    assert.equal(response.status, 204);
    const set = response.headers.getSetCookie()[0] ?? '';
    assert.match(set, /HttpOnly/);
    assert.match(set, /SameSite=Strict/);
    cookie = set.split(';')[0] ?? '';
  });
  after(() => here[Symbol.asyncDispose]());

  const ask = (path: string, options: RequestInit = {}): Promise<Response> =>
    fetch(`${server.url}${path}`, options);

  test('every route states who may use it, as it is written down', () => {
    const said = routes.map(({ name, access }) => [name, access]);
    assert.deepEqual(Object.fromEntries(said), ROUTES);
  });

  for (const [who, headers] of [
    ['nobody', {}],
    ['a made-up token', { authorization: 'Bearer made-up' }],
    ['an empty token', { authorization: 'Bearer ' }],
    ['a made-up cookie', { cookie: 'ausculta_session=made-up' }],
  ] as const) {
    test(`${who} is refused everywhere else`, async () => {
      for (const { name, method, path } of routes) {
        if (PUBLIC.includes(name)) continue;
        const { status } = await ask(path, {
          method,
          headers: { ...headers } as Record<string, string>,
        });
        assert.ok(status === 401 || status === 403, `${name}: ${status}`);
      }
    });
  }

  test('below the address of FHIR, refusals speak FHIR too', async () => {
    for (const [path, sent, status, code] of [
      ['/fhir/R4/Patient/x', {}, 401, 'login'],
      ['/fhir/R4/Nothing', { cookie }, 404, 'not-found'],
      ['/fhir/R4/Patient/x', { cookie }, 404, 'not-found'],
      ['/fhir/R4/Observation?date=soon', { cookie }, 400, 'invalid'],
    ] as const) {
      const response = await ask(path, { headers: sent as Record<string, string> });
      assert.equal(response.status, status, path);
      assert.match(response.headers.get('content-type') ?? '', /^application\/fhir\+json/);
      const outcome = (await response.json()) as {
        resourceType: string;
        issue: [{ code: string }];
      };
      assert.deepEqual([outcome.resourceType, outcome.issue[0].code], ['OperationOutcome', code]);
    }
  });

  test('who signs in is told of no login, unless this is a demo', async () => {
    assert.deepEqual(await (await ask('/api/sign-in')).json(), { demoLogin: null, providers: [] });
    await using demo = await startServerHere({ config: { demo: true } });
    const { demoLogin } = (await (await fetch(`${demo.server.url}/api/sign-in`)).json()) as {
      demoLogin: { loginName: string; password: string };
    };
    const options = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const signedIn = await fetch(`${demo.server.url}/api/session`, {
      ...options,
      body: JSON.stringify(demoLogin),
    });
    assert.equal(signedIn.status, 204);
  });

  test('a path that is no route answers nothing about itself', async () => {
    for (const path of [
      '/api/nothing',
      '/fhir/R4/Nothing',
      '/api/subjects/../session',
      '/metrics',
      '/documentation',
    ]) {
      const { status } = await ask(path);
      assert.ok(status === 401 || status === 404, `${path}: ${status}`);
    }
  });

  test('a clinician may read, and may not administer', async () => {
    const headers = { authorization: `Bearer ${clinicianToken}` };
    const administers = routes.filter(({ access }) => / (policy|keys|aggregates)/.test(access));
    assert.ok(administers.length > 8);
    for (const { name, method, path } of administers)
      assert.equal((await ask(path, { method, headers })).status, 403, name);
    assert.equal((await ask('/api/subjects', { headers })).status, 200);
  });

  test("another hospital's administrator holds and erases nothing of ours", async () => {
    const subject = await server.addSubject('Ours');
    const headers = {
      authorization: `Bearer ${foreignToken}`,
      'content-type': 'application/json',
    };
    const path = `/api/subjects/${subject.id}`;
    const { recordNumber } = subject.identity;
    const order = JSON.stringify({ recordNumber });
    const post = { method: 'POST', headers };
    assert.equal((await ask(`${path}/erasure`, { ...post, body: order })).status, 404);
    const hold = JSON.stringify({ reason: 'theirs' });
    assert.equal((await ask(`${path}/holds`, { ...post, body: hold })).status, 404);
    assert.equal((await server.fetch(path)).status, 200);
    await server.post(`${path}/erasure`, { recordNumber });
    assert.equal((await ask(`${path}/erasure`, { headers })).status, 404, 'nor is it told of it');
    assert.equal((await ask(`${path}/erasure`, { ...post, body: order })).status, 404);
    assert.equal((await server.fetch(`${path}/erasure`)).status, 200);
  });

  test('a device token opens nothing but its own device', async () => {
    const device = await server.addPatient();
    const headers = { authorization: `Bearer ${device.token}` };
    assert.equal((await ask('/api/subjects', { headers })).status, 401);
  });

  test('a slip in the address of a door is told to the device, and to nobody else', async () => {
    const device = await server.addPatient();
    const path = `/api/devices/${device.id}/reading`;
    for (const [token, status, says] of [
      [device.token, 404, /a device sends to readings/],
      ['made-up', 401, /CREDENTIALS_REFUSED/],
    ] as const) {
      const headers = { authorization: `Bearer ${token}` };
      const response = await ask(path, { method: 'POST', headers, body: '{}' });
      assert.equal(response.status, status);
      assert.match(await response.text(), says);
    }
  });

  test("a page from elsewhere cannot use a nurse's cookie", async () => {
    const json = { cookie, 'content-type': 'application/json' };
    const body = JSON.stringify({ identity: { familyName: 'Forged' } });
    for (const origin of [
      'http://evil.example',
      'null',
      `${server.url}.evil.example`,
      `http://127.0.0.1:${server.httpPort + 1}`,
    ]) {
      assert.equal(
        (await ask('/api/subjects', { headers: { cookie, origin } })).status,
        403,
        origin,
      );
      assert.equal(
        (await ask('/api/subjects', { method: 'POST', headers: { ...json, origin }, body })).status,
        403,
        origin,
      );
      assert.equal(
        (await ask('/api/session', { method: 'DELETE', headers: { cookie, origin } })).status,
        403,
        origin,
      );
      assert.equal(
        await server.listen([], { cookie, origin }).opened,
        false,
        `the live socket from ${origin}`,
      );
    }
    assert.equal(
      (await ask('/api/subjects', { method: 'POST', headers: json, body })).status,
      403,
      'no origin, yet it would change something',
    );
    const origin = server.url;
    assert.equal((await ask('/api/subjects', { headers: { cookie, origin } })).status, 200);
    assert.equal(
      (await ask('/api/subjects', { method: 'POST', headers: { ...json, origin }, body })).status,
      201,
    );
    const own = server.listen([], { cookie, origin });
    assert.equal(await own.opened, true);
    own.close();
  });

  test('a live socket without credentials does not open', async () => {
    assert.equal(await server.listen([], {}).opened, false);
  });

  test('two organisations see nothing of each other on the live socket', async () => {
    const device = await patientInAlarm();
    const stranger = server.listen([device.subjectId], foreign);
    const own = server.listen([device.subjectId]);
    await eventually('a refusal', () => stranger.notices.find(({ type }) => type === 'subscribed'));
    await server.send(device, JSON.stringify({ values: { 'heart-rate': 177 } }));
    await eventually('the number on the own socket', () =>
      own.values.includes(177) ? true : undefined,
    );
    assert.deepEqual(stranger.notices, [
      { type: 'subscribed', subjects: [], refused: [device.subjectId] },
    ]);
    assert.deepEqual(stranger.values, []);
    stranger.close();
    own.close();
  });

  test('two organisations see nothing of each other, in no list, trend or FHIR answer', async () => {
    const { subjectId: id, id: device } = await patientInAlarm();
    const document = { resourceType: 'Condition', subject: { reference: `Patient/${id}` } };
    const { id: condition } = await server.post<{ id: string }>('/fhir/R4/Condition', document);
    const held = { status: 'finished', class: { code: 'VR' }, subject: document.subject };
    const visit = { resourceType: 'Encounter', ...held };
    const { id: encounter } = await server.post<{ id: string }>('/fhir/R4/Encounter', visit);
    const noted = {
      ...document,
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'x' },
    };
    const { id: note } = await server.post<{ id: string }>('/fhir/R4/Observation', noted);
    const told = subscriptionOf({ topic: 'alarm' });
    const { id: subscription } = await server.post<{ id: string }>('/fhir/R4/Subscription', told);
    const [alarm] = await server.alarms(id);
    const ids = { id, device, alarm: alarm?.id ?? '', condition, encounter, note, subscription };
    const PATHS = pathsThatRead({ ...ids, nowMs: Date.now() });
    assert.deepEqual(routesUnasked(PATHS), [], 'every route that reads is asked');
    for (const path of PATHS) {
      const ours = await server.fetch(path);
      // The patient in alarm has no waveform to put into a file, and no insurance.
      const status = path.includes('/edf?') ? 404 : path.endsWith('$claim') ? 422 : 200;
      assert.equal(ours.status, status, path);
      const theirs = await ask(path, { headers: foreign });
      const text = await theirs.text();
      assert.ok([200, 404].includes(theirs.status), `${path}: ${theirs.status}`);
      assert.doesNotMatch(text, /Secretive|heart-rate|MALFORMED.*test-|"value"/, path);
      if (!path.includes(id)) assert.ok(!text.includes(id), path);
      if (!path.includes(device)) assert.ok(!text.includes(device), path);
    }
  });

  test('nobody acknowledges an alarm of another organisation, or puts a device on its subject', async () => {
    const { subjectId } = await patientInAlarm();
    const [alarm] = await server.alarms(subjectId);
    const acknowledged = await ask(
      `/api/alarms/${encodeURIComponent(alarm?.id ?? '')}/acknowledge`,
      {
        method: 'POST',
        headers: { ...foreign, 'content-type': 'application/json' },
        body: JSON.stringify({ subjectId }),
      },
    );
    assert.ok([403, 404].includes(acknowledged.status));
    const stolen = await ask('/api/devices', {
      method: 'POST',
      headers: { ...foreign, 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'stolen-1', subjectId }),
    });
    assert.equal(stolen.status, 404, 'no device on a subject of another');
  });

  /** With a reading, a parked message and an alarm. */
  async function patientInAlarm(): Promise<TestDevice> {
    const device = await server.addPatient('Secretive');
    const time = Date.now();
    for (const [ms, rate] of [
      [3000, 150],
      [2000, 151],
      [1000, 152],
    ] as const) {
      await server.send(
        device,
        JSON.stringify({ time: time - ms, values: { 'heart-rate': rate } }),
      );
    }
    await server.send(device, 'MALFORMED');
    await eventually('the alarm', async () =>
      (await server.alarms(device.subjectId)).length > 0 ? true : undefined,
    );
    return device;
  }
});

const FOR_CLINICIANS = /^(read|search|stream) (?!aggregates|policy|audit)/;

/** Routes for clinicians that read, and that none of these paths asks. */
function routesUnasked(paths: readonly string[]): string[] {
  return routes
    .filter(
      ({ method, access, name }) =>
        method === 'GET' && FOR_CLINICIANS.test(access) && !SAME_FOR_ALL.test(name),
    )
    .map(({ name }) => name)
    .filter((name) => {
      const path = name.replaceAll('$', '\\$').replace(/:\w+/g, '[^/_][^/]*');
      const pattern = new RegExp(`^${path}$`);
      return !paths.some((one) => pattern.test(`GET ${one.split('?')[0]}`));
    });
}
