/** Accounts: made by an administrator, come to their owner by a link that works once, and end at once. */
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { AccountList, AccountView, SignInLink } from '@ausculta/contract/accounts';
import { LIVE_SIGNED_OUT_CODE } from '@ausculta/contract/live';
import {
  addPerson,
  administrator,
  askAs,
  cookieOf,
  PASSWORD,
  signIn,
  tokenOf,
} from './support/person.ts';
import { type ServerHere, type ServerUnderTest, startServerHere } from './support/server.ts';

const HOUR_MS = 3_600_000;

let here: ServerHere;
let server: ServerUnderTest;
let skewMs = 0;

async function faultOf(response: Response): Promise<[number, string]> {
  const { fault } = (await response.json()) as { fault: string };
  return [response.status, fault];
}

async function actsOn(accountId: string): Promise<string[]> {
  const rows = await here.database.line<{ act: string }[]>`
    SELECT act FROM audit_leaf WHERE target = ${`account/${accountId}`} ORDER BY at_ms`;
  return rows.map(({ act }) => act);
}

function add(loginName: string, roles = ['nurse']): Promise<SignInLink> {
  return server.post<SignInLink>('/api/accounts', { loginName, displayName: 'A nurse', roles });
}

function follow(link: SignInLink, password = PASSWORD): Promise<Response> {
  return askAs(server, '', '/api/sign-in-link', { body: { token: tokenOf(link), password } });
}

describe('accounts', () => {
  before(async () => {
    here = await startServerHere({ outside: { nowMs: () => Date.now() + skewMs } });
    server = here.server;
  });
  after(() => here[Symbol.asyncDispose]());

  test('a link says whose it is, signs in once, and is spent then', async () => {
    const link = await add('ada');
    assert.deepEqual(link.account.roles, ['nurse']);
    const look = await askAs(server, '', '/api/sign-in-link/look', {
      body: { token: tokenOf(link) },
    });
    assert.deepEqual(await look.json(), {
      ...{ loginName: 'ada', displayName: 'A nurse', organisationName: 'My organisation' },
      needsCode: false,
    });
    assert.equal((await signIn(server, 'ada')).status, 401, 'there is no password yet');
    assert.deepEqual(await faultOf(await follow(link, 'elevenchars')), [400, 'PASSWORD_REFUSED']);
    const first = await follow(link);
    assert.equal(first.status, 204);
    const session = await (await askAs(server, cookieOf(first), '/api/session')).json();
    assert.deepEqual((session as { roles: string[] }).roles, ['nurse']);
    assert.deepEqual(await faultOf(await follow(link)), [410, 'LINK_SPENT']);
    assert.equal((await signIn(server, 'ada')).status, 204);
    const acts = ['account-made', 'sign-in-link-made', 'sign-in-link-used', 'signed-in'];
    assert.deepEqual((await actsOn(link.account.id)).toSorted(), [...acts, 'signed-in'].toSorted());
    const kept = await here.database.line`SELECT * FROM sign_in_link`;
    assert.ok(!JSON.stringify(kept).includes(tokenOf(link)));
  });

  test('a link ends after 24 hours, and when a newer one is made', async () => {
    const old = await add('bea');
    const newer = await server.post<SignInLink>(`/api/accounts/${old.account.id}/link`, {});
    assert.equal((await follow(old)).status, 410);
    skewMs = 24 * HOUR_MS;
    assert.equal((await follow(newer)).status, 410);
    skewMs = 24 * HOUR_MS - 120_000;
    assert.equal((await follow(newer)).status, 204);
    skewMs = 0;
  });

  test('a login name is taken once; a role is a word of the policy, and never a device', async () => {
    const wanted = { loginName: 'ada', displayName: 'Another', roles: ['nurse'] };
    const post = (body: unknown) =>
      server.fetch('/api/accounts', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    assert.deepEqual(await faultOf(await post(wanted)), [409, 'LOGIN_TAKEN']);
    for (const roles of [[], ['clinician'], ['device'], ['nurse', 'platform-job']])
      assert.equal((await post({ ...wanted, loginName: 'cleo', roles })).status, 400, roles.join());
    const extra = { ...wanted, loginName: 'cleo', organisationId: randomUUID() };
    assert.equal((await post(extra)).status, 400);
  });

  test('who is taken out of use loses session, socket, link and sign-in, at once', async () => {
    const { id, headers } = await addPerson(server, 'dora', ['nurse']);
    const patient = await server.addPatient();
    const socket = server.listen([patient.subjectId], headers);
    assert.equal(await socket.opened, true);
    assert.equal((await askAs(server, headers['cookie'] ?? '', '/api/subjects')).status, 200);
    await server.post(`/api/accounts/${id}/link`, {});
    const view = await server.post<AccountView>(`/api/accounts/${id}/disable`, {});
    assert.equal(view.isDisabled, true);
    assert.equal(await socket.closed, LIVE_SIGNED_OUT_CODE);
    assert.equal((await askAs(server, headers['cookie'] ?? '', '/api/subjects')).status, 401);
    assert.equal((await signIn(server, 'dora')).status, 401);
    const link = await server.fetch(`/api/accounts/${id}/link`, { method: 'POST' });
    assert.equal(link.status, 403);
    await server.post(`/api/accounts/${id}/enable`, {});
    assert.equal((await signIn(server, 'dora')).status, 204);
    assert.deepEqual((await actsOn(id)).slice(-3), [
      'account-disabled',
      'account-enabled',
      'signed-in',
    ]);
  });

  test('an organisation is never left without an administrator', async () => {
    const { id } = await administrator(server);
    const role = { roles: ['nurse'] };
    const refused = await server.fetch(`/api/accounts/${id}/disable`, { method: 'POST' });
    assert.deepEqual(await faultOf(refused), [409, 'LAST_ADMINISTRATOR']);
    await assert.rejects(server.post(`/api/accounts/${id}/roles`, role), /LAST_ADMINISTRATOR/);
    const other = await addPerson(server, 'eve', ['administrator']);
    // Each sees the other as still there, unless one waits for the other.
    const both = await Promise.all(
      [id, other.id].map((one) => server.fetch(`/api/accounts/${one}/disable`, { method: 'POST' })),
    );
    assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 409]);
    for (const one of [id, other.id]) await server.post(`/api/accounts/${one}/enable`, {});
  });

  test('whose roles are changed signs in anew: an open screen shows what the other roles could see', async () => {
    const { id, headers } = await addPerson(server, 'fay', ['nurse']);
    const cookie = headers['cookie'] ?? '';
    assert.equal((await askAs(server, cookie, '/api/accounts')).status, 403);
    const screen = server.listen([], { cookie, origin: server.url });
    assert.equal(await screen.opened, true);
    await server.post(`/api/accounts/${id}/roles`, { roles: ['administrator', 'nurse'] });
    await screen.closed;
    assert.equal((await askAs(server, cookie, '/api/accounts')).status, 401);
  });

  test('an administrator who left the screen an hour ago makes no accounts', async () => {
    const { headers } = await administrator(server);
    const cookie = headers['cookie'] ?? '';
    const body = { loginName: 'gil', displayName: 'Gil', roles: ['nurse'] };
    skewMs = 11 * 60_000;
    const refused = await askAs(server, cookie, '/api/accounts', { body });
    assert.deepEqual(await faultOf(refused), [403, 'PROOF_NEEDED']);
    const wrong = { body: { password: 'not the password' } };
    assert.equal((await askAs(server, cookie, '/api/session/proof', wrong)).status, 401);
    const proof = { body: { password: PASSWORD } };
    assert.equal((await askAs(server, cookie, '/api/session/proof', proof)).status, 204);
    assert.equal((await askAs(server, cookie, '/api/accounts', { body })).status, 201);
    skewMs = 0;
  });

  test("another organisation's accounts are neither seen nor touched", async () => {
    const sql = here.database.line;
    const organisation_id = randomUUID();
    await sql`INSERT INTO organisation (id, name) VALUES (${organisation_id}, 'The other hospital')`;
    const token = randomBytes(24).toString('base64url');
    const token_hash = createHash('sha256').update(token).digest();
    const row = { organisation_id, token_hash, label: 'test', roles: ['administrator'] };
    await sql`INSERT INTO api_token ${sql(row)}`;
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const list = await server.fetch('/api/accounts', { headers });
    assert.deepEqual(((await list.json()) as AccountList).accounts, []);
    const [ours] = (await server.get<AccountList>('/api/accounts')).accounts;
    for (const act of ['disable', 'enable', 'link', 'roles']) {
      const ask = { method: 'POST', headers, body: JSON.stringify({ roles: ['nurse'] }) };
      const body = act === 'roles' ? ask.body : '{}';
      const path = `/api/accounts/${ours?.id}/${act}`;
      assert.equal((await server.fetch(path, { ...ask, body })).status, 404, act);
    }
  });
});
