/** What the vault must know of the database before it opens: that something is sealed there, and how. */
import type { Sql } from './database/pool.ts';
import { hasSealedData } from './database/store.ts';
import { identityContext } from './devices/identity-seal.ts';
import { sampleSubject } from './devices/store.ts';
import { readErasures } from './erasure/store.ts';
import { listLogTables } from './telemetry/store.ts';
import type { SealedDatabase } from './vault/open-vault.ts';

export async function readSealedDatabase(line: Sql): Promise<SealedDatabase> {
  const sample = await sampleSubject(line);
  return {
    hasSealedData: await hasSealedData(line),
    logTables: await listLogTables(line),
    sample: sample && {
      sealed: sample.identity_sealed,
      aad: identityContext(sample.organisation_id, sample.id),
    },
    erasures: (await readErasures(line)).map((row) => ({
      subjectId: row.subject_id,
      atMs: row.erased_ms,
      receipt: { signed: row.signed, signature: row.signature },
    })),
  };
}
