/** The whole server for a test: in this process, on a database of its own; its world can be turned. */
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AlarmView } from '@ausculta/contract/alarms';
import type { DeviceView } from '@ausculta/contract/devices';
import type { ParkedList, ParkedView } from '@ausculta/contract/parked';
import type { ReadingLine } from '@ausculta/contract/readings';
import type { SubjectView } from '@ausculta/contract/subjects';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Config } from '../../apps/server/src/config.ts';
import { DISK_RESERVE_BYTES, freeBytesAt } from '../../apps/server/src/database/data-directory.ts';
import type { Outside } from '../../apps/server/src/outside.ts';
import { startServer } from '../../apps/server/src/server.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { type Listener, listenTo } from './live-listener.ts';

/** Long enough for a busy machine, short enough that a hang is seen. */
const WITHIN_MS = 30_000;

export const iso = (atMs: number): string => new Date(atMs).toISOString();

export interface TestDevice {
  readonly id: string;
  readonly token: string;
  readonly subjectId: string;
}

/** Asks again until the answer is not undefined; fails with what it waited for. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  withinMs = WITHIN_MS,
): Promise<T> {
  let waitedMs = 0;
  for (let lastMs = performance.now(); ; ) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    const nowMs = performance.now();
    // A machine that slept, or a run that was stopped for a while, has waited for nothing.
    waitedMs += Math.min(nowMs - lastMs, 1_000);
    lastMs = nowMs;
    if (waitedMs > withinMs) throw new Error(`waited ${withinMs} ms for: ${what}`);
    await sleep(20);
  }
}

export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
  after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Where no system by itself takes a port for a connection: none is taken while a program starts. */
const PORTS = { from: 12_000, count: 20_000 };

/** Where processes that run at once look for theirs: far from each other. */
let nextPort = (process.pid * 97) % PORTS.count;

/** Never the same twice in one process: another may still be on its way to it. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    nextPort = (nextPort + 1) % PORTS.count;
    const port = PORTS.from + nextPort;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  const isOurs = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (isOurs) await once(server.close(), 'close');
  return isOurs;
}

/** What a test does to a running server, by its doors alone. */
export class ServerUnderTest {
  readonly httpPort: number;
  readonly mqttPort: number;
  /** The administrator's, as the command line uses it. */
  readonly token: string;

  constructor(places: { httpPort: number; mqttPort: number; dataDir: string }) {
    this.httpPort = places.httpPort;
    this.mqttPort = places.mqttPort;
    this.token = readFileSync(join(places.dataDir, 'admin-token'), 'utf8').trim();
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  /** With the administrator's token, unless the headers say otherwise. */
  fetch(path: string, options: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, ...options.headers };
    return fetch(`${this.url}${path}`, { ...options, headers });
  }

  async get<T>(path: string): Promise<T> {
    const response = await this.fetch(path);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    const response = await this.fetch(path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async addSubject(familyName = 'Sample', category = 'adult'): Promise<SubjectView> {
    return await this.post('/api/subjects', { category, identity: { familyName, invented: true } });
  }

  async addDevice(subjectId: string, id = `test-${randomUUID().slice(0, 8)}`): Promise<TestDevice> {
    const { token } = await this.post<{ token: string }>('/api/devices', { id, subjectId });
    return { id, token, subjectId };
  }

  /** One that nobody wears, such as a gateway. */
  async addGateway(id: string): Promise<void> {
    await this.post('/api/devices', { id, subjectId: null });
  }

  /** A patient with a device of their own. */
  async addPatient(familyName?: string): Promise<TestDevice> {
    const subject = await this.addSubject(familyName);
    return await this.addDevice(subject.id);
  }

  async connect(device: TestDevice, options: object = {}): Promise<MqttClient> {
    const client = await connectAsync(`mqtt://127.0.0.1:${this.mqttPort}`, {
      username: device.id,
      password: device.token,
      clientId: device.id,
      reconnectPeriod: 0,
      ...options,
    });
    client.on('error', () => undefined);
    return client;
  }

  send(
    device: TestDevice,
    body: string | Uint8Array<ArrayBuffer>,
    kind = 'readings',
  ): Promise<Response> {
    const headers = { authorization: `Bearer ${device.token}`, 'content-type': 'application/json' };
    return this.fetch(`/api/devices/${device.id}/${kind}`, { method: 'POST', headers, body });
  }

  /** A live socket; as the administrator's program unless the headers say otherwise. */
  listen(subjects: readonly string[], headers?: Record<string, string>): Listener {
    const own = { authorization: `Bearer ${this.token}` };
    return listenTo({ url: this.url, subjects, headers: headers ?? own });
  }

  async readings(subjectId: string, metrics: string): Promise<ReadingLine[]> {
    const response = await this.fetch(`/api/subjects/${subjectId}/readings?metric=${metrics}`);
    if (!response.ok) throw new Error(`readings: ${response.status}`);
    const lines = (await response.text()).split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as ReadingLine);
  }

  /** What of a device could not be decoded or placed. */
  async parkedOf({ id }: { readonly id: string }): Promise<ParkedView[]> {
    const { parked } = await this.get<ParkedList>('/api/parked');
    return parked.filter(({ device }) => device === id);
  }

  /** Once all that changes hands has arrived. */
  async settled({ id }: { readonly id: string }): Promise<DeviceView> {
    return await eventually('the moves', async () => {
      const view = await this.get<DeviceView>(`/api/devices/${id}`);
      return view.reattributions.every(({ stage }) => stage === 'done') ? view : undefined;
    });
  }

  async alarms(subjectId: string): Promise<AlarmView[]> {
    const query = `state=all&subject=${subjectId}`;
    return (await this.get<{ alarms: AlarmView[] }>(`/api/alarms?${query}`)).alarms;
  }
}

export interface ServerHere extends AsyncDisposable {
  readonly server: ServerUnderTest;
  readonly database: TestDatabase;
  readonly hl7Port: number | undefined;
  readonly phdPort: number | undefined;
  /** What the server reported as gone wrong: step and cause. */
  readonly problems: { what: string; error: unknown }[];
}

export interface HereOptions {
  readonly config?: Partial<Config>;
  readonly outside?: Partial<Outside>;
}

/** Every setting as it is by itself, on ports that the system chooses. */
export function configOf(place: Pick<Config, 'dataDir' | 'database'>): Config {
  const listen = { host: '127.0.0.1', port: 0 };
  return {
    ...place,
    postgresPort: undefined,
    preload: undefined,
    http: listen,
    mqtt: listen,
    hl7: undefined,
    phd: undefined,
    certificateDays: 90,
    auditHeadsFile: undefined,
    auditHook: undefined,
    trustedProxies: [],
    publicUrl: undefined,
    idleLockMs: undefined,
    signOnFile: undefined,
    timeZone: undefined,
    masterKey: { kind: 'file' },
    keyStoreDir: undefined,
    backupsKeptDays: 30,
    keyReplicaDir: undefined,
    retention: [],
    subscriptions: {
      ...{ prefixes: [], mayBePrivate: false },
      ...{
        giveUpMs: 24 * 3_600_000,
        keptMs: 7 * 24 * 3_600_000,
        followedMax: 1_000,
        mail: undefined,
      },
    },
    writeBackFile: undefined,
    indicators: undefined,
    callingFile: undefined,
    demo: false,
    diskReserveBytes: DISK_RESERVE_BYTES,
    memoryBytes: undefined,
  };
}

/** In this process, on ports that the system chooses. */
export async function startServerHere(options: HereOptions = {}): Promise<ServerHere> {
  await using parts = new AsyncDisposableStack();
  const dataDir = options.config?.dataDir ?? (await mkdtemp(join(tmpdir(), 'ausculta-test-')));
  // Not by `after`: in a suite's `before` that is over before the suite's tests begin.
  if (options.config?.dataDir === undefined) parts.defer(() => rm(dataDir, { recursive: true }));
  const database = parts.use(await freshDatabase());
  const problems: ServerHere['problems'] = [];
  const config: Config = {
    ...configOf({ dataDir, database: database.connection }),
    ...options.config,
  };
  const outside = {
    ...realOutside((what, error) => problems.push({ what, error })),
    ...options.outside,
  };
  const running = parts.use(
    await startServer({ config, version: 'test', webDir: undefined, outside }),
  );
  const { httpPort, mqttPort, hl7Port, phdPort } = running;
  const kept = parts.move();
  return {
    server: new ServerUnderTest({ httpPort, mqttPort, dataDir }),
    database,
    hl7Port,
    phdPort,
    problems,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

export function realOutside(onProblem: Outside['onProblem']): Outside {
  return {
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
    randomBytes: (count) => randomBytes(count),
    newId: () => randomUUID(),
    machineBytes: 8 * 1024 ** 3,
    freeBytesAt,
    onProblem,
    onFatal: (why) => onProblem('fatal', new Error(why)),
  };
}
