import { parseArgs } from 'node:util';
import {
  ACCOUNTS_ADD,
  ACCOUNTS_DISABLE,
  ACCOUNTS_ENABLE,
  ACCOUNTS_LINK,
  ACCOUNTS_LIST,
  ACCOUNTS_ROLES,
} from './accounts.ts';
import { ALARMS, PARKED } from './alarms.ts';
import { CLIENTS_ADD, CLIENTS_ADD_APP, CLIENTS_DISABLE, CLIENTS_LIST } from './clients.ts';
import type { Command, Given, Surroundings } from './command.ts';
import { DATABASE_COMMANDS } from './database-commands.ts';
import { DECODE } from './decode.ts';
import {
  DEVICE_ADD,
  DEVICE_DESCRIBE,
  DEVICE_DISABLE,
  DEVICE_LIST,
  DEVICE_TOKEN,
} from './devices.ts';
import { KEYS_ROTATE, SUBJECT_ERASE, SUBJECT_HOLD, SUBJECT_RELEASE } from './erasure.ts';
import { SUBJECT_MERGE, SUBJECT_UNMERGE } from './merging.ts';
import type { Output } from './output.ts';
import { CommandProblem, EXIT } from './problem.ts';
import { READINGS } from './readings.ts';
import { openServerClient } from './server-client.ts';
import { SPELLS } from './spells.ts';
import { STATISTICS } from './statistics.ts';
import { STATUS } from './status.ts';
import { SUBJECT_ADD, SUBJECT_LIST } from './subjects.ts';
import { WAVEFORM_EXPORT } from './waveforms.ts';
import { DEVICE_ASSIGN, DEVICE_CORRECT, DEVICE_SHOW, DEVICE_UNASSIGN } from './wearing.ts';
import {
  WRITE_BACK_BEGIN,
  WRITE_BACK_END,
  WRITE_BACK_RECONCILE,
  WRITE_BACK_RETRY,
  WRITE_BACK_SHOW,
  WRITE_BACK_STATUS,
} from './write-back.ts';

const COMMANDS: readonly Command[] = [
  STATUS,
  SUBJECT_ADD,
  SUBJECT_LIST,
  SUBJECT_HOLD,
  SUBJECT_RELEASE,
  SUBJECT_ERASE,
  SUBJECT_MERGE,
  SUBJECT_UNMERGE,
  DEVICE_ADD,
  DEVICE_LIST,
  DEVICE_DESCRIBE,
  DEVICE_SHOW,
  DEVICE_ASSIGN,
  DEVICE_UNASSIGN,
  DEVICE_CORRECT,
  DEVICE_TOKEN,
  DEVICE_DISABLE,
  READINGS,
  SPELLS,
  STATISTICS,
  WAVEFORM_EXPORT,
  ALARMS,
  PARKED,
  WRITE_BACK_STATUS,
  WRITE_BACK_BEGIN,
  WRITE_BACK_END,
  WRITE_BACK_SHOW,
  WRITE_BACK_RETRY,
  WRITE_BACK_RECONCILE,
  ACCOUNTS_LIST,
  ACCOUNTS_ADD,
  ACCOUNTS_ROLES,
  ACCOUNTS_DISABLE,
  ACCOUNTS_ENABLE,
  ACCOUNTS_LINK,
  CLIENTS_LIST,
  CLIENTS_ADD,
  CLIENTS_ADD_APP,
  CLIENTS_DISABLE,
  KEYS_ROTATE,
  DECODE,
  ...DATABASE_COMMANDS,
];

export interface Invocation {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly nowMs: number;
  readonly isTerminal: boolean;
  /** All of the standard input. */
  readonly readIn: () => Promise<Uint8Array>;
  readonly runOnDatabase: Surroundings['runOnDatabase'];
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
}

/** Runs one command line; the answer is its exit code. */
export async function runCommandLine(invocation: Invocation): Promise<number> {
  const { args, environment, nowMs, isTerminal, readIn, runOnDatabase } = invocation;
  const { writeOut, writeError } = invocation;
  try {
    if (args.length === 0 || args.includes('--help') || args.includes('-h') || args[0] === 'help') {
      writeOut(usage());
      return EXIT.OK;
    }
    const command = findCommand(args);
    const given = parseGiven(command, args.slice(command.name.split(' ').length));
    const out: Output = {
      asJson: given.options.json !== undefined,
      isTerminal,
      line: (text) => writeOut(`${text}\n`),
    };
    await command.run(given, {
      out,
      nowMs,
      readIn,
      runOnDatabase,
      // Only when it is asked for: not every command needs a server, and a token.
      get client() {
        return openServerClient(environment);
      },
    });
    return EXIT.OK;
  } catch (error) {
    if (!(error instanceof CommandProblem)) throw error;
    // A program that was started in our place has said itself what went wrong.
    if (error.message !== '') writeError(`ausculta: ${error.message}\n`);
    return error.exitCode;
  }
}

function findCommand(args: readonly string[]): Command {
  const command = COMMANDS.find(({ name }) =>
    name.split(' ').every((word, index) => args[index] === word),
  );
  if (command !== undefined) return command;
  const known = COMMANDS.map(({ name }) => name).join(', ');
  throw new CommandProblem(
    EXIT.USAGE,
    `no such command. Known: ${known}; npx ausculta --help says more.`,
  );
}

function parseGiven(command: Command, args: readonly string[]): Given {
  const { values, positionals } = parse(command, args);
  const options = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === true ? 'true' : String(value)]),
  );
  const missing = command.needed?.find(
    (name) => options[name] === undefined || options[name] === '',
  );
  if (missing !== undefined) throw misused(command, `--${missing} is missing`);
  if (positionals.length < command.words.length) {
    throw misused(command, `${command.words[positionals.length]} is missing`);
  }
  if (positionals.length > command.words.length) {
    throw misused(command, 'a word too many; put names with blanks in quotes');
  }
  return { words: positionals, options };
}

function parse(command: Command, args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { ...command.options, json: { type: 'boolean' } },
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    const [first = ''] = (error as Error).message.split(/[.\n]/);
    throw misused(command, first.charAt(0).toLowerCase() + first.slice(1));
  }
}

function misused(command: Command, why: string): CommandProblem {
  return new CommandProblem(EXIT.USAGE, `${why}. Usage: npx ausculta ${command.usage} [--json]`);
}

function usage(): string {
  const commands = COMMANDS.map(({ usage, help }) => `  ${usage}\n      ${help}\n`);
  return `npx ausculta COMMAND [--json]: asks a running Ausculta server, or works on its data directory

${commands.join('')}
  S is a subject's id or record number. T is 2026-03-01T08:00:00Z, 2026-03-01, or an age: 15min, 2h.
  --json prints one JSON object a line.

  AUSCULTA_URL       the server's address (http://127.0.0.1:8080, or of AUSCULTA_HTTP_PORT)
  AUSCULTA_TOKEN     an administrator's token; else admin-token of the data directory is read
  AUSCULTA_DATA_DIR  that directory (./data, then the demo's)

  Exit code: 0 done, 1 refused or unreadable, 2 not understood, 3 no server, 4 token missing or wrong
`;
}
