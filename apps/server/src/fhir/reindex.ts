/**
 * Makes the index of documents that have none: they came from another installation, were indexed by
 * other rules, or with a key that an older key store does not have.
 */
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Resource } from '@medplum/fhirtypes';
import { databaseFault } from '../database/fault.ts';
import type { Sql } from '../database/pool.ts';
import { type DocumentKeys, openVersion } from './document.ts';
import { indexEntries, indexMark } from './index-entries.ts';
import type { IndexState } from './index-state.ts';
import {
  DAMAGED,
  forgetDamaged,
  forgetOtherIndex,
  organisationsWithDocuments,
  readNotIndexed,
} from './index-store.ts';
import { fhirKnowledge } from './knowledge.ts';
import type { Hash } from './search-hash.ts';
import { writeIndex } from './store.ts';

const AT_ONCE = 100;
const RETRY_MS = 1_000;

export interface ReindexPorts {
  /** Sees all organisations. */
  readonly sql: Sql;
  readonly keys: DocumentKeys;
  readonly hashOf: (organisationId: OrganisationId) => Hash;
  readonly index: Pick<IndexState, 'noteDamaged' | 'finish'>;
  /** Documents of this organisation are found that were not. */
  readonly onIndexed: (organisationId: OrganisationId) => void;
  /** Lets other work run first. */
  readonly pause: () => Promise<void>;
  readonly after: (delayMs: number, run: () => void) => void;
  readonly onProblem: (what: string, error: unknown) => void;
  readonly isClosed: () => boolean;
}

/** For as long as it takes: a database that is away, or a lock that is not to be had, ends nothing. */
export async function indexAll(ports: ReindexPorts): Promise<void> {
  const { after, onProblem, isClosed } = ports;
  while (!isClosed()) {
    try {
      await indexWhatIsNot(ports);
      return;
    } catch (error) {
      if (isClosed() || databaseFault(error) === undefined) throw error;
      onProblem('index documents', error);
      await new Promise<void>((resolve) => after(RETRY_MS, resolve));
    }
  }
}

async function indexWhatIsNot(ports: ReindexPorts): Promise<void> {
  const { sql, keys, hashOf, index, onIndexed, pause, isClosed } = ports;
  for (const organisationId of await organisationsWithDocuments(sql)) {
    await forgetOtherIndex(sql, organisationId, indexMark(hashOf(organisationId)));
  }
  await forgetDamaged(sql);
  while (!isClosed()) {
    const rows = await readNotIndexed(sql, AT_ONCE);
    if (rows.length === 0) return index.finish();
    const { rowsOf } = await fhirKnowledge();
    for (const row of rows) {
      const { organisation_id: organisationId, type, doc, version, sealed } = row;
      const opened = sealed && openVersion(keys, organisationId, { ...row, sealed });
      // What does not open is found by its name, and whoever searches is told of it; what was deleted is not there.
      const isDamaged = opened?.ok === false;
      const found = opened?.ok ? rowsOf(JSON.parse(opened.value) as Resource) : [];
      if (isDamaged) index.noteDamaged(organisationId);
      const hash = hashOf(organisationId);
      const mark = isDamaged ? DAMAGED : indexMark(hash);
      const entries = indexEntries(type, found, hash);
      await sql.begin((tx) => writeIndex(tx, organisationId, { doc, version, entries }, mark));
      onIndexed(organisationId);
      await pause();
    }
  }
}
