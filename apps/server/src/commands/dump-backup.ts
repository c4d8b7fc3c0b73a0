/**
 * An external PostgreSQL is backed up by the system's own tools: pg_dump and pg_restore. Moments in
 * between are the business of who runs it (pgBackRest, Barman): this is the state of one moment.
 */
import { execFile } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Connection } from '../database/connection.ts';
import { openConnection } from '../database/pool.ts';
import { errorCode, StartProblem } from '../database/start-problem.ts';
import { hasTables, readServerFacts } from '../database/store.ts';
import { signBackup } from './backup-proof.ts';
import { checksumOf, syncTree } from './file-copy.ts';
import { keyProblemOf } from './key-check.ts';
import { type DumpManifest, damaged, unusable, writeManifest } from './manifest.ts';
import { readAtOneMoment } from './move-store.ts';
import { type Counts, exportSnapshot, readCounts } from './store.ts';
import type { BackupTask, Restored, RestoreTask } from './tasks.ts';

const run = promisify(execFile);
const DUMP = 'database.dump';

export async function backUpByDump(task: BackupTask): Promise<DumpManifest> {
  const { ground, partialDir, ports, common } = task;
  try {
    const facts = await readServerFacts(ground.pools.line);
    const path = join(partialDir, DUMP);
    // What is dumped and what is counted beside it are one snapshot.
    const counts = await readAtOneMoment(ground.pools.line, async (tx) => {
      await runTool('pg_dump', ground.connection, [
        ...['--format=custom', '--enable-row-security', `--file=${path}`],
        `--snapshot=${await exportSnapshot(tx)}`,
      ]);
      return await readCounts(tx);
    });
    const manifest: DumpManifest = {
      ...common,
      kind: 'dump',
      counts,
      postgresMajor: facts.major,
      finishedMs: ports.outside.nowMs(),
      files: [{ path: DUMP, ...(await checksumOf(path)) }],
    };
    await syncTree(partialDir);
    await writeManifest(partialDir, manifest);
    if (task.signingKey !== undefined) await signBackup(partialDir, task.signingKey);
    await rename(partialDir, partialDir.replace(/\.partial$/, ''));
    return manifest;
  } catch (error) {
    await rm(partialDir, { recursive: true, force: true });
    throw error;
  }
}

export async function restoreDump(task: RestoreTask, connection: Connection): Promise<Restored> {
  const { backup, toMs } = task;
  const { manifest, directory } = backup;
  if (manifest.kind !== 'dump') {
    throw unusable(
      'This is a backup of the embedded PostgreSQL. Leave DATABASE_URL unset to restore it.',
    );
  }
  if (toMs !== undefined) {
    throw unusable(
      'A dump is of one moment: leave --to away, or restore by the means of your PostgreSQL.',
    );
  }
  const sql = openConnection(connection);
  try {
    if (await hasTables(sql)) {
      throw new StartProblem(
        'RESTORE_TARGET_NOT_EMPTY',
        'The database of DATABASE_URL is not empty. Make an empty one, and set DATABASE_URL to it.',
      );
    }
    const path = join(directory, DUMP);
    const [file] = manifest.files;
    const found = await checksumOf(path).catch(() => undefined);
    if (found === undefined) throw damaged(path, 'cannot be read');
    if (found.bytes !== file?.bytes || found.sha256 !== file.sha256) {
      throw damaged(path, 'does not have its checksum');
    }
    await runTool('pg_restore', connection, [
      ...['--no-owner', '--no-privileges', '--exit-on-error', '--single-transaction'],
      ...['--dbname', connection.database, path],
    ]);
    const counts = await readCounts(sql);
    expectSame(counts, manifest.counts);
    return { counts, keyProblem: await keyProblemOf(task, sql) };
  } finally {
    await sql.end();
  }
}

/** Whoever dumps without seeing all rows is told of no fault: the database hides them. */
function expectSame(counts: Counts, then: Counts): void {
  const [missing] = Object.entries(then).filter(([what, n]) => counts[what as keyof Counts] !== n);
  if (missing === undefined) return;
  const [what, count] = missing;
  throw unusable(
    `The database was restored with ${counts[what as keyof Counts]} ${what} instead of ${count}: this backup is not whole. Use another one.`,
  );
}

/** The password goes by the environment, where no list of processes shows it. */
async function runTool(
  tool: string,
  connection: Connection,
  args: readonly string[],
): Promise<void> {
  const { host, port, user, password, database, ssl } = connection;
  const env = {
    PATH: process.env['PATH'] ?? '',
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGSSLMODE: ssl,
    // The line's scope: without it, row-level security would show nothing.
    PGOPTIONS: '-c ausculta.scope=line',
    LC_ALL: 'C',
  };
  try {
    await run(tool, [...args], { env, maxBuffer: 1 << 24 });
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') {
      throw unusable(
        `${tool} is not installed here. Install the client tools of your PostgreSQL (Debian: postgresql-client), then run this again.`,
        cause,
      );
    }
    const said = String((cause as { stderr?: unknown }).stderr ?? '').split('\n');
    if (said.some((line) => line.includes('server version mismatch'))) {
      const versions = said.find((line) => line.includes('server version:')) ?? '';
      throw unusable(
        `${tool} is of another version than the server (${versions.replace(/^.*detail: /, '')}). Install the client tools of the server's version, then run this again.`,
        cause,
      );
    }
    const why = said.find((line) => /error/.test(line)) ?? said[0] ?? '';
    throw unusable(
      `${tool} failed: ${why.replace(/^pg_\w+: error: /, '')}. Mend that, then run this again.`,
      cause,
    );
  }
}
