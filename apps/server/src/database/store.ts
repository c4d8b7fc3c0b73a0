import { expect } from '@ausculta/vitals/expect';
import type postgres from 'postgres';
import { DURABILITY } from './postgres-settings.ts';
import { errorCode } from './start-problem.ts';
import type { RowsSeen } from './viewing.ts';

type Sql = postgres.Sql;
type Transaction = postgres.TransactionSql;

/** Of the log's way to the archive: nulls where nothing was ever handed over, or never in vain. */
export async function readArchiver(
  sql: Sql,
): Promise<{ archivedMs: number | null; failedMs: number | null }> {
  const [row] = await sql<{ archived: Date | null; failed: Date | null }[]>`
    SELECT last_archived_time AS archived, last_failed_time AS failed FROM pg_stat_archiver`;
  return {
    archivedMs: row?.archived?.getTime() ?? null,
    failedMs: row?.failed?.getTime() ?? null,
  };
}

/** Until the transaction ends, its queries see this organisation alone, and of it what the viewer may see. */
export function setOrganisation(
  tx: Transaction,
  organisationId: string,
  rows: RowsSeen | undefined,
): PromiseLike<unknown> {
  if (rows === undefined)
    return tx`SELECT set_config('ausculta.organisation', ${organisationId}, true)`.execute();
  const { only, hidden } = rows;
  return tx`
    SELECT set_config('ausculta.organisation', ${organisationId}, true),
      set_config('ausculta.seen', ${only === undefined ? '' : listed(only.subjects)}, true),
      set_config('ausculta.types', ${listed(only?.types ?? [])}, true),
      set_config('ausculta.of_nobody', ${listed(only?.ofNobody ?? [])}, true),
      set_config('ausculta.hidden', ${hidden.length === 0 ? '' : listed(hidden)}, true)`.execute();
}

/** From here on all rows of the organisation: whoever asks has been asked about. */
export async function seeAll(tx: Transaction): Promise<void> {
  await tx`SELECT set_config('ausculta.seen', '', true), set_config('ausculta.hidden', '', true)`;
}

/** As PostgreSQL reads an array: of ids and names of types, which have nothing to escape. */
function listed(words: readonly string[]): string {
  for (const word of words) expect(/^[A-Za-z0-9/*-]+$/.test(word), 'an id or the name of a type');
  return `{${words.join(',')}}`;
}

/** What the queries that follow may see, until the transaction ends. It is sent before they are. */
export async function setScope(tx: Transaction, scope: 'line' | 'people'): Promise<void> {
  await tx`SELECT set_config('ausculta.scope', ${scope}, true)`.execute();
}

/** A machine that slept, or is very busy, answers the next time. */
const LOG_IN_TRIES = 3;

/** False when the role or the database is not there yet. */
export async function canLogIn(sql: Sql): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      await sql`SELECT 1`;
      return true;
    } catch (error) {
      const code = errorCode(error);
      if (['28P01', '28000', '3D000'].includes(code)) return false;
      if (code !== 'CONNECT_TIMEOUT' || tries === LOG_IN_TRIES) throw error;
    }
  }
}

/**
 * The platform works as an ordinary role that owns its database: row-level security holds for it, and
 * it cannot change the server. The password is our own base64url, which has nothing to escape.
 */
export async function makeOwnRoleAndDatabase(sql: Sql, password: string): Promise<void> {
  const roles = await sql`SELECT FROM pg_roles WHERE rolname = 'ausculta'`;
  const verb = roles.length === 0 ? 'CREATE' : 'ALTER';
  await sql.unsafe(
    `${verb} ROLE ausculta LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD '${password}'`,
  );
  const databases = await sql`SELECT FROM pg_database WHERE datname = 'ausculta'`;
  if (databases.length === 0) await sql.unsafe('CREATE DATABASE ausculta OWNER ausculta');
  await sql.unsafe('REVOKE ALL ON DATABASE ausculta FROM PUBLIC');
}

export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
}

/** Locks out other starters until this session ends, then makes the table that migrations write into. */
export async function prepareMigrations(sql: Sql): Promise<void> {
  await sql`SET lock_timeout = '60s'`;
  await sql`SET statement_timeout = 0`;
  await sql`SELECT pg_advisory_lock(hashtextextended('ausculta migrations', 0))`;
  const [found] = await sql<{ exists: boolean }[]>`
    SELECT to_regclass('schema_migration') IS NOT NULL AS exists`;
  if (found?.exists === true) return;
  await sql.unsafe(`
    CREATE TABLE schema_migration (
      name text PRIMARY KEY,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now());
    COMMENT ON TABLE schema_migration IS 'The schema changes that ran on this database.';
    ALTER TABLE schema_migration ENABLE ROW LEVEL SECURITY;
    ALTER TABLE schema_migration FORCE ROW LEVEL SECURITY;
    CREATE POLICY line_only ON schema_migration
      USING (current_setting('ausculta.scope', true) = 'line')`);
}

export async function appliedMigrations(sql: Sql): Promise<AppliedMigration[]> {
  return await sql<AppliedMigration[]>`SELECT name, checksum FROM schema_migration ORDER BY name`;
}

/** All of it or none: the change and the note that it was made. */
export async function applyMigration(
  sql: Sql,
  migration: AppliedMigration & { readonly sql: string },
): Promise<void> {
  await sql.begin(async (tx) => {
    await tx.unsafe(migration.sql);
    await tx`
      INSERT INTO schema_migration (name, checksum)
      VALUES (${migration.name}, ${migration.checksum})`;
  });
}

/** What must be known of a server before anything is entrusted to it. */
export interface ServerFacts {
  readonly major: number;
  readonly role: string;
  readonly isSuperuser: boolean;
  readonly bypassesRls: boolean;
  readonly isStandby: boolean;
  readonly mayCreate: boolean;
  readonly encoding: string;
  readonly settings: readonly {
    readonly name: string;
    readonly value: string;
    readonly source: string;
  }[];
}

export async function readServerFacts(sql: Sql): Promise<ServerFacts> {
  const [facts] = await sql<Omit<ServerFacts, 'settings'>[]>`
    SELECT
      current_setting('server_version_num')::int / 10000 AS major,
      rolname AS role,
      rolsuper AS "isSuperuser",
      rolbypassrls AS "bypassesRls",
      pg_is_in_recovery() AS "isStandby",
      coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS "mayCreate",
      current_setting('server_encoding') AS encoding
    FROM pg_roles WHERE rolname = current_user`;
  expect(facts !== undefined, 'a session has a role');
  const settings = await sql<ServerFacts['settings'][number][]>`
    SELECT name, setting AS value, source FROM pg_settings
    WHERE name = ANY(${[...DURABILITY]})`;
  return { ...facts, settings };
}

/** Whether anything was ever put into this database. */
export async function hasTables(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ found: boolean }[]>`
    SELECT EXISTS (SELECT FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace) AS found`;
  return row?.found ?? false;
}

/** Whether anything here was sealed: then the key that sealed it must not be replaced by a new one. */
export async function hasSealedData(line: Sql): Promise<boolean> {
  const [row] = await line<{ found: boolean }[]>`
    SELECT EXISTS (SELECT FROM subject) OR EXISTS (SELECT FROM parked)
      OR EXISTS (SELECT FROM chunk) OR EXISTS (SELECT FROM checkpoint) AS found`;
  return row?.found ?? false;
}
