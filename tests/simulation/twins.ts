/**
 * The store.ts of each room that the simulator runs, and its twin. All SQL of the platform lives in
 * those files, so their functions are the seam: a function that a twin has is replaced by the twin's,
 * any other runs as it is, and is caught when it speaks SQL (memory-database.ts).
 */
import { alarmsTwin } from './alarms-twin.ts';
import { auditTwin } from './audit-twin.ts';
import { compactionTwin } from './compaction-twin.ts';
import { devicesTwin } from './devices-twin.ts';
import { documentTwin, erasureTwin } from './erasure-twin.ts';
import { moveTwin } from './move-twin.ts';
import { parkedTwin } from './parked-twin.ts';
import { reattributionTwin } from './reattribution-twin.ts';
import { telemetryTwin } from './telemetry-twin.ts';
import { trendTwin } from './trend-twin.ts';

const TWINS: Readonly<Record<string, object>> = {
  'alarms/store.ts': alarmsTwin,
  'devices/store.ts': devicesTwin,
  'erasure/document-store.ts': documentTwin,
  'erasure/store.ts': erasureTwin,
  'parked/store.ts': parkedTwin,
  'reattribution/store.ts': reattributionTwin,
  'telemetry/compaction-store.ts': compactionTwin,
  'telemetry/move-store.ts': moveTwin,
  'telemetry/store.ts': telemetryTwin,
  'telemetry/trend-store.ts': trendTwin,
  'vault/audit-store.ts': auditTwin,
};

/** @public Called by the modules that seam.ts makes. */
export function twinOf<F>(file: string, name: string, real: F): F {
  return (Reflect.get(TWINS[file] ?? {}, name) as F | undefined) ?? real;
}

export const TWINNED_FILES: readonly string[] = Object.keys(TWINS);
