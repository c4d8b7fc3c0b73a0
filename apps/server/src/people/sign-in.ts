/** Signing in: passwords by argon2id, sessions by a random cookie, programs by bearer tokens. */

import { expect } from '@ausculta/vitals/expect';
import {
  type AccountId,
  type OrganisationId,
  parseAccountId,
  parseOrganisationId,
} from '@ausculta/vitals/identity';
import type { Sql } from '../database/pool.ts';
import * as store from './store.ts';

/** A shift and its handover. Idle locks and shorter lives come with the roles. */
export const SESSION_LIFE_MS = 12 * 3_600_000;

/** A session is looked up in the database at most this often; a sign-out forgets it at once. */
const REMEMBERED_MS = 30_000;
const REMEMBERED_MAX = 10_000;

/** Who makes a request. Every route decides by this and nothing else. */
export interface Caller {
  readonly kind: 'person' | 'program';
  readonly organisationId: OrganisationId;
  readonly organisationName: string;
  /** A program acts under no account. */
  readonly accountId: AccountId | undefined;
  readonly displayName: string;
  readonly role: string;
}

export interface SignInPorts {
  readonly sql: Sql;
  readonly hashPassword: (password: string) => Promise<string>;
  readonly verifyPassword: (hash: string, password: string) => Promise<boolean>;
  readonly sha256: (text: string) => Uint8Array;
  readonly randomToken: () => string;
  readonly nowMs: () => number;
}

export class SignIn {
  readonly #ports: SignInPorts;
  readonly #remembered = new Map<string, { caller: Caller; untilMs: number }>();
  /** Verified against when the account is unknown, so that both cases take as long. */
  #decoyHash: Promise<string> | undefined;

  constructor(ports: SignInPorts) {
    this.#ports = ports;
  }

  /** The cookie's token, or undefined when name or password is wrong: which of them is never said. */
  async start(loginName: string, password: string): Promise<string | undefined> {
    const { sql, verifyPassword, sha256, randomToken, nowMs } = this.#ports;
    const account = await store.accountByLogin(sql, loginName);
    this.#decoyHash ??= this.#ports.hashPassword(randomToken());
    const hash = account?.password_hash ?? (await this.#decoyHash);
    const isRight = await verifyPassword(hash, password);
    if (account === undefined || !isRight) return undefined;
    const token = randomToken();
    await store.insertSession(sql, {
      organisation_id: account.organisation_id,
      token_hash: sha256(token),
      account_id: account.id,
      expires_at: new Date(nowMs() + SESSION_LIFE_MS),
    });
    return token;
  }

  async end(token: string): Promise<void> {
    this.#remembered.delete(token);
    await store.deleteSession(this.#ports.sql, this.#ports.sha256(token));
  }

  async forgetExpired(): Promise<void> {
    await store.deleteExpiredSessions(this.#ports.sql, new Date(this.#ports.nowMs()));
  }

  async callerOfSession(token: string): Promise<Caller | undefined> {
    return await this.#remember(token, async () => {
      const { sql, sha256, nowMs } = this.#ports;
      const row = await store.sessionByToken(sql, sha256(token), new Date(nowMs()));
      return row === undefined ? undefined : callerOf(row);
    });
  }

  async callerOfApiToken(token: string): Promise<Caller | undefined> {
    return await this.#remember(`bearer ${token}`, async () => {
      const row = await store.apiTokenByHash(this.#ports.sql, this.#ports.sha256(token));
      const organisationId = parseOrganisationId(row?.organisation_id ?? '');
      if (row === undefined || organisationId === undefined) return undefined;
      const { label: displayName, role } = row;
      const nobody = { accountId: undefined, organisationName: '' };
      return { kind: 'program', organisationId, displayName, role, ...nobody };
    });
  }

  async #remember(
    key: string,
    find: () => Promise<Caller | undefined>,
  ): Promise<Caller | undefined> {
    const nowMs = this.#ports.nowMs();
    const known = this.#remembered.get(key);
    if (known !== undefined && known.untilMs > nowMs) return known.caller;
    const caller = await find();
    this.#remembered.delete(key);
    if (caller === undefined) return undefined;
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.set(key, { caller, untilMs: nowMs + REMEMBERED_MS });
    return caller;
  }
}

function callerOf(row: store.SignedIn): Caller {
  const organisationId = parseOrganisationId(row.organisation_id);
  const accountId = parseAccountId(row.account_id);
  expect(
    organisationId !== undefined && accountId !== undefined,
    'ids in the database are well formed',
  );
  return {
    kind: 'person',
    organisationId,
    organisationName: row.organisation_name,
    accountId,
    displayName: row.display_name,
    role: row.role,
  };
}
