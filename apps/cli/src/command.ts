import type { ParseArgsOptionsConfig } from 'node:util';
import type { Output } from './output.ts';
import type { ServerClient } from './server-client.ts';

/** What was given on the command line. */
export interface Given {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | undefined>>;
}

export interface Surroundings {
  readonly out: Output;
  readonly client: ServerClient;
  readonly nowMs: number;
  /** The server's own commands, on this terminal; the answer is the exit code. */
  readonly runOnDatabase: (args: readonly string[]) => Promise<number>;
  /** All of the standard input. */
  readonly readIn: () => Promise<Uint8Array>;
}

export interface Command {
  /** How it is called: one or two words. */
  readonly name: string;
  /** Words that must follow, as shown in the usage. */
  readonly words: readonly string[];
  readonly options: ParseArgsOptionsConfig;
  /** Options without which it cannot run. */
  readonly needed?: readonly string[];
  readonly usage: string;
  readonly help: string;
  run(given: Given, surroundings: Surroundings): Promise<void>;
}
