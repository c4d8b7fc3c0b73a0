/**
 * Passkeys (WebAuthn): what its person has and unlocks, in one. The server asks with a challenge that is
 * good once and for five minutes; a passkey answers for the name in the address bar alone, so no page from
 * elsewhere can use it.
 */
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import type { Sql } from '../database/pool.ts';
import * as store from './factor-store.ts';
import { Waiting } from './waiting.ts';

const CHALLENGE_WAITS_MS = 5 * 60_000;
const TRANSPORTS = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'] as const;

/** As the browser that asks knows us. */
export interface Site {
  readonly origin: string;
  readonly name: string;
}

export interface PasskeyPorts {
  readonly sql: Sql;
  readonly nowMs: () => number;
}

interface Who extends store.Owner {
  readonly loginName: string;
  readonly displayName: string;
}

export class Passkeys {
  readonly #ports: PasskeyPorts;
  /** By account: it adds one at a time. */
  readonly #adding = new Waiting<string>(CHALLENGE_WAITS_MS);
  /** By the challenge itself: nobody has said yet who they are. */
  readonly #asked = new Waiting<true>(CHALLENGE_WAITS_MS);

  constructor(ports: PasskeyPorts) {
    this.#ports = ports;
  }

  async beginAdding(who: Who, { name }: Site) {
    const known = await store.passkeysOf(this.#ports.sql, who);
    const options = await generateRegistrationOptions({
      rpName: 'Ausculta',
      rpID: name,
      userID: new TextEncoder().encode(who.id),
      userName: who.loginName,
      userDisplayName: who.displayName,
      attestationType: 'none',
      // One of each device: a second beside it would only confuse.
      excludeCredentials: known.map((passkey) => ({
        id: passkey.credential_id,
        transports: transportsOf(passkey.transports),
      })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    this.#adding.put(who.id, options.challenge, this.#ports.nowMs());
    return options;
  }

  /** Undefined: it answers no challenge of ours, or nobody has unlocked it. */
  async readNew(
    { organisationId, id }: store.Owner,
    site: Site,
    { response, label }: { readonly response: unknown; readonly label: string },
  ): Promise<store.PasskeyRow | undefined> {
    const challenge = this.#adding.take(id, this.#ports.nowMs());
    if (challenge === undefined) return undefined;
    const verified = await verifyRegistrationResponse({
      // The library reads it field by field and throws at what is none.
      response: response as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.name,
      requireUserVerification: true,
    }).catch(() => undefined);
    if (verified?.verified !== true) return undefined;
    const { credential } = verified.registrationInfo;
    return {
      organisation_id: organisationId,
      account_id: id,
      credential_id: credential.id,
      public_key: credential.publicKey,
      sign_count: credential.counter,
      transports: transportsOf(credential.transports ?? []),
      label,
    };
  }

  /** Whichever passkey its person chooses: they need not say who they are. */
  async ask({ name }: Site) {
    const options = await generateAuthenticationOptions({
      rpID: name,
      userVerification: 'required',
    });
    this.#asked.put(options.challenge, true, this.#ports.nowMs());
    return options;
  }

  /** Whose passkey has answered; it is written down as used. */
  async answered(site: Site, response: unknown): Promise<store.Owner | undefined> {
    const { sql, nowMs } = this.#ports;
    const shown = response as AuthenticationResponseJSON;
    if (typeof shown.id !== 'string') return undefined;
    const row = await store.passkeyById(sql, shown.id);
    if (row === undefined) return undefined;
    const verified = await verifyAuthenticationResponse({
      response: shown,
      expectedChallenge: (challenge) => this.#asked.take(challenge, nowMs()) === true,
      expectedOrigin: site.origin,
      expectedRPID: site.name,
      credential: {
        id: row.credential_id,
        publicKey: Uint8Array.from(row.public_key),
        counter: row.sign_count,
        transports: transportsOf(row.transports),
      },
      requireUserVerification: true,
    }).catch(() => undefined);
    if (verified?.verified !== true) return undefined;
    const signCount = verified.authenticationInfo.newCounter;
    await store.usedPasskey(sql, {
      credentialId: row.credential_id,
      signCount,
      now: new Date(nowMs()),
    });
    return { organisationId: row.organisation_id, id: row.account_id };
  }
}

const transportsOf = (given: readonly string[]) =>
  TRANSPORTS.filter((transport) => given.includes(transport));
