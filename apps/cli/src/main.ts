// Wires the command line to this process: the only file here that knows of it.
import { buffer } from 'node:stream/consumers';
import { runCommandLine } from './run.ts';

/** A reader such as `head` may leave before all is written; that is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runCommandLine({
  args: process.argv.slice(2),
  environment: process.env,
  nowMs: Date.now(),
  isTerminal: process.stdout.isTTY === true,
  readIn: () => buffer(process.stdin),
  writeOut: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
});
