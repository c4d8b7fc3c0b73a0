/** Whether the keys of this data directory are those of a database that was just restored. */
import type { Sql } from '../database/pool.ts';
import { StartProblem } from '../database/start-problem.ts';
import { readSealedDatabase } from '../sealed-database.ts';
import { openGroundKeys } from './ground.ts';
import type { RestoreTask } from './tasks.ts';

/** Undefined when they are; else a sentence with its mend. Nothing is lost by restoring the other half later. */
export async function keyProblemOf(
  { ports, dataDirectory }: Pick<RestoreTask, 'ports' | 'dataDirectory'>,
  sql: Sql,
): Promise<string | undefined> {
  const { sample } = await readSealedDatabase(sql);
  if (sample === undefined) return undefined;
  try {
    const held = { ...dataDirectory, [Symbol.dispose]: () => undefined };
    const vault = await openGroundKeys({ dataDirectory: held }, ports);
    const id = sample.aad.split('/')[2] ?? '';
    if (vault.isShredded(id)) return undefined;
    const opened = vault.sealOf(id)?.open(sample.sealed, sample.aad);
    if (opened?.ok) return undefined;
  } catch (problem) {
    if (!(problem instanceof StartProblem)) throw problem;
    return problem.message;
  }
  return 'The keys here are not those of this database: restore the key store that belongs to it with ausculta keys restore, and its master key.';
}
