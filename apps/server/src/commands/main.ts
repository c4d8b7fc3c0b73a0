/**
 * What must open the database itself: the command line starts it as a process of its own. The only
 * place of the commands that reads the clock, the environment and chance.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../config.ts';
import { StartProblem } from '../database/start-problem.ts';
import type { CommandPorts } from './ground.ts';
import { verify } from './verify.ts';

type Command = (ports: CommandPorts, words: readonly string[]) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = { verify };

/** A line in this time is enough for whoever waits. */
const PROGRESS_EVERY_MS = 2_000;

async function run([name = '', ...words]: readonly string[]): Promise<number> {
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
  let saidMs = Date.now();
  const ports: CommandPorts = {
    config: outcome.config,
    version,
    outside: {
      nowMs: () => Date.now(),
      randomBytes: (count) => randomBytes(count),
      newId: () => randomUUID(),
    },
    asJson: words.includes('--json'),
    writeOut: (line) => void process.stdout.write(`${line}\n`),
    progress: (line) => {
      if (Date.now() - saidMs < PROGRESS_EVERY_MS) return;
      saidMs = Date.now();
      process.stderr.write(`… ${line}\n`);
    },
  };
  return await command(
    ports,
    words.filter((word) => word !== '--json'),
  );
}

process.exitCode = await run(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof StartProblem)) throw error;
  process.stderr.write(`ausculta: ${error.message}\n`);
  return 1;
});
