import { expect } from '@ausculta/vitals/expect';
import type { RandomBytes } from '../outside.ts';
import type { Connection } from './connection.ts';
import type { DataDirectory } from './data-directory.ts';
import { type EmbeddedPostgres, type EmbeddedState, startEmbeddedPostgres } from './embedded.ts';
import { expectFitDatabase } from './fitness.ts';
import { migrate } from './migrate.ts';
import { openPools, type Pools } from './pool.ts';

/** The platform's database, ready for work: found or started, checked, migrated, with its pools open. */
export interface Database extends Pools {
  readonly connection: Connection;
  readonly postgresMajor: number;
  /** Part of readiness: the embedded server's state, or 'external' when it is not ours to know. */
  readonly state: () => EmbeddedState | 'external';
}

export interface DatabaseOptions {
  readonly dataDirectory: DataDirectory;
  /** From DATABASE_URL. Absent: the embedded PostgreSQL. */
  readonly external?: Connection | undefined;
  readonly embeddedPort?: number | undefined;
  readonly preload?: string | undefined;
  readonly randomBytes: RandomBytes;
}

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  await using parts = new AsyncDisposableStack();
  const embedded =
    options.external === undefined ? parts.use(await startEmbedded(options)) : undefined;
  const connection = options.external ?? embedded?.connection;
  expect(connection !== undefined, 'a database is external or embedded');

  // The embedded one is asked the same questions: a promise that nobody checks is none.
  const facts = await expectFitDatabase(connection);
  await migrate(connection);
  const pools = parts.use(openPools(connection));

  const kept = parts.move();
  return {
    connection,
    postgresMajor: facts.major,
    state: () => embedded?.state() ?? 'external',
    line: pools.line,
    people: pools.people,
    read: pools.read,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function startEmbedded(options: DatabaseOptions): Promise<EmbeddedPostgres> {
  const { dataDirectory, embeddedPort, preload, randomBytes } = options;
  return startEmbeddedPostgres({
    dataDirectory,
    randomBytes,
    preload,
    ...(embeddedPort === undefined ? {} : { port: embeddedPort }),
  });
}
