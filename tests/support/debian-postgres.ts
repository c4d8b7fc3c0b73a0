/** A PostgreSQL of Debian's: an external one, with its own tools, as a hospital runs it. */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import type { Connection } from '../../apps/server/src/database/connection.ts';
import { installPeers } from './debian-peers.ts';

const VERSIONS = '/usr/lib/postgresql';

const binaries = (): string[] =>
  existsSync(VERSIONS)
    ? readdirSync(VERSIONS)
        .map((version) => join(VERSIONS, version, 'bin'))
        .filter((bin) => existsSync(join(bin, 'initdb')))
        .sort()
    : [];

/** Undefined when it can be tried here; else why not. */
export function missingDebianPostgres(): string | undefined {
  return installPeers({
    packages: ['postgresql'],
    what: 'external PostgreSQL',
    isThere: () => binaries().length > 0,
  });
}

/** Of its tools. */
export const debianMajor = (): number => Number(binaries().at(-1)?.split('/').at(-2));

export interface DebianPostgres extends Disposable {
  /** An empty database of a role that owns nothing else. */
  readonly makeDatabase: (name: string) => Promise<Connection>;
}

/** Reached by a socket alone, so that it needs no port. */
export function startDebianPostgres(): DebianPostgres {
  const bin = binaries().at(-1) ?? '';
  const home = mkdtempSync(join(tmpdir(), 'ausculta-test-'));
  const isRoot = process.getuid?.() === 0;
  const asUser = isRoot
    ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups']
    : [];
  const run = (program: string, ...args: string[]): void => {
    const [first = '', ...rest] = [...asUser, join(bin, program), ...args];
    execFileSync(first, rest, { stdio: 'ignore', cwd: home });
  };
  if (isRoot) {
    const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres']).toString());
    chownSync(home, idOf('-u'), idOf('-g'));
  }
  const data = join(home, 'data');
  const passwordFile = join(home, 'password');
  writeFileSync(passwordFile, 'superuser\n');
  run(
    'initdb',
    '-D',
    data,
    '-U',
    'admin',
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
  );
  const settings = `-c listen_addresses= -c unix_socket_directories=${home} -c max_connections=50`;
  run('pg_ctl', '-D', data, '-w', '-l', join(home, 'log'), '-o', settings, 'start');
  const connectionTo = (database: string, user: string, password: string): Connection => ({
    ...{ host: home, port: 5432, user, password, database },
    ssl: 'disable',
  });
  return {
    async makeDatabase(name) {
      const { host, port, user, password, database } = connectionTo(
        'postgres',
        'admin',
        'superuser',
      );
      const sql = postgres({ host, port, user, password, database, max: 1 });
      try {
        await sql.unsafe(`CREATE ROLE ${name} LOGIN PASSWORD 'owner'`);
        await sql.unsafe(`CREATE DATABASE ${name} OWNER ${name}`);
      } finally {
        await sql.end();
      }
      return connectionTo(name, name, 'owner');
    },
    [Symbol.dispose]() {
      run('pg_ctl', '-D', data, '-w', '-m', 'immediate', 'stop');
      rmSync(home, { recursive: true, force: true });
    },
  };
}
