/**
 * What must open the database itself: the command line starts it as a process of its own. The only
 * place of the commands that reads the clock, the environment and chance.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { StartProblem } from '../database/start-problem.ts';
import { auditKey, auditRestored, auditVerify } from './audit.ts';
import { backup } from './backup.ts';
import { exportAll } from './export.ts';
import type { CommandPorts } from './ground.ts';
import { importAll } from './import.ts';
import { backUpKeys, restoreKeys } from './keys.ts';
import { renewToken, resetLogin } from './logins.ts';
import { restore } from './restore.ts';
import { verify } from './verify.ts';
import { enrolWatchdog } from './watchdog.ts';

interface Given {
  readonly words: readonly string[];
  readonly to?: string;
  readonly replace: boolean;
  readonly isUnproven: boolean;
  readonly passphraseFile?: string;
  readonly isClear: boolean;
  readonly isAll: boolean;
  readonly key?: string;
  readonly heads?: string;
}

type Command = (ports: CommandPorts, given: Given) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  verify,
  backup,
  restore,
  'keys-backup': backUpKeys,
  'keys-restore': restoreKeys,
  export: exportAll,
  import: importAll,
  'audit-verify': auditVerify,
  'audit-key': auditKey,
  'audit-restored': auditRestored,
  'login-reset': resetLogin,
  'token-renew': renewToken,
  'watchdog-enrol': enrolWatchdog,
};

/** The command line has looked at it before: what is not known here is a slip of ours. */
function givenOf(args: readonly string[]): Given & { readonly asJson: boolean } {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean' },
      to: { type: 'string' },
      replace: { type: 'string' },
      unproven: { type: 'string' },
      'passphrase-file': { type: 'string' },
      clear: { type: 'string' },
      all: { type: 'string' },
      key: { type: 'string' },
      heads: { type: 'string' },
    },
    allowPositionals: true,
  });
  return {
    words: positionals,
    ...(values.to === undefined ? {} : { to: values.to }),
    ...(values.key === undefined ? {} : { key: values.key }),
    ...(values.heads === undefined ? {} : { heads: values.heads }),
    replace: values.replace !== undefined,
    isUnproven: values.unproven !== undefined,
    ...(values['passphrase-file'] === undefined
      ? {}
      : { passphraseFile: values['passphrase-file'] }),
    isClear: values.clear !== undefined,
    isAll: values.all !== undefined,
    asJson: values.json === true,
  };
}

/** A line in this time is enough for whoever waits. */
const PROGRESS_EVERY_MS = 2_000;

async function run([name = '', ...args]: readonly string[]): Promise<number> {
  const command = COMMANDS[name];
  if (command === undefined) {
    process.stderr.write(`ausculta: ${name} is no command of the database.\n`);
    return 2;
  }
  const outcome = readConfig(process.env);
  if (!outcome.ok) {
    for (const problem of outcome.problems) process.stderr.write(`ausculta: ${problem}\n`);
    return 2;
  }
  const manifest = fileURLToPath(new URL('../../package.json', import.meta.url));
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const given = givenOf(args);
  let saidMs = Date.now();
  const ports: CommandPorts = {
    config: outcome.config,
    version,
    outside: {
      nowMs: () => Date.now(),
      randomBytes: (count) => randomBytes(count),
      newId: () => randomUUID(),
    },
    asJson: given.asJson,
    writeOut: (line) => void process.stdout.write(`${line}\n`),
    progress: (line) => {
      if (Date.now() - saidMs < PROGRESS_EVERY_MS) return;
      saidMs = Date.now();
      process.stderr.write(`… ${line}\n`);
    },
  };
  return await command(ports, given);
}

process.exitCode = await run(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof StartProblem)) throw error;
  process.stderr.write(`ausculta: ${error.message}\n`);
  return 1;
});
