/**
 * What says to a destination who we are: a token from a file, or one that its authorisation server gives
 * for a statement signed by our key (SMART App Launch 2, Backend Services; RFC 7523). In memory alone.
 */
import { readFile } from 'node:fs/promises';
import { importPKCS8, SignJWT } from 'jose';
import type { Outgoing } from '../outgoing/outgoing.ts';
import { away, jsonOf, type Outcome, outcomeOf } from './outcome.ts';
import type { Credentials } from './settings.ts';

export interface TokenPorts {
  readonly outgoing: Pick<Outgoing, 'post'>;
  readonly nowMs: () => number;
  readonly newId: () => string;
}

export type Token =
  | { readonly ok: true; readonly header: string | undefined }
  | { readonly ok: false; readonly outcome: Outcome };

/** Five minutes at most, says the guide. */
const ASSERTION_LASTS_S = 240;
/** One that ends on the way is asked for anew before. */
const MARGIN_MS = 30_000;
const LASTS_UNLESS_SAID_S = 300;

export class AccessToken {
  readonly #credentials: Credentials;
  readonly #ports: TokenPorts;
  #known: { readonly header: string; readonly untilMs: number } | undefined;

  constructor(credentials: Credentials, ports: TokenPorts) {
    this.#credentials = credentials;
    this.#ports = ports;
  }

  async get(): Promise<Token> {
    const { kind } = this.#credentials;
    if (kind === 'none') return { ok: true, header: undefined };
    if (this.#known !== undefined && this.#ports.nowMs() < this.#known.untilMs)
      return { ok: true, header: this.#known.header };
    if (this.#credentials.kind === 'bearer') return await this.#fromFile(this.#credentials);
    return await this.#asked(this.#credentials as Asked);
  }

  /** It was not taken: the next one is another. */
  forget(): void {
    this.#known = undefined;
  }

  async #fromFile({ tokenFile }: Extract<Credentials, { kind: 'bearer' }>): Promise<Token> {
    const token = await readOrUndefined(tokenFile);
    if (token === undefined) return { ok: false, outcome: away('tokenFile cannot be read') };
    return this.#keep(token.trim(), Number.POSITIVE_INFINITY);
  }

  async #asked({ tokenUrl, scope, ...rest }: Asked): Promise<Token> {
    const { outgoing, nowMs } = this.#ports;
    const assertion = await this.#assertion({ tokenUrl, scope, ...rest });
    if (assertion === undefined)
      return { ok: false, outcome: away('keyFile cannot be read, or is no key of its algorithm') };
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      scope,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    });
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    };
    const reply = await outgoing.post({ url: new URL(tokenUrl), headers, body: String(form) });
    const outcome = outcomeOf(reply, 'token', nowMs());
    if (outcome.kind !== 'taken') {
      const retryAfterMs = outcome.kind === 'away' ? outcome.retryAfterMs : undefined;
      const why = away(`no token is given: ${outcome.reason}`);
      return { ok: false, outcome: { ...why, retryAfterMs } };
    }
    const { access_token: token, expires_in: lastsS } = (jsonOf(outcome.text) ?? {}) as {
      readonly access_token?: unknown;
      readonly expires_in?: unknown;
    };
    if (typeof token !== 'string' || !/^[\x21-\x7e]{1,8192}$/.test(token))
      return { ok: false, outcome: away('no token is given: its answer has none') };
    const seconds = typeof lastsS === 'number' ? lastsS : LASTS_UNLESS_SAID_S;
    return this.#keep(token, nowMs() + seconds * 1000 - MARGIN_MS);
  }

  async #assertion({ tokenUrl, clientId, keyFile, keyId, algorithm }: Asked) {
    const { nowMs, newId } = this.#ports;
    const pem = await readOrUndefined(keyFile);
    if (pem === undefined) return undefined;
    const atS = Math.floor(nowMs() / 1000);
    try {
      return await new SignJWT({})
        .setProtectedHeader({ alg: algorithm, kid: keyId, typ: 'JWT' })
        .setIssuer(clientId)
        .setSubject(clientId)
        .setAudience(tokenUrl)
        .setJti(newId())
        .setIssuedAt(atS)
        .setExpirationTime(atS + ASSERTION_LASTS_S)
        .sign(await importPKCS8(pem, algorithm));
    } catch {
      return undefined;
    }
  }

  #keep(token: string, untilMs: number): Token {
    const header = `Bearer ${token}`;
    this.#known = { header, untilMs };
    return { ok: true, header };
  }
}

type Asked = Extract<Credentials, { kind: 'smart-backend' }>;

/** What it says is a secret, and so may be the words of an error about it. */
async function readOrUndefined(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
}
