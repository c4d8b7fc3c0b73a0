/** Links that work once: how an account comes to its owner, and comes back when a password is lost. */
import type { LinkOwner, LinkUse } from '@ausculta/contract/accounts';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { AccountId, OrganisationId } from '@ausculta/vitals/identity';
import type { Sql, Transaction } from '../database/pool.ts';
import { deleteGrantsOf } from '../oidc/app-store.ts';
import { deleteProviderLinks } from '../sign-on/store.ts';
import { type AuditAct, appendAudit } from '../vault/audit.ts';
import * as links from './account-store.ts';
import { deletePasskeys, deleteSecondFactor } from './factor-store.ts';
import { isShort, passwordProblem } from './password-rules.ts';
import type { PasswordWork } from './password-work.ts';
import type { Proof, Proofs } from './proofs.ts';
import type { SignIn } from './sign-in.ts';
import * as store from './store.ts';

export const LINK_LIFE_MS = 24 * 3_600_000;

/** Behind the #: no browser sends it to anybody, and no proxy writes it into its log. */
export const linkPath = (token: string): string => `/welcome#${token}`;

export interface LinkMade {
  readonly token: string;
  readonly expiresMs: number;
}

interface LinkMaking {
  readonly randomToken: () => string;
  readonly sha256: (text: string) => Uint8Array;
  readonly nowMs: () => number;
}

/** The one before opens nothing any more. */
export async function makeLink(
  tx: Transaction,
  { randomToken, sha256, nowMs }: LinkMaking,
  account: {
    readonly organisationId: OrganisationId;
    readonly id: AccountId;
    readonly actor: string | undefined;
    readonly resetsFactors: boolean;
  },
): Promise<LinkMade> {
  const { organisationId, id, actor, resetsFactors } = account;
  const token = randomToken();
  const atMs = nowMs();
  await links.writeLink(tx, {
    organisation_id: organisationId,
    account_id: id,
    token_hash: sha256(token),
    resets_factors: resetsFactors,
    expires_at: new Date(atMs + LINK_LIFE_MS),
  });
  const act = { act: 'sign-in-link-made', target: `account/${id}`, atMs } as const;
  await appendAudit(tx, { organisationId, actor, ...act });
  return { token, expiresMs: atMs + LINK_LIFE_MS };
}

export interface LinkPorts extends LinkMaking {
  readonly sql: Sql;
  readonly signIn: SignIn;
  readonly work: PasswordWork;
  readonly proofs: Proofs;
}

export async function lookAtLink(
  { sql, sha256, nowMs }: LinkPorts,
  token: string,
): Promise<LinkOwner | undefined> {
  const link = await links.linkByToken(sql, sha256(token), new Date(nowMs()));
  if (link === undefined) return undefined;
  return {
    loginName: link.login_name,
    displayName: link.display_name,
    organisationName: link.organisation_name,
    needsCode: link.has_second_factor && !link.resets_factors,
  };
}

/** The cookie's token. The link is used up with what it does, or not at all. */
export async function followLink(
  ports: LinkPorts,
  { token, password, code }: LinkUse,
  browser: string,
): Promise<Result<string> | Exclude<Proof, { kind: 'proved' }>> {
  const { sql, signIn, sha256, nowMs } = ports;
  const link = await links.linkByToken(sql, sha256(token), new Date(nowMs()));
  if (link === undefined) return fail('LINK_SPENT');
  const { login_name: loginName, organisation_id: organisationId, account_id: id } = link;
  const problem = passwordProblem({ password, loginName, hasFactor: false });
  if (problem !== undefined) return fail('PASSWORD_REFUSED', problem);
  const proof = link.resets_factors
    ? 'link'
    : await ports.proofs.codeOf({ organisation_id: organisationId, id }, code);
  if (typeof proof !== 'string') return proof;
  const passwordHash = await ports.work.hash(password);
  const done = await sql.begin(async (tx) => {
    if (!(await links.useUpLink(tx, sha256(token)))) return undefined;
    await store.writePassword(tx, { organisationId, id, passwordHash, isShort: isShort(password) });
    if (link.resets_factors) await resetFactors(tx, { organisationId, id, atMs: nowMs() });
    const ended = await store.deleteSessionsOf(tx, { organisationId, id });
    await deleteGrantsOf(tx, { organisationId, accountId: id });
    const act = { act: 'sign-in-link-used', target: `account/${id}`, atMs: nowMs() } as const;
    await appendAudit(tx, { organisationId, actor: id, ...act });
    const cookie = await signIn.begin(tx, { organisationId, id }, { method: 'link', browser });
    return { ended, cookie };
  });
  if (done === undefined) return fail('LINK_SPENT');
  signIn.forgetSessions(done.ended);
  return ok(done.cookie);
}

/**
 * What somebody else may have got hold of proves nothing any more: a passkey or an account elsewhere that opens this
 * one is no less than its second factor.
 */
export async function resetFactors(
  tx: Transaction,
  of: { readonly organisationId: OrganisationId; readonly id: AccountId; readonly atMs: number },
): Promise<void> {
  const { organisationId, id: actor, atMs } = of;
  await deleteSecondFactor(tx, of);
  const ended: AuditAct[] = [
    ...Array<AuditAct>(await deletePasskeys(tx, of)).fill('passkey-removed'),
    ...Array<AuditAct>(await deleteProviderLinks(tx, of)).fill('provider-unlinked'),
  ];
  const target = `account/${actor}` as const;
  for (const act of ended) await appendAudit(tx, { organisationId, actor, act, target, atMs });
}
