/** The composition root: config → parts → start. The only place that reads the clock. */
import './young-objects.ts';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';
import { fileURLToPath } from 'node:url';
import { type Config, readConfig } from './config.ts';
import { freeBytesAt } from './database/data-directory.ts';
import { describeDatabaseError } from './database/fault.ts';
import { StartProblem } from './database/start-problem.ts';
import { gatheredRandomBytes, type Outside } from './outside.ts';
import { type RunningServer, startServer } from './server.ts';

const NOT_CLEARED =
  'Not cleared; secondary to bedside alarms; not for clinical use until your organisation has validated it.';

/** The same problem again and again says nothing new: one line of a kind in this time. */
const REPEAT_PROBLEM_MS = 5_000;

/** Commits and the last flush get this long; then the process ends all the same. */
const STOP_WITHIN_MS = 20_000;

const lastProblem = new Map<string, number>();

const outside: Outside = {
  nowMs: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  every: (periodMs, run) => {
    const timer = setInterval(run, periodMs);
    return () => clearInterval(timer);
  },
  pause: () => new Promise((resolve) => setImmediate(resolve)),
  randomBytes: gatheredRandomBytes((count) => randomBytes(count)),
  newId: () => randomUUID(),
  machineBytes: Math.min(totalmem(), constrainedMemory() || Number.POSITIVE_INFINITY),
  freeBytesAt,
  onProblem: (what, error) => {
    const now = Date.now();
    if (now - (lastProblem.get(what) ?? 0) < REPEAT_PROBLEM_MS) return;
    lastProblem.set(what, now);
    // What went wrong, never the text of an error: it may quote what was sent.
    log({ level: 'error', step: what, error: describeDatabaseError(error), at: placeOf(error) });
  },
  onFatal: (why) => {
    process.stderr.write(`${why}\n`);
    process.exit(1);
  },
};

function log(line: Record<string, string>): void {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), ...line })}\n`);
}

/** Function and line of our own code where an error began. */
function placeOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const own = stack.split('\n').find((line) => /^\s+at (?!.*node_modules).*\/src\//.test(line));
  return own?.replace(/^.*\/(?=(apps|packages)\/)/, '').trim() ?? '';
}

function fileBeside(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

async function run(): Promise<void> {
  const outcome = readConfig(process.env);
  if (!outcome.ok) {
    for (const problem of outcome.problems) process.stderr.write(`${problem}\n`);
    process.exitCode = 1;
    return;
  }
  const { config } = outcome;
  const { version } = JSON.parse(readFileSync(fileBeside('../package.json'), 'utf8')) as {
    version: string;
  };
  const server = await startServer({
    config,
    version,
    webDir: fileBeside('../../web/dist'),
    outside,
  });
  announce(server, config);
  stopOnSignal(server);
}

function announce(server: RunningServer, { http: { host, tls }, demo, publicUrl }: Config): void {
  const scheme = tls === undefined ? 'http' : 'https';
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  const doors = { MQTT: server.mqttPort, 'HL7 v2': server.hl7Port, '11073': server.phdPort };
  const open = Object.entries(doors).flatMap(([name, port]) =>
    port === undefined ? [] : [`${name} on port ${port}`],
  );
  process.stdout.write(
    `Ausculta is ready at ${scheme}://${shown}:${server.httpPort} (${open.join(', ')}).\n`,
  );
  // The demo says its own login and the rest, at every start.
  if (demo) return;
  if (server.firstLink !== undefined) {
    const { loginName, path } = server.firstLink;
    // A passkey is made for a name, and 127.0.0.1 is none.
    const name = shown === '127.0.0.1' || shown === '::1' ? 'localhost' : shown;
    const base = publicUrl ?? `${scheme}://${name}:${server.httpPort}`;
    process.stdout.write(
      `Become its administrator, ${loginName}, at ${base}${path} (works once, for 24 hours).\n`,
    );
  }
  process.stdout.write(`${NOT_CLEARED}\n`);
}

function stopOnSignal(server: RunningServer): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    // A database that is gone would keep us waiting: what is not durable was not acknowledged.
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    server[Symbol.asyncDispose]().then(
      () => process.exit(0),
      (error: unknown) => {
        outside.onProblem('stop', error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

run().catch((error: unknown) => {
  if (error instanceof StartProblem) process.stderr.write(`${error.message}\n`);
  else
    process.stderr.write(
      `Ausculta could not start: ${error instanceof Error ? error.stack : String(error)}\n`,
    );
  process.exit(1);
});
