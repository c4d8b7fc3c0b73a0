/**
 * A provider of accounts elsewhere: the certified server of OpenID Connect, with keys and people of its own, on its
 * own port. What it says can be bent on the way, to be a provider that lies.
 */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import {
  decodeJwt,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  type KeyLike,
  SignJWT,
} from 'jose';
import Provider, { type ClientMetadata } from 'oidc-provider';

export const CLIENT_ID = 'ausculta';
export const CLIENT_SECRET = 'a secret of forty letters that both know';
export const PROVIDER_KEY_ID = 'of-the-provider';

export interface Elsewhere {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

export interface ForeignProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly key: KeyLike;
  /** Whoever sits at the browser, as the provider knows them. */
  person: Elsewhere;
  /** What becomes of an ID token on its way. */
  bend: ((idToken: string) => Promise<string>) | undefined;
  /** Of the last time that its page was asked for. */
  lastAsked: URLSearchParams;
}

const LIVES = { Session: 3600, Grant: 3600, Interaction: 600, AccessToken: 600, IdToken: 600 };

export async function startForeignProvider(
  redirectUris: readonly string[],
  clients: readonly ClientMetadata[] = [],
): Promise<ForeignProvider> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: PROVIDER_KEY_ID, alg: 'RS256', use: 'sig' };
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const issuer = `http://127.0.0.1:${port}`;
  const here: ForeignProvider = {
    ...{ issuer, key: privateKey, person: { sub: 'nobody' } },
    ...{ bend: undefined, lastAsked: new URLSearchParams() },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      if (server.listening) await once(server.close(), 'close');
    },
  };
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...jwk, kty: 'RSA' }] },
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [...redirectUris],
        id_token_signed_response_alg: 'RS256',
      },
      ...clients,
    ],
    cookies: { keys: ['of the provider'] },
    conformIdTokenClaims: false,
    claims: {
      openid: ['sub', 'auth_time'],
      profile: ['name', 'preferred_username', 'groups'],
      auth_time: null,
    },
    scopes: ['openid', 'profile'],
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/ask/${uid}` },
    findAccount: async (_context, sub) => ({
      accountId: sub,
      claims: async () => ({ ...here.person, sub }),
    }),
    ttl: LIVES,
  });
  provider.use(async (context, next) => {
    await next();
    const { oidc, body } = context;
    if (here.bend === undefined || oidc?.route !== 'token') return;
    if (typeof body !== 'object' || body === null || !('id_token' in body)) return;
    context.body = { ...body, id_token: await here.bend(String(body.id_token)) };
  });
  server.on('request', answering(provider, here));
  return here;
}

type Answering = (request: IncomingMessage, response: ServerResponse) => void;

function answering(provider: Provider, here: ForeignProvider): Answering {
  const answer = provider.callback();
  return (request, response) => {
    const url = new URL(request.url ?? '/', here.issuer);
    if (url.pathname === '/auth') here.lastAsked = url.searchParams;
    if (!url.pathname.startsWith('/ask/')) return void answer(request, response);
    // Its own page, on which its person proves who they are: here they always do.
    void provider
      .interactionDetails(request, response)
      .then(async ({ params }) => {
        const clientId = String(params['client_id']);
        const grant = new provider.Grant({ accountId: here.person.sub, clientId });
        grant.addOIDCScope(String(params['scope']));
        const consent = { grantId: await grant.save() };
        const login = { accountId: here.person.sub };
        await provider.interactionFinished(request, response, { login, consent });
      })
      .catch(() => response.writeHead(400).end());
  };
}

/** The operator's list, as a file. */
export async function providerList(
  directory: string,
  providers: readonly (Readonly<Record<string, unknown>> & { readonly issuer: string })[],
): Promise<string> {
  const secret = join(directory, 'client-secret');
  await writeFile(secret, `${CLIENT_SECRET}\n`);
  const own = { label: 'Hospital account', clientId: CLIENT_ID };
  const credentials = { kind: 'secret', file: secret };
  const list = { providers: providers.map((one) => ({ ...own, credentials, ...one })) };
  const file = join(directory, 'sign-on.json');
  await writeFile(file, JSON.stringify(list));
  return file;
}

/** The same ID token with other claims, by the provider's own key. */
export const withClaims =
  ({ key }: Pick<ForeignProvider, 'key'>, change: (claims: JWTPayload) => JWTPayload) =>
  async (idToken: string): Promise<string> =>
    await new SignJWT(change(decodeJwt(idToken)))
      .setProtectedHeader({ alg: 'RS256', kid: PROVIDER_KEY_ID })
      .sign(key);
