/** What a backup says of itself: what it is of, what it needs, and a checksum for each of its files. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { StartProblem } from '../database/start-problem.ts';
import { writeWholeFile } from '../database/whole-file.ts';

const Counts = z.object({
  subjects: z.number(),
  devices: z.number(),
  chunks: z.number(),
  readings: z.number(),
  samples: z.number(),
  events: z.number(),
  alarms: z.number(),
});

/** Below the backup, whoever has written the manifest: a restore may run as root. */
const PathBelow = z
  .string()
  .refine((path) => !isAbsolute(path) && !/(^|[\\/])\.\.([\\/]|$)|\0/.test(path));

const BackupFile = z.object({ path: PathBelow, bytes: z.number(), sha256: z.string() });
export type BackupFile = z.infer<typeof BackupFile>;

const Common = z.object({
  version: z.literal(1),
  /** Of Ausculta that made it. */
  madeBy: z.string(),
  finishedMs: z.number(),
  postgresMajor: z.number(),
  /** The schema: what the version that restores it has to know. */
  migrations: z.array(z.string()),
  /** As of its beginning; for the eye, and for a drill. */
  counts: Counts,
  files: z.array(BackupFile),
});

/** A copy of the cluster's files, to be completed from the archive of the write-ahead log. */
const ClusterManifest = Common.extend({
  kind: z.literal('cluster'),
  systemIdentifier: z.string(),
  firstSegment: z.string(),
  lastSegment: z.string(),
  directories: z.array(PathBelow),
  /** Of the passwords beside the cluster; undefined in a backup from before they were summed. */
  secrets: z.object({ bytes: z.number(), sha256: z.string() }).optional(),
});
export type ClusterManifest = z.infer<typeof ClusterManifest>;

/** What the system's own pg_dump wrote. */
const DumpManifest = Common.extend({ kind: z.literal('dump') });
export type DumpManifest = z.infer<typeof DumpManifest>;

const Manifest = z.discriminatedUnion('kind', [ClusterManifest, DumpManifest]);
export type Manifest = z.infer<typeof Manifest>;

export const MANIFEST_FILE = 'manifest.json';
const SUM_FILE = 'manifest.sha256';

const sumOf = (text: string): string => createHash('sha256').update(text).digest('hex');

export async function writeManifest(directory: string, manifest: Manifest): Promise<void> {
  const text = `${JSON.stringify(manifest)}\n`;
  await writeWholeFile(join(directory, MANIFEST_FILE), text);
  await writeWholeFile(join(directory, SUM_FILE), `${sumOf(text)}\n`);
}

export interface Backup {
  readonly name: string;
  readonly directory: string;
  readonly manifest: Manifest;
}

const BASES = 'bases';

export const basesIn = (backupDir: string): string => join(backupDir, BASES);
export const archiveIn = (backupDir: string): string => join(backupDir, 'wal');

const isName = (name: string): boolean => /^\d{8}T\d{9}Z$/.test(name);

/** Those that say of themselves what they are. */
export async function backupsIn(backupDir: string): Promise<Backup[]> {
  const found: Backup[] = [];
  for (const name of (await readdir(basesIn(backupDir))).filter(isName)) {
    const directory = join(basesIn(backupDir), name);
    const manifest = await readManifest(directory).catch(() => undefined);
    if (manifest !== undefined) found.push({ name, directory, manifest });
  }
  return found;
}

/** The newest that was finished by that time. */
export async function chooseBackup(backupDir: string, toMs: number | undefined): Promise<Backup> {
  const names = await readdir(basesIn(backupDir)).catch(() => [] as string[]);
  const whole = names.filter(isName).sort();
  if (whole.length === 0) {
    throw unusable(
      `${backupDir} holds no backup. Name the directory that was given to ausculta backup.`,
    );
  }
  for (const name of whole.toReversed()) {
    const directory = join(basesIn(backupDir), name);
    const manifest = await readManifest(directory);
    if (toMs === undefined || manifest.finishedMs <= toMs) return { name, directory, manifest };
  }
  throw unusable(
    `No backup in ${backupDir} was finished by that time. Give a later --to, or use an older backup.`,
  );
}

async function readManifest(directory: string): Promise<Manifest> {
  try {
    const text = await readFile(join(directory, MANIFEST_FILE), 'utf8');
    const sum = (await readFile(join(directory, SUM_FILE), 'utf8')).trim();
    if (sumOf(text) === sum) return Manifest.parse(JSON.parse(text));
  } catch (cause) {
    throw damaged(join(directory, MANIFEST_FILE), 'cannot be read', cause);
  }
  throw damaged(join(directory, MANIFEST_FILE), 'does not have its checksum');
}

export function damaged(path: string, why: string, cause?: unknown): StartProblem {
  return unusable(
    `${path} ${why}: this backup is damaged. Use another one, or another copy of it.`,
    cause,
  );
}

export function unusable(message: string, cause?: unknown): StartProblem {
  return new StartProblem('BACKUP_UNUSABLE', message, cause);
}

/** A name that sorts by time: 20261121T104500000Z. */
export const backupName = (atMs: number): string =>
  new Date(atMs).toISOString().replaceAll(/[-:.]/g, '');
