/** Signing on by a provider elsewhere: a certified server that knows nothing of ours, on a port of its own. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { AccountList, SignInLink } from '@ausculta/contract/accounts';
import type { Session, SignInInfo } from '@ausculta/contract/session';
import type { MySignOn, ProofBySignOn, SignOnWanted } from '@ausculta/contract/sign-on';
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import {
  type ForeignProvider,
  providerList,
  startForeignProvider,
  withClaims,
} from './support/foreign-provider.ts';
import { signedIn } from './support/people.ts';
import { eventually, freePorts, type ServerHere, startServerHere } from './support/server.ts';
import { TravellingBrowser } from './support/signing-on.ts';
import { leaveStrangersPasskey } from './support/strangers-passkey.ts';

let provider: ForeignProvider;
let other: ForeignProvider;
let here: ServerHere;
let home: string;
let directory: string;

const newcomer = () => new TravellingBrowser(home);

async function linkFor(loginName: string, roles: readonly string[] = ['nurse']) {
  const wanted = { loginName, displayName: loginName, roles };
  const { account, path } = await here.server.post<SignInLink>('/api/accounts', wanted);
  return { id: account.id, link: { token: path.split('#')[1] ?? '' } };
}

/** Somebody whose account an administrator has made, and who has followed the link by the provider. */
async function linked(sub: string, roles: readonly string[] = ['nurse']) {
  const { id, link } = await linkFor(sub, roles);
  provider.person = { sub };
  const browser = newcomer();
  assert.equal(await browser.signOn('hospital', { link }), '/account');
  return { id, browser };
}

const sessionOf = async (browser: TravellingBrowser) =>
  (await (await browser.ask('/api/session')).json()) as Session;

const actsOf = async (id: string) => {
  const rows = await here.database.line<{ act: string }[]>`
    SELECT act FROM audit_leaf WHERE target = ${`account/${id}`}`;
  return rows.map(({ act }) => act).sort();
};

describe('signing on by a provider elsewhere', () => {
  before(async () => {
    const [port = 0] = await freePorts(1);
    directory = await mkdtemp(join(tmpdir(), 'ausculta-sign-on-'));
    home = `http://127.0.0.1:${port}`;
    const back = (name: string) => `${home}/api/sign-on/${name}/back`;
    const names = ['hospital', 'groups', 'silent'];
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const keyFile = join(directory, 'key.pem');
    await writeFile(keyFile, await exportPKCS8(privateKey));
    const jwk = { ...(await exportJWK(publicKey)), kty: 'EC', kid: 'ours', alg: 'ES256' };
    const byKey = {
      ...{ client_id: 'by-key', token_endpoint_auth_method: 'private_key_jwt' as const },
      ...{ jwks: { keys: [jwk] }, redirect_uris: [back('by-key')] },
    };
    provider = await startForeignProvider(names.map(back), [byKey]);
    other = await startForeignProvider([back('other')]);
    const { issuer } = provider;
    const roles = { 'ward-nurses': ['nurse'], doctors: ['physician'] };
    const signOnFile = await providerList(directory, [
      { name: 'hospital', issuer },
      { name: 'groups', issuer, rolesByGroup: { roles } },
      { name: 'silent', issuer, asks: 'never' },
      {
        ...{ name: 'by-key', issuer, clientId: 'by-key' },
        credentials: { kind: 'private-key', file: keyFile, keyId: 'ours', algorithm: 'ES256' },
      },
      { name: 'other', issuer: other.issuer, label: 'Another' },
      { name: 'away', issuer: 'http://127.0.0.1:9', label: 'Away' },
    ]);
    const place = { http: { host: '127.0.0.1', port }, publicUrl: home };
    const config = { signOnFile, ...place, trustedProxies: ['127.0.0.1'] };
    here = await startServerHere({ config });
  });
  after(async () => {
    await here[Symbol.asyncDispose]();
    await provider[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  test('the sign-in tells by which providers, and nothing else of them', async () => {
    const info = (await (await fetch(`${home}/api/sign-in`)).json()) as SignInInfo;
    assert.deepEqual(info.providers[0], { name: 'hospital', label: 'Hospital account' });
  });

  test('a one-time link is followed by signing on; from then on the provider opens the account', async () => {
    const { id, browser } = await linked('joy');
    assert.deepEqual((await sessionOf(browser)).roles, ['nurse']);
    assert.equal(provider.lastAsked.get('code_challenge_method'), 'S256');
    assert.equal(provider.lastAsked.get('prompt'), 'login');
    const again = newcomer();
    assert.equal(await again.signOn('hospital', { next: '/patients' }), '/patients');
    assert.equal((await sessionOf(again)).accountId, id);
    const sessions = await again.ask('/api/me/sessions');
    const [mine] = ((await sessions.json()) as { sessions: { method: string }[] }).sessions;
    assert.equal(mine?.method, 'provider');
    assert.deepEqual(await actsOf(id), [
      ...['account-made', 'provider-linked', 'sign-in-link-made', 'sign-in-link-used'],
      ...['signed-in', 'signed-in'],
    ]);
    const [row] = await here.database.line<{ subject_hash: Uint8Array }[]>`
      SELECT subject_hash FROM provider_link WHERE account_id = ${id}`;
    assert.equal(row?.subject_hash.length, 32, 'who it is there is kept as a hash');
  });

  test('a link is good once, and for one account of the provider', async () => {
    await linked('ben');
    const { link } = await linkFor('cem');
    assert.match(await newcomer().signOn('hospital', { link }), /said=linked-already$/);
    provider.person = { sub: 'cem' };
    const browser = newcomer();
    const early = await browser.begin('hospital', { link });
    assert.equal(await newcomer().signOn('hospital', { link }), '/account');
    assert.match(await browser.home(await browser.atProvider(early)), /said=spent$/);
    const spent = await newcomer().ask('/api/sign-on/hospital/begin', {
      ...{ method: 'POST', json: { link } satisfies SignOnWanted },
    });
    assert.equal(spent.status, 410);
  });

  for (const by of ['a password', 'the provider'] as const)
    test(`a link that resets factors, followed by ${by}, ends the accounts elsewhere that opened it`, async () => {
      const { id } = await linked(`ann by ${by}`);
      await leaveStrangersPasskey(here, id);
      const wanted = { resetsFactors: true };
      const reset = await here.server.post<SignInLink>(`/api/accounts/${id}/link`, wanted);
      const link = { token: reset.path.split('#')[1] ?? '' };
      if (by === 'the provider') {
        provider.person = { sub: 'ann anew' };
        assert.equal(await newcomer().signOn('hospital', { link }), '/account');
        assert.equal(await newcomer().signOn('hospital'), '/watch');
      } else {
        const json = { ...link, password: 'correct horse battery staple' };
        const used = await newcomer().ask('/api/sign-in-link', { method: 'POST', json });
        assert.equal(used.status, 204);
      }
      provider.person = { sub: `ann by ${by}` };
      assert.equal(await newcomer().signOn('hospital'), '/sign-in?said=not-linked');
      const ended = (await actsOf(id)).filter((act) => /^(provider-un|passkey-re)/.test(act));
      assert.deepEqual(ended.sort(), ['passkey-removed', 'provider-unlinked']);
    });

  test('a link that resets factors keeps the account elsewhere by which it is followed', async () => {
    const { id } = await linked('abe');
    const wanted = { resetsFactors: true };
    const { path } = await here.server.post<SignInLink>(`/api/accounts/${id}/link`, wanted);
    const link = { token: path.split('#')[1] ?? '' };
    assert.equal(await newcomer().signOn('hospital', { link }), '/account');
    assert.equal(await newcomer().signOn('hospital'), '/watch');
  });

  test('a link is not used up, and resets nothing, where the account elsewhere is somebody else’s', async () => {
    await linked('bob');
    const { id } = await linked('bea');
    const wanted = { resetsFactors: true };
    const { path } = await here.server.post<SignInLink>(`/api/accounts/${id}/link`, wanted);
    const link = { token: path.split('#')[1] ?? '' };
    provider.person = { sub: 'bob' };
    assert.match(await newcomer().signOn('hospital', { link }), /said=linked-already$/);
    provider.person = { sub: 'bea' };
    assert.equal(await newcomer().signOn('hospital'), '/watch');
    assert.equal(await newcomer().signOn('hospital', { link }), '/account');
  });

  test('whoever is linked to nobody is let in as nobody, though their mail address is somebody’s', async () => {
    await linkFor('dora@hospital.example');
    provider.person = {
      ...{ sub: 'stranger', preferred_username: 'dora@hospital.example', groups: ['ward-nurses'] },
      ...{ email: 'dora@hospital.example', email_verified: true },
    };
    for (const name of ['hospital', 'groups']) {
      const browser = newcomer();
      assert.match(await browser.signOn(name), /^\/sign-in\?said=not-linked$/);
      assert.equal(browser.isSignedIn, false);
    }
  });

  test('groups that the operator has named make an account at the first sign-on, and others none', async () => {
    provider.person = { sub: 'eve', preferred_username: 'eve', name: 'Eve Example', groups: ['x'] };
    assert.match(await newcomer().signOn('groups'), /said=not-linked$/);
    provider.person = { ...provider.person, groups: ['x', 'ward-nurses'] };
    const browser = newcomer();
    assert.equal(await browser.signOn('groups'), '/watch');
    const { roles, displayName, accountId } = await sessionOf(browser);
    assert.deepEqual([roles, displayName], [['nurse'], 'Eve Example']);
    assert.deepEqual(await actsOf(accountId), ['account-made', 'provider-linked', 'signed-in']);
    // What they may do is said here from then on.
    provider.person = { ...provider.person, groups: ['doctors'] };
    const later = newcomer();
    await later.signOn('groups');
    assert.deepEqual((await sessionOf(later)).roles, ['nurse']);
  });

  test('an account elsewhere that is linked meanwhile makes no account, and is said to be linked', async () => {
    const { id } = await linkFor('gus');
    const subject = createHash('sha256')
      .update(JSON.stringify([provider.issuer, 'guy']))
      .digest();
    provider.person = { sub: 'guy', preferred_username: 'guy', groups: ['doctors'] };
    const browser = newcomer();
    const back = await browser.atProvider(await browser.begin('groups'));
    const { line } = here.database;
    const { came } = await line.begin(async (tx) => {
      await tx`
        INSERT INTO provider_link
        SELECT organisation_id, id, ${provider.issuer}, ${subject}, now(), NULL FROM account
        WHERE id = ${id}`;
      const asked = browser.home(back);
      await eventually('the sign-on to wait for what is not committed yet', async () => {
        const [waiting] = await line`
          SELECT FROM pg_stat_activity
          WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0`;
        return waiting;
      });
      return { came: asked };
    });
    assert.match(await came, /said=linked-already$/);
    assert.equal(browser.isSignedIn, false);
    const { accounts } = await here.server.get<AccountList>('/api/accounts');
    assert.ok(!accounts.some(({ loginName }) => loginName === 'guy'));
  });

  test('an account that is out of use is refused, and its sessions have ended', async () => {
    const { id, browser } = await linked('finn');
    await here.server.post(`/api/accounts/${id}/disable`, {});
    assert.equal((await browser.ask('/api/session')).status, 401);
    const again = newcomer();
    assert.match(await again.signOn('hospital'), /said=refused$/);
    assert.equal(again.isSignedIn, false);
    await here.server.post(`/api/accounts/${id}/enable`, {});
    assert.equal(await newcomer().signOn('hospital'), '/watch');
    const { accounts } = await here.server.get<AccountList>('/api/accounts');
    const accountOf = (name: string) => accounts.find((one) => one.loginName === name);
    assert.deepEqual(accountOf('finn')?.signOnIssuers, [provider.issuer], 'it keeps its link');
    assert.deepEqual(accountOf('dora@hospital.example')?.signOnIssuers, []);
  });

  test('who is signed in links their own account, and removes the link while there is another way in', async () => {
    const person = await signedIn(here, ['nurse']);
    const ask = async (path: string, method = 'GET') =>
      await fetch(`${home}${path}`, { method, headers: person.headers });
    provider.person = { sub: 'gil' };
    const browser = newcomer();
    const cookie = String(person.headers['cookie']).split('=')[1] ?? '';
    browser.put('ausculta_session', cookie);
    const went = await browser.beginAt('/api/me/sign-on/hospital/begin');
    assert.equal(await browser.home(await browser.atProvider(went)), '/signed-on?said=done');
    const told = (await (await ask('/api/me/sign-on')).json()) as MySignOn;
    const [mine] = told.providers;
    assert.ok(mine?.name === 'hospital' && mine.linkedAt !== null);
    assert.equal((await ask('/api/me/sign-on/hospital', 'DELETE')).status, 204);
    assert.match(await newcomer().signOn('hospital'), /said=not-linked$/);
    const { browser: alone } = await linked('hal');
    const last = await alone.ask('/api/me/sign-on/hospital', { method: 'DELETE' });
    assert.equal(last.status, 403, 'the last way in stays');
  });

  test('a link whose provider the operator has taken out is no way in, is shown, and is removed', async () => {
    const { id, browser } = await linked('pam');
    const issuer = 'https://gone.example/realms/staff';
    await here.database.line`
      INSERT INTO provider_link
      SELECT organisation_id, id, ${issuer}, sha256('gone'), now(), NULL FROM account
      WHERE id = ${id}`;
    const remove = async (name: string) =>
      (await browser.ask(`/api/me/sign-on/${name}`, { method: 'DELETE' })).status;
    const list = async () =>
      ((await (await browser.ask('/api/me/sign-on')).json()) as MySignOn).providers;
    assert.equal(await remove('hospital'), 403, 'the other one opens nothing');
    const gone = (await list()).find(({ isOffered }) => !isOffered);
    assert.equal(gone?.label, issuer);
    assert.equal(await remove(gone?.name ?? ''), 204);
    assert.ok((await list()).every(({ isOffered }) => isOffered));
    assert.equal(await remove(gone?.name ?? ''), 404);
    assert.equal((await actsOf(id)).filter((act) => act === 'provider-unlinked').length, 1);
  });

  test('to link asks for a proof of the last minutes, and nobody links at a locked screen', async () => {
    const { id, browser } = await linked('ida');
    await here.database.line`
      UPDATE session SET proved_at = now() - interval '11 minutes' WHERE account_id = ${id}`;
    const renewed = await freshOf(browser);
    const stale = await renewed.ask('/api/me/sign-on/other/begin', { method: 'POST', json: {} });
    assert.equal(((await stale.json()) as { fault: string }).fault, 'PROOF_NEEDED');
    const proof = await renewed.beginAt('/api/session/proof/sign-on/hospital');
    assert.equal(await renewed.home(await renewed.atProvider(proof)), '/signed-on?said=done');
    other.person = { sub: 'ida-elsewhere' };
    const went = await renewed.beginAt('/api/me/sign-on/other/begin');
    const back = await renewed.atProvider(went);
    await renewed.ask('/api/session/lock', { method: 'POST' });
    assert.match(await renewed.home(back), /said=spent$/);
  });

  test('to unlock and to prove, only those providers are offered that one is linked with', async () => {
    const { browser } = await linked('quin');
    await browser.ask('/api/session/lock', { method: 'POST' });
    const namesFor = async (headers: Record<string, string>) => {
      const answer = await fetch(`${home}/api/session/proof/sign-on`, { headers });
      return ((await answer.json()) as ProofBySignOn).providers.map(({ name }) => name);
    };
    const ofOneIssuer = ['hospital', 'groups', 'silent', 'by-key'];
    assert.deepEqual(await namesFor(browser.headers), ofOneIssuer);
    const person = await signedIn(here, ['nurse']);
    assert.deepEqual(await namesFor(person.headers), [], 'of a person who has linked none');
  });

  test('a locked screen is unlocked by whoever locked it, and by no colleague', async () => {
    const { browser } = await linked('jon');
    await linked('kim');
    await browser.ask('/api/session/lock', { method: 'POST' });
    assert.equal((await sessionOf(browser)).isLocked, true);
    const prove = '/api/session/proof/sign-on/hospital';
    browser.forget(provider.issuer);
    const colleague = await browser.atProvider(await browser.beginAt(prove));
    assert.equal(await browser.home(colleague), '/signed-on?said=refused');
    assert.equal((await sessionOf(browser)).isLocked, true);
    browser.forget(provider.issuer);
    provider.person = { sub: 'jon' };
    const own = await browser.atProvider(await browser.beginAt(prove));
    assert.equal(provider.lastAsked.get('max_age'), '0');
    assert.equal(await browser.home(own), '/signed-on?said=done');
    assert.equal((await sessionOf(browser)).isLocked, false);
  });

  test('a provider that did not ask anew, or does not tell, unlocks nothing and lets nobody in', async () => {
    const { browser } = await linked('lea');
    await browser.ask('/api/session/lock', { method: 'POST' });
    const unlock = async (name: string) =>
      await browser.home(
        await browser.atProvider(await browser.beginAt(`/api/session/proof/sign-on/${name}`)),
      );
    const nowS = Math.floor(Date.now() / 1000);
    provider.bend = withClaims(provider, (claims) => ({ ...claims, auth_time: nowS - 300 }));
    const isRefused = async () => {
      for (const name of ['hospital', 'silent'])
        assert.equal(await unlock(name), '/signed-on?said=not-asked-anew');
      assert.equal(await newcomer().signOn('hospital'), '/sign-in?said=not-asked-anew');
      assert.equal(await newcomer().signOn('silent'), '/watch', 'where it need not ask');
    };
    await isRefused();
    provider.bend = withClaims(provider, ({ auth_time: _, ...claims }) => claims);
    await isRefused();
    assert.equal((await sessionOf(browser)).isLocked, true);
    provider.bend = undefined;
    assert.equal(await unlock('hospital'), '/signed-on?said=done');
    assert.equal((await sessionOf(browser)).isLocked, false);
  });

  test('a sign-on that the provider had no need to ask for is no fresh proof', async () => {
    await linked('mia');
    provider.bend = withClaims(provider, ({ auth_time: _, ...claims }) => claims);
    const browser = newcomer();
    assert.equal(await browser.signOn('silent'), '/watch');
    provider.bend = undefined;
    const asked = await browser.ask('/api/me/recovery-codes', { method: 'POST' });
    assert.equal(((await asked.json()) as { fault: string }).fault, 'PROOF_NEEDED');
  });

  test('a key of ours proves who redeems the code, where the provider has its public half', async () => {
    await linked('ola');
    assert.equal(await newcomer().signOn('by-key'), '/watch');
  });

  test('a provider that is away is said to be, and the password opens as ever', async () => {
    const begun = await newcomer().ask('/api/sign-on/away/begin', { method: 'POST', json: {} });
    assert.equal(begun.status, 503);
    assert.equal(((await begun.json()) as { fault: string }).fault, 'PROVIDER_UNREACHABLE');
    const { link } = await linkFor('ned');
    const password = 'correct horse battery staple';
    const chosen = { ...link, password };
    await newcomer().ask('/api/sign-in-link', { method: 'POST', json: chosen });
    const signIn = { loginName: 'ned', password };
    const came = await newcomer().ask('/api/session', { method: 'POST', json: signIn });
    assert.equal(came.status, 204);
    const known = await here.server.get<AccountList>('/api/accounts');
    assert.ok(known.accounts.some(({ loginName }) => loginName === 'ned'));
  });

  /** The server remembers a session for some seconds: another one of the same person is read anew. */
  async function freshOf(browser: TravellingBrowser): Promise<TravellingBrowser> {
    await browser.ask('/api/session/lock', { method: 'POST' });
    await here.database.line`UPDATE session SET locked_at = NULL`;
    return browser;
  }
});
