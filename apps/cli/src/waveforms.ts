import { access, open, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Command } from './command.ts';
import { writeJson } from './output.ts';
import { CommandProblem, EXIT } from './problem.ts';
import { keyOf } from './readings.ts';
import { findSubject } from './server-client.ts';
import { readTime } from './time.ts';

const text = { type: 'string' } as const;

/** A file that is there stays as it is: nobody loses a recording by a name given twice. */
export const WAVEFORM_EXPORT: Command = {
  name: 'waveform export',
  words: ['FILE'],
  options: {
    subject: text,
    metric: text,
    from: text,
    to: text,
    'with-identity': { type: 'boolean' },
  },
  needed: ['subject', 'metric', 'from', 'to'],
  usage: 'waveform export FILE --subject S --metric M --from T --to T [--with-identity]',
  help: 'Writes waveforms of up to a day as EDF+; nobody is named in it unless that is asked for',
  async run({ words, options }, { client, out, nowMs }) {
    const [file = ''] = words;
    const { metric = '', from = '', to = '' } = options;
    const query = new URLSearchParams({
      metrics: metric.split(',').map(keyOf).join(','),
      from: String(readTime('--from', from, nowMs)),
      to: String(readTime('--to', to, nowMs)),
      identity: options['with-identity'] === undefined ? 'none' : 'full',
    });
    const subject = await findSubject(client, options.subject ?? '');
    const bytes = await save(file, client.bytes(`/api/subjects/${subject.id}/edf?${query}`));
    if (out.asJson) writeJson(out, { file, bytes });
    else out.line(`Wrote ${bytes} bytes to ${file}.`);
  },
};

/**
 * For this user's eyes, and never over a file that is there. Until it is whole it has another name: half
 * a file is no file, whatever ends us.
 */
async function save(file: string, pieces: AsyncIterable<Uint8Array>): Promise<number> {
  if (await isThere(file)) throw thereAlready(file);
  const part = `${file}.part`;
  let bytes = 0;
  try {
    await rm(part, { force: true });
    const handle = await open(part, 'wx', 0o600);
    await pipeline(async function* () {
      for await (const piece of pieces) {
        bytes += piece.length;
        yield piece;
      }
    }, handle.createWriteStream());
    // Somebody else may have been quicker. No hard link: not every file system has them.
    if (await isThere(file)) throw thereAlready(file);
    await rename(part, file);
    return bytes;
  } catch (error) {
    throw problemOf(file, error);
  } finally {
    await rm(part, { force: true });
  }
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function problemOf(file: string, error: unknown): CommandProblem {
  if (error instanceof CommandProblem) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') return thereAlready(file);
  return new CommandProblem(
    EXIT.REFUSED,
    `${file} could not be written (${code ?? 'the answer broke off'}).`,
  );
}

function thereAlready(file: string): CommandProblem {
  return new CommandProblem(EXIT.USAGE, `${file} is there already: name another file.`);
}
