/**
 * What may happen to a server in its life: each fault begins, lasts a while, and is over. Some need more
 * than every machine allows; they say so.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  openSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type ServerProcess, sendSignal } from './program.ts';

/** Where a fault is made: the server's data directory. */
export interface Site {
  readonly dataDir: string;
  readonly running: ServerProcess;
}

export interface Fault {
  readonly name: string;
  /** Why it cannot be made here; undefined: it can. */
  readonly missing: () => string | undefined;
  /** Makes the data directory ready for it, before the first start; returns what tidies up. */
  readonly prepare: (dataDir: string) => () => void;
  /** What the server is started with. */
  readonly settings: (dataDir: string) => Record<string, string>;
  /** The server itself survives it; otherwise it is started anew. */
  readonly isSurvived: boolean;
  /** Begins; what it returns ends it. */
  readonly begin: (site: Site, round: number) => Promise<() => void>;
}

const NOTHING = (): void => {};
const PLAIN = {
  missing: () => undefined,
  prepare: () => NOTHING,
  settings: () => ({}),
} as const;

const killAll = (pids: readonly number[]): void => {
  for (const pid of pids) sendSignal(pid, 'SIGKILL');
};

const serverDies: Fault = {
  ...PLAIN,
  name: 'kill -9 of the server alone',
  isSurvived: false,
  begin: async ({ running }) => {
    killAll([running.program.child.pid ?? 0]);
    await running.program.ended;
    return NOTHING;
  },
};

const postgresDies: Fault = {
  ...PLAIN,
  name: 'kill -9 of PostgreSQL alone',
  isSurvived: true,
  begin: ({ running }, round) => {
    const pids = running.postgresPids();
    // All of it at once, the postmaster alone, or one of those that serve.
    const [postmaster = 0, ...others] = pids;
    killAll([pids, [postmaster], others.slice(-1)][round % 3] ?? pids);
    return Promise.resolve(NOTHING);
  },
};

/** Everything at once, as when the power goes. */
export const BOTH_DIE: Fault = {
  ...PLAIN,
  name: 'kill -9 of both',
  isSurvived: false,
  begin: async ({ running }) => {
    await running.kill();
    return NOTHING;
  },
};

const DISK_MIB = 448;
const RESERVE_MIB = 64;
const MEBIBYTE = 1024 * 1024;

const diskFull: Fault = {
  name: 'a full disk',
  missing: () => (canMount() ? undefined : 'mounting a small disk is not permitted here'),
  prepare: (dataDir) => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m,mode=711`, 'tmpfs', dataDir]);
    return () => execFileSync('umount', ['--lazy', dataDir]);
  },
  settings: () => ({ AUSCULTA_DISK_RESERVE_MIB: String(RESERVE_MIB) }),
  isSurvived: true,
  begin: ({ dataDir }, round) => {
    // Down to just below the reserve, or to the last byte, as if somebody else had filled it at once.
    const left = round % 2 === 0 ? (RESERVE_MIB - 8) * MEBIBYTE : 0;
    const ballast = join(dataDir, 'ballast');
    fill(dataDir, ballast, left);
    return Promise.resolve(() => rmSync(ballast));
  },
};

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

function fill(directory: string, path: string, leftBytes: number): void {
  const file = openSync(path, 'w');
  const piece = Buffer.alloc(MEBIBYTE);
  try {
    for (;;) {
      const { bavail, bsize } = statfsSync(directory);
      const spare = bavail * bsize - leftBytes;
      if (spare <= 0) return;
      writeSync(file, piece, 0, Math.min(spare, MEBIBYTE));
    }
  } catch {
    // It is full.
  } finally {
    closeSync(file);
  }
}

const flagOf = (dataDir: string): string => join(dataDir, 'fsync-fails');
const libraryOf = (dataDir: string): string => join(dataDir, 'failing-fsync.so');

const fsyncFails: Fault = {
  name: 'a failing fsync',
  missing: () =>
    process.platform === 'linux' && hasCompiler() ? undefined : 'there is no cc here',
  prepare: (dataDir) => {
    const source = join(import.meta.dirname, 'failing-fsync.c');
    const flag = `-DFLAG="${flagOf(dataDir)}"`;
    const options = ['-shared', '-fPIC', '-Wall', '-Werror', flag];
    execFileSync('cc', [...options, '-o', libraryOf(dataDir), source, '-ldl']);
    chmodSync(libraryOf(dataDir), 0o755);
    return NOTHING;
  },
  settings: (dataDir) => ({ LD_PRELOAD: libraryOf(dataDir) }),
  isSurvived: true,
  begin: ({ dataDir }) => {
    writeFileSync(flagOf(dataDir), '');
    return Promise.resolve(() => rmSync(flagOf(dataDir)));
  },
};

function hasCompiler(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const readOnly: Fault = {
  ...PLAIN,
  name: 'a data directory that cannot be written',
  isSurvived: true,
  begin: ({ dataDir, running }, round) => {
    const cluster = join(dataDir, 'postgres');
    execFileSync('chmod', ['-R', 'u-w', cluster]);
    // What is open already can still be written: a PostgreSQL that starts meets it in full.
    if (round % 2 === 0) killAll(running.postgresPids());
    return Promise.resolve(() => execFileSync('chmod', ['-R', 'u+w', cluster]));
  },
};

export const FAULTS: readonly Fault[] = [
  serverDies,
  postgresDies,
  diskFull,
  fsyncFails,
  readOnly,
  BOTH_DIE,
];
