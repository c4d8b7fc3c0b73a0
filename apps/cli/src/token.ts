import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandProblem, EXIT } from './problem.ts';

const PROJECT = resolve(import.meta.dirname, '../../..');
const TOKEN_FILE = 'admin-token';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The administrator's tokens to try, in order: the one given, the one of the given data directory, else
 * those of a server here, of this project's `npm start` and of its demo.
 */
export function findTokens(environment: Environment): string[] {
  const given = environment.AUSCULTA_TOKEN?.trim();
  if (given) return [given];
  const dataDir = environment.AUSCULTA_DATA_DIR;
  const directories = dataDir
    ? [resolve(dataDir)]
    : [...new Set([resolve('data'), join(PROJECT, 'data'), join(PROJECT, 'data/demo')])];
  const tokens = directories.flatMap((directory) => readToken(join(directory, TOKEN_FILE)));
  if (tokens.length > 0) return tokens;
  const where = dataDir ? join(resolve(dataDir), TOKEN_FILE) : 'data/admin-token';
  throw new CommandProblem(
    EXIT.CREDENTIALS,
    `no administrator's token: set AUSCULTA_TOKEN, or AUSCULTA_DATA_DIR to the server's data directory (looked for ${where}).`,
  );
}

function readToken(file: string): string[] {
  try {
    const token = readFileSync(file, 'utf8').trim();
    return token === '' ? [] : [token];
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new CommandProblem(
      EXIT.CREDENTIALS,
      `cannot read ${file} (${code}): run this as the user that runs the server, or set AUSCULTA_TOKEN.`,
    );
  }
}
