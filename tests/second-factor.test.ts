/** A second factor, a locked screen, and the places where one is signed in. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { LIVE_SIGNED_OUT_CODE } from '@ausculta/contract/live';
import type { MyAccount, NewSecondFactor, RecoveryCodes, SessionList } from '@ausculta/contract/me';
import { URI } from 'otpauth';
import { addPerson, askAs, cookieOf, PASSWORD, type Person, signIn } from './support/person.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
} from './support/server.ts';

const STEP_MS = 30_000;
const TEN_MINUTES_MS = 600_000;

let here: ServerHere;
let server: ServerUnderTest;
/** Turned by hand: a code is one of its own 30 seconds. */
let nowMs = Date.now();
let count = 0;
let nurse: Person;
let cookie = '';

const ask = (path: string, options?: Parameters<typeof askAs>[3]) =>
  askAs(server, cookie, path, options);

async function faultOf(response: Response): Promise<[number, string]> {
  const { fault } = (await response.json()) as { fault: string };
  return [response.status, fault];
}

async function setUpCodes() {
  const begun = await ask('/api/me/second-factor/begin', { method: 'POST' });
  const { uri } = (await begun.json()) as NewSecondFactor;
  const app = URI.parse(uri);
  const codeAt = (atMs: number): string => app.generate({ timestamp: atMs });
  const set = await ask('/api/me/second-factor', { body: { code: codeAt(nowMs) } });
  assert.equal(set.status, 200);
  const { codes } = (await set.json()) as RecoveryCodes;
  return { codeAt, codes };
}

describe('second factors and sessions', () => {
  before(async () => {
    here = await startServerHere({ outside: { nowMs: () => nowMs } });
    server = here.server;
  });
  after(() => here[Symbol.asyncDispose]());
  beforeEach(async () => {
    count += 1;
    nurse = await addPerson(server, `nurse-${count}`, ['nurse']);
    cookie = nurse.headers['cookie'] ?? '';
  });

  const withCode = (code?: string) =>
    signIn(server, nurse.loginName, code === undefined ? {} : { code });

  test('with a second factor a password alone opens nothing, and a code works once', async () => {
    const { codeAt } = await setUpCodes();
    assert.deepEqual(await faultOf(await withCode()), [401, 'SECOND_FACTOR_NEEDED']);
    assert.equal((await withCode(codeAt(nowMs))).status, 401, 'it has proved the app already');
    nowMs += STEP_MS;
    const code = codeAt(nowMs);
    assert.equal((await withCode(code)).status, 204);
    assert.deepEqual(await faultOf(await withCode(code)), [401, 'SECOND_FACTOR_NEEDED']);
    nowMs += STEP_MS;
    assert.equal((await withCode(codeAt(nowMs - 2 * STEP_MS))).status, 401, 'two steps old');
    assert.equal(
      (await withCode(`${codeAt(nowMs + STEP_MS)}`)).status,
      204,
      'a clock a step ahead',
    );
    assert.equal(
      (await withCode(codeAt(nowMs))).status,
      401,
      'a code of before one that was taken',
    );
  });

  test('a code that the app does not show sets nothing up', async () => {
    await ask('/api/me/second-factor/begin', { method: 'POST' });
    const refused = await ask('/api/me/second-factor', { body: { code: '000000' } });
    assert.deepEqual(await faultOf(refused), [401, 'SECOND_FACTOR_NEEDED']);
    assert.equal((await withCode()).status, 204);
  });

  test('the secret lies in the database sealed, and no code of recovery lies there', async () => {
    const begun = await ask('/api/me/second-factor/begin', { method: 'POST' });
    const { secret, uri } = (await begun.json()) as NewSecondFactor;
    const code = URI.parse(uri).generate({ timestamp: nowMs });
    const set = await ask('/api/me/second-factor', { body: { code } });
    const { codes } = (await set.json()) as RecoveryCodes;
    assert.equal(new Set(codes).size, 10);
    const sql = here.database.line;
    const kept = JSON.stringify([
      await sql`SELECT encode(secret_sealed, 'escape') AS escaped FROM second_factor`,
      await sql`SELECT encode(code_hash, 'escape') AS escaped FROM recovery_code`,
    ]);
    for (const one of [secret, ...codes]) assert.ok(!kept.includes(one));
  });

  test('a recovery code opens once, however it is typed, and the rest stay', async () => {
    const { codes } = await setUpCodes();
    const [first = '', second = ''] = codes;
    assert.equal((await withCode(first.toUpperCase().replaceAll('-', ' '))).status, 204);
    assert.equal((await withCode(first)).status, 401);
    const both = await Promise.all([withCode(second), withCode(second)]);
    assert.deepEqual(both.map(({ status }) => status).toSorted(), [204, 401]);
    assert.equal(((await (await ask('/api/me')).json()) as MyAccount).recoveryCodesLeft, 8);
    const anew = await ask('/api/me/recovery-codes', { method: 'POST' });
    const { codes: newer } = (await anew.json()) as RecoveryCodes;
    assert.equal((await withCode(codes[2])).status, 401, 'of before');
    assert.equal((await withCode(newer[0])).status, 204);
  });

  test('five wrong codes, then one every five minutes; nobody without the password uses them up', async () => {
    const { codeAt } = await setUpCodes();
    for (let i = 0; i < 3; i += 1)
      await signIn(server, nurse.loginName, { password: 'not hers', code: '123456' });
    for (let i = 0; i < 5; i += 1) assert.equal((await withCode('123456')).status, 401);
    nowMs += STEP_MS;
    const refused = await withCode(codeAt(nowMs));
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get('retry-after')) > 200);
    nowMs += 5 * 60_000;
    assert.equal((await withCode(codeAt(nowMs))).status, 204);
  });

  test('a short password is good beside a second factor, which then stays', async () => {
    const password = 'eight-88';
    const change = { body: { password } };
    assert.deepEqual(await faultOf(await ask('/api/me/password', change)), [
      400,
      'PASSWORD_REFUSED',
    ]);
    const { codes } = await setUpCodes();
    assert.equal((await ask('/api/me/password', change)).status, 204);
    const gone = await ask('/api/me/second-factor', { method: 'DELETE' });
    assert.deepEqual(await faultOf(gone), [400, 'PASSWORD_REFUSED']);
    assert.equal(
      (await signIn(server, nurse.loginName, { password, code: codes[0] ?? '' })).status,
      204,
    );
    assert.equal((await ask('/api/me/password', { body: { password: PASSWORD } })).status, 204);
    assert.equal((await ask('/api/me/second-factor', { method: 'DELETE' })).status, 204);
    assert.equal((await withCode()).status, 204);
  });

  test('on a locked screen readings go on and nothing is done, until its person is back', async () => {
    const patient = await server.addPatient();
    const socket = server.listen([patient.subjectId], nurse.headers);
    assert.equal(await socket.opened, true);
    assert.equal((await ask('/api/session/lock', { method: 'POST' })).status, 204);
    const acknowledge = await ask('/api/alarms/any/acknowledge', { body: {} });
    assert.deepEqual(await faultOf(acknowledge), [423, 'SESSION_LOCKED']);
    assert.equal((await ask('/api/me/sessions', { method: 'DELETE' })).status, 423);
    const told = await (await ask('/api/subjects')).text();
    assert.ok(told.includes(patient.subjectId) && !told.includes('Sample'), 'beds, and nobody');
    for (const path of [
      ...[`/api/subjects/${patient.subjectId}`, '/api/alarms', '/api/devices', '/api/me'],
      ...['/fhir/R4/Patient', `/fhir/R4/Patient/${patient.subjectId}`],
    ])
      assert.equal((await ask(path)).status, 423, path);
    await server.send(patient, JSON.stringify({ values: { 'heart-rate': 91 } }));
    await eventually('the number', () => (socket.values.includes(91) ? true : undefined));
    const session = (await (await ask('/api/session')).json()) as { isLocked: boolean };
    assert.equal(session.isLocked, true);
    const wrong = { body: { password: 'not the password' } };
    assert.equal((await ask('/api/session/proof', wrong)).status, 401);
    assert.equal((await ask('/api/subjects')).status, 200);
    const proof = { body: { password: PASSWORD } };
    assert.equal((await ask('/api/session/proof', proof)).status, 204);
    assert.equal((await ask('/api/me/sessions', { method: 'DELETE' })).status, 204);
    socket.close();
  });

  test('who finds a screen that was proved ten minutes ago changes nothing of the account', async () => {
    nowMs += TEN_MINUTES_MS;
    const begin = { method: 'POST' };
    assert.equal((await ask('/api/me/second-factor/begin', begin)).status, 200);
    nowMs += 1;
    const refused = await ask('/api/me/second-factor/begin', begin);
    assert.deepEqual(await faultOf(refused), [403, 'PROOF_NEEDED']);
    assert.equal((await ask('/api/me/password', { body: { password: 'x' } })).status, 403);
  });

  test('sessions are listed; one is ended, then all others, and their sockets close', async () => {
    const other = cookieOf(await withCode());
    await withCode();
    const list = async (): Promise<SessionList['sessions']> =>
      ((await (await ask('/api/me/sessions')).json()) as SessionList).sessions;
    const before = await list();
    assert.equal(before.length, 3);
    assert.deepEqual(before.map(({ method }) => method).toSorted(), [
      'link',
      'password',
      'password',
    ]);
    const patient = await server.addPatient();
    const socket = server.listen([patient.subjectId], { cookie: other, origin: server.url });
    assert.equal(await socket.opened, true);
    const mine = before.find(({ isThis }) => isThis)?.id;
    const [one] = before.filter(({ isThis }) => !isThis);
    assert.equal((await ask(`/api/me/sessions/${one?.id}`, { method: 'DELETE' })).status, 204);
    assert.equal((await ask(`/api/me/sessions/${one?.id}`, { method: 'DELETE' })).status, 404);
    assert.equal((await list()).length, 2);
    assert.equal((await ask('/api/me/sessions', { method: 'DELETE' })).status, 204);
    assert.equal(await socket.closed, LIVE_SIGNED_OUT_CODE);
    assert.deepEqual(
      (await list()).map(({ id }) => id),
      [mine],
    );
    const stranger = await addPerson(server, `stranger-${count}`, ['nurse']);
    const theirs = await askAs(
      server,
      stranger.headers['cookie'] ?? '',
      `/api/me/sessions/${mine}`,
      { method: 'DELETE' },
    );
    assert.equal(theirs.status, 404, "another's session");
  });
});
