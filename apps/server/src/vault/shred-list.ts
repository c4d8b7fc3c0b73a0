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

/**
 * Applied: its key is destroyed, wherever it comes back from. Closed: without proof, and without a key
 * here: none is made or used. Refused: without proof, and with a key, which stays.
 */
export type Judgement = 'applied' | 'closed' | 'refused';

/** The list beside the key store, or a copy of it that lies elsewhere. */
export type Judge = (entry: Shredded, origin: 'beside-the-store' | 'elsewhere') => Judgement;

export interface ShredList {
  /** Those that are applied. */
  readonly all: () => Iterable<Shredded>;
  /** One that is applied. */
  readonly get: (owner: string) => Shredded | undefined;
  /** Whether its key must not be used or made. */
  readonly isClosed: (owner: string) => boolean;
  /** How many name a key that is here, and prove nothing. */
  readonly refused: () => number;
  /** Our own word. Durable on return; the first entry of an owner stays. */
  readonly add: (entry: Shredded) => void;
  /** What a copy of the list says: it is judged, and durable on return where it is applied. */
  readonly learn: (entry: Shredded) => void;
}

const BELIEVED: Judge = () => 'applied';

export function openShredList(path: string, judge: Judge = BELIEVED): ShredList {
  const applied = new Map<string, Shredded>();
  const closed = new Set<string>();
  const refused = new Set<string>();
  const lines = new Set<string>();
  const take = (entry: Shredded, judgement: Judgement): void => {
    const { owner } = entry;
    if (judgement === 'applied' && !applied.has(owner)) applied.set(owner, entry);
    if (judgement === 'closed') closed.add(owner);
    if (judgement === 'refused') refused.add(owner);
  };
  const add = (entry: Shredded): void => {
    // Another entry of the same owner may be forged: that must not keep ours out.
    const line = JSON.stringify(entry);
    if (lines.has(line)) return;
    append(path, `${line}\n`);
    lines.add(line);
    take(entry, 'applied');
  };
  for (const entry of read(path)) {
    lines.add(JSON.stringify(entry));
    take(entry, judge(entry, 'beside-the-store'));
  }
  return {
    all: () => applied.values(),
    get: (owner) => applied.get(owner),
    isClosed: (owner) => applied.has(owner) || closed.has(owner),
    refused: () => [...refused].filter((owner) => !applied.has(owner)).length,
    add,
    learn(entry) {
      if (applied.has(entry.owner)) return;
      const judgement = judge(entry, 'elsewhere');
      if (judgement === 'applied') add(entry);
      else take(entry, judgement);
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
