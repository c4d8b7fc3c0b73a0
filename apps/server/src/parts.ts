import type { Viewers } from './access/viewers.ts';
import type { Admissions } from './admissions/open-admissions.ts';
import type { Turns } from './admissions/turns.ts';
import type { AlarmBook } from './alarms/book.ts';
import type { Audit } from './audit/audit.ts';
import type { OpenedCalling } from './calling/open-calling.ts';
import type { Config } from './config.ts';
import type { Database } from './database/open.ts';
import type { InLane } from './database/pool.ts';
import type { DeviceGrants } from './device-streams/grants.ts';
import type { DeviceStreams } from './device-streams/streams.ts';
import type { Registry } from './devices/registry.ts';
import type { Ledger } from './disclosures/ledger.ts';
import type { Claims } from './doors/claims.ts';
import type { IntakePorts } from './doors/intake.ts';
import type { Erasure } from './erasure/erasure.ts';
import type { LegalHolds } from './erasure/holds.ts';
import type { Fhir } from './fhir/open-fhir.ts';
import type { Exports } from './fhir/operations/exports.ts';
import type { LiveHub } from './live/hub.ts';
import type { SignedInSockets } from './live/signed-in-sockets.ts';
import type { Oidc } from './oidc/open-oidc.ts';
import type { Outside } from './outside.ts';
import type { GuardedRecords } from './oversight/guarded.ts';
import type { OfficerMail } from './oversight/officer-mail.ts';
import type { Oversight } from './oversight/oversight.ts';
import type { Parking } from './parked/parking.ts';
import type { People } from './people/open-people.ts';
import type { Pki } from './pki/open-pki.ts';
import type { Protocols } from './protocols/open-protocols.ts';

import type { Wearing } from './reattribution/open-wearing.ts';
import type { ArchiveWatch } from './status/archive-watch.ts';
import type { Health } from './status/health.ts';
import type { Subscriptions } from './subscriptions/subscriptions.ts';
import type { ChunkEncoder } from './telemetry/chunk-encoder.ts';
import type { Ownership } from './telemetry/postgres-log.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import type { Vault } from './vault/vault.ts';
import type { Watchdog } from './watchdog/watchdog.ts';
import type { WriteBack } from './write-back/write-back.ts';

export interface ServerOptions {
  readonly config: Config;
  readonly version: string;
  readonly webDir: string | undefined;
  readonly outside: Outside;
}

/** What the routes and doors are made of. */
export interface Parts extends People {
  readonly oidc: Oidc;
  readonly options: ServerOptions;
  readonly database: Database;
  readonly vault: Vault;
  readonly registry: Registry;
  readonly pki: Pki;
  readonly streams: DeviceStreams;
  readonly deviceGrants: DeviceGrants;
  readonly protocols: Protocols;
  readonly telemetry: Telemetry;
  readonly alarms: AlarmBook;
  readonly hub: LiveHub;
  readonly sockets: SignedInSockets;
  readonly parking: Parking;
  readonly viewers: Viewers;
  readonly holds: LegalHolds;
  readonly erasure: Erasure;
  readonly wearing: Wearing;
  readonly claims: Claims;
  readonly admissions: Admissions;
  readonly fhir: Fhir;
  readonly exports: Exports;
  readonly subscriptions: Subscriptions;
  readonly writeBack: WriteBack;
  readonly intake: IntakePorts;
  readonly encoder: ChunkEncoder;
  readonly health: Health;
  readonly archive: ArchiveWatch;
  readonly watchdog: Watchdog;
  readonly audit: Audit;
  readonly ledger: Ledger;
  readonly oversight: Oversight;
  readonly guarded: GuardedRecords;
  readonly officerMail: OfficerMail;
  readonly called: OpenedCalling;
  readonly inLane: InLane;
  readonly inTurn: Turns['run'];
}

type Given =
  | 'options'
  | 'database'
  | 'vault'
  | 'encoder'
  | 'health'
  | 'archive'
  | 'watchdog'
  | 'audit'
  | 'ledger'
  | 'inLane';
export type Ground = Pick<Parts, Given> & { readonly owner: Ownership };
