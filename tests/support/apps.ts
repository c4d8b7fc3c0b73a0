/** Apps that people let in: an app, the person's browser, and what both say. */
import assert from 'node:assert/strict';
import type { AppAnswer, AppRequest } from '@ausculta/contract/apps';
import type { ClientView } from '@ausculta/contract/clients';
import * as openid from 'openid-client';
import type { Person } from './people.ts';
import type { ServerUnderTest } from './server.ts';

export const REDIRECT = 'http://127.0.0.1:9/back';
export const WHOLE =
  'launch launch/patient launch/encounter openid fhirUser offline_access online_access';

export const addApp = (
  server: ServerUnderTest,
  scope: string,
  rest: {
    readonly launchUrl?: string;
    readonly jwks?: object;
    readonly redirectUris?: string[];
  } = {},
): Promise<ClientView> => {
  const app = { kind: 'app', name: 'Growth chart', scope, redirectUris: [REDIRECT] };
  return server.post<ClientView>('/api/clients', { ...app, ...rest });
};

export const connectApp = (
  server: ServerUnderTest,
  clientId: string,
  auth: openid.ClientAuth = openid.None(),
): Promise<openid.Configuration> =>
  openid.discovery(new URL(`${server.url}/oidc`), clientId, undefined, auth, {
    execute: [openid.allowInsecureRequests],
  });

/** A browser: it keeps what it is given, and sends it where it belongs. */
export class Browser {
  readonly #server: ServerUnderTest;
  readonly #person: Person | undefined;
  readonly #cookies = new Map<string, { value: string; path: string }>();

  constructor(server: ServerUnderTest, person: Person | undefined) {
    this.#server = server;
    this.#person = person;
  }

  async go(url: string, options: RequestInit = {}): Promise<Response> {
    const { pathname } = new URL(url, this.#server.url);
    const own = [...this.#cookies]
      .filter(([, { path }]) => pathname.startsWith(path))
      .map(([key, { value }]) => `${key.split(' ')[0]}=${value}`);
    const cookie = [this.#person?.headers['cookie'], ...own].filter(Boolean).join('; ');
    const response = await fetch(new URL(url, this.#server.url), {
      redirect: 'manual',
      ...options,
      headers: { cookie, origin: this.#server.url, ...options.headers },
    });
    for (const set of response.headers.getSetCookie()) {
      const [pair = '', ...rest] = set.split('; ');
      const [name = '', value = ''] = pair.split('=', 2);
      const path = rest.find((one) => one.startsWith('path='))?.slice(5) ?? '/';
      this.#cookies.set(`${name} ${path}`, { value, path });
    }
    return response;
  }

  json(path: string, body: object): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return this.go(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }
}

export interface Asking {
  readonly browser: Browser;
  /** Below which the person is asked. */
  readonly base: string;
  readonly verifier: string;
  readonly state: string;
}

/** Up to where the person is asked. */
export async function askFor(
  server: ServerUnderTest,
  connection: openid.Configuration,
  person: Person | undefined,
  asked: Record<string, string>,
): Promise<Asking> {
  const verifier = openid.randomPKCECodeVerifier();
  const state = openid.randomState();
  const url = openid.buildAuthorizationUrl(connection, {
    redirect_uri: REDIRECT,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    aud: `${server.url}/fhir/R4`,
    ...asked,
  });
  const browser = new Browser(server, person);
  const sent = await browser.go(url.href);
  const base = sent.headers.get('location') ?? '';
  assert.match(base, /^\/oidc\/asking\/[\w-]+$/, `${sent.status} ${base} ${await sent.text()}`);
  return { browser, base, verifier, state };
}

export async function requestOf({ browser, base }: Asking): Promise<AppRequest> {
  const response = await browser.go(`${base}/request`);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as AppRequest;
}

/** The address at which the app has the person back. */
export async function decide(
  { browser, base }: Asking,
  decision: { readonly words: readonly string[]; readonly subjectId?: string },
): Promise<URL> {
  const granted = await browser.json(`${base}/grant`, decision);
  assert.equal(granted.status, 200, await granted.clone().text());
  const { goTo } = (await granted.json()) as AppAnswer;
  const back = await browser.go(goTo);
  assert.equal(back.status, 303, await back.clone().text());
  return new URL(back.headers.get('location') ?? '');
}

export interface LetIn {
  readonly tokens: Awaited<ReturnType<typeof openid.authorizationCodeGrant>>;
  readonly connection: openid.Configuration;
  readonly back: URL;
  readonly asking: Asking;
}

/** All that is asked is given. */
export async function letIn(
  server: ServerUnderTest,
  person: Person,
  on: { readonly connection: openid.Configuration; readonly scope: string },
  { subjectId, ...rest }: { readonly subjectId?: string; readonly launch?: string } = {},
): Promise<LetIn> {
  const { connection, scope } = on;
  const asking = await askFor(server, connection, person, { scope, ...rest });
  const { words } = await requestOf(asking);
  const back = await decide(asking, { words, ...(subjectId !== undefined && { subjectId }) });
  const tokens = await openid.authorizationCodeGrant(connection, back, {
    pkceCodeVerifier: asking.verifier,
    expectedState: asking.state,
  });
  return { tokens, connection, back, asking };
}

export const fhirWith = (
  server: ServerUnderTest,
  token: string,
  path: string,
  options: RequestInit = {},
): Promise<Response> =>
  fetch(`${server.url}/fhir/R4/${path}`, {
    ...options,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/fhir+json',
      ...options.headers,
    },
  });
