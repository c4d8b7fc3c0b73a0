/**
 * What of old backups goes when a new one is whole. Any moment of the days that are kept stays within
 * reach, so the last backup from before them stays as well; and of those that can be read the newest
 * two stay, however old they are.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSegment } from '../database/archive.ts';
import { archiveIn, type Backup, backupsIn, basesIn } from './manifest.ts';

const DAY_MS = 24 * 3_600_000;
const NEWEST_KEPT = 2;

/** One that was never finished belongs by then to a process that is gone; its name tells the day alone. */
const PARTIAL_KEPT_MS = 2 * DAY_MS;

export interface Pruned {
  /** Names of backups that went. */
  readonly backups: readonly string[];
  readonly segments: number;
}

/** Those that nobody needs any more; those that cannot be read are for a person to judge. */
export function superseded<B extends { readonly finishedMs: number }>(
  backups: readonly B[],
  { nowMs, keptDays }: { nowMs: number; keptDays: number },
): B[] {
  const newestFirst = backups.toSorted((a, b) => b.finishedMs - a.finishedMs);
  const fromMs = nowMs - keptDays * DAY_MS;
  const firstOlder = newestFirst.findIndex(({ finishedMs }) => finishedMs <= fromMs);
  if (firstOlder < 0) return [];
  return newestFirst.slice(Math.max(firstOlder + 1, NEWEST_KEPT));
}

export async function prune(
  backupDir: string,
  when: { nowMs: number; keptDays: number },
): Promise<Pruned> {
  const all = await backupsIn(backupDir);
  const known = all.map((backup) => ({ ...backup, finishedMs: backup.manifest.finishedMs }));
  const old = superseded(known, when);
  // What it is chosen by goes first: one that is half gone is not one that a restore would try.
  for (const { directory } of old) await rm(join(directory, 'manifest.json'), { force: true });
  for (const { directory } of old) await rm(directory, { recursive: true, force: true });
  await dropPartial(backupDir, when.nowMs);
  const kept = known.filter((backup) => !old.includes(backup));
  return {
    backups: old.map(({ name }) => name),
    segments: await dropSegments(archiveIn(backupDir), kept),
  };
}

async function dropPartial(backupDir: string, nowMs: number): Promise<void> {
  for (const name of await readdir(basesIn(backupDir))) {
    const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)T\d{9}Z\.partial$/.exec(name) ?? [];
    if (year === undefined || nowMs - Date.parse(`${year}-${month}-${day}`) < PARTIAL_KEPT_MS)
      continue;
    await rm(join(basesIn(backupDir), name), { recursive: true, force: true });
  }
}

/** Of the log what comes before the first segment of every backup that is kept. */
async function dropSegments(archiveDir: string, kept: readonly Backup[]): Promise<number> {
  const first = new Map<string, number>();
  for (const { manifest } of kept) {
    if (manifest.kind !== 'cluster') continue;
    const segment = parseSegment(manifest.firstSegment);
    if (segment === undefined) return 0;
    const known = first.get(segment.timeline) ?? segment.index;
    first.set(segment.timeline, Math.min(known, segment.index));
  }
  let dropped = 0;
  for (const name of await readdir(archiveDir).catch(() => [] as string[])) {
    const segment = parseSegment(name);
    const from = segment && first.get(segment.timeline);
    if (segment === undefined || from === undefined || segment.index >= from) continue;
    await rm(join(archiveDir, name), { force: true });
    dropped += 1;
  }
  return dropped;
}
