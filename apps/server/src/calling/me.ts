/** Whoever is at a browser, as somebody who is on for a duty and is called. */
import type { Role } from '@ausculta/policy/vocabulary';
import type { AccountId, OrganisationId } from '@ausculta/vitals/identity';
import type { FastifyRequest } from 'fastify';
import type { Transaction } from '../database/pool.ts';
import { callerOf } from '../people/access.ts';
import { type AuditAct, appendAudit } from '../vault/audit.ts';

/** Those who may acknowledge whatever alarm there is. */
export const ANSWERING: readonly Role[] = ['nurse', 'physician', 'primary-care', 'paramedic'];
export const SIGNED_IN = { config: { access: 'signed-in' } } as const;

export interface Me {
  readonly organisationId: OrganisationId;
  readonly accountId: AccountId;
}

/** A person at a browser, in their own house: no program is on for anything. */
export function meOf(request: FastifyRequest): Me | undefined {
  const { accountId, session, organisationId, homeOrganisationId } = callerOf(request);
  const isHome = organisationId === homeOrganisationId;
  return session === undefined || accountId === undefined || !isHome
    ? undefined
    : { organisationId, accountId };
}

interface Noted {
  readonly act: AuditAct;
  readonly of: string;
  readonly atMs: number;
}

export function note(
  tx: Transaction,
  { organisationId, accountId }: Me,
  { act, of, atMs }: Noted,
): Promise<void> {
  const target = `account/${of}` as const;
  return appendAudit(tx, { organisationId, actor: accountId, act, target, atMs });
}
