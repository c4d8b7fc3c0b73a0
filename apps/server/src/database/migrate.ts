import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Umzug } from 'umzug';
import type { Connection } from './connection.ts';
import { openConnection, type Sql } from './pool.ts';
import { StartProblem } from './start-problem.ts';
import {
  type AppliedMigration,
  appliedMigrations,
  applyMigration,
  prepareMigrations,
} from './store.ts';

/** One numbered SQL file, `0001-ground.sql`: run once, in one transaction, and never changed after. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

const MIGRATIONS_DIR = join(import.meta.dirname, 'migrations');

/** Brings the schema up to what this version knows. Returns the names of what it applied. */
export async function migrate(
  connection: Connection,
  directory: string = MIGRATIONS_DIR,
): Promise<string[]> {
  const known = await readMigrations(directory);
  // Its lock belongs to this one connection: a second starter waits here and then finds all done.
  const sql = openConnection(connection);
  try {
    await prepareMigrations(sql);
    expectSameHistory(known, await appliedMigrations(sql));
    return await applyPending(sql, known);
  } finally {
    await sql.end();
  }
}

/** The schema is the one that this version works with: for a command that changes none. */
export async function expectMigrated(connection: Connection): Promise<void> {
  const known = await readMigrations();
  const sql = openConnection(connection);
  try {
    const applied = await appliedMigrations(sql);
    expectSameHistory(known, applied);
    if (applied.length === known.length) return;
    throw new StartProblem(
      'SCHEMA_CHANGED',
      'The database has an older schema than this version of Ausculta. Start the server once: it brings the schema up.',
    );
  } finally {
    await sql.end();
  }
}

export async function migrationNames(): Promise<string[]> {
  return (await readMigrations()).map(({ name }) => name);
}

export async function readMigrations(directory: string = MIGRATIONS_DIR): Promise<Migration[]> {
  const files = (await readdir(directory))
    .filter((file) => /^\d{4}-[a-z0-9-]+\.sql$/.test(file))
    .sort();
  return Promise.all(
    files.map(async (file) => {
      const sql = (await readFile(join(directory, file), 'utf8')).replaceAll('\r\n', '\n');
      return {
        name: file.replace(/\.sql$/, ''),
        sql,
        checksum: createHash('sha256').update(sql).digest('hex'),
      };
    }),
  );
}

async function applyPending(sql: Sql, known: readonly Migration[]): Promise<string[]> {
  const umzug = new Umzug({
    logger: undefined,
    migrations: known.map((migration) => ({
      name: migration.name,
      up: () => applyMigration(sql, migration),
    })),
    // A migration writes itself down in its own transaction, so there is nothing to log afterwards.
    storage: {
      executed: async () => (await appliedMigrations(sql)).map((applied) => applied.name),
      logMigration: async () => undefined,
      unlogMigration: async () => undefined,
    },
  });
  const done = await umzug.up();
  return done.map((migration) => migration.name);
}

/** What ran on this database must be what this version knows, unchanged; it may know more. */
function expectSameHistory(
  known: readonly Migration[],
  applied: readonly AppliedMigration[],
): void {
  const newest = known.at(-1)?.name ?? 'nothing';
  for (const { name, checksum } of applied) {
    const migration = known.find((candidate) => candidate.name === name);
    if (migration === undefined) {
      throw new StartProblem(
        'SCHEMA_NEWER',
        `The database has the schema change ${name}, but this version of Ausculta knows only up to ${newest}. ` +
          'Start the newer version that made it.',
      );
    }
    if (migration.checksum !== checksum) {
      throw new StartProblem(
        'SCHEMA_CHANGED',
        `The file of the schema change ${name} is not the one that ran on this database. ` +
          'Restore the released file, and put new changes into a new migration.',
      );
    }
  }
}
