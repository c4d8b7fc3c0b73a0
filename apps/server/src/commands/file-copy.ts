/** Copies a tree file by file, with the checksum of what was written. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from '../database/start-problem.ts';
import type { BackupFile } from './manifest.ts';

const BYTES_AT_ONCE = 1024 * 1024;

/** Undefined when the source has gone meanwhile: PostgreSQL deletes files while it is copied. */
export async function copyFile(
  from: string,
  to: string,
): Promise<Omit<BackupFile, 'path'> | undefined> {
  const source = await open(from, 'r').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (source === undefined) return undefined;
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  const target = await open(to, 'wx', 0o600);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(BYTES_AT_ONCE);
  let bytes = 0;
  try {
    for (;;) {
      const { bytesRead } = await source.read(buffer, 0, buffer.length);
      if (bytesRead === 0) break;
      const part = buffer.subarray(0, bytesRead);
      hash.update(part);
      await target.write(part);
      bytes += bytesRead;
    }
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await source.close();
    await target.close();
  }
}

export async function checksumOf(path: string): Promise<Omit<BackupFile, 'path'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const part of createReadStream(path)) {
    hash.update(part as Buffer);
    bytes += (part as Buffer).length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

export interface Tree {
  readonly files: string[];
  readonly directories: string[];
}

/** Paths below a directory, in order; what `skips` is left out, with all below it. */
export async function listTree(
  root: string,
  skips: (path: string) => boolean = () => false,
): Promise<Tree> {
  const tree: Tree = { files: [], directories: [] };
  const visit = async (below: string): Promise<void> => {
    const entries = await readdir(join(root, below), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(below, entry.name);
      if (skips(path)) continue;
      if (!entry.isDirectory()) tree.files.push(path);
      else {
        tree.directories.push(path);
        await visit(path);
      }
    }
  };
  await visit('');
  return tree;
}

/** One order to the file system instead of one for each of a thousand files. */
export async function syncTree(directory: string): Promise<void> {
  const run = promisify(execFile);
  await run('sync', ['-f', directory]).catch(() => run('sync'));
}
