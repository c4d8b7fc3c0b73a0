// A server of its own for a bench: an empty data directory on the disk of the project, free ports,
// gone afterwards.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { openWardClient, type WardClient } from '../../apps/simulator/src/ward-client.ts';
import type { LoadDevice } from './connection.ts';

export interface Platform extends AsyncDisposable {
  /** Of the server that runs now. */
  readonly pid: number;
  readonly dataDir: string;
  readonly httpUrl: string;
  readonly mqttPort: number;
  readonly adminToken: string;
  readonly client: WardClient;
  /** The administrator's, for a request of one's own. */
  readonly headers: () => Record<string, string>;
  /**
   * Stops the server in order and starts it anew, at the same ports on the same data. How many
   * milliseconds it took until it was ready.
   */
  readonly restart: () => Promise<number>;
}

export interface PlatformOptions {
  /** Beyond the defaults, which are what a bench measures. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What each request to the API brings beside its authorisation. */
  readonly headers?: () => Record<string, string>;
}

/** A device, and whose readings it sends. */
export interface PlatformDevice extends LoadDevice {
  readonly subjectId: string;
}

const ROOT = resolve(import.meta.dirname, '../..');
const READY_WITHIN_MS = 60_000;
const READY_ASKED_EVERY_MS = 25;
const REGISTER_AT_ONCE = 8;

export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  mkdirSync(join(ROOT, 'data'), { recursive: true });
  const dataDir = mkdtempSync(join(ROOT, 'data/bench-'));
  const [httpPort, mqttPort] = [await freePort(), await freePort()];
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  const start = (): ChildProcess =>
    startServer({
      AUSCULTA_DATA_DIR: dataDir,
      AUSCULTA_HTTP_PORT: String(httpPort),
      AUSCULTA_MQTT_PORT: String(mqttPort),
      ...options.settings,
    });
  let server = start();
  async function stop(): Promise<void> {
    await ended(server);
    rmSync(dataDir, { recursive: true, force: true });
  }
  try {
    const adminToken = await waitUntilReady(server, { dataDir, httpUrl });
    const { headers = () => ({}) } = options;
    const client = openWardClient({ url: httpUrl, token: adminToken, headers });
    return {
      get pid() {
        return server.pid ?? 0;
      },
      ...{ dataDir, httpUrl, mqttPort, adminToken, client },
      headers: () => ({ authorization: `Bearer ${adminToken}`, ...headers() }),
      async restart() {
        await ended(server);
        const startMs = performance.now();
        server = start();
        await waitUntilReady(server, { dataDir, httpUrl });
        return performance.now() - startMs;
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startServer(settings: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [join(ROOT, 'apps/server/src/main.ts')], {
    cwd: ROOT,
    // Its own lines would mix with the bench's figures; what goes wrong still shows.
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...withoutSettings(process.env), ...settings },
  });
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill('SIGTERM');
  await once(server, 'exit');
}

/** The bench measures the defaults, whatever the caller's shell has set. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith('AUSCULTA_'));
  return Object.fromEntries(kept);
}

async function waitUntilReady(
  server: ChildProcess,
  { dataDir, httpUrl }: { dataDir: string; httpUrl: string },
): Promise<string> {
  const untilMs = Date.now() + READY_WITHIN_MS;
  while (Date.now() < untilMs) {
    if (server.exitCode !== null)
      throw new Error('the server ended by itself: see its lines above');
    await new Promise((done) => setTimeout(done, READY_ASKED_EVERY_MS));
    try {
      const token = readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
      if ((await openWardClient({ url: httpUrl, token }).status()).ready) return token;
    } catch {
      // Not there yet.
    }
  }
  throw new Error(`the server was not ready within ${READY_WITHIN_MS / 1000} s`);
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Invented adults with a monitor each; adults have limits, so the detectors work too. */
export async function registerDevices(
  { client }: Platform,
  { prefix, count }: { prefix: string; count: number },
): Promise<PlatformDevice[]> {
  const devices: PlatformDevice[] = [];
  for (let from = 0; from < count; from += REGISTER_AT_ONCE) {
    const numbers = Array.from(
      { length: Math.min(REGISTER_AT_ONCE, count - from) },
      (_, k) => from + k,
    );
    const added = numbers.map(async (number) => {
      const name = `${prefix}-${String(number).padStart(4, '0')}`;
      const identity = {
        familyName: name,
        givenName: '',
        sex: 'unknown',
        recordNumber: name,
        invented: true,
      } as const;
      const subject = await client.addSubject({
        kind: 'patient',
        category: 'adult',
        paced: 'no',
        identity,
      });
      const device = await client.addDevice({ id: name, model: 'load', subjectId: subject.id });
      if (device === undefined) throw new Error(`the device ${name} exists already`);
      return { id: device.id, token: device.token, subjectId: subject.id };
    });
    devices.push(...(await Promise.all(added)));
  }
  return devices;
}
