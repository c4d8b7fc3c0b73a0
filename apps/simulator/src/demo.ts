// `npm run demo`: the platform with an invented ward on real recordings, for whoever looks at it for the
// first time. Starts the server, makes the ward through the HTTP API, and plays the recordings
// through the MQTT door, as bedside monitors would.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { startReplay } from './replay.ts';
import { openWardClient, RefusedError, type WardClient } from './ward-client.ts';
import { setUpWard } from './ward-setup.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const READY_WITHIN_MS = 90_000;
const ASK_EVERY_MS = 200;

/** The demo's account, made by a server in demo mode. */
const LOGIN = { name: 'nurse', password: 'demo-ausculta' } as const;

const dataDir = resolve(process.env.AUSCULTA_DATA_DIR || demoDataDir());
const httpPort = process.env.AUSCULTA_HTTP_PORT || '8080';
const mqttPort = process.env.AUSCULTA_MQTT_PORT || '1883';
const address = `http://localhost:${httpPort}`;

/**
 * Beside the checkout; but under root PostgreSQL runs as a user of its own, who cannot enter a closed
 * home such as /root. What the demo keeps is invented, so the system's temp folder will do there.
 */
function demoDataDir(): string {
  const isRoot = process.getuid?.() === 0;
  const beside = join(ROOT, 'data/demo');
  return isRoot && isClosedToOthers(ROOT) ? join(tmpdir(), 'ausculta-demo') : beside;
}

function isClosedToOthers(path: string): boolean {
  const parent = dirname(path);
  const isClosed = (statSync(path).mode & 0o001) === 0;
  return isClosed || (parent !== path && isClosedToOthers(parent));
}

async function main(): Promise<number> {
  if (await isRunning()) {
    say(`A demo is running already: ${address}. Stop it with Ctrl-C where it was started.`);
    return 1;
  }
  step('starting the server and its PostgreSQL');
  const server = startServer();
  const ended = once(server, 'exit');
  const stop = stopOnSignals(server);
  const client = await Promise.race([waitUntilReady(stop.signal), ended.then(() => undefined)]);
  if (client === undefined) return await endOf(server, ended, stop.signal);

  step('preparing Ward 4 West: invented patients, a monitor each');
  const monitors = await setUpWard(client, join(dataDir, 'demo-monitors.json'));
  step(`replaying ${monitors.length} recordings`);
  await using replay = await startReplay({
    mqttUrl: `mqtt://127.0.0.1:${mqttPort}`,
    monitors,
    nowMs: () => Date.now(),
    onNews: (line) => {
      if (!stop.signal.aborted) say(line);
    },
  });
  await Promise.race([replay.connected, ended]);
  if (server.exitCode === null && !stop.signal.aborted) say(welcome(monitors.length));
  await ended;
  return await endOf(server, ended, stop.signal);
}

function startServer(): ChildProcess {
  return spawn(process.execPath, [join(ROOT, 'apps/server/src/main.ts')], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, AUSCULTA_DEMO: '1', AUSCULTA_DATA_DIR: dataDir },
  });
}

/**
 * Ctrl-C at a terminal reaches the server by itself, and a second one would hurry it; without a
 * terminal, and for a termination, we pass it on. Either way we wait for the server's own end.
 */
function stopOnSignals(server: ChildProcess): AbortController {
  const stop = new AbortController();
  process.on('SIGINT', () => {
    stop.abort();
    if (!process.stdin.isTTY) server.kill('SIGINT');
  });
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stop.abort();
      server.kill('SIGTERM');
    });
  }
  // Should the demo itself fail, it leaves no server behind.
  process.on('exit', () => server.kill('SIGTERM'));
  return stop;
}

const tokenFile = join(dataDir, 'admin-token');

async function clientHere(): Promise<WardClient> {
  const token = (await readFile(tokenFile, 'utf8')).trim();
  return openWardClient({ url: `http://127.0.0.1:${httpPort}`, token });
}

/** Another demo on our data answers on our port: a second ward would take its monitors over. */
async function isRunning(): Promise<boolean> {
  if (!existsSync(tokenFile)) return false;
  const status = (await clientHere()).status();
  return await status.then(
    () => true,
    () => false,
  );
}

/** The server writes the administrator's token at its first start; then it answers with its status. */
async function waitUntilReady(signal: AbortSignal): Promise<WardClient> {
  const untilMs = Date.now() + READY_WITHIN_MS;
  while (Date.now() < untilMs && !signal.aborted) {
    await new Promise((done) => setTimeout(done, ASK_EVERY_MS));
    if (!existsSync(tokenFile)) continue;
    const client = await clientHere();
    const status = await client.status().catch((error: unknown) => {
      // Our own server knows the token of its data directory: another one answers on this port.
      if (error instanceof RefusedError && error.fault === 'CREDENTIALS_REFUSED') throw error;
      return undefined;
    });
    if (status?.ready === true) return client;
  }
  throw new Error(
    `the server was not ready within ${READY_WITHIN_MS / 1000} s: see its lines above`,
  );
}

async function endOf(
  server: ChildProcess,
  ended: Promise<unknown>,
  stopped: AbortSignal,
): Promise<number> {
  await ended;
  if (stopped.aborted) return 0;
  const how = server.exitCode ?? server.signalCode;
  say(`The server ended by itself (${how}): see its lines above, then run the same command again.`);
  return server.exitCode || 1;
}

function welcome(patients: number): string {
  return `
  Ausculta is live: ${address}
  Sign in as        ${LOGIN.name}   password ${LOGIN.password}

  ${patients} invented patients on real recordings, in real time and in a loop. Recordings: MIT-BIH
  Arrhythmia Database and BIDMC PPG and Respiration Dataset, PhysioNet, licence ODC-BY 1.0
  (apps/simulator/recordings/README.md). Heart rates are those of the recordings; SpO2,
  temperature, blood pressure and most breathing rates are simulated and marked so.

  Not cleared; secondary to bedside alarms; not for clinical use until your organisation
  has validated it (INTENDED-USE.md).

  Data: ${dataDir}   Ctrl-C stops everything.
`;
}

function step(text: string): void {
  process.stdout.write(`→ demo: ${text}\n`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

try {
  process.exitCode = await main();
} catch (error) {
  const why = error instanceof Error ? error.message : String(error);
  process.stderr.write(`The demo could not start: ${why}\n`);
  process.exit(1);
}
