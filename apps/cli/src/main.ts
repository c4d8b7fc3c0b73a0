// Wires the command line to this process: the only file here that knows of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from './run.ts';

/** A reader such as `head` may leave before all is written; that is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const SERVER_COMMANDS = fileURLToPath(
  new URL('../../server/src/commands/main.ts', import.meta.url),
);

async function runOnDatabase(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [SERVER_COMMANDS, ...args], { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself, and it has to put things in order.
  process.on('SIGINT', () => undefined);
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}

process.exitCode = await runCommandLine({
  args: process.argv.slice(2),
  environment: process.env,
  nowMs: Date.now(),
  isTerminal: process.stdout.isTTY === true,
  runOnDatabase,
  readIn: () => buffer(process.stdin),
  writeOut: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
});
