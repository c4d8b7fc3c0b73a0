import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { PostgresUser } from './postgres-user.ts';
import { StartProblem } from './start-problem.ts';

const run = promisify(execFile);

const POLL_MS = 10;
/** Replaying a full write-ahead log of 1 GB takes seconds on a disk, a minute or two on a slow card. */
const READY_WITHIN_MS = 5 * 60_000;
/** A fast shutdown writes out 128 MB of buffers; after that the next start recovers instead. */
const FAST_STOP_WITHIN_MS = 30_000;
const IMMEDIATE_STOP_WITHIN_MS = 10_000;
/** After a postmaster is killed its backends notice within milliseconds; a busy one needs longer. */
const ORPHANS_GONE_WITHIN_MS = 15_000;
/** Only starts, stops and crashes are logged, so this is months. */
const LOG_BYTES_MAX = 1024 * 1024;

export interface Postmaster {
  readonly pid: number;
  readonly isRunning: () => boolean;
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<void>;
}

export interface PostmasterCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly clusterDir: string;
  readonly logFile: string;
  readonly user: PostgresUser | undefined;
  /** A restore reads all that was archived before it is ready. */
  readonly readyWithinMs?: number;
  readonly preload?: string | undefined;
}

/** Starts PostgreSQL and returns once it accepts connections. */
export async function startPostmaster(command: PostmasterCommand): Promise<Postmaster> {
  for (let waitedMs = 0; ; waitedMs += 250) {
    await forgetStalePid(command.clusterDir);
    const logStart = await rotateLog(command.logFile);
    const postmaster = await spawnPostmaster(command);
    if (await isReady(postmaster, command)) return postmaster;

    const said = await logSince(command.logFile, logStart);
    const hasOrphans = said.includes('pre-existing shared memory block');
    if (!hasOrphans || waitedMs >= ORPHANS_GONE_WITHIN_MS) throw didNotStart(said, command);
    await sleep(250);
  }
}

/** Ends a PostgreSQL on this data directory that a killed server left running. */
export async function stopLeftover(clusterDir: string): Promise<void> {
  const pid = (await readPidFile(clusterDir))?.pid;
  if (pid === undefined) return;
  await stopPostmaster(pid, () => isPostmasterOf(pid, clusterDir));
}

/** Fast shutdown: sessions are ended, buffers written, nothing to recover. Immediate when that stalls. */
export async function stopPostmaster(
  pid: number,
  isRunning: () => boolean | Promise<boolean>,
): Promise<void> {
  const attempts = [
    { signal: 'SIGINT', withinMs: FAST_STOP_WITHIN_MS },
    { signal: 'SIGQUIT', withinMs: IMMEDIATE_STOP_WITHIN_MS },
    { signal: 'SIGKILL', withinMs: IMMEDIATE_STOP_WITHIN_MS },
  ] as const;
  for (const { signal, withinMs } of attempts) {
    if (!(await isRunning())) return;
    send(pid, signal);
    for (let waitedMs = 0; waitedMs < withinMs; waitedMs += POLL_MS) {
      await sleep(POLL_MS);
      if (!(await isRunning())) return;
    }
  }
  throw new StartProblem(
    'POSTGRES_DID_NOT_START',
    `A PostgreSQL left from an earlier run (process ${pid}) does not end. End it by hand: kill -9 ${pid}`,
  );
}

/** False when there is no such process any more. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

async function spawnPostmaster(command: PostmasterCommand): Promise<Postmaster> {
  const { preload } = command;
  const log = await open(command.logFile, 'a', 0o600);
  try {
    const child = spawn(command.program, command.arguments, {
      // Its own session: Ctrl-C in the terminal reaches the server alone, which then stops in order.
      detached: true,
      cwd: '/',
      stdio: ['ignore', log.fd, log.fd],
      env: { LC_ALL: 'C', TZ: 'UTC', ...(preload === undefined ? {} : { LD_PRELOAD: preload }) },
      ...command.user,
    });
    let isRunning = true;
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => {
        isRunning = false;
        resolve();
      });
    });
    return { pid: await spawned(child), isRunning: () => isRunning, exited };
  } catch (cause) {
    throw new StartProblem(
      'POSTGRES_BINARIES_MISSING',
      `The embedded PostgreSQL at ${command.program} does not run here. ` +
        'Run npm ci again, or set DATABASE_URL to a PostgreSQL of your own.',
      cause,
    );
  } finally {
    await log.close();
  }
}

function spawned(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
}

/** PostgreSQL writes its state into the eighth line of its pid file; pg_ctl reads it there too. */
async function isReady(
  postmaster: Postmaster,
  { clusterDir, readyWithinMs = READY_WITHIN_MS }: PostmasterCommand,
): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < readyWithinMs; waitedMs += POLL_MS) {
    await sleep(POLL_MS);
    if (!postmaster.isRunning()) return false;
    const file = await readPidFile(clusterDir);
    if (file?.pid === postmaster.pid && file.status === 'ready') return true;
  }
  await stopPostmaster(postmaster.pid, postmaster.isRunning);
  return false;
}

interface PidFile {
  readonly pid: number;
  readonly status: string;
  readonly port: number;
  readonly socketDir: string;
}

export async function readPidFile(clusterDir: string): Promise<PidFile | undefined> {
  const text = await readFile(join(clusterDir, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  // PostgreSQL's own order of lines: 4 is the port, 5 the directory of the socket, 8 the state.
  const [port = '', socketDir = ''] = lines.slice(3, 5).map((line) => line.trim());
  return { pid, status: (lines[7] ?? '').trim(), port: Number(port), socketDir };
}

/**
 * After a reboot, or in a new container, the process id in the pid file may be anyone's. PostgreSQL
 * would refuse to start beside any living process of that id, so a pid file that names a stranger
 * goes. One that names nobody stays: PostgreSQL uses it to look for surviving backends.
 */
async function forgetStalePid(clusterDir: string): Promise<void> {
  const pid = (await readPidFile(clusterDir))?.pid;
  if (pid === undefined || !send(pid, 0) || (await isPostmasterOf(pid, clusterDir))) return;
  await rm(join(clusterDir, 'postmaster.pid'), { force: true });
}

/** A zombie has no command line, hence counts as gone. */
async function isPostmasterOf(pid: number, clusterDir: string): Promise<boolean> {
  return (await commandLine(pid)).includes(clusterDir);
}

async function commandLine(pid: number): Promise<string> {
  try {
    if (process.platform === 'linux') return await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return (await run('ps', ['-ww', '-p', String(pid), '-o', 'args='])).stdout;
  } catch {
    return '';
  }
}

/** Keeps one older log. Returns where the new lines will begin. */
async function rotateLog(logFile: string): Promise<number> {
  const size = await stat(logFile).then(
    (entry) => entry.size,
    () => 0,
  );
  if (size < LOG_BYTES_MAX) return size;
  await rename(logFile, `${logFile}.1`);
  return 0;
}

async function logSince(logFile: string, start: number): Promise<string> {
  const bytes = await readFile(logFile).catch(() => Buffer.alloc(0));
  return bytes.subarray(start).toString('utf8');
}

function didNotStart(said: string, command: PostmasterCommand): StartProblem {
  if (said.includes('No space left on device')) {
    return new StartProblem(
      'DISK_RESERVE_REACHED',
      `PostgreSQL did not start: the disk of ${command.clusterDir} is full. Free some space, then start again.`,
    );
  }
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const fatal =
    lines.findLast((line) => /FATAL|PANIC|error/.test(line)) ?? lines.at(-1) ?? 'it said nothing.';
  const reason = fatal.replace(/^[\d-]+ [\d:.]+ UTC /, '');
  return new StartProblem(
    'POSTGRES_DID_NOT_START',
    `PostgreSQL did not start: ${reason} More is in ${command.logFile}; after mending it, start again.`,
  );
}
