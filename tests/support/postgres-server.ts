import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../apps/server/src/database/connection.ts';
import { openDataDirectory } from '../../apps/server/src/database/data-directory.ts';
import { startEmbeddedPostgres } from '../../apps/server/src/database/embedded.ts';
import { migrate } from '../../apps/server/src/database/migrate.ts';

/** The one PostgreSQL that a test run shares. Its database `ausculta` is the template of all others. */
export interface TestServer extends AsyncDisposable {
  readonly places: TestPlaces;
}

export interface TestPlaces {
  readonly connection: Connection;
  readonly superuser: Connection;
}

/** In the system's temp folder, where the user `postgres` may go when the tests run as root. */
export async function startTestServer(): Promise<TestServer> {
  const path = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
  const dataDirectory = await openDataDirectory({ path });
  const embedded = await startEmbeddedPostgres({ dataDirectory, randomBytes });
  endWithThisProcess(path);
  await migrate(embedded.connection);
  return {
    places: { connection: embedded.connection, superuser: embedded.superuser },
    async [Symbol.asyncDispose]() {
      await embedded[Symbol.asyncDispose]();
      dataDirectory[Symbol.dispose]();
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** A run that is killed leaves nothing behind: this shell waits for our end of its pipe to close. */
function endWithThisProcess(dataDir: string): void {
  const script =
    'cat >/dev/null; pid=$(head -n 1 "$0/postgres/postmaster.pid" 2>/dev/null) && kill -INT "$pid" && sleep 5; rm -rf "$0"';
  const guard = spawn('sh', ['-c', script, dataDir], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  // The pipe must not keep a finished test run alive.
  if ('unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
}
