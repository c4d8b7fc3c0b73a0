/** Alarms whose readings turn out to be another subject's: found in the database, however old they are. */
import { alarmSubject } from '@ausculta/vitals/alarm';
import type { SubjectId } from '@ausculta/vitals/identity';
import { metricByKey } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import type { Sql } from '../database/pool.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import { withView } from './alarm-change.ts';
import { alarmOfRow, type StoredAlarm } from './alarm-row.ts';
import type { AlarmShelf } from './alarm-shelf.ts';
import type { Change } from './rounds.ts';
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

/** Alarms that rest on what was moved say so where they were sounded; what is back says it no more. */
export async function* changesByMove(
  ports: AlarmPorts & { readonly shelf: AlarmShelf },
  moved: MovedReadings,
  { metrics, atMs }: { metrics: readonly Metric[]; atMs: number },
): AsyncGenerator<Change> {
  const { fromSubjectId, toSubjectId } = moved;
  const newest = (stored: StoredAlarm): StoredAlarm =>
    ports.shelf.get(stored.subjectId, stored.view.id) ?? stored;
  for await (const stored of alarmsRestingOn(ports, moved, { metrics, subjectId: fromSubjectId })) {
    const alarm = newest(stored);
    if (alarm.view.movedMs === atMs) continue;
    yield { alarm: withView(alarm, { movedMs: atMs }), what: `moved@${atMs}` };
  }
  for await (const stored of alarmsRestingOn(ports, moved, { metrics, subjectId: toSubjectId })) {
    const alarm = newest(stored);
    const { movedMs, ...view } = alarm.view;
    if (movedMs !== undefined) yield { alarm: { ...alarm, view }, what: `back@${atMs}` };
  }
}

interface AlarmPorts {
  readonly sql: Sql;
  readonly sealOf: SubjectKeys['sealOf'];
}

async function* alarmsRestingOn(
  ports: AlarmPorts,
  moved: MovedReadings,
  { metrics, subjectId }: { metrics: readonly Metric[]; subjectId: SubjectId },
): AsyncGenerator<StoredAlarm> {
  const span = {
    subjectId,
    fromMs: Math.max(-TIME_MAX_MS, moved.fromMs),
    untilMs: Math.min(TIME_MAX_MS, moved.untilMs),
  };
  const vitals = new Set(metrics.map(({ vital }) => vital));
  for (let after: string | undefined = ''; after !== undefined; ) {
    const rows = await alarmsOpenedWithin(ports.sql, span, { after, limit: ROWS_AT_ONCE });
    const seal = ports.sealOf(subjectId);
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
