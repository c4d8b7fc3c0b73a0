/** Alarms whose readings turn out to be another subject's: found in the database, however old they are. */
import { alarmSubject } from '@ausculta/vitals/alarm';
import type { SubjectId } from '@ausculta/vitals/identity';
import { metricByKey } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import type { Sql } from '../database/pool.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import { alarmOfRow, type StoredAlarm } from './alarm-row.ts';
import { alarmsOpenedWithin } from './store.ts';

const ROWS_AT_ONCE = 200;

/** The times of PostgreSQL's bigint that a date can name. */
const TIME_MAX_MS = 8.64e15;

export interface MovedReadings {
  readonly fromSubjectId: SubjectId;
  readonly toSubjectId: SubjectId;
  readonly deviceId: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export async function* alarmsRestingOn(
  ports: { readonly sql: Sql; readonly sealOf: SubjectKeys['sealOf'] },
  moved: MovedReadings,
  metrics: readonly Metric[],
): AsyncGenerator<StoredAlarm> {
  const span = {
    subjectId: moved.fromSubjectId,
    fromMs: Math.max(-TIME_MAX_MS, moved.fromMs),
    untilMs: Math.min(TIME_MAX_MS, moved.untilMs),
  };
  const vitals = new Set(metrics.map(({ vital }) => vital));
  for (let after: string | undefined = ''; after !== undefined; ) {
    const rows = await alarmsOpenedWithin(ports.sql, span, { after, limit: ROWS_AT_ONCE });
    const seal = ports.sealOf(moved.fromSubjectId);
    if (seal === undefined) return;
    for (const row of rows) {
      const alarm = alarmOfRow(row, seal);
      // One that does not open has been told as a problem where it was read.
      if (alarm.ok && restsOn(alarm.value, moved.deviceId, vitals)) yield alarm.value;
    }
    after = rows.at(-1)?.id;
  }
}

/** By its device, where it names one; else by the vital, for each of its devices may have opened it. */
function restsOn({ view }: StoredAlarm, deviceId: string, vitals: ReadonlySet<string>): boolean {
  const about = alarmSubject(view.ruleKey);
  if (about.deviceId !== undefined) return about.deviceId === deviceId;
  return vitals.has(metricByKey(view.metric)?.vital ?? about.vital ?? '');
}
