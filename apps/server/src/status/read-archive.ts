import { lstat } from 'node:fs/promises';
import { archiveLinkOf } from '../database/archive.ts';
import { clusterDirIn } from '../database/cluster.ts';
import type { Database } from '../database/open.ts';
import { readArchiver } from '../database/store.ts';
import type { ArchiverTimes } from './archive-watch.ts';

const NEVER: ArchiverTimes = { archivedMs: null, failedMs: null };

/**
 * Our own PostgreSQL counts a segment as archived where nothing keeps it: it has one place to go only
 * once a backup was made, and a restored database begins without one.
 */
export async function readArchive(
  { line, state }: Pick<Database, 'line' | 'state'>,
  dataDir: string,
): Promise<ArchiverTimes> {
  const link = archiveLinkOf(clusterDirIn(dataDir));
  const isKept = state() === 'external' || (await lstat(link).catch(() => undefined)) !== undefined;
  return isKept ? await readArchiver(line) : NEVER;
}
