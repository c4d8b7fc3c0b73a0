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
];
