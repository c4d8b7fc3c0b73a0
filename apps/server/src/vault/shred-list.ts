/**
 * The keys that must never be used again, beside the key store and not in it: a backup of the store
 * brings a key back, and this list takes it away again. One JSON object a line, only ever appended.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, StartProblem } from '../database/start-problem.ts';

/** What is left of a subject: a pseudonymous id, and the receipt. */
export interface Shredded {
  readonly owner: string;
  readonly atMs: number;
  /** The text that was signed, and its signature. */
  readonly receipt: { readonly signed: string; readonly signature: string };
}

export interface ShredList {
  readonly all: () => Iterable<Shredded>;
  readonly get: (owner: string) => Shredded | undefined;
  /** Durable on return. The first entry of an owner stays. */
  readonly add: (entry: Shredded) => void;
}

export function openShredList(path: string): ShredList {
  const byOwner = new Map<string, Shredded>();
  for (const entry of read(path)) if (!byOwner.has(entry.owner)) byOwner.set(entry.owner, entry);
  return {
    all: () => byOwner.values(),
    get: (owner) => byOwner.get(owner),
    add(entry) {
      if (byOwner.has(entry.owner)) return;
      append(path, `${JSON.stringify(entry)}\n`);
      byOwner.set(entry.owner, entry);
    },
  };
}

function read(path: string): Shredded[] {
  if (!existsSync(path)) return [];
  try {
    const lines = readFileSync(path, 'utf8').split('\n');
    // What follows the last line end is a line whose writing was cut short: its key was not destroyed.
    return lines.slice(0, -1).map((line) => JSON.parse(line) as Shredded);
  } catch (cause) {
    throw new StartProblem(
      'KEY_STORE_UNUSABLE',
      `The list of destroyed keys ${path} cannot be read (${errorCode(cause) || 'damaged'}). Without it erased data might open again: restore the file from a copy.`,
      cause,
    );
  }
}

function append(path: string, line: string): void {
  const isNew = !existsSync(path);
  const file = openSync(path, 'a', 0o600);
  try {
    if (!isNew) ftruncateSync(file, wholeLength(path));
    writeSync(file, line);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (!isNew) return;
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
}

/** Up to the end of the last whole line. */
function wholeLength(path: string): number {
  return readFileSync(path).lastIndexOf(10) + 1;
}
