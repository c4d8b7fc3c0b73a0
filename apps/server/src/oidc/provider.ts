/**
 * The authorisation server (OAuth 2.0, by oidc-provider): programs prove who they are with a signed assertion
 * (SMART Backend Services) and get an opaque token for an hour, which can be revoked and asked about.
 */
import { parseScopes } from '@ausculta/policy/smart-scope';
import type { JWK } from 'jose';
import Provider, { type Configuration, errors } from 'oidc-provider';
import { adapterOf, type KeptBy } from './adapter.ts';

const TOKEN_LIFE_S = 3600;
/** SMART asks for these two; RS256 and ES256 are what other programs have. */
const ASSERTION_ALGORITHMS = ['RS384', 'ES384', 'RS256', 'ES256'] as const;

export interface ProviderPorts extends KeptBy {
  readonly issuer: string;
  /** What its tokens are for. */
  readonly audience: string;
  readonly keys: readonly JWK[];
  readonly cookieSecret: string;
  /** All that a client may ask for. */
  readonly scopeOf: (clientId: string) => Promise<string | undefined>;
}

export function createProvider(ports: ProviderPorts): Provider {
  const { issuer, audience, keys, cookieSecret } = ports;
  const configuration: Configuration = {
    adapter: adapterOf(ports),
    jwks: { keys: keys.map((key) => ({ ...key, kty: key.kty ?? 'RSA' })) },
    cookies: { keys: [cookieSecret] },
    scopes: [],
    responseTypes: [],
    clientAuthMethods: ['private_key_jwt'],
    enabledJWA: { clientAuthSigningAlgValues: [...ASSERTION_ALGORITHMS] },
    ttl: { ClientCredentials: TOKEN_LIFE_S },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: isOwn },
      introspection: {
        enabled: true,
        allowedPolicy: isOwn,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: async (_context, resource, client) => {
          if (resource !== audience) throw new errors.InvalidTarget();
          const scope = await allowedScope(ports, client.clientId);
          return { audience, scope, accessTokenTTL: TOKEN_LIFE_S, accessTokenFormat: 'opaque' };
        },
      },
    },
    routes: {
      token: '/token',
      jwks: '/jwks',
      revocation: '/token/revocation',
      introspection: '/token/introspection',
    },
  };
  const provider = new Provider(issuer, configuration);
  // What it reads as a proxy's word is ours: see routes.ts.
  provider.proxy = true;
  return provider;
}

/** A client asks about its own tokens and takes them back, and nobody else's. */
function isOwn(
  _context: unknown,
  client: { readonly clientId: string },
  token: { readonly clientId?: string | undefined },
): boolean {
  return token.clientId === client.clientId;
}

async function allowedScope({ scopeOf }: ProviderPorts, clientId: string): Promise<string> {
  const words = ((await scopeOf(clientId)) ?? '').split(' ');
  return words.filter((word) => parseScopes(word).length === 1).join(' ');
}
