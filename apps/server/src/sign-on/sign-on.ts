/**
 * Signing on by another provider. What a linked account may do is what its roles here say; the provider says who it
 * is, by issuer and subject, and nothing else of theirs is believed.
 */
import type { MySignOn, SignOnSaid } from '@ausculta/contract/sign-on';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { AccountId, OrganisationId } from '@ausculta/vitals/identity';
import type { Sql, Transaction } from '../database/pool.ts';
import { deleteGrantsOf } from '../oidc/app-store.ts';
import { linkByToken, useUpLink } from '../people/account-store.ts';
import type { Accounts } from '../people/accounts.ts';
import { holdFactors } from '../people/factor-store.ts';
import type { Proof, Proofs } from '../people/proofs.ts';
import type { SignIn } from '../people/sign-in.ts';
import { resetFactors } from '../people/sign-in-links.ts';
import { deleteSessionsOf, proveSession } from '../people/store.ts';
import type { AuditAct } from '../vault/audit.ts';
import { appendAudit } from '../vault/audit.ts';
import { type Begun, BegunSignOns, type Mine, type Purpose } from './begun.ts';
import { isLastWayIn, issuerOf, listLinks } from './my-links.ts';
import { newcomerOf } from './newcomers.ts';
import type { ProviderClient, Told } from './provider-client.ts';
import * as store from './store.ts';

/** Two clocks that are set by hand differ by so much. */
const CLOCKS_DIFFER_MS = 30_000;

export interface Provider {
  readonly client: ProviderClient;
  readonly organisationId: OrganisationId;
}

export interface SignOnPorts {
  readonly sql: Sql;
  readonly signIn: SignIn;
  readonly proofs: Proofs;
  readonly accounts: Accounts;
  readonly sha256: (text: string) => Uint8Array;
  readonly nowMs: () => number;
}

export interface Back {
  readonly provider: string;
  /** The address at which the browser came back, by our own name. */
  readonly url: URL;
  readonly browserKey: string | undefined;
  readonly browser: string;
}

/** What came of it: a word for the page, and the token of a session that has begun. */
export interface Came {
  readonly said: SignOnSaid;
  readonly purpose: Purpose | undefined;
  readonly cookie?: string;
}

type Key = store.LinkKey;

export class SignOn {
  readonly #ports: SignOnPorts;
  readonly #providers: ReadonlyMap<string, Provider>;
  readonly #begun = new BegunSignOns();

  constructor(ports: SignOnPorts, providers: readonly Provider[]) {
    this.#ports = ports;
    this.#providers = new Map(providers.map((one) => [one.client.settings.name, one]));
  }

  /** Of one organisation, or of all that there are. */
  providers(organisationId?: OrganisationId): ProviderClient['settings'][] {
    return [...this.#providers.values()]
      .filter((one) => organisationId === undefined || one.organisationId === organisationId)
      .map(({ client }) => client.settings);
  }

  async begin(
    name: string,
    purpose: Purpose,
    place: { readonly redirectUri: string; readonly browserKey: string },
  ): Promise<Result<{ readonly url: string; readonly state: string }>> {
    const provider = this.#providers.get(name);
    if (provider === undefined) return fail('NOT_FOUND');
    const isOfHere =
      !('mine' in purpose) || purpose.mine.organisationId === provider.organisationId;
    if (!isOfHere) return fail('NOT_FOUND');
    const { asks } = provider.client.settings;
    const alone = purpose.kind === 'link' || purpose.kind === 'follow-link';
    // Whoever sat here before must not be the one who is linked.
    const least = alone && asks === 'never' ? 'account' : asks;
    const proof = purpose.kind === 'prove' ? 'each-time' : least;
    const begun = await provider.client.begin(place.redirectUri, proof);
    if (begun === undefined) return fail('PROVIDER_UNREACHABLE');
    const { checks, url } = begun;
    const { browserKey } = place;
    const beganMs = this.#ports.nowMs();
    this.#begun.put({ provider: name, purpose, checks, beganMs, browserKey });
    return ok({ url, state: checks.state });
  }

  /** Whether the link may be followed so; a code of the account's second factor is used up by it. */
  async mayFollow(
    token: string,
    code: string | undefined,
  ): Promise<Result<true> | Exclude<Proof, { kind: 'proved' }>> {
    const { sql, sha256, nowMs, proofs } = this.#ports;
    const link = await linkByToken(sql, sha256(token), new Date(nowMs()));
    if (link === undefined) return fail('LINK_SPENT');
    if (link.resets_factors) return ok(true);
    const account = { organisation_id: link.organisation_id, id: link.account_id };
    const proof = await proofs.codeOf(account, code);
    return typeof proof === 'string' ? ok(true) : proof;
  }

  async cameBack({ provider: name, url, browserKey, browser }: Back): Promise<Came> {
    const nowMs = this.#ports.nowMs();
    const state = url.searchParams.get('state') ?? '';
    const begun = this.#begun.take({ state, provider: name, browserKey, nowMs });
    const provider = this.#providers.get(name);
    if (begun === undefined || provider === undefined) return { said: 'spent', purpose: undefined };
    const { purpose } = begun;
    const redeemed = await provider.client.redeem(url, begun.checks);
    if (redeemed.kind !== 'told') return { said: redeemed.kind, purpose };
    const { told } = redeemed;
    try {
      return { ...(await this.#decide({ begun, provider, told, browser })), purpose };
    } catch (error) {
      if (error instanceof LinkedAlready) return { said: 'linked-already', purpose };
      throw error;
    }
  }

  async #decide(of: {
    readonly begun: Begun;
    readonly provider: Provider;
    readonly told: Told;
    readonly browser: string;
  }): Promise<Omit<Came, 'purpose'>> {
    const { begun, provider, told, browser } = of;
    const { purpose, beganMs } = begun;
    const { settings } = provider.client;
    const key = {
      organisationId: provider.organisationId,
      issuer: settings.issuer,
      subjectHash: this.#ports.sha256(JSON.stringify([settings.issuer, told.subject])),
    };
    const isAnew = told.provedMs !== undefined && told.provedMs >= beganMs - CLOCKS_DIFFER_MS;
    const isToAsk = purpose.kind === 'prove' || settings.asks === 'each-time';
    // That it was to ask stood in the address bar, where whoever sits there can delete it: only its word holds.
    if (isToAsk && !isAnew) return { said: 'not-asked-anew' };
    if (purpose.kind === 'prove') return await this.#prove(key, purpose);
    if (purpose.kind === 'link') return { said: await this.#linkMine(key, purpose.mine) };
    const provedMs = Math.min(told.provedMs ?? 0, this.#ports.nowMs());
    const how = { method: 'provider', browser, provedMs } as const;
    if (purpose.kind === 'follow-link') return await this.#followLink(key, purpose.linkToken, how);
    return await this.#comeIn(key, { provider, told, how });
  }

  async #comeIn(key: Key, { provider, told, how }: Coming): Promise<Omit<Came, 'purpose'>> {
    const { sql, signIn } = this.#ports;
    const { organisationId } = key;
    const linked = await store.linkedAccount(sql, key);
    if (linked === undefined) return await this.#makeAccount(key, { provider, told, how });
    if (linked.is_disabled) return { said: 'refused' };
    const id = linked.account_id;
    const cookie = await sql.begin(async (tx) => {
      await store.usedLink(tx, { ...key, at: this.#now() });
      return await signIn.begin(tx, { organisationId, id }, how);
    });
    return { said: 'done', cookie };
  }

  /** Of whoever has none: where the operator has said so, for the groups that they named. */
  async #makeAccount(key: Key, { provider, told, how }: Coming): Promise<Omit<Came, 'purpose'>> {
    const { sql, signIn, accounts } = this.#ports;
    const { organisationId } = key;
    const newcomer = newcomerOf(provider.client.settings, told.claims);
    if (newcomer === undefined) return { said: 'not-linked' };
    const made = await sql.begin(async (tx) => {
      const account = await accounts.make(tx, { organisationId, actor: undefined }, newcomer);
      // A name that somebody has here is theirs, whatever the provider calls whom.
      if (!account.ok) return undefined;
      const { id } = account.value;
      if (!(await this.#link(tx, key, id))) throw new LinkedAlready();
      const cookie = await signIn.begin(tx, { organisationId, id }, how);
      return { account: account.value, cookie };
    });
    if (made === undefined) return { said: 'not-linked' };
    accounts.noteMade(made.account);
    return { said: 'done', cookie: made.cookie };
  }

  async #followLink(key: Key, token: string, how: How): Promise<Omit<Came, 'purpose'>> {
    const { sql, signIn, sha256 } = this.#ports;
    const done = await sql.begin(async (tx): Promise<'spent' | Followed> => {
      const link = await linkByToken(tx, sha256(token), this.#now());
      if (link === undefined || link.organisation_id !== key.organisationId) return 'spent';
      const owner = { organisationId: link.organisation_id, id: link.account_id };
      if (!(await useUpLink(tx, sha256(token)))) return 'spent';
      const atMs = this.#ports.nowMs();
      if (link.resets_factors) await resetFactors(tx, { ...owner, atMs });
      const known = await store.linkedAccount(tx, key);
      const isOwn = known?.account_id === owner.id;
      if (!isOwn && !(await this.#link(tx, key, owner.id))) throw new LinkedAlready();
      const ended = await deleteSessionsOf(tx, owner);
      await deleteGrantsOf(tx, { ...owner, accountId: owner.id });
      await this.#audit(tx, owner, 'sign-in-link-used');
      return { ended, cookie: await signIn.begin(tx, owner, how) };
    });
    if (typeof done === 'string') return { said: done };
    signIn.forgetSessions(done.ended);
    return { said: 'done', cookie: done.cookie };
  }

  async #linkMine(key: Key, mine: Mine): Promise<SignOnSaid> {
    return await this.#ports.sql.begin(async (tx) => {
      const session = await store.holdSession(tx, { ...mine, now: this.#now() });
      if (session === undefined || session.is_locked) return 'spent';
      return (await this.#link(tx, key, mine.id)) ? 'done' : 'linked-already';
    });
  }

  async #prove(
    key: Key,
    { mine, sessionHash }: Extract<Purpose, { kind: 'prove' }>,
  ): Promise<Omit<Came, 'purpose'>> {
    const { sql, signIn } = this.#ports;
    const said = await sql.begin(async (tx): Promise<SignOnSaid> => {
      if ((await store.holdSession(tx, { ...mine, now: this.#now() })) === undefined)
        return 'spent';
      const linked = await store.linkedAccount(tx, key);
      // A colleague's sign-on opens their own session, not this one.
      if (linked?.account_id !== mine.id) return 'refused';
      await store.usedLink(tx, { ...key, at: this.#now() });
      await proveSession(tx, sessionHash, this.#now());
      return 'done';
    });
    signIn.forget({ kind: 'session', tokenHash: sessionHash });
    signIn.forgetTokens();
    return { said };
  }

  async listMine({ organisationId, id }: Mine): Promise<MySignOn> {
    const { sql, sha256 } = this.#ports;
    const links = await store.linksOf(sql, { organisationId, id });
    return listLinks({ links, offered: this.providers(organisationId), sha256 });
  }

  async unlink(mine: Mine, name: string): Promise<Result<true>> {
    const { sql, sha256 } = this.#ports;
    const offered = this.providers(mine.organisationId);
    return await sql.begin(async (tx) => {
      const held = await holdFactors(tx, mine);
      const links = await store.linksOf(tx, mine);
      const issuer = issuerOf(name, { links, offered, sha256 });
      if (issuer === undefined) return fail('NOT_FOUND');
      const hasOther = held?.has_password === true || (held?.passkeys ?? 0) > 0;
      if (!hasOther && isLastWayIn(issuer, { links, offered }))
        return fail('NOT_PERMITTED', 'the last way in: add a passkey or have a password first');
      if (!(await store.deleteLink(tx, { ...mine, issuer }))) return fail('NOT_FOUND');
      await this.#audit(tx, mine, 'provider-unlinked');
      return ok(true);
    });
  }

  async #link(tx: Transaction, key: Key, id: AccountId): Promise<boolean> {
    const isLinked = await store.insertLink(tx, { ...key, id, at: this.#now() });
    if (isLinked) await this.#audit(tx, { ...key, id }, 'provider-linked');
    return isLinked;
  }

  async #audit(
    tx: Transaction,
    { organisationId, id }: Pick<Mine, 'organisationId' | 'id'>,
    act: AuditAct,
  ): Promise<void> {
    const what = { act, target: `account/${id}`, atMs: this.#ports.nowMs() } as const;
    await appendAudit(tx, { organisationId, actor: id, ...what });
  }

  #now(): Date {
    return new Date(this.#ports.nowMs());
  }
}

/** Nothing of the transaction is to stay: neither is the one-time link used up by it, nor an account made. */
class LinkedAlready extends Error {}

interface How {
  readonly method: 'provider';
  readonly browser: string;
  readonly provedMs: number;
}

interface Coming {
  readonly provider: Provider;
  readonly told: Told;
  readonly how: How;
}

interface Followed {
  readonly ended: Uint8Array[];
  readonly cookie: string;
}
