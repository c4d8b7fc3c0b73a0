import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance } from 'fastify';
import { AccessActs } from './access/acts.ts';
import { accessRoutes } from './access/routes.ts';
import { admissionRoutes } from './admissions/routes.ts';
import { statisticsRoutes } from './alarm-review/statistics-routes.ts';
import { whatIfRoutes } from './alarm-review/what-if-routes.ts';
import { alarmRoutes } from './alarms/routes.ts';
import { apiDocumentRoutes, noteRoutes } from './api-document/routes.ts';
import { breachRoutes } from './audit/breach-routes.ts';
import { explorerRoutes } from './audit/explorer-routes.ts';
import { auditReads } from './audit/noted-reads.ts';
import { auditRoutes } from './audit/routes.ts';
import { addressRoutes } from './calling/address-routes.ts';
import { rosterRoutes } from './calling/roster-routes.ts';
import { callingRoutes } from './calling/routes.ts';
import type { Config } from './config.ts';
import { deviceGrantRoutes } from './device-streams/routes.ts';
import { deviceLifeRoutes } from './devices/device-routes.ts';
import { registryRoutes } from './devices/routes.ts';
import { recipientsBy } from './disclosures/recipients.ts';
import { disclosureRoutes } from './disclosures/routes.ts';
import { deviceRoutes } from './doors/http.ts';
import type { MqttDoor } from './doors/mqtt.ts';
import { erasureRoutes } from './erasure/routes.ts';
import { fhirRoutes } from './fhir/routes.ts';
import { stayOf } from './fhir/stay-of.ts';
import { createHttpServer } from './http-server.ts';
import { indicatorRoutes } from './indicators/routes.ts';
import { liveRoutes } from './live/socket.ts';
import { type AddressPorts, baseOf } from './oidc/own-address.ts';
import { oidcRoutes } from './oidc/routes.ts';
import { secretsOf } from './outside.ts';
import { oversightRoutes, watchAddresses } from './oversight/routes.ts';
import { parkedRoutes } from './parked/routes.ts';
import type { Parts } from './parts.ts';
import { accountRoutes } from './people/account-routes.ts';
import { Makers } from './people/makers.ts';
import { meRoutes } from './people/me-routes.ts';
import { passkeyRoutes } from './people/passkey-routes.ts';
import { peopleRoutes } from './people/routes.ts';
import { estRoutes } from './pki/est-routes.ts';
import { identityRoutes } from './pki/routes.ts';
import { portProblem } from './port-problem.ts';
import { protocolRoutes } from './protocols/routes.ts';
import { subjectProtocolRoutes } from './protocols/subject-routes.ts';
import { wearingRoutes } from './reattribution/routes.ts';
import { openSignOn } from './sign-on/open-sign-on.ts';
import { offeredBy, signOnRoutes } from './sign-on/routes.ts';
import { readiness } from './status/health.ts';
import { statusRoutes } from './status/routes.ts';
import { offered } from './subscriptions/open-subscriptions.ts';
import { signalOf } from './telemetry/last-signal.ts';
import { telemetryRoutes } from './telemetry/routes.ts';
import type { TlsSource } from './tls-source.ts';
import { rotateKeys } from './vault/rotation.ts';
import { watchdogRoutes } from './watchdog/routes.ts';
import { writeBackRoutes } from './write-back/routes.ts';

export async function openHttp(
  parts: Parts,
  mqtt: MqttDoor,
  tls: TlsSource | undefined,
): Promise<FastifyInstance> {
  const { options, database, registry, telemetry, alarms, signIn, intake } = parts;
  const { config, version, webDir, outside } = options;
  const { nowMs, newId, after, onProblem } = outside;
  const app = await createHttpServer({
    signIn,
    ...{ viewers: parts.viewers, isOriginOfApp: parts.oidc.isOriginOfApp },
    webDir,
    tls,
    trustedProxies: config.trustedProxies,
    publicUrl: config.publicUrl,
    onProblem: outside.onProblem,
  });
  const routes = noteRoutes(app);
  auditReads(app, parts.audit.reads, parts.ledger);
  watchAddresses(app, parts.oversight);
  await peopleDoors(app, parts);
  await programDoor(app, parts);
  const movedOf = (id: SubjectId) => parts.wearing.reattribution.recentOf(id);
  const { census } = parts.admissions;
  const presenceOf = (id: SubjectId) => census.presenceOf(id);
  const watchOf = (id: SubjectId) => ({
    hasLimits: parts.alarms.watch.limitsOf(id).length > 0,
    signal: signalOf(parts.telemetry.heads.ofSubject(id), nowMs()),
  });
  const told = { movedOf, presenceOf, watchOf, inTurn: parts.inTurn };
  registryRoutes(app, { registry, nowMs, ...secretsOf(outside), newId, ...told });
  ownRoutesOfDevices(app, parts, mqtt);
  const { standsAt } = parts.admissions;
  wearingRoutes(app, { sql: database.line, registry, acts: parts.wearing.acts, standsAt, nowMs });
  const { desk } = parts.admissions;
  const refusals = { read: database.read, keys: parts.vault, census };
  admissionRoutes(app, { registry, desk, nowMs, ...refusals });
  accessDoors(app, parts);
  erasureRoutes(app, {
    erasure: parts.erasure,
    holds: parts.holds,
    registry,
    mergedInto: (id) => census.mergedInto(id),
    recipients: recipientsBy(database.line, parts.ledger),
    rotateKeys: (who) => rotateKeys(parts.vault, { ...outside, sql: database.line }, who),
    newId,
    nowMs,
  });
  telemetryRoutes(app, { telemetry, registry, nowMs, sql: database.line, onProblem });
  alarmRoutes(app, { alarms, registry });
  reviewDoors(app, parts);
  callingDoors(app, parts);
  protocolRoutes(app, parts.protocols);
  subjectProtocolRoutes(app, { ...outside, ...parts, ...parts.protocols });
  parkedRoutes(app, database.people);
  const documents = { ...parts.fhir, ...offered(parts.subscriptions) };
  await fhirRoutes(app, { ...outside, ...parts, ...documents });
  writeBackRoutes(app, parts);
  indicatorRoutes(app, parts.fhir);
  liveRoutes(app, { hub: parts.hub, sockets: parts.sockets, after });
  deviceRoutes(app, { intake, signIn: parts.pki.signIn, nowMs });
  healthDoors(app, parts);
  watchdogRoutes(app, parts.watchdog);
  apiDocumentRoutes(app, { version, routes });
  await app.listen({ host: config.http.host, port: config.http.port }).catch((cause: unknown) => {
    throw portProblem('HTTP', config.http, cause);
  });
  return app;
}

function healthDoors(app: FastifyInstance, parts: Parts): void {
  const { options, telemetry, registry, parking, alarms } = parts;
  const { version, outside } = options;
  const { nowMs } = outside;
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
}

/** What the alarms have been, and what they would have been. */
function reviewDoors(app: FastifyInstance, parts: Parts): void {
  const { options, database, registry, telemetry, admissions } = parts;
  const { pause } = options.outside;
  const ports = { registry, census: admissions.census, read: database.read };
  statisticsRoutes(app, ports);
  whatIfRoutes(app, { ...ports, telemetry, pause, timeZone: options.config.timeZone });
}

function callingDoors(app: FastifyInstance, parts: Parts): void {
  const { options, database, vault, called } = parts;
  const { outside } = options;
  const { organisationSeal } = vault;
  const given = { ...outside, ...secretsOf(outside), ...parts, ...called, sql: database.line };
  callingRoutes(app, given);
  rosterRoutes(app, given);
  addressRoutes(app, { ...given, organisationSeal });
}

function accessDoors(app: FastifyInstance, parts: Parts): void {
  const { options, database, registry, viewers, vault, inLane } = parts;
  const { gate } = viewers;
  const { nowMs } = options.outside;
  accessRoutes(app, {
    ...options.outside,
    sql: database.line,
    registry,
    gate,
    keys: vault,
    acts: new AccessActs({ inLane, standing: gate.standing, nowMs }),
    stayOf: stayIn(parts),
  });
}

const stayIn =
  ({ fhir }: Parts) =>
  (organisationId: OrganisationId, stay: Parameters<typeof stayOf>[2]) =>
    stayOf(fhir.repository, organisationId, stay);

/** A device's life but for who wears it, and by what it proves itself. */
function ownRoutesOfDevices(
  app: FastifyInstance,
  { pki, registry, database, vault, inLane, deviceGrants: grants, options: { outside } }: Parts,
  { endConnectionsOf: endConnections }: MqttDoor,
): void {
  const { nowMs } = outside;
  const { organisationSeal } = vault;
  deviceLifeRoutes(app, { inLane, registry, nowMs, ...secretsOf(outside), endConnections });
  identityRoutes(app, { pki, registry, sql: database.line, organisationSeal, nowMs });
  deviceGrantRoutes(app, { grants, registry, nowMs });
  estRoutes(app, { pki, devices: registry.devices, nowMs });
}

async function peopleDoors(app: FastifyInstance, parts: Parts): Promise<void> {
  const { options, database, accounts, vault } = parts;
  const { outside, config } = options;
  const { demo, idleLockMs, publicUrl, signOnFile: file } = config;
  const people = { ...outside, ...secretsOf(outside), ...parts, sql: database.line };
  const signOn = await openSignOn({ ...people, file });
  peopleRoutes(app, { ...people, demo, idleLockMs, providers: offeredBy(signOn) });
  signOnRoutes(app, { ...people, signOn, base: () => baseOf(app, placeOf(config)) });
  meRoutes(app, { ...people, organisationSeal: vault.organisationSeal });
  passkeyRoutes(app, { ...people, publicUrl });
  accountRoutes(app, accounts, outside.nowMs);
  auditRoutes(app, { ...parts, isSubject: isSubjectOf(parts) });
  explorerRoutes(app, { ...outside, ...parts });
  breachRoutes(app, {
    ...{ ...outside, ...parts },
    makers: new Makers({ sql: database.line, nowMs: outside.nowMs }),
    subjectsOf: (id) => parts.viewers.gate.everybodyOf(id),
  });
  disclosureRoutes(app, { ...parts, isSubject: isSubjectOf(parts) });
  oversightRoutes(app, { ...outside, ...parts, sql: database.line });
}

/** Whoever was erased still has a right to know who looked. */
function isSubjectOf({ registry, vault }: Parts) {
  return (organisationId: string, id: string): boolean => {
    const subject = registry.subjects.get(id as SubjectId);
    return subject === undefined ? vault.isShredded(id) : subject.organisationId === organisationId;
  };
}

async function programDoor(app: FastifyInstance, parts: Parts): Promise<void> {
  const { outside, config } = parts.options;
  const { line: sql, people } = parts.database;
  const stays = { stayOf: stayIn(parts) };
  const given = { ...outside, ...secretsOf(outside), ...parts, ...placeOf(config), ...stays };
  await oidcRoutes(app, { ...given, sql, people });
}

/** Where we are, for whoever has to come back. */
const placeOf = ({ http, publicUrl }: Config): AddressPorts => ({
  ...{ publicUrl, host: http.host, isTls: http.tls !== undefined },
});
