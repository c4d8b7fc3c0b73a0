/**
 * What can go wrong while running: the disk fills, the log stalls, the database goes away. The screens,
 * the doors and readiness ask here; the alarms are told by it.
 */
import type { AlarmBook } from '../alarms/book.ts';
import { DISK_RESERVE_BYTES, freeBytesAt } from '../database/data-directory.ts';
import type { Database } from '../database/open.ts';
import type { Outside } from '../outside.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Part } from './routes.ts';

/** Below the reserve nothing is taken in; it is looked at this often. */
const DISK_LOOK_MS = 2_000;

/** A commit that takes longer than this is a stall: monitoring is degraded (safety S3). */
const STALL_MS = 2_000;
const STALL_LOOK_MS = 250;

/** Silence is looked for this often, and as of a moment ago: what came since may still be gathering. */
const SILENCE_LOOK_MS = 1_000;
const GATHERING_MS = 250;

export class Health {
  diskIsFull = false;
  degradedSinceMs: number | null = null;
}

export interface HealthPorts {
  readonly health: Health;
  readonly telemetry: Telemetry;
  readonly alarms: AlarmBook;
  readonly dataDir: string;
  readonly outside: Pick<Outside, 'nowMs' | 'every' | 'onProblem'>;
}

/** Watches the disk, the log and the silence of devices; returns what stops the watch. */
export function watchHealth(ports: HealthPorts): () => void {
  const stops = [watchDisk(ports), watchStall(ports), watchSilence(ports)];
  return () => {
    for (const stop of stops) stop();
  };
}

function watchDisk({ health, dataDir, outside }: HealthPorts): () => void {
  return outside.every(DISK_LOOK_MS, () => {
    freeBytesAt(dataDir).then(
      (freeBytes) => {
        health.diskIsFull = freeBytes < DISK_RESERVE_BYTES;
      },
      (error: unknown) => outside.onProblem('look at the disk', error),
    );
  });
}

function watchStall({ health, telemetry, alarms, outside }: HealthPorts): () => void {
  return outside.every(STALL_LOOK_MS, () => {
    const sinceMs = telemetry.stalledSinceMs;
    const isStalled = sinceMs !== undefined && outside.nowMs() - sinceMs >= STALL_MS;
    if (isStalled) alarms.evaluateProvisionally(telemetry.pending());
    else if (!health.diskIsFull) alarms.endProvisional();
    const isDegraded = isStalled || health.diskIsFull;
    if (!isDegraded) health.degradedSinceMs = null;
    else health.degradedSinceMs ??= sinceMs ?? outside.nowMs();
  });
}

function watchSilence({ telemetry, alarms, outside }: HealthPorts): () => void {
  return outside.every(SILENCE_LOOK_MS, () => {
    alarms.lookForSilence((telemetry.stalledSinceMs ?? outside.nowMs()) - GATHERING_MS);
  });
}

export function readiness(health: Health, database: Database): Part[] {
  const state = database.state();
  return [
    { name: 'database', ready: state === 'running' || state === 'external', detail: state },
    {
      name: 'log',
      ready: health.degradedSinceMs === null,
      detail: health.degradedSinceMs === null ? 'commits return' : 'stalled',
    },
    {
      name: 'disk',
      ready: !health.diskIsFull,
      detail: health.diskIsFull ? 'reserve reached' : 'free',
    },
  ];
}
