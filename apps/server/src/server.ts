/** The server as a whole: its parts, wired in the order in which they need each other. */
import { FRAME_INTERVAL_MS } from '@ausculta/contract/live';
import type { SubjectId } from '@ausculta/vitals/identity';
import { hash as argonHash, verify as argonVerify } from '@node-rs/argon2';
import type { FastifyInstance } from 'fastify';
import { type Admissions, openAdmissions } from './admissions/open-admissions.ts';
import { admissionRoutes } from './admissions/routes.ts';
import { Turns } from './admissions/turns.ts';
import { AlarmBook } from './alarms/book.ts';
import { alarmRoutes } from './alarms/routes.ts';
import type { Config } from './config.ts';
import { type DataDirectory, openDataDirectory } from './database/data-directory.ts';
import { type Database, openDatabase } from './database/open.ts';
import { type InLane, readAsOrganisation, type Transaction } from './database/pool.ts';
import { deviceFinder } from './devices/device-finder.ts';
import { deviceLifeRoutes } from './devices/device-routes.ts';
import { Registry } from './devices/registry.ts';
import { registryRoutes } from './devices/routes.ts';
import { Claims } from './doors/claims.ts';
import { deviceRoutes } from './doors/http.ts';
import type { IntakePorts } from './doors/intake.ts';
import { intakePorts } from './doors/intake-ports.ts';
import { openListedDoors } from './doors/listed-doors.ts';
import { type MqttDoor, openMqttDoor } from './doors/mqtt.ts';
import type { Erasure } from './erasure/erasure.ts';
import type { LegalHolds } from './erasure/holds.ts';
import { openErasure } from './erasure/open-erasure.ts';
import { erasureRoutes } from './erasure/routes.ts';
import { type Fhir, openFhir, workInBackground } from './fhir/open-fhir.ts';
import { Exports } from './fhir/operations/exports.ts';
import { fhirRoutes } from './fhir/routes.ts';
import { createHttpServer } from './http-server.ts';
import type { LiveHub } from './live/hub.ts';
import { openHub } from './live/open-hub.ts';
import { SignedInSockets, watchSessions } from './live/signed-in-sockets.ts';
import { liveRoutes } from './live/socket.ts';
import { type Outside, secretsOf } from './outside.ts';
import { parkedKeyOf } from './parked/parked-key.ts';
import { Parking } from './parked/parking.ts';
import { parkedRoutes } from './parked/routes.ts';
import { type NewLogin, prepareFirstStart } from './people/first-start.ts';
import { peopleRoutes } from './people/routes.ts';
import { SignIn } from './people/sign-in.ts';
import { portProblem } from './port-problem.ts';
import { openWearing, type Wearing } from './reattribution/open-wearing.ts';
import { wearingRoutes } from './reattribution/routes.ts';
import { readSealedDatabase } from './sealed-database.ts';
import { ArchiveWatch, watchArchive } from './status/archive-watch.ts';
import { DiskReserve } from './status/disk-reserve.ts';
import { Health, readiness, watchHealth } from './status/health.ts';
import { readArchive } from './status/read-archive.ts';
import { statusRoutes } from './status/routes.ts';
import { offered, openSubscriptions, tellSubscribers } from './subscriptions/open-subscriptions.ts';
import type { Subscriptions } from './subscriptions/subscriptions.ts';
import { type ChunkEncoder, ChunkWorker } from './telemetry/chunk-encoder.ts';
import { LOG_KEPT_MS } from './telemetry/flushing.ts';
import { defaultBudgetBytes } from './telemetry/memory-budget.ts';
import {
  holdLane,
  inLaneOf,
  lanesOfPeople,
  type Ownership,
  PostgresLog,
} from './telemetry/postgres-log.ts';
import { startRetention } from './telemetry/retention.ts';
import { telemetryRoutes } from './telemetry/routes.ts';
import { Telemetry } from './telemetry/telemetry.ts';
import { openVault } from './vault/open-vault.ts';
import { rotateKeys } from './vault/rotation.ts';
import type { Vault } from './vault/vault.ts';

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
  readonly hl7Port: number | undefined;
  readonly phdPort: number | undefined;
  readonly newLogin: NewLogin | undefined;
}

/** What the routes and doors are made of. */
interface Parts {
  readonly options: ServerOptions;
  readonly database: Database;
  readonly vault: Vault;
  readonly registry: Registry;
  readonly telemetry: Telemetry;
  readonly alarms: AlarmBook;
  readonly hub: LiveHub;
  readonly sockets: SignedInSockets;
  readonly parking: Parking;
  readonly signIn: SignIn;
  readonly holds: LegalHolds;
  readonly erasure: Erasure;
  readonly wearing: Wearing;
  readonly claims: Claims;
  readonly admissions: Admissions;
  readonly fhir: Fhir;
  readonly exports: Exports;
  readonly subscriptions: Subscriptions;
  readonly intake: IntakePorts;
  readonly encoder: ChunkEncoder;
  readonly health: Health;
  readonly archive: ArchiveWatch;
  readonly inLane: InLane;
  readonly inTurn: Turns['run'];
}

type Given = 'options' | 'database' | 'vault' | 'encoder' | 'health' | 'archive' | 'inLane';
type Ground = Pick<Parts, Given> & { readonly owner: Ownership };

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, outside } = options;
  await using stack = new AsyncDisposableStack();
  const dataDirectory = stack.use(
    await openDataDirectory({ path: config.dataDir, diskReserveBytes: config.diskReserveBytes }),
  );
  const database = stack.use(
    await openDatabase({
      dataDirectory,
      external: config.database,
      embeddedPort: config.postgresPort,
      preload: config.preload,
      randomBytes: outside.randomBytes,
    }),
  );
  const vault = stack.use(await openKeys(options, dataDirectory, database));
  vault.tidy(outside.nowMs());
  const firstStart = await prepareFirstStart({
    sql: database.line,
    dataDir: dataDirectory.path,
    demo: config.demo,
    hashPassword: argonHash,
    ...secretsOf(outside),
  });
  const health = new Health(new DiskReserve(config.diskReserveBytes));
  const encoder = stack.use(new ChunkWorker());
  const owner = await PostgresLog.takeOver(database.line);
  const inLane = inLaneOf(database.line, { owner, onTakenOver: outside.onFatal });
  const archive = new ArchiveWatch();
  const outer = { options, database, vault, encoder, health, archive };
  const parts = await openParts({ ...outer, owner, inLane });
  const { telemetry, alarms, sockets, signIn } = parts;
  const closing = [telemetry, parts.erasure, parts.wearing.reattribution, parts.claims];
  for (const one of closing) stack.defer(() => one.close());
  await parts.claims.resume();
  const places = placesOf(dataDirectory.path, config);
  stack.defer(watchHealth({ health, telemetry, alarms, places, outside }));
  const read = () => readArchive(database, dataDirectory.path);
  stack.defer(watchArchive({ watch: parts.archive, read, outside }));

  const mqtt = stack.use(await openMqtt(parts));
  const listed = await openListedDoors(stack, config, { ...outside, ...parts });
  const http = await openHttp(parts, mqtt);
  stack.defer(() => http.close());
  stack.defer(outside.every(FRAME_INTERVAL_MS, () => parts.hub.beat()));
  stack.defer(outside.every(TIDY_MS, () => tidy(parts)));
  const kept = { sql: database.line, rules: config.retention, everyMs: TIDY_MS };
  stack.defer(startRetention({ ...outside, ...parts, ...kept }));
  stack.defer(workInBackground(parts.fhir, { ...outside, sql: database.line, keys: vault }));
  stack.defer(() => parts.exports.close());
  stack.defer(tellSubscribers(parts.subscriptions, { ...parts.fhir, outside }));
  parts.exports.resume();
  stack.defer(watchSessions({ sockets, signIn, outside }));

  const newLogin = await firstStart.prepareLogin();
  const moved = stack.move();
  const address = http.server.address();
  return {
    httpPort: typeof address === 'object' && address !== null ? address.port : config.http.port,
    mqttPort: mqtt.port,
    ...listed,
    newLogin,
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

async function openKeys(
  { config, outside }: ServerOptions,
  dataDirectory: DataDirectory,
  database: Database,
): Promise<Vault> {
  const { masterKey, keyStoreDir, keyReplicaDir } = config;
  const { onProblem, randomBytes } = outside;
  const said = { masterKey, keyStoreDir, keyReplicaDir, onProblem, randomBytes };
  const sealed = await readSealedDatabase(database.line);
  return await openVault({ dataDirectory, ...said, database: sealed });
}

/** The data directory holds the database, if it is ours, and the keys, if they have no other place. */
function placesOf(dataDir: string, { keyStoreDir }: Config): string[] {
  return keyStoreDir === undefined ? [dataDir] : [dataDir, keyStoreDir];
}

/** Lets go of what has had its time: parked messages and sessions. */
function tidy({ subscriptions, parking, signIn, vault, exports, options }: Parts): void {
  const { outside } = options;
  const expired = Promise.all([
    parking.expire(outside.nowMs()),
    signIn.forgetExpired(),
    exports.tidy(),
    subscriptions.tidy(),
  ]);
  expired.catch((error: unknown) => outside.onProblem('let go of what has expired', error));
  try {
    vault.tidy(outside.nowMs());
  } catch (error) {
    outside.onProblem('back up the key store', error);
  }
}

async function openParts(ground: Ground): Promise<Parts> {
  const { options, database, vault, health, owner, inLane } = ground;
  const { outside } = options;
  const sql = database.line;
  const { nowMs, onProblem } = outside;
  const registry = await Registry.load({ sql, inLane, keys: vault });
  const holding = { holdLane: (tx: Transaction) => holdLane(tx, owner), sealOf: vault.sealOf };
  const onTakenOver = outside.onFatal;
  const alarms = await AlarmBook.open({ ...outside, ...holding, onTakenOver, registry, sql });
  const sockets = new SignedInSockets();
  const subscriptions = await openSubscriptions({
    ...{ ...ground, outside, sockets, keys: vault, settings: options.config.subscriptions },
    alarmsSettled: () => alarms.settle(),
  });
  let onRevision = (_subjectId: SubjectId): void => {};
  const watching = { registry, alarms, subscriptions };
  const telemetry = await openTelemetry(ground, watching, (id) => onRevision(id));
  const hub = openHub({ telemetry, registry, alarms, health, nowMs });
  onRevision = (subjectId) => hub.publishRevision(subjectId);
  alarms.onChange((subjectId, alarm) => {
    hub.publishAlarm(subjectId, alarm);
    subscriptions.noteAlarm();
  });
  const keyOf = parkedKeyOf(registry, vault);
  const parking = await Parking.open({ sql, keyOf, newId: outside.newId });
  const argon = { hashPassword: argonHash, verifyPassword: argonVerify };
  const signIn = new SignIn({ sql, ...argon, nowMs, ...secretsOf(outside) });
  const engine = { registry, telemetry, alarms };
  const intake = intakePorts({ ...engine, parking, health, onProblem });
  signIn.onEnd((credential) => sockets.closeAll(credential));
  const turns = new Turns();
  const inTurn: Turns['run'] = (act) => turns.run(act);
  let admitted: Admissions | undefined;
  const fhir = openDocuments(ground, { ...engine, inTurn }, () => admitted);
  const { repository } = fhir;
  repository.watchedBy(subscriptions.documents);
  const forgetting = { ...engine, parking, fhir: repository, vault, logKeptMs: LOG_KEPT_MS };
  const erasing = await openErasure({ ...outside, ...forgetting, inLane, sql });
  const onMoved = (subjectId: SubjectId): void => hub.publishMove(subjectId);
  const given = { inLane, organisationSeal: vault.organisationSeal };
  const moving = { ...engine, ...erasing, ...given, onMoved };
  const claims = new Claims({ ...intake, ...outside, registry, parking, keys: vault, sql });
  const wearing = await openWearing({ ...outside, ...moving, onWorn: claims.begin, sql });
  const admitting = { ...outside, ...secretsOf(outside), ...moving, ...wearing, keys: vault };
  const erasedMs = (id: string, number: string) => erasing.erasure.lastOf(id, number);
  const admissions = await openAdmissions({ ...admitting, turns, erasedMs, sql });
  admitted = admissions;
  const exports = new Exports({ ...outside, ...database, sql, repository, registry });
  const open = { ...engine, ...erasing, wearing, admissions, claims, fhir, exports, subscriptions };
  return { ...ground, ...open, hub, sockets, parking, signIn, intake, inTurn };
}

async function openTelemetry(
  { options, database, vault, encoder, health, owner }: Ground,
  { registry, alarms, subscriptions }: Pick<Parts, 'registry' | 'alarms' | 'subscriptions'>,
  onRevision: (subjectId: SubjectId) => void,
): Promise<Telemetry> {
  const { outside, config } = options;
  return await Telemetry.open({
    ...outside,
    sql: database.line,
    read: (organisationId, work) => readAsOrganisation(database.people, organisationId, work),
    sealOf: vault.sealOf,
    logKeys: vault,
    owner,
    registry,
    watchTime: (atMs) => alarms.watchTime(atMs),
    evaluate: (arrival) => {
      alarms.evaluate(arrival);
      subscriptions.watchReading(arrival);
      if (arrival.insertion !== 'new') onRevision(arrival.series.subjectId);
    },
    watchRun: (arrival) => alarms.watchRun(arrival),
    watchEvent: (entry) => alarms.watchEvent(entry),
    watchMove: (entry) => alarms.watchMove(entry),
    snapshotDetectors: (span) => alarms.snapshot(span),
    settleAlarms: () => alarms.settle().then(() => subscriptions.settleReadings()),
    encode: encoder.encode,
    memoryBytes: config.memoryBytes ?? defaultBudgetBytes(outside.machineBytes),
    mayWrite: () => !health.disk.isReached,
    merge: encoder.merge,
    onProblem: (what, error) => {
      health.noteFailure(error);
      outside.onProblem(what, error);
    },
    onTakenOver: outside.onFatal,
  });
}

function openDocuments(
  { options: { outside }, database: { people, line: sql }, vault: keys, owner }: Ground,
  engine: Pick<Parts, 'registry' | 'telemetry' | 'alarms' | 'inTurn'>,
  admitted: () => Admissions | undefined,
): Fhir {
  const lanes = lanesOfPeople(people, { owner, onTakenOver: outside.onFatal });
  return openFhir({
    ...{ ...outside, ...engine, ...lanes, sql, people, keys },
    categoryOf: (subject) => admitted()?.categoryOf(subject) ?? subject.category,
    usedFor: (id) => admitted()?.census.usedFor(id) ?? id,
  });
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

async function openHttp(parts: Parts, mqtt: MqttDoor): Promise<FastifyInstance> {
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
  const movedOf = (id: SubjectId) => parts.wearing.reattribution.recentOf(id);
  const { census } = parts.admissions;
  const presenceOf = (id: SubjectId) => census.presenceOf(id);
  const { inTurn } = parts;
  const told = { movedOf, presenceOf };
  registryRoutes(app, { registry, nowMs, ...secretsOf(outside), newId, inTurn, ...told });
  deviceLifeRoutes(app, {
    inLane: parts.inLane,
    registry,
    nowMs,
    ...secretsOf(outside),
    endConnections: (deviceId) => mqtt.endConnectionsOf(deviceId),
  });
  const { standsAt } = parts.admissions;
  wearingRoutes(app, { sql: database.line, registry, acts: parts.wearing.acts, standsAt, nowMs });
  const { desk } = parts.admissions;
  const refusals = { people: database.people, keys: parts.vault, census };
  admissionRoutes(app, { registry, desk, nowMs, ...refusals });
  erasureRoutes(app, {
    erasure: parts.erasure,
    holds: parts.holds,
    registry,
    mergedInto: (id) => census.mergedInto(id),
    rotateKeys: (who) => rotateKeys(parts.vault, { ...outside, sql: database.line }, who),
    newId,
    nowMs,
  });
  const { onProblem } = outside;
  telemetryRoutes(app, { telemetry, registry, nowMs, sql: database.line, onProblem });
  alarmRoutes(app, { alarms, registry });
  parkedRoutes(app, database.people);
  const documents = { ...parts.fhir, ...offered(parts.subscriptions) };
  await fhirRoutes(app, { ...outside, ...parts, ...documents });
  liveRoutes(app, { hub: parts.hub, sockets: parts.sockets, after });
  deviceRoutes(app, { intake, deviceOf: deviceFinder(registry), nowMs });
  statusRoutes(app, {
    version,
    startedMs: nowMs(),
    nowMs,
    parts: () => readiness({ ...parts, memory: telemetry.memory }),
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
