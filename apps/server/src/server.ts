/** The server as a whole: its parts, wired in the order in which they need each other. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { FRAME_INTERVAL_MS } from '@ausculta/contract/live';
import type { SubjectId } from '@ausculta/vitals/identity';
import { hash as argonHash, verify as argonVerify } from '@node-rs/argon2';
import type { FastifyInstance } from 'fastify';
import { AlarmBook } from './alarms/book.ts';
import { alarmRoutes } from './alarms/routes.ts';
import type { Config, Listen } from './config.ts';
import { openDataDirectory } from './database/data-directory.ts';
import { type Database, openDatabase } from './database/open.ts';
import { asOrganisation } from './database/pool.ts';
import { errorCode, StartProblem } from './database/start-problem.ts';
import { hasSealedData } from './database/store.ts';
import type { RegisteredDevice } from './devices/known-device.ts';
import { Registry } from './devices/registry.ts';
import { registryRoutes } from './devices/routes.ts';
import { deviceRoutes } from './doors/http.ts';
import type { IntakePorts } from './doors/intake.ts';
import { type MqttDoor, openMqttDoor } from './doors/mqtt.ts';
import { fhirRoutes } from './fhir/routes.ts';
import { createHttpServer } from './http-server.ts';
import { LiveHub } from './live/hub.ts';
import { SignedInSockets, watchSessions } from './live/signed-in-sockets.ts';
import { liveRoutes } from './live/socket.ts';
import type { Outside } from './outside.ts';
import { Parking } from './parked/parking.ts';
import { parkedRoutes } from './parked/routes.ts';
import { type FirstStart, prepareFirstStart } from './people/first-start.ts';
import { peopleRoutes } from './people/routes.ts';
import { SignIn } from './people/sign-in.ts';
import { Health, readiness, watchHealth } from './status/health.ts';
import { statusRoutes } from './status/routes.ts';
import { type ChunkEncoder, ChunkWorker } from './telemetry/chunk-encoder.ts';
import { telemetryRoutes } from './telemetry/routes.ts';
import { Telemetry } from './telemetry/telemetry.ts';
import { readMasterKey } from './vault/key-file.ts';
import { createSeal, deriveKey, type Seal } from './vault/seal.ts';

/** What has expired is let go this often. */
const TIDY_MS = 10 * 60_000;

export interface ServerOptions {
  readonly config: Config;
  readonly version: string;
  readonly webDir: string | undefined;
  readonly outside: Outside;
}

export interface RunningServer extends AsyncDisposable {
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly newLogin: FirstStart['newLogin'];
}

/** What the routes and doors are made of. */
interface Parts {
  readonly options: ServerOptions;
  readonly database: Database;
  readonly seal: Seal;
  /** A key of its own for a purpose: each hour of the log has one. */
  readonly sealFor: (purpose: string) => Seal;
  readonly registry: Registry;
  readonly telemetry: Telemetry;
  readonly alarms: AlarmBook;
  readonly hub: LiveHub;
  readonly sockets: SignedInSockets;
  readonly parking: Parking;
  readonly signIn: SignIn;
  readonly intake: IntakePorts;
  readonly encoder: ChunkEncoder;
  readonly health: Health;
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, outside } = options;
  await using stack = new AsyncDisposableStack();
  const dataDirectory = stack.use(await openDataDirectory({ path: config.dataDir }));
  const database = stack.use(
    await openDatabase({
      dataDirectory,
      external: config.database,
      embeddedPort: config.postgresPort,
      randomBytes: outside.randomBytes,
    }),
  );
  const key = await readMasterKey({
    dataDirectory,
    randomBytes: outside.randomBytes,
    hasSealedData: await hasSealedData(database.line),
  });
  const sealFor = (purpose: string) => createSeal(deriveKey(key, purpose), outside.randomBytes);
  const seal = sealFor('data');
  const first = await prepareFirstStart({
    sql: database.line,
    dataDir: dataDirectory.path,
    demo: config.demo,
    hashPassword: argonHash,
    ...secrets(outside),
  });
  const health = new Health();
  const encoder = stack.use(new ChunkWorker());
  const parts = await openParts({ options, database, seal, sealFor, encoder, health });
  const { telemetry, alarms, sockets, signIn } = parts;
  stack.defer(() => telemetry.close());
  stack.defer(watchHealth({ health, telemetry, alarms, dataDir: dataDirectory.path, outside }));

  const mqtt = stack.use(await openMqtt(parts));
  const http = await openHttp(parts);
  stack.defer(() => http.close());
  stack.defer(outside.every(FRAME_INTERVAL_MS, () => parts.hub.beat()));
  stack.defer(outside.every(TIDY_MS, () => tidy(parts)));
  stack.defer(watchSessions({ sockets, signIn, outside }));

  const kept = stack.move();
  const address = http.server.address();
  return {
    httpPort: typeof address === 'object' && address !== null ? address.port : config.http.port,
    mqttPort: mqtt.port,
    newLogin: first.newLogin,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Lets go of what has had its time: parked messages and sessions. */
function tidy({ parking, signIn, options: { outside } }: Parts): void {
  const expired = Promise.all([parking.expire(outside.nowMs()), signIn.forgetExpired()]);
  expired.catch((error: unknown) => outside.onProblem('let go of what has expired', error));
}

function secrets(outside: Outside) {
  return {
    newId: outside.newId,
    randomToken: () => Buffer.from(outside.randomBytes(24)).toString('base64url'),
    sha256: (text: string): Uint8Array => createHash('sha256').update(text).digest(),
  };
}

async function openParts(
  ground: Pick<Parts, 'options' | 'database' | 'seal' | 'sealFor' | 'encoder' | 'health'>,
): Promise<Parts> {
  const { options, database, seal, sealFor, encoder, health } = ground;
  const { outside } = options;
  const { nowMs, after, pause, onProblem } = outside;
  const registry = await Registry.load(database.line, seal);
  const alarms = await AlarmBook.open({
    sql: database.line,
    seal,
    registry,
    nowMs,
    after,
    onProblem,
  });
  let onRevision = (_subjectId: SubjectId): void => {};
  const telemetry = await Telemetry.open({
    sql: database.line,
    read: (organisationId, work) => asOrganisation(database.people, organisationId, work),
    seal,
    sealFor,
    registry,
    evaluate: (arrival) => {
      alarms.evaluate(arrival);
      if (arrival.insertion !== 'new') onRevision(arrival.series.subjectId);
    },
    watchRun: (arrival) => alarms.watchRun(arrival),
    watchEvent: (entry) => alarms.watchEvent(entry),
    snapshotDetectors: () => alarms.snapshot(),
    settleAlarms: () => alarms.settle(),
    encode: encoder.encode,
    nowMs,
    after,
    pause,
    onProblem,
    onTakenOver: outside.onFatal,
  });
  const hub = new LiveHub({
    heads: telemetry.heads,
    nowMs,
    maySee: (organisationId, id) => registry.subjects.get(id)?.organisationId === organisationId,
    openAlarms: (id) => alarms.openOf(id),
    degradedSinceMs: () => health.degradedSinceMs,
  });
  onRevision = (subjectId) => hub.publishRevision(subjectId);
  alarms.onChange((subjectId, alarm) => hub.publishAlarm(subjectId, alarm));
  const parking = await Parking.open({ sql: database.line, seal, newId: outside.newId });
  const signIn = new SignIn({
    sql: database.line,
    hashPassword: argonHash,
    verifyPassword: argonVerify,
    nowMs,
    ...secrets(outside),
  });
  const intake: IntakePorts = {
    append: telemetry.append,
    registry,
    parking,
    contentId: (deviceId, bytes) =>
      createHash('sha256').update(deviceId).update('\0').update(bytes).digest('base64url'),
    isRefusing: () => health.diskIsFull,
    watchRefused: (entries) => alarms.evaluateRefused(entries),
    onProblem,
  };
  const sockets = new SignedInSockets();
  signIn.onEnd((credential) => sockets.closeAll(credential));
  return { ...ground, registry, telemetry, alarms, hub, sockets, parking, signIn, intake };
}

/** A device proves itself by its token; an unknown id and a wrong token look the same. */
function deviceFinder(
  registry: Registry,
): (id: string, token: string) => RegisteredDevice | undefined {
  return (id, token) => {
    const device = registry.devices.get(id);
    const hash = createHash('sha256').update(token).digest();
    return device !== undefined && timingSafeEqual(hash, device.tokenHash) ? device : undefined;
  };
}

async function openMqtt(parts: Parts): Promise<MqttDoor> {
  const { config, outside } = parts.options;
  const deviceOf = deviceFinder(parts.registry);
  const { nowMs, newId, every } = outside;
  const ports = { intake: parts.intake, deviceOf, nowMs, newId, every };
  return await openMqttDoor(config.mqtt, ports).catch((cause: unknown) => {
    throw portProblem('MQTT', config.mqtt, cause);
  });
}

async function openHttp(parts: Parts): Promise<FastifyInstance> {
  const { options, database, registry, telemetry, alarms, parking, signIn, intake } = parts;
  const { config, version, webDir, outside } = options;
  const { nowMs, newId, after } = outside;
  const app = await createHttpServer({
    signIn,
    webDir,
    trustedProxies: config.trustedProxies,
    onProblem: outside.onProblem,
  });
  peopleRoutes(app, { signIn, demo: config.demo, nowMs });
  registryRoutes(app, { registry, nowMs, ...secrets(outside), newId });
  telemetryRoutes(app, { telemetry, registry, onProblem: outside.onProblem });
  alarmRoutes(app, { alarms, registry });
  parkedRoutes(app, database.people);
  fhirRoutes(app, { telemetry, registry, nowMs });
  liveRoutes(app, { hub: parts.hub, sockets: parts.sockets, after });
  deviceRoutes(app, { intake, deviceOf: deviceFinder(registry), nowMs });
  statusRoutes(app, {
    version,
    startedMs: nowMs(),
    nowMs,
    parts: () => readiness(parts.health, database),
    counts: () => ({
      subjects: registry.subjects.size,
      devices: registry.devices.size,
      series: registry.seriesCount,
      messagesAccepted: telemetry.messages,
      readingsStored: telemetry.readings,
      parked: parking.total,
      parkedBeyondQuota: parking.beyondQuota,
      alarmsOpen: alarms.openCount,
    }),
  });
  await app.listen({ host: config.http.host, port: config.http.port }).catch((cause: unknown) => {
    throw portProblem('HTTP', config.http, cause);
  });
  return app;
}

function portProblem(door: 'HTTP' | 'MQTT', listen: Listen, cause: unknown): StartProblem {
  return new StartProblem('PORT_TAKEN', whyNotListening(door, listen, cause), cause);
}

function whyNotListening(door: string, { host, port }: Listen, cause: unknown): string {
  switch (errorCode(cause)) {
    case 'EADDRINUSE':
      return `Port ${port} is taken by another program. Stop it, or set AUSCULTA_${door}_PORT to another port.`;
    case 'EACCES':
      return `Port ${port} is kept for the system’s own programs. Set AUSCULTA_${door}_PORT to 1024 or above.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is no address of this machine. Set AUSCULTA_${door}_HOST to one of its own, or leave it unset.`;
    default:
      return `Port ${port} of ${host} cannot be opened. Set AUSCULTA_${door}_HOST and AUSCULTA_${door}_PORT to others.`;
  }
}
