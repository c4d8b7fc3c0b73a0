// CPU time of processes, from /proc: all threads, and for PostgreSQL all of its processes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** USER_HZ: a hundred ticks a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Linux alone has /proc; elsewhere CPU times are not measured. */
export const CAN_MEASURE_CPU = existsSync('/proc/self/stat');

interface Stat {
  readonly parent: number;
  readonly ownTicks: number;
  readonly endedChildrenTicks: number;
}

/** proc(5): fields follow the command's closing bracket, for its name may hold anything. */
function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
    return { parent, ownTicks: utime + stime, endedChildrenTicks: cutime + cstime };
  } catch {
    return undefined;
  }
}

export function processCpuSeconds(pid: number): number {
  return (readStat(pid)?.ownTicks ?? Number.NaN) / TICKS_PER_SECOND;
}

/** The postmaster, its living children, and those that have ended. */
export function postgresCpuSeconds(postmasterPid: number): number {
  const postmaster = readStat(postmasterPid);
  if (postmaster === undefined) return Number.NaN;
  let ticks = postmaster.ownTicks + postmaster.endedChildrenTicks;
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
    if (stat?.parent === postmasterPid) ticks += stat.ownTicks;
  }
  return ticks / TICKS_PER_SECOND;
}

/** The process id in the first line of the postmaster.pid somewhere below a data directory. */
export function findPostmaster(directory: string): number {
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (entry.name !== 'postmaster.pid') continue;
    return Number(readFileSync(join(entry.parentPath, entry.name), 'utf8').split('\n')[0]);
  }
  throw new Error('no postmaster.pid below the data directory');
}
