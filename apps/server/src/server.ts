/** The server as a whole: its parts, wired in the order in which they need each other. */
import type { Server } from 'node:net';
import { FRAME_INTERVAL_MS } from '@ausculta/contract/live';
import type { SubjectId } from '@ausculta/vitals/identity';
import { hash as argonHash } from '@node-rs/argon2';
import type { Census } from './admissions/census.ts';
import { categoryNow, openAdmissions, openStays } from './admissions/open-admissions.ts';
import { Turns } from './admissions/turns.ts';
import { openAudit } from './audit/open-audit.ts';
import { callPeople, openCalling } from './calling/open-calling.ts';
import type { Config } from './config.ts';
import { type DataDirectory, openDataDirectory } from './database/data-directory.ts';
import { type Database, openDatabase } from './database/open.ts';
import { DeviceGrants } from './device-streams/grants.ts';
import { DeviceStreams } from './device-streams/streams.ts';
import type { MoveUnderWay } from './devices/moves-under-way.ts';
import { Registry } from './devices/registry.ts';
import { openLedger } from './disclosures/open-ledger.ts';
import type { OpenDoor } from './door-settings.ts';
import { Claims } from './doors/claims.ts';
import { intakePorts } from './doors/intake-ports.ts';
import { openListedDoors } from './doors/listed-doors.ts';
import { type MqttDoor, openMqttDoor } from './doors/mqtt.ts';
import { mqttIdentity } from './doors/mqtt-identity.ts';
import { openErasure } from './erasure/open-erasure.ts';
import { type Fhir, openFhir, workInBackground } from './fhir/open-fhir.ts';
import { Exports } from './fhir/operations/exports.ts';
import { reportIndicators } from './indicators/open-indicators.ts';
import { openHub } from './live/open-hub.ts';
import { SignedInSockets, watchSessions } from './live/signed-in-sockets.ts';
import { openAlarms } from './open-alarms.ts';
import { openHttp } from './open-http.ts';
import { openSignIn } from './open-sign-in.ts';
import { openTelemetry } from './open-telemetry.ts';
import { openViewers } from './open-viewers.ts';
import { secretsOf } from './outside.ts';
import { oversee } from './oversight/open-oversight.ts';
import { parkedKeyOf } from './parked/parked-key.ts';
import { Parking } from './parked/parking.ts';
import type { Ground, Parts, ServerOptions } from './parts.ts';
import { type FirstLink, prepareFirstStart } from './people/first-start.ts';
import { openPki } from './pki/open-pki.ts';
import { portProblem } from './port-problem.ts';
import { keepPlans, openProtocols } from './protocols/open-protocols.ts';
import { openWearing } from './reattribution/open-wearing.ts';
import { readSealedDatabase } from './sealed-database.ts';
import { ArchiveWatch, watchArchive } from './status/archive-watch.ts';
import { DiskReserve } from './status/disk-reserve.ts';
import { Health, watchHealth } from './status/health.ts';
import { readArchive } from './status/read-archive.ts';
import { openSubscriptions, tellSubscribers } from './subscriptions/open-subscriptions.ts';
import { ChunkWorker } from './telemetry/chunk-encoder.ts';
import { LOG_KEPT_MS } from './telemetry/flushing.ts';
import { inLaneOf, lanesOfPeople, PostgresLog } from './telemetry/postgres-log.ts';
import { startRetention } from './telemetry/retention.ts';
import { TlsSource } from './tls-source.ts';
import { openVault } from './vault/open-vault.ts';
import type { Vault } from './vault/vault.ts';
import { Watchdog } from './watchdog/watchdog.ts';
import { openWriteBack, sendSummaries } from './write-back/open-write-back.ts';

/** A shift ends by the clock, and an answered alarm closes what it opened. */
const REVIEW_MS = 1_000;

/** What has expired is let go this often. */
const TIDY_MS = 10 * 60_000;

export interface RunningServer extends AsyncDisposable {
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly hl7Port: number | undefined;
  readonly phdPort: number | undefined;
  readonly firstLink: FirstLink | undefined;
}

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
    nowMs: outside.nowMs,
    ...secretsOf(outside),
  });
  const health = new Health(new DiskReserve(config.diskReserveBytes));
  const encoder = stack.use(new ChunkWorker());
  const owner = await PostgresLog.takeOver(database.line);
  const inLane = inLaneOf(database.line, { owner, onTakenOver: outside.onFatal });
  const archive = new ArchiveWatch();
  const watchdog = await Watchdog.open(database.line, outside);
  const audit = await openAudit(stack, { options, database, vault, inLane });
  const ledger = openLedger(stack, database.line, outside);
  const watched = { health, archive, watchdog };
  const outer = { options, database, vault, encoder, ...watched, audit, ledger };
  const parts = await openParts({ ...outer, owner, inLane });
  const { telemetry, alarms, sockets, signIn } = parts;
  closeAtEnd(stack, parts);
  await parts.claims.resume();
  const places = placesOf(dataDirectory.path, config);
  stack.defer(watchHealth({ health, telemetry, alarms, places, outside }));
  const read = () => readArchive(database, dataDirectory.path);
  stack.defer(watchArchive({ watch: parts.archive, read, outside }));

  const mqtt = stack.use(await openMqtt(parts, deviceTls(stack, config.mqtt, parts)));
  const listed = await openListedDoors(stack, config, { ...outside, ...parts });
  const http = await openHttp(parts, mqtt, deviceTls(stack, config.http, parts));
  stack.defer(() => http.close());
  beat(stack, parts);
  const kept = { sql: database.line, rules: config.retention, everyMs: TIDY_MS };
  stack.defer(startRetention({ ...outside, ...parts, ...kept }));
  stack.defer(workInBackground(parts.fhir, { ...outside, sql: database.line, keys: vault }));
  stack.defer(() => parts.exports.close());
  stack.defer(tellSubscribers(parts.subscriptions, { ...parts, ...parts.fhir, outside }));
  stack.defer(sendSummaries(parts.writeBack, { ...parts, ...parts.fhir, outside }));
  stack.defer(reportIndicators(config.indicators, { ...outside, ...parts, ...parts.fhir }));
  parts.exports.resume();
  stack.defer(watchSessions({ sockets, signIn, outside }));
  stack.defer(callPeople(parts.called, outside));

  const firstLink = await firstStart.prepareLogin(parts.viewers.gate.standing);
  const moved = stack.move();
  return {
    httpPort: portOf(http.server.address()) ?? config.http.port,
    mqttPort: mqtt.port,
    ...listed,
    firstLink,
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

function beat(stack: AsyncDisposableStack, parts: Parts): void {
  const { hub, options } = parts;
  const { outside } = options;
  stack.defer(outside.every(FRAME_INTERVAL_MS, () => hub.beat()));
  stack.defer(outside.every(REVIEW_MS, () => hub.review()));
  let tidying = Promise.resolve();
  // What is under way ends before the connections do.
  stack.defer(() => tidying);
  stack.defer(
    outside.every(TIDY_MS, () => {
      tidying = tidying.then(() => tidy(parts));
    }),
  );
  stack.defer(oversee(parts, outside));
  stack.defer(keepPlans(parts.protocols, outside));
}

function portOf(address: ReturnType<Server['address']>): number | undefined {
  return typeof address === 'object' && address !== null ? address.port : undefined;
}

function closeAtEnd(stack: AsyncDisposableStack, parts: Parts): void {
  const { telemetry, erasure, wearing, claims, pki } = parts;
  const closing = [telemetry, erasure, wearing.reattribution, claims];
  for (const one of closing) stack.defer(() => one.close());
  stack.defer(() => pki.refusals.settle());
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
async function tidy({
  subscriptions,
  parking,
  signIn,
  vault,
  exports,
  pki,
  oidc,
  deviceGrants,
  options,
}: Parts): Promise<void> {
  const { outside } = options;
  pki.tidy();
  deviceGrants.tidy();
  const expired = Promise.all([
    parking.expire(outside.nowMs()),
    signIn.forgetExpired(),
    oidc.forgetExpired(),
    exports.tidy(),
    subscriptions.tidy(),
  ]);
  try {
    vault.tidy(outside.nowMs());
  } catch (error) {
    outside.onProblem('back up the key store', error);
  }
  await expired.catch((error: unknown) => outside.onProblem('let go of what has expired', error));
}

async function openParts(ground: Ground): Promise<Parts> {
  const { options, database, vault, health, inLane } = ground;
  const { outside } = options;
  const sql = database.line;
  const { nowMs, onProblem } = outside;
  const registry = await Registry.load({ sql, inLane, keys: vault });
  const { alarms, library } = await openAlarms(ground, registry);
  const sockets = new SignedInSockets();
  const given = { inLane, organisationSeal: vault.organisationSeal };
  const stays = await openStays({ ...outside, ...given, sql, registry, keys: vault });
  const { certificateDays } = options.config;
  const pki = await openPki({ ...outside, ...given, sql, registry, certificateDays });
  const { deviceGrants, streams } = await openStreams({ ...ground, ...given }, registry);
  const settings = options.config.subscriptions;
  const subscriptions = await openSubscriptions({
    ...{ ...ground, records: stays.census, outside, sockets, keys: vault, settings },
    alarmsSettled: () => alarms.settle(),
  });
  const writeBack = await openWriteBack({
    ...{ ...ground, ...options.config, outside, sql, registry, keys: vault },
    file: options.config.writeBackFile,
  });
  let onRevision = (_subjectId: SubjectId): void => {};
  const watching = { registry, alarms, subscriptions, writeBack, streams };
  const telemetry = await openTelemetry(ground, watching, (id) => onRevision(id));
  const called = await openCalling(ground, { registry, alarms, census: stays.census });
  const { watchdog } = ground;
  const hub = openHub({ telemetry, registry, alarms, health, watchdog, nowMs });
  onRevision = (subjectId) => hub.publishRevision(subjectId);
  alarms.onChange((subjectId, alarm) => {
    hub.publishAlarm(subjectId, alarm);
    subscriptions.noteAlarm();
    called.calling.noteAlarm();
  });
  const parking = await Parking.open({ ...outside, sql, keyOf: parkedKeyOf(registry, vault) });
  const engine = { registry, telemetry, alarms };
  const intake = intakePorts({ ...engine, parking, health, onProblem });
  const turns = new Turns();
  const inTurn: Turns['run'] = (act) => turns.run(act);
  const fhir = await openDocuments(ground, { ...engine, inTurn }, stays.census);
  const { repository } = fhir;
  const house = { census: stays.census, timeZone: options.config.timeZone };
  const seeing = { ...outside, registry, alarms, ...house, sql, keys: vault };
  const viewers = await openViewers({ ...seeing, repository, documents: subscriptions.documents });
  const { standing } = viewers.gate;
  called.reach.boundBy(viewers.gate);
  standing.onChange(() => hub.review());
  deviceGrants.boundBy((id) => viewers.gate.consentsOf(id));
  standing.onChange(() => streams.look());
  const people = await openSignIn(ground, { sockets, standing, registry });
  const documents = { fhir: repository, writeBack };
  const held = { deviceGrants, library, standing, parking, ...documents };
  const forgetting = { ...engine, ...held, vault, logKeptMs: LOG_KEPT_MS };
  const erasing = await openErasure({ ...outside, ...forgetting, subscriptions, inLane, sql });
  const onMoved = (subjectId: SubjectId): void => hub.publishMove(subjectId);
  const noteMoved = ({ fromSubjectId, toSubjectId, ...span }: MoveUnderWay): Promise<void> =>
    writeBack.moved([fromSubjectId, toSubjectId], span);
  const moving = { ...engine, ...erasing, ...given, onMoved, noteMoved };
  const claims = new Claims({ ...intake, ...outside, registry, parking, keys: vault, sql });
  const wearing = await openWearing({ ...outside, ...moving, onWorn: claims.begin, sql });
  const admitting = { ...outside, ...secretsOf(outside), ...moving, ...wearing, keys: vault };
  const erasedMs = (id: string, number: string) => erasing.erasure.lastOf(id, number);
  const admissions = await openAdmissions({ ...admitting, stays, turns, erasedMs, sql });
  const exports = new Exports({ ...outside, ...database, sql, repository, registry });
  const opened = { ...engine, ...erasing, viewers, wearing, admissions, claims };
  const open = { ...opened, fhir, exports, subscriptions };
  const protocols = openProtocols(ground, { ...engine, ...given, library });
  const screens = { hub, called, sockets, streams, deviceGrants, protocols };
  return { ...ground, ...open, ...people, ...screens, pki, writeBack, parking, intake, inTurn };
}

/** What devices hear of each other. */
async function openStreams(
  ground: Ground & Pick<Vault, 'organisationSeal'>,
  { devices }: Registry,
): Promise<Pick<Parts, 'deviceGrants' | 'streams'>> {
  const { outside } = ground.options;
  const { database, audit } = ground;
  const grants = await DeviceGrants.open({ ...outside, ...ground, sql: database.line });
  const streams = new DeviceStreams({ ...outside, devices, grants, reads: audit.reads });
  return { deviceGrants: grants, streams };
}

async function openDocuments(
  {
    options: { outside },
    database: { people, read, line: sql },
    vault: keys,
    owner,
    ...kept
  }: Ground,
  engine: Pick<Parts, 'registry' | 'telemetry' | 'alarms' | 'inTurn'>,
  census: Census,
): Promise<Fhir> {
  const lanes = lanesOfPeople(people, { owner, onTakenOver: outside.onFatal });
  return await openFhir({
    ...{ ...outside, ...engine, ...lanes, ...kept, sql, people, read, keys },
    categoryOf: (subject) => categoryNow(subject, census, outside.nowMs()),
    limitsOf: ({ id, category }) => engine.alarms.watch.limitsOf(id, category),
    usedFor: (id) => census.usedFor(id),
    recordsOf: (id) => census.recordsOf(id),
  });
}

/** At doors where devices prove who they are by certificates of ours. */
function deviceTls(
  stack: AsyncDisposableStack,
  { tls }: OpenDoor,
  { pki: { authorities }, options: { outside } }: Parts,
): TlsSource | undefined {
  if (tls === undefined) return undefined;
  const { every, onProblem } = outside;
  const source = new TlsSource(tls, { every, onProblem, authorities: () => authorities.pem });
  authorities.onMade(() => source.refresh());
  return stack.use(source);
}

async function openMqtt(parts: Parts, tls: TlsSource | undefined): Promise<MqttDoor> {
  const { config, outside } = parts.options;
  const { pki, registry, intake, streams } = parts;
  const { nowMs, newId, every } = outside;
  const identity = mqttIdentity(pki, registry, outside);
  const ports = { intake, streams, ...identity, nowMs, newId, every };
  const door = await openMqttDoor({ ...config.mqtt, tls }, ports).catch((cause: unknown) => {
    throw portProblem('MQTT', config.mqtt, cause);
  });
  pki.enrolment.onRevoked(({ device, fingerprints }) =>
    door.endConnectionsOf(device.id, fingerprints),
  );
  return door;
}
