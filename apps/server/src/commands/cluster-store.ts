/** SQL of base backups: to the superuser of the embedded PostgreSQL. */
import { expect } from '@ausculta/vitals/expect';
import type { Sql } from '../database/pool.ts';

/** A segment is handed over each minute at the latest while anything is written: what a disk may cost. */
export async function keepArchiveFresh(sql: Sql): Promise<void> {
  await sql.unsafe(`ALTER SYSTEM SET archive_timeout = '60s'`);
  await sql`SELECT pg_reload_conf()`;
}

/** A restored cluster has no archive before it is backed up itself. */
export async function endArchive(sql: Sql): Promise<void> {
  await sql.unsafe('ALTER SYSTEM RESET archive_timeout');
  await sql`SELECT pg_reload_conf()`;
}

export async function readClusterFacts(
  sql: Sql,
): Promise<{ systemIdentifier: string; postgresMajor: number }> {
  const [facts] = await sql<{ systemIdentifier: string; postgresMajor: number }[]>`
    SELECT system_identifier::text AS "systemIdentifier",
      current_setting('server_version_num')::int / 10000 AS "postgresMajor"
    FROM pg_control_system()`;
  expect(facts !== undefined, 'a cluster has an identity');
  return facts;
}

/** The segment from which on the log is needed. The session stays open until the end of the backup. */
export async function beginBackup(sql: Sql): Promise<string> {
  await sql`SET statement_timeout = 0`;
  const [begun] = await sql<{ segment: string }[]>`
    SELECT pg_walfile_name(pg_backup_start('ausculta', true)) AS segment`;
  return begun?.segment ?? '';
}

export async function endBackup(sql: Sql): Promise<{ lastSegment: string; label: string }> {
  const [ended] = await sql<{ lastSegment: string; label: string }[]>`
    SELECT pg_walfile_name(lsn - 1) AS "lastSegment", labelfile AS label FROM pg_backup_stop(false)`;
  expect(ended !== undefined, 'a backup that was begun ends');
  return ended;
}
