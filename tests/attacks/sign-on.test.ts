/** Whoever stands between a person and the provider of their account, or lures them there, comes in as nobody. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { SignInLink } from '@ausculta/contract/accounts';
import type { Session } from '@ausculta/contract/session';
import { decodeJwt, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import {
  CLIENT_SECRET,
  type ForeignProvider,
  PROVIDER_KEY_ID,
  providerList,
  startForeignProvider,
  withClaims,
} from '../support/foreign-provider.ts';
import { freePorts, type ServerHere, startServerHere } from '../support/server.ts';
import { TravellingBrowser } from '../support/signing-on.ts';

let provider: ForeignProvider;
let evil: ForeignProvider;
let here: ServerHere;
let home: string;
let directory: string;

const nowS = (): number => Math.floor(Date.now() / 1000);
const newcomer = () => new TravellingBrowser(home);

async function comesIn(browser: TravellingBrowser, back: URL): Promise<string> {
  const to = await browser.home(back);
  assert.equal(browser.isSignedIn, to === '/watch');
  return to;
}

describe('signing on by a provider elsewhere, attacked', () => {
  before(async () => {
    const [port = 0] = await freePorts(1);
    home = `http://127.0.0.1:${port}`;
    directory = await mkdtemp(join(tmpdir(), 'ausculta-sign-on-'));
    const back = (name: string) => `${home}/api/sign-on/${name}/back`;
    provider = await startForeignProvider([back('hospital'), back('evil')]);
    evil = await startForeignProvider([back('evil'), back('hospital')]);
    const signOnFile = await providerList(directory, [
      { name: 'hospital', issuer: provider.issuer },
      { name: 'evil', issuer: evil.issuer, label: 'Evil' },
    ]);
    const place = { http: { host: '127.0.0.1', port }, publicUrl: home };
    const config = { signOnFile, ...place, trustedProxies: ['127.0.0.1'] };
    here = await startServerHere({ config });
    const wanted = { loginName: 'victim', displayName: 'Victim', roles: ['nurse'] };
    const { path } = await here.server.post<SignInLink>('/api/accounts', wanted);
    provider.person = { sub: 'victim' };
    evil.person = { sub: 'victim' };
    const link = { token: path.split('#')[1] ?? '' };
    assert.equal(await newcomer().signOn('hospital', { link }), '/account');
  });
  after(async () => {
    await here[Symbol.asyncDispose]();
    await provider[Symbol.asyncDispose]();
    await evil[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  test('as it is, the provider opens the account', async () => {
    assert.equal(await newcomer().signOn('hospital'), '/watch');
  });

  const LIES: readonly (readonly [string, (idToken: string) => Promise<string>])[] = [
    ['another nonce', (token) => bent((claims) => ({ ...claims, nonce: 'another' }))(token)],
    ['no nonce', (token) => bent(({ nonce: _, ...claims }) => claims)(token)],
    ['another issuer', (token) => bent((claims) => ({ ...claims, iss: evil.issuer }))(token)],
    ['another audience', (token) => bent((claims) => ({ ...claims, aud: 'another' }))(token)],
    [
      'two audiences, made for the other',
      (token) => bent((claims) => ({ ...claims, aud: ['ausculta', 'b'], azp: 'b' }))(token),
    ],
    [
      'an end that has passed',
      (token) => bent((claims) => ({ ...claims, iat: nowS() - 900, exp: nowS() - 600 }))(token),
    ],
    ['no end', (token) => bent(({ exp: _, ...claims }) => claims)(token)],
    ['no subject', (token) => bent(({ sub: _, ...claims }) => claims)(token)],
    ['a key of somebody else', signedElsewhere],
    ['no signature at all', async (token) => new UnsecuredJWT(decodeJwt(token)).encode()],
    ['the secret as its key', (token) => byHmac(token, CLIENT_SECRET)],
    ['the public key as its key', async (token) => byHmac(token, await publicKeyText())],
    ['a signature that was cut off', async (token) => token.slice(0, -12)],
    ['other claims under the same signature', withOtherSubject],
  ];
  for (const [what, bend] of LIES) {
    test(`an ID token with ${what} opens nothing`, async () => {
      const browser = newcomer();
      provider.bend = bend;
      const back = await browser.atProvider(await browser.begin('hospital'));
      const to = await comesIn(browser, back);
      provider.bend = undefined;
      assert.equal(to, '/sign-in?said=refused');
    });
  }

  test('an address of coming back is good once, for its state, its browser and its provider', async () => {
    const browser = newcomer();
    const back = await browser.atProvider(await browser.begin('hospital'));
    const changed = (change: (url: URL) => void): URL => {
      const url = new URL(back);
      change(url);
      return url;
    };
    const wrong = changed((url) => url.searchParams.set('state', 'A'.repeat(43)));
    const without = changed((url) => url.searchParams.delete('state'));
    const elsewhere = changed((url) => {
      url.pathname = '/api/sign-on/evil/back';
    });
    for (const url of [wrong, without, elsewhere])
      assert.equal(await comesIn(browser, url), '/sign-in?said=spent');
    assert.equal(await comesIn(browser, back), '/watch');
    const again = new URL(back);
    assert.match(await browser.home(again), /said=spent$/, 'a second time');
  });

  test('a code that was used opens nothing in another browser that has begun, too', async () => {
    const first = newcomer();
    const back = await first.atProvider(await first.begin('hospital'));
    assert.equal(await comesIn(first, back), '/watch');
    const thief = newcomer();
    const own = await thief.atProvider(await thief.begin('hospital'));
    own.searchParams.set('code', back.searchParams.get('code') ?? '');
    assert.equal(await comesIn(thief, own), '/sign-in?said=refused');
  });

  test('a code that was stolen before it was used is bound to the verifier of its browser', async () => {
    const victim = newcomer();
    const stolen = await victim.atProvider(await victim.begin('hospital'));
    const thief = newcomer();
    const own = await thief.atProvider(await thief.begin('hospital'));
    own.searchParams.set('code', stolen.searchParams.get('code') ?? '');
    assert.equal(await comesIn(thief, own), '/sign-in?said=refused');
  });

  test('nobody is signed in as a stranger by an address that the stranger has sent', async () => {
    const stranger = newcomer();
    const lure = await stranger.atProvider(await stranger.begin('hospital'));
    const person = newcomer();
    assert.equal(await comesIn(person, lure), '/sign-in?said=spent');
    await person.begin('hospital');
    assert.equal(await comesIn(person, lure), '/sign-in?said=spent', 'with a cookie of their own');
    assert.equal(await comesIn(stranger, lure), '/watch', 'nothing was used up by it');
  });

  test('one provider does not speak for the other, though both know somebody of the same id', async () => {
    const browser = newcomer();
    assert.equal(await browser.signOn('evil'), '/sign-in?said=not-linked');
    // The evil one leads the person to the honest one, and hopes for its code (RFC 9700, mix-up).
    const begun = await browser.begin('evil');
    const atHonest = new URL(`${provider.issuer}/auth${begun.search}`);
    const back = await browser.atProvider(atHonest);
    assert.equal(back.searchParams.get('iss'), provider.issuer);
    assert.equal(await comesIn(browser, back), '/sign-in?said=refused');
    const begunAgain = await browser.begin('hospital');
    const atEvil = new URL(`${evil.issuer}/auth${begunAgain.search}`);
    assert.equal(await comesIn(browser, await browser.atProvider(atEvil)), '/sign-in?said=refused');
  });

  for (const next of [
    ...['https://evil.example/', '//evil.example', '/\\evil.example', '/%5cevil.example'],
    ...['/watch//evil.example', 'javascript:alert(1)', '/\t/evil.example', '/watch?said=done#x'],
    ...['/.//evil.example', '/api/sign-on/hospital/back?x', ''],
  ])
    test(`nobody is led on to ${JSON.stringify(next)}`, async () => {
      assert.equal(await newcomer().signOn('hospital', { next }), '/watch');
    });

  test('from one address thirty a minute begin, and elsewhere others go on', async () => {
    const begin = async (browser: TravellingBrowser) => {
      const asked = { method: 'POST', json: {} };
      return (await browser.ask('/api/sign-on/hospital/begin', asked)).status;
    };
    const address = '10.9.9.9';
    for (let at = 0; at < 30; at += 1)
      assert.equal(await begin(new TravellingBrowser(home, address)), 200);
    assert.equal(await begin(new TravellingBrowser(home, address)), 429);
    assert.equal(await begin(newcomer()), 200);
  });

  test('a refusal at the provider lets nobody in', async () => {
    const browser = newcomer();
    const begun = await browser.begin('hospital');
    const back = new URL(`${home}/api/sign-on/hospital/back`);
    back.searchParams.set('error', 'access_denied');
    back.searchParams.set('state', begun.searchParams.get('state') ?? '');
    back.searchParams.set('iss', provider.issuer);
    assert.equal(await comesIn(browser, back), '/sign-in?said=refused');
  });

  for (const [what, claims] of [
    ['told a while ago', ({ auth_time: _, ...rest }) => ({ ...rest, auth_time: nowS() - 60 })],
    ['not told', ({ auth_time: _, ...rest }) => rest],
  ] satisfies [string, Parameters<typeof withClaims>[1]][])
    test(`whoever deletes from the address that the provider is to ask unlocks nothing, when it asked is ${what}`, async () => {
      const browser = newcomer();
      assert.equal(await browser.signOn('hospital'), '/watch');
      await browser.ask('/api/session/lock', { method: 'POST' });
      // Nobody proves anything there any more: it knows the one who sat here.
      provider.person = { sub: 'intruder' };
      provider.bend = bent(claims);
      const shortened = (url: URL) => {
        for (const part of ['prompt', 'max_age']) url.searchParams.delete(part);
        return url;
      };
      const unlocking = shortened(await browser.beginAt('/api/session/proof/sign-on/hospital'));
      const unlocked = await browser.home(await browser.atProvider(unlocking));
      assert.equal(provider.lastAsked.has('prompt'), false);
      const entering = shortened(await browser.begin('hospital'));
      const entered = await browser.home(await browser.atProvider(entering));
      provider.bend = undefined;
      provider.person = { sub: 'victim' };
      assert.equal(unlocked, '/signed-on?said=not-asked-anew');
      assert.equal(entered, '/sign-in?said=not-asked-anew');
      const session = (await (await browser.ask('/api/session')).json()) as Session;
      assert.equal(session.isLocked, true);
    });

  test('a page of elsewhere cannot have a signed-in person link or prove anything', async () => {
    const browser = newcomer();
    await browser.signOn('hospital');
    for (const path of ['/api/me/sign-on/evil/begin', '/api/session/proof/sign-on/evil']) {
      const headers = { ...browser.headers, origin: 'https://evil.example' };
      const asked = await fetch(`${home}${path}`, { method: 'POST', headers });
      assert.equal(asked.status, 403);
    }
  });

  const bent = (change: Parameters<typeof withClaims>[1]) => withClaims(provider, change);

  async function signedElsewhere(token: string): Promise<string> {
    const { privateKey } = await generateKeyPair('RS256');
    const header = { alg: 'RS256', kid: PROVIDER_KEY_ID };
    return await new SignJWT(decodeJwt(token)).setProtectedHeader(header).sign(privateKey);
  }

  async function byHmac(token: string, key: string): Promise<string> {
    const header = { alg: 'HS256', kid: PROVIDER_KEY_ID };
    const bytes = new TextEncoder().encode(key);
    return await new SignJWT(decodeJwt(token)).setProtectedHeader(header).sign(bytes);
  }

  async function publicKeyText(): Promise<string> {
    const { keys } = (await (await fetch(`${provider.issuer}/jwks`)).json()) as { keys: object[] };
    return JSON.stringify(keys[0]);
  }

  async function withOtherSubject(token: string): Promise<string> {
    const [head = '', , signature = ''] = token.split('.');
    const claims = JSON.stringify({ ...decodeJwt(token), name: 'changed' });
    return [head, Buffer.from(claims).toString('base64url'), signature].join('.');
  }
});
