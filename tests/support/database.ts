import { randomUUID } from 'node:crypto';
import { after } from 'node:test';
import type { Connection } from '../../apps/server/src/database/connection.ts';
import { openConnection, openPools, type Pools } from '../../apps/server/src/database/pool.ts';
import { startTestServer, type TestPlaces, type TestServer } from './postgres-server.ts';

/** A migrated, empty database of its own for one test; dropped when disposed. */
export interface TestDatabase extends Pools {
  readonly connection: Connection;
  /** As the superuser, on the same database: row-level security does not hold for it. */
  readonly superuser: Connection;
}

/**
 * `await using database = await freshDatabase();` gives a test real PostgreSQL in some 200 ms: a clone
 * of the migrated template, in the server of the whole run, or in one of this file's own.
 */
export function freshDatabase(): Promise<TestDatabase> {
  return makeDatabase('ausculta');
}

/** As `freshDatabase`, but without a schema: for tests of the migrations themselves. */
export function emptyDatabase(): Promise<TestDatabase> {
  return makeDatabase('template0');
}

async function makeDatabase(template: string): Promise<TestDatabase> {
  const places = await testServerPlaces();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(places, `CREATE DATABASE ${name} TEMPLATE ${template} OWNER ausculta`);

  const connection = { ...places.connection, database: name };
  const pools = openPools(connection, { line: 4, people: 4 });
  return {
    connection,
    superuser: { ...places.superuser, database: name },
    line: pools.line,
    people: pools.people,
    read: pools.read,
    async [Symbol.asyncDispose]() {
      await pools[Symbol.asyncDispose]();
      await administer(places, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

let ownServer: Promise<TestServer> | undefined;

/** Where the server of this run is; without a global setup, one is started for this file. */
async function testServerPlaces(): Promise<TestPlaces> {
  const shared = process.env.AUSCULTA_TEST_POSTGRES;
  if (shared !== undefined) return JSON.parse(shared) as TestPlaces;
  ownServer ??= startTestServer();
  return (await ownServer).places;
}

after(async () => {
  if (ownServer !== undefined) await (await ownServer)[Symbol.asyncDispose]();
});

async function administer(places: TestPlaces, statement: string): Promise<void> {
  const sql = openConnection(places.superuser);
  // Cloning writes every page of the template into the log: squeezing them takes longer than that.
  await sql.unsafe('SET wal_compression = off');
  await sql.unsafe(statement).finally(() => sql.end());
}
