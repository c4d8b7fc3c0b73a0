/**
 * What a command works on: the database and the keys of a data directory, beside a running server or
 * without one. Without one, the command holds the directory's lock and runs PostgreSQL itself.
 */
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config } from '../config.ts';
import { clusterDirIn, hasCluster } from '../database/cluster.ts';
import type { Connection } from '../database/connection.ts';
import { type DataDirectory, openDataDirectory } from '../database/data-directory.ts';
import { findRunningPostgres, startEmbeddedPostgres } from '../database/embedded.ts';
import { expectMigrated, migrate } from '../database/migrate.ts';
import { openPools, type Pools } from '../database/pool.ts';
import { StartProblem } from '../database/start-problem.ts';
import type { Outside } from '../outside.ts';
import { keyDirectory, knownMasterKeys } from '../vault/open-vault.ts';
import { openReadingVault, type ReadingVault } from '../vault/reading-vault.ts';

export interface Ground extends AsyncDisposable {
  readonly dataDirectory: DataDirectory;
  readonly isServerRunning: boolean;
  readonly connection: Connection;
  /** Of the embedded PostgreSQL; undefined for an external one. */
  readonly superuser: Connection | undefined;
  readonly pools: Pools;
}

export interface CommandPorts {
  readonly config: Config;
  readonly version: string;
  readonly outside: Pick<Outside, 'nowMs' | 'randomBytes' | 'newId'>;
  /** For programs: one JSON object a line. */
  readonly asJson: boolean;
  readonly writeOut: (line: string) => void;
  /** Said to whoever waits, and no part of the answer. */
  readonly progress: (line: string) => void;
}

export async function openGround({ config, outside }: CommandPorts): Promise<Ground> {
  const path = resolve(config.dataDir);
  await expectData(path, config);
  await using parts = new AsyncDisposableStack();
  const held = await holdDirectory(path);
  if (held !== undefined) parts.use(held);
  const place = await findDatabase(parts, { config, outside, held, path });
  const isServerRunning = held === undefined;
  // A running server has brought the schema up; without one that is ours to do.
  if (isServerRunning) await expectMigrated(place.connection);
  else await migrate(place.connection);
  const pools = parts.use(openPools(place.connection));
  const kept = parts.move();
  const dataDirectory = held ?? { path, [Symbol.dispose]: () => undefined };
  return {
    ...place,
    dataDirectory,
    isServerRunning,
    pools,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function expectData(path: string, config: Config): Promise<void> {
  const isThere =
    config.database === undefined
      ? await hasCluster(clusterDirIn(path))
      : await access(path).then(
          () => true,
          () => false,
        );
  if (isThere) return;
  throw new StartProblem(
    'DATA_DIRECTORY_UNUSABLE',
    `There are no data in ${path}. Set AUSCULTA_DATA_DIR to the data directory of the server.`,
  );
}

/** Undefined while a server has it. */
async function holdDirectory(path: string): Promise<DataDirectory | undefined> {
  try {
    return await openDataDirectory({ path, diskReserveBytes: 0 });
  } catch (problem) {
    const isInUse = problem instanceof StartProblem && problem.code === 'DATA_DIRECTORY_IN_USE';
    if (isInUse) return undefined;
    throw problem;
  }
}

async function findDatabase(
  parts: AsyncDisposableStack,
  on: Pick<CommandPorts, 'config' | 'outside'> & { held: DataDirectory | undefined; path: string },
): Promise<Pick<Ground, 'connection' | 'superuser'>> {
  const { config, held, path } = on;
  const { randomBytes } = on.outside;
  if (config.database !== undefined) return { connection: config.database, superuser: undefined };
  if (held !== undefined) {
    return parts.use(await startEmbeddedPostgres({ dataDirectory: held, randomBytes }));
  }
  const running = await findRunningPostgres(path, randomBytes);
  if (running !== undefined) return running;
  throw new StartProblem(
    'POSTGRES_DID_NOT_START',
    `A server uses ${path}, and its PostgreSQL is not up. Wait until the server is ready, then run this again.`,
  );
}

export async function openGroundKeys(
  { dataDirectory }: Pick<Ground, 'dataDirectory'>,
  { config, outside }: CommandPorts,
): Promise<ReadingVault> {
  const { randomBytes } = outside;
  const { masterKey, keyStoreDir } = config;
  const masterKeys = await knownMasterKeys({ dataDirectory, masterKey, randomBytes });
  const directory = keyDirectory({ dataDirectory, keyStoreDir });
  return await openReadingVault({ directory, masterKeys, randomBytes });
}
