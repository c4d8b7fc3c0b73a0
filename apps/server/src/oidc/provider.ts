/**
 * The authorisation server (OAuth 2.0, by oidc-provider). Programs prove who they are with a signed assertion
 * (SMART Backend Services); apps are let in by a person, on our own sign-in (SMART App Launch). Tokens are
 * opaque, can be revoked and asked about.
 */
import { parseScopes } from '@ausculta/policy/smart-scope';
import type { JWK } from 'jose';
import Provider, { type AccountClaims, type Configuration, errors } from 'oidc-provider';
import { adapterOf, type KeptBy } from './adapter.ts';
import { scopeOfApp, wordsAllowed } from './app-words.ts';
import { APP_INTERACTIONS } from './interactions.ts';
import type { ClientRow } from './store.ts';

const TOKEN_LIFE_S = 3600;
const CODE_LIFE_S = 60;
/** For a person to sign in, with a second factor, and to read what is asked. */
export const ASKING_LIFE_S = 900;
/** Of an app that is not used for so long the person is asked anew. */
const REFRESH_LIFE_S = 30 * 86_400;
export const GRANT_LIFE_S = 365 * 86_400;
const LIVES: NonNullable<Configuration['ttl']> = {
  ClientCredentials: TOKEN_LIFE_S,
  AccessToken: TOKEN_LIFE_S,
  AuthorizationCode: CODE_LIFE_S,
  DeviceCode: ASKING_LIFE_S,
  Interaction: ASKING_LIFE_S,
  Session: ASKING_LIFE_S,
  Grant: GRANT_LIFE_S,
  RefreshToken: REFRESH_LIFE_S,
  IdToken: TOKEN_LIFE_S,
};

/** SMART asks for these two; RS256 and ES256 are what other programs have. */
export const ASSERTION_ALGORITHMS = ['RS384', 'ES384', 'RS256', 'ES256'] as const;

export interface ProviderPorts extends KeptBy {
  readonly issuer: string;
  /** What its tokens are for. */
  readonly audience: string;
  readonly keys: readonly JWK[];
  readonly cookieSecret: string;
  /** Undefined where it is out of use. */
  readonly clientOf: (clientId: string) => Promise<ClientRow | undefined>;
  /** Of a person who may still come in; by a grant, if it still holds. */
  readonly claimsOf: (
    accountId: string,
    grantId: string | undefined,
  ) => Promise<AccountClaims | undefined>;
  /** What an app is told beside its token. */
  readonly contextOf: (grantId: string) => Promise<object>;
}

export function createProvider(ports: ProviderPorts): Provider {
  const { issuer, audience, keys, cookieSecret } = ports;
  const configuration: Configuration = {
    adapter: adapterOf(ports),
    jwks: { keys: keys.map((key) => ({ ...key, kty: key.kty ?? 'RSA' })) },
    cookies: { keys: [cookieSecret] },
    scopes: ['openid', 'offline_access', 'online_access', 'fhirUser', 'profile'],
    claims: { openid: ['sub'], fhirUser: ['fhirUser'], profile: ['name'] },
    // SMART has it in the ID token, not behind another request.
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    pkce: { required: () => true },
    clientAuthMethods: ['private_key_jwt', 'none'],
    enabledJWA: { clientAuthSigningAlgValues: [...ASSERTION_ALGORITHMS] },
    ttl: LIVES,
    interactions: APP_INTERACTIONS,
    extraParams: { aud: (context, aud) => checkAudience(context, aud, audience), launch: null },
    findAccount: async (_context, sub, token) => {
      const grantId = token !== undefined && 'grantId' in token ? String(token.grantId) : undefined;
      const claims = await ports.claimsOf(sub, grantId);
      return claims && { accountId: sub, claims: async () => claims };
    },
    // A grant ends with our own session, or with nobody's: the database knows which.
    expiresWithSession: async () => false,
    issueRefreshToken: async (_context, client, { scopes }) =>
      client.grantTypeAllowed('refresh_token') &&
      (scopes.has('offline_access') || scopes.has('online_access')),
    rotateRefreshToken: true,
    clientBasedCORS: (_context, origin, { redirectUris = [] }) =>
      redirectUris.some((uri) => URL.canParse(uri) && new URL(uri).origin === origin),
    renderError: showError,
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      revocation: { enabled: true, allowedPolicy: isOwn },
      introspection: { enabled: true, allowedPolicy: isOwn },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: async (context, resource, client) => {
          if (resource !== audience) throw new errors.InvalidTarget();
          const scope = await allowedScope(ports, context.oidc, client.clientId);
          return { audience, scope, accessTokenTTL: TOKEN_LIFE_S, accessTokenFormat: 'opaque' };
        },
      },
    },
    routes: {
      authorization: '/auth',
      token: '/token',
      jwks: '/jwks',
      revocation: '/token/revocation',
      introspection: '/token/introspection',
      device_authorization: '/device-authorization',
      code_verification: '/device',
    },
  };
  const provider = new Provider(issuer, { ...configuration, fetch: fetchNothing });
  // What it reads as a proxy's word is ours: see routes.ts.
  provider.proxy = true;
  tellContext(provider, ports);
  return provider;
}

/** Clients come with their keys; nothing that a client or a token names is looked up elsewhere. */
async function fetchNothing(): Promise<never> {
  throw new errors.InvalidRequest('nothing is fetched from elsewhere');
}

/** A client asks about its own tokens and takes them back, and nobody else's. */
function isOwn(
  _context: unknown,
  client: { readonly clientId: string },
  token: { readonly clientId?: string | undefined },
): boolean {
  return token.clientId === client.clientId;
}

interface Asked {
  readonly params?: { readonly scope?: unknown; readonly aud?: unknown } | undefined;
  readonly route?: string;
  readonly entities: {
    readonly Grant?: { readonly getResourceScope: (resource: string) => string } | undefined;
  };
}

/** An app names the server whose data it wants: a token for ours is never asked for in the name of another. */
function checkAudience(
  { oidc }: { readonly oidc: Asked },
  aud: string | undefined,
  audience: string,
): void {
  if (oidc.route !== 'authorization') return;
  const isForData = String(oidc.params?.scope ?? '')
    .split(' ')
    .some((word) => scopeOfApp(word) !== undefined || word.startsWith('launch'));
  if (aud === undefined && !isForData) return;
  if (aud?.replace(/\/$/, '') !== audience)
    throw new errors.InvalidRequest('aud is not the address of this FHIR server');
}

/** What is asked for now, or was granted before, of all that the client may have. */
async function allowedScope(
  { clientOf, audience }: ProviderPorts,
  { params, entities }: Asked,
  clientId: string,
): Promise<string> {
  const client = await clientOf(clientId);
  if (client === undefined) return '';
  if (client.kind === 'program')
    return client.scope
      .split(' ')
      .filter((word) => parseScopes(word).length === 1)
      .join(' ');
  const granted = entities.Grant?.getResourceScope(audience) ?? '';
  return wordsAllowed(`${params?.scope ?? ''} ${granted}`, client.scope).join(' ');
}

/** SMART has it beside the token: of whom the app is about, and whether the page around it says so. */
function tellContext(provider: Provider, { contextOf }: ProviderPorts): void {
  provider.use(async (context, next) => {
    await next();
    const { oidc, body } = context;
    const token = oidc?.entities.AccessToken;
    if (token?.grantId === undefined || typeof body !== 'object' || body === null) return;
    const isGiven = oidc.route === 'token' && 'access_token' in body;
    const isAskedAbout = oidc.route === 'introspection' && 'active' in body && body.active === true;
    if (isGiven || isAskedAbout) context.body = { ...body, ...(await contextOf(token.grantId)) };
  });
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** For a person whose app has asked wrongly, and so can be told nothing. */
function showError(
  context: { type: string; body: unknown },
  { error, error_description: why }: { error: string; error_description?: string | undefined },
): void {
  context.type = 'html';
  context.body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>The app was not let in</title>
<h1>The app was not let in</h1><p>${escaped(why ?? error)} (${escaped(error)})</p>
<p>Close this page, and open the app anew. Nothing was given to it.</p></html>`;
}
