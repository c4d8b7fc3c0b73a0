import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { StartProblem } from './start-problem.ts';

const run = promisify(execFile);

export interface PostgresUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root, so root lends it the user `postgres`, or whoever owns the
 * cluster already: it may have been made without root. Undefined: run as we are.
 */
export async function postgresUser(clusterDir: string): Promise<PostgresUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(clusterDir).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return (await lookUp()) ?? (await createUser());
}

async function lookUp(): Promise<PostgresUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([
      run('id', ['-u', 'postgres']),
      run('id', ['-g', 'postgres']),
    ]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

async function createUser(): Promise<PostgresUser> {
  const noLogin = [
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
  ];
  try {
    await run('useradd', ['--system', '--user-group', ...noLogin, 'postgres']);
  } catch {
    // Another start may have made it meanwhile; the look-up below decides.
  }
  const user = await lookUp();
  if (user !== undefined) return user;
  throw new StartProblem(
    'POSTGRES_USER_MISSING',
    'PostgreSQL does not run as root and the user "postgres" could not be made. ' +
      'Start as an ordinary user, or make it: useradd --system postgres',
  );
}

/** The first directory on the way to `path` that `user` may not enter; undefined when all are open. */
export async function closedDirectory(
  path: string,
  user: PostgresUser,
): Promise<string | undefined> {
  const parent = dirname(path);
  if (parent !== path) {
    const closed = await closedDirectory(parent, user);
    if (closed !== undefined) return closed;
  }
  const entry = await stat(path);
  const bit = entry.uid === user.uid ? 0o100 : entry.gid === user.gid ? 0o010 : 0o001;
  return (entry.mode & bit) === 0 ? path : undefined;
}
