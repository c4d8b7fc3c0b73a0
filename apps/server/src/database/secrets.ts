import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RandomBytes } from '../outside.ts';
import { errorCode, StartProblem } from './start-problem.ts';
import { writeWholeFile } from './whole-file.ts';

/** The passwords of the embedded PostgreSQL: of its superuser, and of the ordinary role we work with. */
const Secrets = z.object({ postgres: z.string().min(1), ausculta: z.string().min(1) });
export type PostgresSecrets = z.infer<typeof Secrets>;

export const SECRETS_FILE = 'postgres-secrets.json';

/** Reads the passwords, or makes them where there is no cluster yet that could have others. */
export async function postgresSecrets(
  dataDir: string,
  options: { readonly hasCluster: boolean; readonly randomBytes: RandomBytes },
): Promise<PostgresSecrets> {
  const path = join(dataDir, SECRETS_FILE);
  const text = await readSecretFile(path);
  if (text === undefined && options.hasCluster) {
    throw new StartProblem(
      'POSTGRES_SECRETS_UNUSABLE',
      `${path} is missing, so nobody can open the database beside it. Restore that file from your backup.`,
    );
  }
  if (text === undefined) return makeSecrets(path, options.randomBytes);
  const parsed = Secrets.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new StartProblem(
    'POSTGRES_SECRETS_UNUSABLE',
    `${path} is damaged, so nobody can open the database beside it. Restore that file from your backup.`,
  );
}

async function makeSecrets(path: string, randomBytes: RandomBytes): Promise<PostgresSecrets> {
  const password = () => Buffer.from(randomBytes(32)).toString('base64url');
  const secrets = { postgres: password(), ausculta: password() };
  await writeWholeFile(path, `${JSON.stringify(secrets)}\n`);
  return secrets;
}

/** Undefined when there is no such file. Others' right to read it is taken away, not argued about. */
async function readSecretFile(path: string): Promise<string | undefined> {
  try {
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined;
    throw new StartProblem(
      'POSTGRES_SECRETS_UNUSABLE',
      `${path} cannot be read (${errorCode(cause)}). Start as the user who owns it.`,
      cause,
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
