/**
 * Pages of others in the browser of somebody who is signed in: whatever they send with a nurse's cookie changes
 * nothing, opens no socket and is led nowhere; and every answer forbids to be framed, sniffed or kept.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Asking, type Person, signedIn } from '../support/people.ts';
import { RawHttp } from '../support/raw-http.ts';
import { ROUTES } from '../support/route-access.ts';
import { type ServerHere, type ServerUnderTest, startServerHere } from '../support/server.ts';

const routes = Object.entries(ROUTES).map(([name, access]) => {
  const [method = '', url = ''] = name.split(' ');
  const path = url.replace(/:\w+/g, randomUUID()).replace('*', 'token');
  return { name, access, method, path };
});
const byCookie = routes.filter(({ access }) => access !== 'public' && access !== 'device');
const changing = byCookie.filter(({ method }) => method !== 'GET');

const FOR_OTHERS = / \/(oidc\/|fhir\/R4\/(metadata|\.well-known\/))/;
/** Where an app sends somebody's browser. */
const LEADS_ON = /^(GET|HEAD) \/(oidc\/(asking\/:uid|device)|api\/sign-on\/:provider\/back)$/;

const FORMS = [
  'application/x-www-form-urlencoded',
  'text/plain',
  'multipart/form-data; boundary=x',
];

describe('pages of others', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  let victim: Person;
  before(async () => {
    here = await startServerHere();
    server = here.server;
    victim = await signedIn(here, ['administrator', 'physician', 'nurse']);
  });
  after(() => here[Symbol.asyncDispose]());

  const ask = (path: string, method: string, headers: Record<string, string | undefined>) => {
    const { cookie = '' } = victim.headers;
    const given = Object.entries({ cookie, ...headers }).filter(([, value]) => value !== undefined);
    return fetch(`${server.url}${path}`, {
      ...{
        method,
        headers: Object.fromEntries(given) as Record<string, string>,
        redirect: 'manual',
      },
      ...(method !== 'GET' && method !== 'DELETE' && { body: 'a=b' }),
    });
  };

  test('no route that changes something takes the cookie from another origin, or from none', async () => {
    assert.ok(changing.length > 80);
    const { host, port } = new URL(server.url);
    const origins = [
      'https://evil.example',
      'null',
      `http://evil.example:${port}`,
      `http://${host}.evil.example`,
      undefined,
      '',
    ];
    for (const [i, { name, method, path }] of changing.entries())
      for (const [j, origin] of origins.entries()) {
        const type = FORMS[(i + j) % FORMS.length];
        const { status } = await ask(path, method, { origin, 'content-type': type });
        assert.equal(status, 403, `${name} from ${origin}`);
      }
    const own = new Asking(server);
    const { isLocked } = await own.json<{ isLocked: boolean }>(victim, '/api/session');
    assert.equal(isLocked, false, 'and the session is as it was');
  });

  test('what only reads is not read for another site either', async () => {
    for (const { name, method, path } of byCookie.filter((route) => route.method === 'GET'))
      for (const headers of [
        { origin: 'https://evil.example' },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
      ]) {
        const { status } = await ask(path, method, headers);
        assert.equal(status, 403, `${name} ${JSON.stringify(headers)}`);
      }
    for (const site of ['same-origin', 'none'])
      assert.equal((await ask('/api/session', 'GET', { 'sec-fetch-site': site })).status, 200);
  });

  test('a socket opens for our own page alone', async () => {
    const { cookie = '' } = victim.headers;
    for (const origin of ['https://evil.example', 'null', `${server.url}.evil.example`, 'file://'])
      assert.equal(await server.listen([], { cookie, origin }).opened, false, origin);
    assert.equal(
      await server.listen([], { cookie }).opened,
      true,
      'what is no browser names no origin',
    );
    const own = server.listen([], { cookie, origin: server.url });
    assert.equal(await own.opened, true);
    own.close();
  });

  test('every answer of every route says what a browser may do with it, and none invites another origin', async () => {
    for (const { name, method, path } of routes) {
      const answers = [
        await ask(path, method, { cookie: undefined }),
        await ask(path, method, { origin: server.url }),
      ];
      for (const { headers, status } of answers) {
        const told = (header: string): string => headers.get(header) ?? '';
        assert.match(
          told('content-security-policy'),
          /^default-src 'self';script-src 'self';/,
          name,
        );
        assert.match(
          told('content-security-policy'),
          /frame-ancestors 'none';object-src 'none'$/,
          name,
        );
        assert.equal(told('x-content-type-options'), 'nosniff', name);
        assert.equal(told('x-frame-options'), 'DENY', name);
        assert.equal(told('referrer-policy'), 'no-referrer', name);
        assert.equal(told('cross-origin-opener-policy'), 'same-origin', name);
        assert.equal(told('cross-origin-resource-policy'), 'same-origin', name);
        assert.match(told('permissions-policy'), /camera=\(\).*microphone=\(\)/, name);
        assert.match(told('cache-control'), /no-store/, name);
        // Pages of others ask for tokens, and how to: with what they prove, and without a cookie.
        const isForOthers = FOR_OTHERS.test(name) ? [null, '*', server.url] : [null];
        assert.ok(isForOthers.includes(headers.get('access-control-allow-origin')), name);
        assert.equal(headers.get('access-control-allow-credentials'), null, name);
        assert.equal(headers.get('x-powered-by'), null, name);
        assert.equal(headers.get('server'), null, name);
        const to = headers.get('location');
        if (LEADS_ON.test(name)) assert.match(to ?? '', /^\/[a-z]/, `${name}: to a page of ours`);
        else assert.equal(to, null, `${name}: ${status} leads nowhere`);
      }
      // It has ended its own session: the rest is asked by another one.
      if (/^(DELETE|POST) \/api\/(me\/)?sessions?/.test(name))
        victim = await signedIn(here, ['administrator', 'physician', 'nurse']);
    }
  });

  test('whoever asks by another name is led to no address of it', async () => {
    await using named = await startServerHere({
      config: { publicUrl: 'https://ausculta.example' },
    });
    const evil = 'evil.example';
    const forwarded = `X-Forwarded-Host: ${evil}\r\nX-Forwarded-Proto: https\r\nForwarded: host=${evil}`;
    for (const path of [
      '/fhir/R4/.well-known/smart-configuration',
      '/oidc/.well-known/openid-configuration',
      '/api/sign-in',
      '/fhir/R4/metadata',
      '/nothing',
    ]) {
      using peer = await RawHttp.open(named.server.httpPort);
      peer.send(
        `GET ${path} HTTP/1.1\r\nHost: ${evil}\r\n${forwarded}\r\nConnection: close\r\n\r\n`,
      );
      const answer = await peer.closed();
      assert.match(answer, /^HTTP\/1\.1 \d{3}/, path);
      assert.ok(!answer.includes(evil), path);
    }
    for (const path of [
      '//evil.example',
      '/\\evil.example',
      '/?next=https://evil.example',
      '/%2f%2fevil.example',
      '/oidc/token?redirect_uri=https://evil.example',
    ]) {
      const response = await fetch(`${server.url}${path}`, { redirect: 'manual' });
      assert.ok(response.status < 300 || response.status >= 400, path);
      assert.equal(response.headers.get('location'), null, path);
    }
  });
});
