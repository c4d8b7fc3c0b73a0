/**
 * What is said to a provider and what it answers: authorisation code with PKCE, state and nonce (OpenID Connect
 * Core), by openid-client. The ID token's signature is verified, although it came by TLS from the provider itself.
 */
import { readFile } from 'node:fs/promises';
import { importPKCS8 } from 'jose';
import * as openid from 'openid-client';
import { fetchBy, NotReached } from '../outgoing/fetch-by.ts';
import type { Outgoing } from '../outgoing/outgoing.ts';
import { ProviderProblem } from './provider-problem.ts';
import type { ProviderSettings } from './settings.ts';

/** What a provider says of itself changes seldom; its keys are asked for when one is unknown. */
const KNOWN_FOR_MS = 3_600_000;

export interface ProviderPorts {
  readonly settings: ProviderSettings;
  readonly outgoing: Pick<Outgoing, 'ask'>;
  readonly nowMs: () => number;
  readonly onProblem: (what: string, error: unknown) => void;
}

/** Secrets of one sign-on, which stay with us. */
export interface Checks {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface Told {
  /** Who it is, as the provider knows them: never reassigned. */
  readonly subject: string;
  /** When they proved it there, where it is told. */
  readonly provedMs: number | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
}

export type Redeemed =
  | { readonly kind: 'told'; readonly told: Told }
  | { readonly kind: 'refused' | 'not-reached' };

export class ProviderClient {
  readonly settings: ProviderSettings;
  readonly #ports: ProviderPorts;
  #known: { readonly asked: Promise<openid.Configuration>; readonly untilMs: number } | undefined;

  constructor(ports: ProviderPorts) {
    this.settings = ports.settings;
    this.#ports = ports;
  }

  /** Undefined: the provider cannot be reached, or says nothing that can be used. */
  async begin(
    redirectUri: string,
    proof: 'each-time' | 'account' | 'never',
  ): Promise<{ readonly url: string; readonly checks: Checks } | undefined> {
    const connection = await this.#connection().catch(() => undefined);
    if (connection === undefined) return undefined;
    const verifier = openid.randomPKCECodeVerifier();
    const checks = { state: openid.randomState(), nonce: openid.randomNonce(), verifier };
    const url = openid.buildAuthorizationUrl(connection, {
      redirect_uri: redirectUri,
      scope: this.settings.scope,
      state: checks.state,
      nonce: checks.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(proof === 'each-time' && { prompt: 'login', max_age: '0' }),
      ...(proof === 'account' && { prompt: 'select_account' }),
    });
    return { url: url.href, checks };
  }

  async redeem(back: URL, { state, nonce, verifier }: Checks): Promise<Redeemed> {
    try {
      const tokens = await openid.authorizationCodeGrant(await this.#connection(), back, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined || claims.sub.length > 1000) return { kind: 'refused' };
      const { auth_time: provedS } = claims;
      const provedMs = typeof provedS === 'number' ? provedS * 1000 : undefined;
      return { kind: 'told', told: { subject: claims.sub, provedMs, claims } };
    } catch (error) {
      this.#ports.onProblem('redeem a sign-on', new ProviderProblem(error));
      return { kind: isAway(error) ? 'not-reached' : 'refused' };
    }
  }

  #connection(): Promise<openid.Configuration> {
    const nowMs = this.#ports.nowMs();
    if (this.#known !== undefined && this.#known.untilMs > nowMs) return this.#known.asked;
    const asked = this.#discover();
    this.#known = { asked, untilMs: nowMs + KNOWN_FOR_MS };
    asked.catch((error: unknown) => {
      this.#known = undefined;
      this.#ports.onProblem('reach a provider of accounts', new ProviderProblem(error));
    });
    return asked;
  }

  async #discover(): Promise<openid.Configuration> {
    const { issuer, clientId, credentials } = this.settings;
    const named = new URL(issuer);
    const inClear = named.protocol === 'http:' ? [openid.allowInsecureRequests] : [];
    return await openid.discovery(named, clientId, undefined, await proofOf(credentials), {
      [openid.customFetch]: fetchBy(this.#ports.outgoing, named),
      execute: [...inClear, openid.enableNonRepudiationChecks],
    });
  }
}

/** What proves to the provider that it is we who redeem the code. */
async function proofOf(credentials: ProviderSettings['credentials']): Promise<openid.ClientAuth> {
  const text = (await readFile(credentials.file, 'utf8')).trim();
  if (credentials.kind === 'private-key') {
    const { algorithm, keyId } = credentials;
    const key = await importPKCS8(text, algorithm);
    return openid.PrivateKeyJwt(keyId === undefined ? key : { key, kid: keyId });
  }
  const [basic, post] = [openid.ClientSecretBasic(text), openid.ClientSecretPost(text)];
  return (server, client, body, headers) => {
    // What a server takes that says nothing of it (OpenID Connect Discovery).
    const taken = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return taken.includes('client_secret_basic')
      ? basic(server, client, body, headers)
      : post(server, client, body, headers);
  };
}

/** The one who is away is the provider: the person has done nothing wrong. */
function isAway(error: unknown): boolean {
  if (error instanceof NotReached) return true;
  if (error instanceof openid.ResponseBodyError) return error.status >= 500;
  return error instanceof Error && error.cause !== undefined && isAway(error.cause);
}
