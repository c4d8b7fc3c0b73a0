/** Who is signed in: people by a session's random cookie, programs by bearer tokens. */
import { parseScopes } from '@ausculta/policy/smart-scope';
import type { AccountId, OrganisationId } from '@ausculta/vitals/identity';
import type { Asker } from '../access/gate.ts';
import type { Sql, Transaction } from '../database/pool.ts';
import { appendAudit } from '../vault/audit.ts';
import { deleteExpiredLinks } from './account-store.ts';
import * as store from './store.ts';
import { isWall, WALL_LIFE_MS } from './wall.ts';

/** A shift and its handover. */
export const SESSION_LIFE_MS = 12 * 3_600_000;

/** A session is looked up in the database at most this often; a sign-out forgets it at once. */
const REMEMBERED_MS = 5_000;
const REMEMBERED_MAX = 10_000;

/** When a session was last used is known as well as a person can say it. */
const SEEN_EVERY_MS = 60_000;

/** Who makes a request: what the gate is asked about, and nothing else decides. */
export interface Caller extends Asker {
  readonly kind: 'person' | 'program';
  readonly organisationName: string;
  /** Of a person's browser. */
  readonly session: CallerSession | undefined;
  /** The program of somebody else by which they come. */
  readonly clientId?: string;
  /** A program of the house, whichever token of its is shown. */
  readonly programId?: string;
  /** Of an app that was let in for as long as a session, and that session is locked. */
  readonly isBesideLocked?: boolean;
}

export interface CallerSession {
  readonly id: string;
  /** When they last proved who they are. */
  readonly provedMs: number;
  readonly isLocked: boolean;
}

/** What a caller has shown, as it may be kept in memory: never the token itself. */
export interface Credential {
  readonly kind: 'session' | 'api-token' | 'access-token';
  readonly tokenHash: Uint8Array;
}

export function credentialKey({ kind, tokenHash }: Credential): string {
  return `${kind} ${Buffer.from(tokenHash).toString('base64')}`;
}

export interface SignInPorts {
  readonly sql: Sql;
  readonly sha256: (text: string) => Uint8Array;
  readonly randomToken: () => string;
  readonly nowMs: () => number;
}

export class SignIn {
  readonly #ports: SignInPorts;
  readonly #remembered = new Map<string, { caller: Caller; untilMs: number }>();
  readonly #endListeners = new Set<(credential: Credential) => void>();

  constructor(ports: SignInPorts) {
    this.#ports = ports;
  }

  /** The cookie's token. Whoever calls has seen to it that the person is who they say. */
  async begin(
    tx: Transaction,
    person: { readonly organisationId: OrganisationId; readonly id: AccountId },
    how: {
      readonly method: store.SignInMethod;
      readonly browser: string;
      /** When they proved it, where that was elsewhere and before. */
      readonly provedMs?: number;
    },
  ): Promise<string> {
    const { sha256, randomToken, nowMs } = this.#ports;
    const { organisationId, id } = person;
    const token = randomToken();
    const atMs = nowMs();
    const now = new Date(atMs);
    const { provedMs = atMs, method, browser } = how;
    const lifeMs = isWall(await store.rolesOf(tx, id)) ? WALL_LIFE_MS : SESSION_LIFE_MS;
    await store.insertSession(tx, {
      organisation_id: organisationId,
      token_hash: sha256(token),
      account_id: id,
      ...{ method, browser, created_at: now, last_seen_at: now },
      proved_at: new Date(provedMs),
      expires_at: new Date(atMs + lifeMs),
    });
    const act = { act: 'signed-in', target: `account/${id}`, atMs } as const;
    await appendAudit(tx, { organisationId, actor: id, ...act });
    return token;
  }

  async end(token: string): Promise<void> {
    const credential = this.credentialOf('session', token);
    this.#remembered.delete(credentialKey(credential));
    await store.deleteSession(this.#ports.sql, credential.tokenHash);
    // An app that was let in for as long as this ends with it.
    this.forgetTokens();
    this.#tellEnd(credential);
  }

  /** Of rows that are gone: nothing of them is believed any more, and their sockets close. */
  forgetSessions(tokenHashes: readonly Uint8Array[]): void {
    for (const tokenHash of tokenHashes) {
      const credential = { kind: 'session', tokenHash } as const;
      this.forget(credential);
      this.#tellEnd(credential);
    }
    this.forgetTokens();
  }

  /** What the database says of it has changed. */
  forget(credential: Credential): void {
    this.#remembered.delete(credentialKey(credential));
  }

  /** Of a client that is out of use, or whose tokens were taken back, or whose person is gone. */
  forgetTokens(): void {
    for (const key of this.#remembered.keys())
      if (key.startsWith('access-token ')) this.#remembered.delete(key);
  }

  /** Hears of every credential that is known to be good no longer. */
  onEnd(listener: (credential: Credential) => void): void {
    this.#endListeners.add(listener);
  }

  #tellEnd(credential: Credential): void {
    for (const listener of this.#endListeners) listener(credential);
  }

  credentialOf(kind: Credential['kind'], token: string): Credential {
    return { kind, tokenHash: this.#ports.sha256(token) };
  }

  /** Asks the database which of these are still good, past what is remembered, and tells of the others. */
  async lookAgain(credentials: readonly Credential[]): Promise<void> {
    for (const kind of ['session', 'api-token', 'access-token'] as const) {
      const ofKind = credentials.filter((credential) => credential.kind === kind);
      if (ofKind.length === 0) continue;
      const hashes = ofKind.map(({ tokenHash }) => tokenHash);
      const alive = await this.#alive(kind, hashes);
      const keys = new Set(alive.map((tokenHash) => credentialKey({ kind, tokenHash })));
      for (const credential of ofKind) {
        const key = credentialKey(credential);
        if (keys.has(key)) continue;
        this.#remembered.delete(key);
        this.#tellEnd(credential);
      }
    }
  }

  async #alive(kind: Credential['kind'], hashes: Uint8Array[]): Promise<Uint8Array[]> {
    const { sql, nowMs } = this.#ports;
    if (kind === 'api-token') return await store.apiTokensAlive(sql, hashes);
    const now = new Date(nowMs());
    return kind === 'session'
      ? await store.sessionsAlive(sql, hashes, now)
      : await store.accessTokensAlive(sql, hashes, now);
  }

  async forgetExpired(): Promise<void> {
    const now = new Date(this.#ports.nowMs());
    await store.deleteExpiredSessions(this.#ports.sql, now);
    await deleteExpiredLinks(this.#ports.sql, now);
  }

  async callerOf(credential: Credential): Promise<Caller | undefined> {
    switch (credential.kind) {
      case 'session':
        return await this.#callerOfSession(credential);
      case 'api-token':
        return await this.#callerOfApiToken(credential);
      case 'access-token':
        return await this.#callerOfAccessToken(credential);
      default:
        return credential.kind satisfies never;
    }
  }

  async #callerOfSession(credential: Credential): Promise<Caller | undefined> {
    return await this.#remember(credential, async () => {
      const { sql, nowMs } = this.#ports;
      const now = new Date(nowMs());
      const row = await store.sessionByToken(sql, credential.tokenHash, now);
      if (row === undefined) return undefined;
      if (now.getTime() - row.last_seen_at.getTime() > SEEN_EVERY_MS)
        await store.touchSession(sql, credential.tokenHash, now);
      return { caller: callerOf(row), endsMs: row.expires_at.getTime() };
    });
  }

  async #callerOfApiToken(credential: Credential): Promise<Caller | undefined> {
    return await this.#remember(credential, async () => {
      const row = await store.apiTokenByHash(this.#ports.sql, credential.tokenHash);
      if (row === undefined) return undefined;
      const { organisation_id: organisationId, label: displayName, roles } = row;
      const { program_id: programId } = row;
      const ofHouse = { organisationId, homeOrganisationId: organisationId };
      const nobody = { accountId: undefined, organisationName: '', session: undefined };
      const program = { kind: 'program', programId, displayName, roles } as const;
      const caller = { ...program, ...ofHouse, ...nobody };
      return { caller, endsMs: Number.POSITIVE_INFINITY };
    });
  }

  async #callerOfAccessToken(credential: Credential): Promise<Caller | undefined> {
    return await this.#remember(credential, async () => {
      const { sql, nowMs } = this.#ports;
      const row = await store.accessTokenByHash(sql, credential.tokenHash, new Date(nowMs()));
      if (row === undefined) return undefined;
      return { caller: callerOfToken(row), endsMs: row.expires_at.getTime() };
    });
  }

  async #remember(
    credential: Credential,
    find: () => Promise<{ caller: Caller; endsMs: number } | undefined>,
  ): Promise<Caller | undefined> {
    const key = credentialKey(credential);
    const nowMs = this.#ports.nowMs();
    const known = this.#remembered.get(key);
    if (known !== undefined && known.untilMs > nowMs) return known.caller;
    const found = await find();
    this.#remembered.delete(key);
    if (found === undefined) return undefined;
    const { caller, endsMs } = found;
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.set(key, { caller, untilMs: Math.min(nowMs + REMEMBERED_MS, endsMs) });
    return caller;
  }
}

/** A program by itself; or a person through an app, who sees what they see, as far as they let the app. */
function callerOfToken(row: store.AccessTokenRow): Caller {
  const { organisation_id: organisationId, account_id: accountId, subject_id: patientId } = row;
  const isProgram = accountId === null;
  const scopes = parseScopes(row.scope ?? '').filter(
    ({ compartment }) => (compartment === 'system') === isProgram,
  );
  return {
    kind: isProgram ? 'program' : 'person',
    ...{ organisationId, homeOrganisationId: organisationId },
    organisationName: row.organisation_name,
    ...{ accountId: accountId ?? undefined, displayName: row.name, roles: row.roles },
    session: undefined,
    smart: patientId === null ? { scopes } : { scopes, patientId },
    clientId: row.client_id,
    isBesideLocked: row.is_locked,
  };
}

function callerOf(row: store.SignedIn): Caller {
  return {
    kind: 'person',
    organisationId: row.organisation_id,
    homeOrganisationId: row.organisation_id,
    organisationName: row.organisation_name,
    accountId: row.account_id,
    displayName: row.display_name,
    roles: row.roles,
    session: {
      id: row.id,
      provedMs: row.proved_at.getTime(),
      isLocked: row.locked_at !== null,
    },
  };
}
