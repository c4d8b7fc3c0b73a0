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
  readonly pid: number;
  readonly dataDir: string;
  readonly httpUrl: string;
  readonly mqttPort: number;
  readonly adminToken: string;
  readonly client: WardClient;
}

/** A device, and whose readings it sends. */
export interface PlatformDevice extends LoadDevice {
  readonly subjectId: string;
}

const ROOT = resolve(import.meta.dirname, '../..');
const READY_WITHIN_MS = 60_000;
const REGISTER_AT_ONCE = 8;

/** `settings` are those that the bench is about; all others are the defaults. */
export async function startPlatform(
  settings: Readonly<Record<string, string>> = {},
): Promise<Platform> {
  mkdirSync(join(ROOT, 'data'), { recursive: true });
  const dataDir = mkdtempSync(join(ROOT, 'data/bench-'));
  const [httpPort, mqttPort] = [await freePort(), await freePort()];
  const server = spawn(process.execPath, [join(ROOT, 'apps/server/src/main.ts')], {
    cwd: ROOT,
    // Its own lines would mix with the bench's figures; what goes wrong still shows.
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...withoutSettings(process.env),
      AUSCULTA_DATA_DIR: dataDir,
      AUSCULTA_HTTP_PORT: String(httpPort),
      AUSCULTA_MQTT_PORT: String(mqttPort),
      ...settings,
    },
  });
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  async function stop(): Promise<void> {
    if (server.exitCode === null && server.signalCode === null) {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
    rmSync(dataDir, { recursive: true, force: true });
  }
  try {
    const adminToken = await waitUntilReady(server, { dataDir, httpUrl });
    const client = openWardClient({ url: httpUrl, token: adminToken });
    const pid = server.pid ?? 0;
    return { pid, dataDir, httpUrl, mqttPort, adminToken, client, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
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
    await new Promise((done) => setTimeout(done, 100));
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
