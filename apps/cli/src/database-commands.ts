/** Commands on the database itself: the server's own program does them, as a process of its own. */
import type { ParseArgsOptionsConfig } from 'node:util';
import type { Command, Given, Surroundings } from './command.ts';
import { CommandProblem } from './problem.ts';

function databaseCommand(command: {
  readonly name: string;
  readonly words?: readonly string[];
  readonly options?: ParseArgsOptionsConfig;
  readonly usage: string;
  readonly help: string;
}): Command {
  const { name } = command;
  return {
    ...command,
    words: command.words ?? [],
    options: command.options ?? {},
    async run(given: Given, { out, runOnDatabase }: Surroundings): Promise<void> {
      const options = Object.entries(given.options).flatMap(([option, value]) =>
        option === 'json' || value === undefined ? [] : [`--${option}=${value}`],
      );
      const form = out.asJson ? ['--json'] : [];
      const exitCode = await runOnDatabase([
        name.replace(' ', '-'),
        ...given.words,
        ...options,
        ...form,
      ]);
      if (exitCode !== 0) throw new CommandProblem(exitCode, '');
    },
  };
}

export const DATABASE_COMMANDS: readonly Command[] = [
  databaseCommand({
    name: 'verify',
    usage: 'verify',
    help: 'Opens everything that is stored and names what does not open; a server may be running',
  }),
  databaseCommand({
    name: 'backup',
    words: ['DIR'],
    usage: 'backup DIR',
    help: 'Copies the database while it works, and keeps its log there from now on; never its keys',
  }),
  databaseCommand({
    name: 'restore',
    words: ['DIR'],
    options: { to: { type: 'string' }, unproven: { type: 'boolean' } },
    usage: 'restore DIR [--to TIME] [--unproven]',
    help: 'Puts the newest backup of DIR into an empty data directory, up to now or to a moment',
  }),
  databaseCommand({
    name: 'export',
    words: ['FILE'],
    options: { 'passphrase-file': { type: 'string' }, clear: { type: 'boolean' } },
    usage: 'export FILE (--passphrase-file F | --clear)',
    help: 'Writes all subjects with their ids and history into one file, to move to another installation',
  }),
  databaseCommand({
    name: 'import',
    words: ['FILE'],
    options: { 'passphrase-file': { type: 'string' } },
    usage: 'import FILE [--passphrase-file F]',
    help: 'Puts an export into an installation that is stopped; a second time changes nothing',
  }),
  databaseCommand({
    name: 'audit verify',
    options: { key: { type: 'string' }, heads: { type: 'string' } },
    usage: 'audit verify [--key KEY] [--heads FILE]',
    help: 'Holds the audit against its signed heads and names what was altered, taken out or put in',
  }),
  databaseCommand({
    name: 'audit key',
    usage: 'audit key',
    help: 'Prints the public keys by which others verify the audit',
  }),
  databaseCommand({
    name: 'audit restored',
    usage: 'audit restored',
    help: 'Says, signed, that the database was put back by a restore; with the server stopped',
  }),
  databaseCommand({
    name: 'login reset',
    words: ['NAME'],
    usage: 'login reset NAME',
    help: 'Prints a link to choose a new password, and ends the sessions and the old password; beside a running server',
  }),
  databaseCommand({
    name: 'token renew',
    options: { all: { type: 'boolean' } },
    usage: 'token renew [--all]',
    help: "Puts a new token into admin-token; the old one opens nothing any more, with --all no other server's",
  }),
  databaseCommand({
    name: 'watchdog enrol',
    usage: 'watchdog enrol',
    help: 'Prints a token for the watchdog on another host, once; the one before opens nothing any more; beside a running server',
  }),
  databaseCommand({
    name: 'keys backup',
    words: ['DIR'],
    usage: 'keys backup DIR',
    help: 'Copies the key store; such copies expire after 7 days',
  }),
  databaseCommand({
    name: 'keys restore',
    words: ['FILE'],
    options: { replace: { type: 'boolean' } },
    usage: 'keys restore FILE [--replace]',
    help: 'Puts a copy of the key store back; keys of the erased are destroyed again',
  }),
];
