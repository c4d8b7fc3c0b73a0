/** Another master key in the place of the one in use, as somebody has asked for it. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Sql } from '../database/pool.ts';
import { appendAudit } from './audit.ts';
import type { Vault } from './vault.ts';

interface Who {
  readonly organisationId: OrganisationId;
  readonly accountId: string | undefined;
}

/** An act outside the database: its audit follows it. */
export async function rotateKeys(
  vault: Vault,
  { sql, nowMs }: { readonly sql: Sql; readonly nowMs: () => number },
  { organisationId, accountId: actor }: Who,
): Promise<void> {
  await vault.rotate();
  const act = { act: 'keys-rotated', target: 'keys', atMs: nowMs() } as const;
  await appendAudit(sql, { organisationId, actor, ...act });
}
