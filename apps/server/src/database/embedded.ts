import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RandomBytes } from '../outside.ts';
import {
  clusterDirIn,
  expectEnterable,
  expectVersion,
  hasCluster,
  makeCluster,
  makeSocketDir,
  removeSocketDir,
} from './cluster.ts';
import type { Connection } from './connection.ts';
import type { DataDirectory } from './data-directory.ts';
import { openConnection } from './pool.ts';
import { findBinaries } from './postgres-binaries.ts';
import { type Listening, SOCKET_PORT, serverArguments } from './postgres-settings.ts';
import { postgresUser } from './postgres-user.ts';
import {
  type PostmasterCommand,
  readPidFile,
  startPostmaster,
  stopLeftover,
  stopPostmaster,
} from './postmaster.ts';
import { type PostgresSecrets, postgresSecrets } from './secrets.ts';
import { errorCode, StartProblem } from './start-problem.ts';
import { canLogIn, makeOwnRoleAndDatabase } from './store.ts';

/**
 * A PostgreSQL of our own, for trying out, tests and small sites. It runs beside us, is restarted when
 * it dies (after a failed fsync PostgreSQL stays down on purpose, decisions/0013), and is stopped when disposed.
 * One that a killed server left running is stopped first, so that every start takes the same way.
 */
export interface EmbeddedPostgres extends AsyncDisposable {
  /** The ordinary role `ausculta`, owner of the database `ausculta`. */
  readonly connection: Connection;
  /** The superuser, for administration and tests. The platform itself never uses it. */
  readonly superuser: Connection;
  readonly state: () => EmbeddedState;
  /** The process that is running now; another one after a restart. */
  readonly pid: () => number;
}

export type EmbeddedState = 'running' | 'restarting' | 'stopped';

export interface EmbeddedOptions {
  readonly dataDirectory: DataDirectory;
  /** Listens on 127.0.0.1 too when given; else on a private socket alone. */
  readonly port?: number;
  /** LD_PRELOAD of its processes. */
  readonly preload?: string | undefined;
  readonly randomBytes: RandomBytes;
}

/** A PostgreSQL that dies again and again is tried for ever, but not more often than this. */
const RESTART_DELAY_MS = { first: 100, most: 5_000 } as const;

export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const dataDir = options.dataDirectory.path;
  const clusterDir = clusterDirIn(dataDir);
  const user = await postgresUser(clusterDir);
  await expectEnterable(dataDir, user);
  const binaries = await findBinaries(dataDir, user);

  const isKnown = await hasCluster(clusterDir);
  const secrets = await postgresSecrets(dataDir, {
    hasCluster: isKnown,
    randomBytes: options.randomBytes,
  });
  if (isKnown) await stopLeftover(clusterDir);
  else await makeCluster(clusterDir, { binaries, user, password: secrets.postgres });
  await expectVersion(clusterDir, binaries);
  await expectFreePort(options.port);

  const listening: Listening = {
    socketDir: await makeSocketDir(dataDir, user),
    port: options.port,
  };
  const supervised = await supervise({
    program: binaries.postgres,
    arguments: serverArguments(clusterDir, listening),
    clusterDir,
    logFile: join(dataDir, 'postgres.log'),
    user,
    preload: options.preload,
  });

  const place = { host: listening.socketDir, port: options.port ?? SOCKET_PORT };
  const { connection, superuser } = connectionsAt(place, secrets);
  try {
    await provision(connection, { superuser, isNew: !isKnown });
  } catch (error) {
    await supervised[Symbol.asyncDispose]();
    throw error;
  }
  return {
    ...supervised,
    connection,
    superuser,
    async [Symbol.asyncDispose]() {
      await supervised[Symbol.asyncDispose]();
      await removeSocketDir(dataDir, listening.socketDir);
    },
  };
}

type Connections = Pick<EmbeddedPostgres, 'connection' | 'superuser'>;

export function connectionsAt(
  { host, port }: Pick<Connection, 'host' | 'port'>,
  secrets: PostgresSecrets,
): Connections {
  const place = { host, port, ssl: 'disable' } as const;
  const { postgres, ausculta } = secrets;
  return {
    superuser: { ...place, database: 'postgres', user: 'postgres', password: postgres },
    connection: { ...place, database: 'ausculta', user: 'ausculta', password: ausculta },
  };
}

/** The one that a running server has started, for a command beside it; undefined when it is not up. */
export async function findRunningPostgres(
  dataDir: string,
  randomBytes: RandomBytes,
): Promise<Connections | undefined> {
  const file = await readPidFile(clusterDirIn(dataDir));
  if (file?.status !== 'ready') return undefined;
  const secrets = await postgresSecrets(dataDir, { hasCluster: true, randomBytes });
  return connectionsAt({ host: file.socketDir, port: file.port }, secrets);
}

/** Once, on the first start; after one that was cut short, again. */
async function provision(
  connection: Connection,
  cluster: { readonly superuser: Connection; readonly isNew: boolean },
): Promise<void> {
  const own = openConnection(connection);
  const isProvisioned = !cluster.isNew && (await canLogIn(own).finally(() => own.end()));
  if (isProvisioned) return;
  const sql = openConnection(cluster.superuser);
  await makeOwnRoleAndDatabase(sql, connection.password).finally(() => sql.end());
}

type Supervised = Pick<EmbeddedPostgres, 'state' | 'pid'> & AsyncDisposable;

async function supervise(command: PostmasterCommand): Promise<Supervised> {
  let postmaster = await startPostmaster(command);
  let state: EmbeddedState = 'running';
  const stopping = new AbortController();

  async function keepRunning(): Promise<void> {
    let delayMs: number = RESTART_DELAY_MS.first;
    while (!stopping.signal.aborted) {
      await postmaster.exited;
      if (stopping.signal.aborted) return;
      state = 'restarting';
      await sleep(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;

      const restarted = await startPostmaster(command).catch(() => undefined);
      delayMs =
        restarted === undefined
          ? Math.min(delayMs * 2, RESTART_DELAY_MS.most)
          : RESTART_DELAY_MS.first;
      if (restarted === undefined) continue;
      postmaster = restarted;
      state = 'running';
    }
  }

  const kept = keepRunning();
  return {
    state: () => state,
    pid: () => postmaster.pid,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await stopPostmaster(postmaster.pid, postmaster.isRunning);
      // A restart may have been under way: let it finish, then end what it started.
      await kept;
      await stopPostmaster(postmaster.pid, postmaster.isRunning);
      state = 'stopped';
    },
  };
}

async function expectFreePort(port: number | undefined): Promise<void> {
  if (port === undefined) return;
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject);
      probe.listen(port, '127.0.0.1', resolve);
    });
  } catch (cause) {
    throw new StartProblem(
      'PORT_TAKEN',
      errorCode(cause) === 'EACCES'
        ? `This user may not listen on port ${port}. Set AUSCULTA_POSTGRES_PORT to a port from 1024 up, or leave it unset.`
        : `Port ${port} is taken by another program. Set AUSCULTA_POSTGRES_PORT to a free port, or leave it unset.`,
      cause,
    );
  } finally {
    await new Promise<void>((resolve) => probe.close(() => resolve()));
  }
}
