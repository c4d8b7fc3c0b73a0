/** `npm run watchdog`, on another host than the server: looks whether alarms arrive, and calls somebody if not. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { openServerClient } from './server-client.ts';
import { readSettings, type WatchdogSettings } from './settings.ts';
import { callTechnician } from './technician.ts';
import { Watch } from './watch.ts';

const SECRET_PREFIX = 'whsec_';

function say(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

/** Of a failure its kind: what a server says may quote somebody. */
function onProblem(what: string, error: unknown): void {
  say(`could not ${what}: ${error instanceof Error ? error.message : String(error)}`);
}

async function open(settings: WatchdogSettings): Promise<Watch> {
  const { url, mqttUrl, patienceMs, mail, heartbeat } = settings;
  const token = (await readFile(settings.tokenFile, 'utf8')).trim();
  const hook = settings.hook && {
    url: settings.hook.url,
    secret: secretOf(await readFile(settings.hook.secretFile, 'utf8')),
  };
  const nowMs = () => Date.now();
  const technician = { mail, hook, patienceMs, nowMs, newId: () => randomUUID(), onProblem };
  return new Watch({
    server: openServerClient({ url, token, patienceMs }),
    way: { url, mqttUrl, token, patienceMs, nowMs: () => performance.now() },
    call: (words) => callTechnician(technician, words),
    heartbeat: heartbeat === undefined ? undefined : () => beat(heartbeat, patienceMs),
    nowMs,
    newId: () => randomUUID(),
    onProblem,
  });
}

async function beat(url: string, patienceMs: number): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs);
  const response = await fetch(url, { method: 'POST', redirect: 'error', signal });
  if (!response.ok) throw new Error(`answered with ${response.status}`);
}

function secretOf(text: string): Uint8Array {
  const secret = text.trim();
  if (!secret.startsWith(SECRET_PREFIX)) throw new Error(`the secret begins with ${SECRET_PREFIX}`);
  return Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
}

async function main(): Promise<number> {
  const [settings, problems] = readSettings(process.env);
  if (settings === undefined) {
    for (const problem of problems) process.stderr.write(`${problem}\n`);
    return 1;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  await using watch = await open(settings);
  say(`looks at ${settings.url} every ${settings.everyMs / 1_000} s`);
  let wasWell: boolean | undefined;
  while (!stop.signal.aborted) {
    const outcome = await watch.look();
    if (outcome.isWell !== wasWell)
      say(outcome.isWell ? `alarms arrive, in ${outcome.tookMs} ms` : `stuck at: ${outcome.stage}`);
    wasWell = outcome.isWell;
    await pause(settings.everyMs, undefined, { signal: stop.signal }).catch(() => undefined);
  }
  return 0;
}

process.exitCode = await main();
