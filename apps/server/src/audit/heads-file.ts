/**
 * The file of heads, outside the database: whoever puts the database back to what it was cannot put this
 * back as well. One JSON object a line, only ever appended, and on the disk before anything else is done.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { organisationOfNote } from './heads.ts';

export interface HeadsFile {
  /** The last note of an organisation. */
  readonly lastOf: (organisationId: string) => string | undefined;
  readonly organisations: () => Iterable<string>;
  /** Durable once it resolves. */
  readonly append: (notes: readonly string[]) => Promise<void>;
}

export async function openHeadsFile(path: string): Promise<HeadsFile> {
  await mkdir(dirname(path), { recursive: true });
  await cutTornLine(path);
  const last = new Map<string, string>();
  const learn = (note: string): void => {
    const organisationId = organisationOfNote(note);
    if (organisationId !== undefined) last.set(organisationId, note);
  };
  for await (const line of headLines(path, await headsLength(path)))
    if (line.note !== undefined) learn(line.note);
  return {
    lastOf: (organisationId) => last.get(organisationId),
    organisations: () => last.keys(),
    async append(notes) {
      const file = await open(path, 'a', 0o600);
      try {
        await file.writeFile(notes.map((note) => `${JSON.stringify({ note })}\n`).join(''));
        await file.sync();
      } finally {
        await file.close();
      }
      for (const note of notes) learn(note);
    },
  };
}

export interface HeadLine {
  /** From 1. */
  readonly number: number;
  /** Undefined where the line is none of ours. */
  readonly note: string | undefined;
}

/** How long it is now; 0 where there is none. Whoever reads so far meets no line that is being written. */
export async function headsLength(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Its whole lines, as far as that. */
export async function* headLines(path: string, length: number): AsyncGenerator<HeadLine> {
  if (length === 0) return;
  const input = createReadStream(path, { end: length - 1, encoding: 'utf8' });
  let isWhole = false;
  input.on('data', (piece) => {
    isWhole = piece.at(-1) === '\n';
  });
  let number = 0;
  let held: HeadLine | undefined;
  for await (const line of createInterface({ input })) {
    if (held !== undefined) yield held;
    number += 1;
    held = { number, note: noteIn(line) };
  }
  if (held !== undefined && isWhole) yield held;
}

function noteIn(line: string): string | undefined {
  try {
    const { note } = JSON.parse(line) as { readonly note?: unknown };
    return typeof note === 'string' ? note : undefined;
  } catch {
    return undefined;
  }
}

/** A line whose writing was cut short is of a head that the database has: it is written again. */
async function cutTornLine(path: string): Promise<void> {
  const file = await open(path, 'a+', 0o600);
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    await file.read(tail, 0, tail.length, size - tail.length);
    const whole = size - tail.length + tail.lastIndexOf('\n') + 1;
    if (whole < size) await file.truncate(whole);
    await file.sync();
  } finally {
    await file.close();
  }
  const directory = await open(dirname(path), 'r');
  await directory.sync().finally(() => directory.close());
}

/** Longer than any line. */
const TAIL_BYTES = 65_536;
