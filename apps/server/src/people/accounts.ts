/** Accounts: made, given roles, taken out of use, given a link. Each act is written with its audit entry. */
import type { AccountView, NewAccount, SignInLink } from '@ausculta/contract/accounts';
import { ROLES, type Role } from '@ausculta/policy/vocabulary';
import { expect } from '@ausculta/vitals/expect';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { type AccountId, type OrganisationId, parseAccountId } from '@ausculta/vitals/identity';
import type { Duty } from '../access/standing.ts';
import { everywhere, insertShift, type ShiftRow } from '../access/standing-store.ts';
import { asOrganisation, type Sql, type Transaction } from '../database/pool.ts';
import { deleteGrantsOf } from '../oidc/app-store.ts';
import { type AuditAct, appendAudit } from '../vault/audit.ts';
import type { Seal } from '../vault/seal.ts';
import * as store from './account-store.ts';
import type { SignIn } from './sign-in.ts';
import { linkPath, makeLink } from './sign-in-links.ts';
import { deleteSessionsOf } from './store.ts';

/** Nobody signs in as one of these. */
const OF_NO_ACCOUNT: readonly Role[] = ['device', 'platform-job'];

/** Others who may stand at a bed are of one ward, or of one person. */
const ON_SHIFT_AT_FIRST: readonly Role[] = ['nurse', 'physician', 'wall-display'];

export interface AccountPorts {
  readonly people: Sql;
  readonly signIn: SignIn;
  readonly organisationSeal: (organisationId: string) => Seal;
  readonly newId: () => string;
  readonly randomToken: () => string;
  readonly sha256: (text: string) => Uint8Array;
  readonly nowMs: () => number;
  /** Who sees whom is known in memory. */
  readonly duty: Duty;
}

/** Who acts, in which organisation: no account of another is ever seen. */
export interface By {
  readonly organisationId: OrganisationId;
  readonly actor: string | undefined;
}

export interface MadeAccount {
  readonly id: AccountId;
  readonly roles: readonly Role[];
  readonly shift: ShiftRow | undefined;
}

export class Accounts {
  readonly #ports: AccountPorts;

  constructor(ports: AccountPorts) {
    this.#ports = ports;
  }

  async list({ organisationId }: By): Promise<AccountView[]> {
    const rows = await this.#within(organisationId, (tx) =>
      store.readAccounts(tx, { organisationId }),
    );
    return rows.map(viewOf);
  }

  async add(by: By, wanted: NewAccount): Promise<Result<SignInLink>> {
    const { organisationId, actor } = by;
    const added = await this.#within(organisationId, async (tx) => {
      const made = await this.make(tx, by, wanted);
      if (!made.ok) return made;
      const { id } = made.value;
      const link = await makeLink(tx, this.#ports, {
        ...{ organisationId, id, actor },
        resetsFactors: false,
      });
      const view = await this.#view(tx, organisationId, id);
      return ok({ made: made.value, link: linkOf(view, link) });
    });
    if (!added.ok) return added;
    this.noteMade(added.value.made);
    return ok(added.value.link);
  }

  /** Without a link: whoever calls has another way for its person to come in, and says `noteMade` afterwards. */
  async make(tx: Transaction, by: By, wanted: NewAccount): Promise<Result<MadeAccount>> {
    const { organisationId } = by;
    const roles = parseRoles(wanted.roles);
    if (!roles.ok) return roles;
    const { newId, nowMs } = this.#ports;
    const id = parseAccountId(newId());
    expect(id !== undefined, 'a new id is well formed');
    const isAdded = await store.addAccount(tx, {
      organisation_id: organisationId,
      id,
      login_name: wanted.loginName,
      display_name: wanted.displayName,
      roles: roles.value,
    });
    if (!isAdded) return fail('LOGIN_TAKEN');
    // On shift everywhere until somebody says where: a nurse who sees nobody would help nobody.
    const isOnShift = roles.value.some((role) => ON_SHIFT_AT_FIRST.includes(role));
    const whose = { organisation_id: organisationId, id: newId(), account_id: id };
    const shift = isOnShift ? everywhere(whose, nowMs()) : undefined;
    if (shift !== undefined) await insertShift(tx, shift);
    await this.#audit(tx, by, id, 'account-made', { roles: roles.value });
    return ok({ id, roles: roles.value, shift });
  }

  /** After the commit: what is rolled back was never known. */
  noteMade({ id, roles, shift }: MadeAccount): void {
    if (shift !== undefined) this.#ports.duty.setShift(shift);
    this.#ports.duty.setRoles(id, roles);
  }

  /** An account that is out of use stands at no bed. */
  #noteRoles({ id, roles, isDisabled }: AccountView): void {
    const held = ROLES.filter((role) => !isDisabled && roles.includes(role));
    this.#ports.duty.setRoles(id as AccountId, held);
  }

  /** Whoever is signed in under it signs in anew: a screen that is open shows what the other roles could see. */
  async setRoles(by: By, id: AccountId, wanted: readonly string[]): Promise<Result<AccountView>> {
    const { organisationId } = by;
    const roles = parseRoles(wanted);
    if (!roles.ok) return roles;
    const done = await this.#within(organisationId, async (tx) => {
      const isLast = await isLastAdministrator(tx, organisationId, id);
      if (isLast && !roles.value.includes('administrator')) return fail('LAST_ADMINISTRATOR');
      const before = await store.writeRoles(tx, { ...by, id, roles: roles.value });
      if (before === undefined) return fail('NOT_FOUND');
      const ended = await deleteSessionsOf(tx, { organisationId, id });
      await deleteGrantsOf(tx, { organisationId, accountId: id });
      await this.#audit(tx, by, id, 'account-roles-changed', { before, roles: roles.value });
      return ok({ ended, view: await this.#view(tx, organisationId, id) });
    });
    if (!done.ok) return done;
    this.#ports.signIn.forgetSessions(done.value.ended);
    this.#noteRoles(done.value.view);
    return ok(done.value.view);
  }

  /** Whoever is signed in under it is not any more, at once. */
  async disable(by: By, id: AccountId): Promise<Result<AccountView>> {
    const { organisationId } = by;
    const at = new Date(this.#ports.nowMs());
    const done = await this.#within(organisationId, async (tx) => {
      if (await isLastAdministrator(tx, organisationId, id)) return fail('LAST_ADMINISTRATOR');
      if (!(await store.writeDisabled(tx, { organisationId, id, at }))) return fail('NOT_FOUND');
      const ended = await deleteSessionsOf(tx, { organisationId, id });
      await store.deleteLinksOf(tx, { organisationId, id });
      await deleteGrantsOf(tx, { organisationId, accountId: id });
      await this.#audit(tx, by, id, 'account-disabled');
      return ok({ ended, view: await this.#view(tx, organisationId, id) });
    });
    if (!done.ok) return done;
    this.#ports.signIn.forgetSessions(done.value.ended);
    this.#noteRoles(done.value.view);
    return ok(done.value.view);
  }

  async enable(by: By, id: AccountId): Promise<Result<AccountView>> {
    const { organisationId } = by;
    const done = await this.#within(organisationId, async (tx) => {
      if (!(await store.writeDisabled(tx, { organisationId, id, at: null })))
        return fail('NOT_FOUND');
      await this.#audit(tx, by, id, 'account-enabled');
      return ok(await this.#view(tx, organisationId, id));
    });
    if (done.ok) this.#noteRoles(done.value);
    return done;
  }

  async link(by: By, id: AccountId, resetsFactors: boolean): Promise<Result<SignInLink>> {
    const { organisationId } = by;
    return await this.#within(organisationId, async (tx) => {
      const [row] = await store.readAccounts(tx, { organisationId, id });
      if (row === undefined) return fail('NOT_FOUND');
      if (row.is_disabled)
        return fail('NOT_PERMITTED', 'the account is out of use: enable it first');
      return ok(linkOf(viewOf(row), await makeLink(tx, this.#ports, { ...by, id, resetsFactors })));
    });
  }

  async #view(tx: Transaction, organisationId: OrganisationId, id: AccountId) {
    const [row] = await store.readAccounts(tx, { organisationId, id });
    expect(row !== undefined, 'an account that was just written is there');
    return viewOf(row);
  }

  async #audit(tx: Transaction, by: By, id: AccountId, act: AuditAct, value?: unknown) {
    const { organisationId, actor } = by;
    const seal = this.#ports.organisationSeal(organisationId);
    const detail = value === undefined ? {} : { detail: { seal, value } };
    const what = { act, target: `account/${id}`, atMs: this.#ports.nowMs() } as const;
    await appendAudit(tx, { organisationId, actor, ...what, ...detail });
  }

  #within<T>(organisationId: OrganisationId, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return asOrganisation(this.#ports.people, organisationId, work);
  }
}

/** The others who administer are held until the end of the transaction. */
async function isLastAdministrator(
  tx: Transaction,
  organisationId: OrganisationId,
  id: AccountId,
): Promise<boolean> {
  const administrators = await store.holdAdministrators(tx, organisationId);
  return administrators.length === 1 && administrators[0] === id;
}

function parseRoles(words: readonly string[]): Result<readonly Role[]> {
  const roles = ROLES.filter((role) => words.includes(role) && !OF_NO_ACCOUNT.includes(role));
  const unknown = words.find((word) => !roles.some((role) => role === word));
  // The word itself is the caller's own, and none of a person.
  return unknown === undefined
    ? ok(roles)
    : fail('PAYLOAD_MALFORMED', `roles: must be of ${ROLES.join(', ')}`);
}

function linkOf(account: AccountView, link: { token: string; expiresMs: number }): SignInLink {
  const expiresAt = new Date(link.expiresMs).toISOString();
  return { account, path: linkPath(link.token), expiresAt };
}

function viewOf(row: store.ListedAccount): AccountView {
  return {
    id: row.id,
    loginName: row.login_name,
    displayName: row.display_name,
    roles: [...row.roles],
    isDisabled: row.is_disabled,
    hasPassword: row.has_password,
    hasSecondFactor: row.has_second_factor,
    passkeys: row.passkeys,
    signOnIssuers: [...row.sign_on_issuers],
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
  };
}
