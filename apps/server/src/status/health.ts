/**
 * What can go wrong while running: the disk fills, the log stalls, the database goes away. The screens,
 * the doors and readiness ask here; the alarms are told by it.
 */
import type { DegradedReason } from '@ausculta/contract/live';
import type { AlarmBook } from '../alarms/book.ts';
import { databaseFault } from '../database/fault.ts';
import type { Database } from '../database/open.ts';
import type { Outside } from '../outside.ts';
import type { MemoryBudget, Pressure } from '../telemetry/memory-budget.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Vault } from '../vault/vault.ts';
import type { ArchiveWatch } from './archive-watch.ts';
import type { DiskReserve } from './disk-reserve.ts';
import type { Part } from './routes.ts';

/** The disk is looked at this often: at full intake a reserve lasts for minutes. */
const DISK_LOOK_MS = 1_000;

/** A commit that takes longer than this is a stall: monitoring is degraded (safety S3). */
const STALL_MS = 2_000;
const STALL_LOOK_MS = 250;

/** Silence is looked for this often, and as of a moment ago: what came since may still be placed. */
const SILENCE_LOOK_MS = 1_000;
const PLACING_MS = 250;

export class Health {
  readonly disk: DiskReserve;
  degradedSinceMs: number | null = null;
  /** PostgreSQL has said that it has no room: its disk may be another than ours. */
  #storeIsFull = false;

  constructor(disk: DiskReserve) {
    this.disk = disk;
  }

  /** Nothing can be kept for want of room. */
  get isFull(): boolean {
    return this.disk.isReached || this.#storeIsFull;
  }

  get reason(): DegradedReason {
    return this.isFull ? 'full' : 'stalled';
  }

  noteFailure(error: unknown): void {
    if (databaseFault(error)?.code === 'STORE_FULL') this.#storeIsFull = true;
  }

  noteCommitted(): void {
    this.#storeIsFull = false;
  }
}

export interface HealthPorts {
  readonly health: Health;
  readonly telemetry: Telemetry;
  readonly alarms: AlarmBook;
  /** Where there has to be room: the database if it is ours, and the keys. */
  readonly places: readonly string[];
  readonly outside: Pick<Outside, 'nowMs' | 'every' | 'freeBytesAt' | 'onProblem'>;
}

/** Watches the disk, the log and the silence of devices; returns what stops the watch. */
export function watchHealth(ports: HealthPorts): () => void {
  const stops = [watchDisk(ports), watchStall(ports), watchSilence(ports)];
  return () => {
    for (const stop of stops) stop();
  };
}

function watchDisk({ health, places, outside }: HealthPorts): () => void {
  const look = (): void => {
    Promise.all(places.map((place) => outside.freeBytesAt(place))).then(
      (freeBytes) => health.disk.note(Math.min(...freeBytes)),
      (error: unknown) => outside.onProblem('look at the disk', error),
    );
  };
  return outside.every(DISK_LOOK_MS, look);
}

function watchStall({ health, telemetry, alarms, outside }: HealthPorts): () => void {
  return outside.every(STALL_LOOK_MS, () => {
    const sinceMs = telemetry.stalledSinceMs;
    const isStalled = sinceMs !== undefined && outside.nowMs() - sinceMs >= STALL_MS;
    if (isStalled) alarms.evaluateProvisionally(telemetry.pending());
    else {
      health.noteCommitted();
      if (!health.isFull) alarms.endProvisional();
    }
    const isDegraded = isStalled || health.isFull;
    if (!isDegraded) health.degradedSinceMs = null;
    else health.degradedSinceMs ??= sinceMs ?? outside.nowMs();
  });
}

function watchSilence({ telemetry, alarms, outside }: HealthPorts): () => void {
  return outside.every(SILENCE_LOOK_MS, () => {
    alarms.lookForSilence((telemetry.unconsumedSinceMs ?? outside.nowMs()) - PLACING_MS);
  });
}

export interface ReadinessPorts {
  readonly health: Health;
  readonly database: Database;
  readonly memory: Pick<MemoryBudget, 'pressure'>;
  readonly vault: Pick<Vault, 'copy' | 'unprovenErasures'>;
  readonly archive: ArchiveWatch;
  readonly audit: { readonly sequencer: { readonly contradicted: number } };
  readonly subscriptions: { readonly part: () => readonly Part[] };
  readonly writeBack: { readonly part: () => readonly Part[] };
  readonly called: { readonly calling: { readonly part: () => readonly Part[] } };
  readonly watchdog: { readonly part: () => readonly Part[] };
}

export function readiness(ports: ReadinessPorts): Part[] {
  const { health, database, memory, vault, archive, audit } = ports;
  const { subscriptions, writeBack, called, watchdog } = ports;
  const { pressure } = memory;
  const state = database.state();
  return [
    { name: 'database', ready: state === 'running' || state === 'external', detail: state },
    {
      name: 'log',
      ready: health.degradedSinceMs === null,
      detail: health.degradedSinceMs === null ? 'commits return' : health.reason,
    },
    {
      name: 'disk',
      ready: !health.isFull,
      detail: health.isFull ? diskWords(health) : 'free',
    },
    { name: 'memory', ready: pressure !== 'all', detail: PRESSURE_WORDS[pressure] },
    ...(vault.copy === 'none' ? [] : [COPY_PARTS[vault.copy]]),
    ...(vault.unprovenErasures === 0 ? [] : [unprovenPart(vault.unprovenErasures)]),
    ...archive.part(),
    ...(audit.sequencer.contradicted === 0 ? [] : [CONTRADICTED]),
    ...subscriptions.part(),
    ...writeBack.part(),
    ...called.calling.part(),
    ...watchdog.part(),
  ];
}

const CONTRADICTED: Part = {
  name: 'audit',
  ready: true,
  attention: true,
  detail:
    'the database is not what the signed heads of its audit say: new entries wait for their places. See npx ausculta audit verify; after a restore, npx ausculta audit restored',
};

const COPY_PARTS: Readonly<Record<'equal' | 'behind', Part>> = {
  equal: { name: 'copy of the keys', ready: true, detail: 'has them all' },
  behind: {
    name: 'copy of the keys',
    ready: true,
    attention: true,
    detail:
      'cannot be reached: new keys are here alone, and nobody is erased. See that the disk of AUSCULTA_KEY_REPLICA_DIR is there',
  },
};

function unprovenPart(count: number): Part {
  const detail = `names ${count} subjects without a receipt that this installation has signed: their keys are kept. See who has changed it, or bring the key store that signed`;
  return { name: 'list of destroyed keys', ready: true, attention: true, detail };
}

const PRESSURE_WORDS: Readonly<Record<Pressure, string>> = {
  none: 'free',
  waveforms: 'the store does not follow: waveforms wait',
  all: 'the store does not follow: devices wait',
};

function diskWords({ disk }: Health): string {
  if (!disk.isReached) return 'the database has no room: nothing is taken in';
  const mebibytes = Math.ceil(disk.enoughBytes / (1024 * 1024));
  return `reserve reached: intake goes on by itself once ${mebibytes} MiB are free`;
}
