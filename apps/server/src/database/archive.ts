/**
 * The archive of the write-ahead log: PostgreSQL hands each finished segment to a shell command that
 * copies it whole, on the disk, or says that it could not and is asked again. Where it goes is a link
 * beside the cluster, so that a backup can begin while the server runs; without the link nothing is kept.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export const archiveLinkOf = (clusterDir: string): string => `${clusterDir}.archive`;

/** A text for PostgreSQL's commands: a percent sign of a path is no placeholder. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`).replaceAll('%', '%%')}'`;
}

export function archiveCommand(clusterDir: string): string {
  const link = quoted(archiveLinkOf(clusterDir));
  const [kept, partial] = [`${link}/%f`, `${link}/%f.partial`];
  return [
    `test -L ${link} || exit 0`,
    // Asked again after a crash: the same segment is the same, another of its name is never covered.
    `if test -e ${kept}; then cmp -s %p ${kept}; exit $?; fi`,
    // A segment that was closed early is zeros at its end, which take no room this way.
    `cp --sparse=always %p ${partial} 2>/dev/null || cp %p ${partial} || exit 1`,
    `sync ${partial} 2>/dev/null || sync`,
    `mv ${partial} ${kept} && { sync ${link}/. 2>/dev/null || sync; }`,
  ].join('; ');
}

export function restoreCommand(archiveDir: string): string {
  return `cp ${quoted(archiveDir)}/%f %p`;
}

export const SEGMENT_BYTES = 16 * 1024 * 1024;
const SEGMENTS_OF_ONE_FILE_ID = 256;
const SEGMENT = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/;

/** Timeline, and the place in it: 256 segments of 16 MiB for each step of the middle part. */
export function parseSegment(name: string): { timeline: string; index: number } | undefined {
  const [, timeline, file, segment] = SEGMENT.exec(name) ?? [];
  if (timeline === undefined) return undefined;
  const index =
    Number.parseInt(file ?? '', 16) * SEGMENTS_OF_ONE_FILE_ID + Number.parseInt(segment ?? '', 16);
  return { timeline, index };
}

export function segmentName(timeline: string, index: number): string {
  const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');
  const file = Math.floor(index / SEGMENTS_OF_ONE_FILE_ID);
  return `${timeline}${hex(file)}${hex(index % SEGMENTS_OF_ONE_FILE_ID)}`;
}

/** What keeps a restore from reading on: the first segment that is missing or cut off. */
export async function firstGap(
  archiveDir: string,
  wanted: { readonly first: string; readonly last: string; readonly isLastTheEnd: boolean },
): Promise<string | undefined> {
  const first = parseSegment(wanted.first);
  const last = parseSegment(wanted.last);
  if (first === undefined || last === undefined) return `${wanted.first} is no segment`;
  const known = await readdir(archiveDir).catch(() => [] as string[]);
  const ofTimeline = known
    .map(parseSegment)
    .filter((segment) => segment?.timeline === first.timeline)
    .map((segment) => segment?.index ?? 0);
  const end = wanted.isLastTheEnd ? last.index : Math.max(last.index, ...ofTimeline);
  for (let index = first.index; index <= end; index += 1) {
    const name = segmentName(first.timeline, index);
    const bytes = await stat(join(archiveDir, name)).then(
      ({ size }) => size,
      () => undefined,
    );
    if (bytes === undefined) return `${name} is missing`;
    if (bytes !== SEGMENT_BYTES) return `${name} has ${bytes} bytes instead of ${SEGMENT_BYTES}`;
  }
  return undefined;
}
