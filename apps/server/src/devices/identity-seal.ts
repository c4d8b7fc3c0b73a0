/** Names of subjects as they are sealed, and what is to be done where a key is missing. */
import type { SubjectId } from '@ausculta/vitals/identity';
import type { SubjectIdentity } from '@ausculta/vitals/subject';
import type { Sql } from '../database/pool.ts';
import { StartProblem } from '../database/start-problem.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import * as store from './store.ts';

export const identityContext = (organisationId: string, id: string): string =>
  `subject/${organisationId}/${id}/identity`;

/** Nobody is unmonitored for want of a name: it is watched, and shown as one whose name is damaged. */
export function nameless(id: SubjectId): SubjectIdentity {
  return {
    familyName: 'Name cannot be read',
    givenName: '',
    sex: 'unknown',
    recordNumber: id.slice(0, 8),
  };
}

/** Gives a key of its own to each subject from before there were such keys, and seals its name with it. */
export async function adoptSubjects(
  sql: Sql,
  keys: SubjectKeys,
  rows: readonly store.SubjectRow[],
): Promise<void> {
  const placed = (row: store.SubjectRow): string => identityContext(row.organisation_id, row.id);
  const legacy = keys.legacy;
  const keyless = rows.filter(({ id }) => keys.sealOf(id) === undefined);
  const known = keyless.filter((row) => legacy?.open(row.identity_sealed, placed(row)).ok);
  if (known.length < keyless.length) throw otherKeys();
  keys.keep(known.map(({ id }) => id));
  for (const row of rows) {
    const opened = legacy?.isOwn(row.identity_sealed)
      ? legacy.open(row.identity_sealed, placed(row))
      : undefined;
    const seal = keys.sealOf(row.id);
    if (!opened?.ok || seal === undefined) continue;
    await store.writeIdentity(sql, {
      organisation_id: row.organisation_id,
      id: row.id,
      identity_sealed: seal.seal(opened.value, placed(row)),
    });
  }
}

export function otherKeys(): StartProblem {
  return new StartProblem(
    'MASTER_KEY_UNUSABLE',
    'The keys of this data directory are not those that this database was sealed with. Restore the newest key store that belongs to it, or point AUSCULTA_DATA_DIR and DATABASE_URL at a pair that belongs together.',
  );
}
