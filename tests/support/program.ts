/** The server as the program that people start: its environment, exit code and death are the real ones. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from '../../apps/server/src/database/connection.ts';
import { eventually, freePorts, ServerUnderTest } from './server.ts';

const MAIN = join(import.meta.dirname, '../../apps/server/src/main.ts');
const COMMANDS = join(import.meta.dirname, '../../apps/server/src/commands/main.ts');

const WATCHDOG = join(import.meta.dirname, '../../apps/watchdog/src/main.ts');

export interface Program {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  /** Resolves with the exit code, or null after a signal, when the program and its pipes have ended. */
  readonly ended: Promise<number | null>;
}

/** One that cannot start ends by itself; a busy machine takes a while to make a database. */
const READY_WITHIN_MS = 120_000;

/** A test that fails half-way leaves nothing running. */
const started = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

/** The program itself. Nothing of this process's own settings reaches it. */
export function runProgram(settings: Record<string, string>): Program {
  return runHere([MAIN], settings);
}

/** The watchdog, as it runs on another host. */
export function runWatchdog(settings: Record<string, string>): Program {
  return runHere([WATCHDOG], settings);
}

/** A command of the database, as the command line starts it. */
export async function runCommand(args: readonly string[], settings: Record<string, string>) {
  const { ended, output } = runHere([COMMANDS, ...args], settings);
  return { code: await ended, output };
}

/** As DATABASE_URL has it. */
export function urlOf(connection: Connection): string {
  const { host, port, user, password, database } = connection;
  const isSocket = host.startsWith('/');
  const place = isSocket ? `localhost:${port}` : `${host}:${port}`;
  const socket = isSocket ? `?host=${encodeURIComponent(host)}` : '';
  return `postgres://${user}:${encodeURIComponent(password)}@${place}/${database}${socket}`;
}

function runHere(args: readonly string[], settings: Record<string, string>): Program {
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      !name.startsWith('AUSCULTA_') && name !== 'DATABASE_URL' && name !== 'NODE_TEST_CONTEXT',
  );
  const child = spawn(process.execPath, args, {
    env: { ...Object.fromEntries(inherited), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes) => (output.stdout += String(bytes)));
  child.stderr.on('data', (bytes) => (output.stderr += String(bytes)));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  started.add(child);
  return { child, output, ended };
}

export interface ServerProcess extends AsyncDisposable {
  readonly server: ServerUnderTest;
  readonly program: Program;
  /** The postmaster and every process of it; none where the database is not its own. */
  readonly postgresPids: () => number[];
  /** kill -9 of all at once: no goodbye, no last write. */
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The program with its embedded PostgreSQL, until it says that it is ready. */
export async function startServerProcess(
  dataDir: string,
  settings: Record<string, string> = {},
): Promise<ServerProcess> {
  const [freePort = 0, mqttPort = 0] = await freePorts(2);
  const httpPort = Number(settings['AUSCULTA_HTTP_PORT'] ?? freePort);
  const program = runProgram({
    AUSCULTA_DATA_DIR: dataDir,
    AUSCULTA_HTTP_PORT: String(httpPort),
    AUSCULTA_MQTT_PORT: String(mqttPort),
    ...settings,
  });
  let hasEnded = false;
  void program.ended.then(() => {
    hasEnded = true;
  });
  const isReady = (): true | undefined => {
    if (hasEnded) throw new Error(`the server ended: ${program.output.stderr}`);
    return program.output.stdout.includes(' is ready at ') ? true : undefined;
  };
  const ready = eventually('the server to be ready', isReady, READY_WITHIN_MS);
  await ready.catch((error: unknown) => {
    // Nobody else could end it, and the test's own process would wait for it.
    program.child.kill();
    throw error;
  });
  const isOwn = settings['DATABASE_URL'] === undefined;
  const postgresPids = (): number[] => (isOwn ? processTree(postmasterPid(dataDir)) : []);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const pids = signal === 'SIGKILL' ? postgresPids() : [];
    for (const pid of [program.child.pid ?? 0, ...pids]) sendSignal(pid, signal);
    await program.ended;
    await eventually('PostgreSQL to be gone', () => (pids.some(isAlive) ? undefined : true));
  };
  return {
    server: new ServerUnderTest({ httpPort, mqttPort, dataDir }),
    program,
    postgresPids,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    [Symbol.asyncDispose]: async () => (hasEnded ? undefined : await end('SIGKILL')),
  };
}

function postmasterPid(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
}

function processTree(root: number): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const children = table.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return [root, ...children.filter(([, parent]) => parent === root).map(([pid]) => pid ?? 0)];
}

export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended by itself.
  }
}

/** A process that is dead and not yet reaped by its parent is gone for our purposes. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const state = execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' });
    return !state.trim().startsWith('Z');
  } catch {
    return false;
  }
}
