/** An alarm as it lies in the database: its life in clear under a pseudonymous id, its values sealed. */
import type { AlarmView } from '@ausculta/contract/alarms';
import { ok, type Result } from '@ausculta/vitals/fault';
import type { AccountId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Seal } from '../vault/seal.ts';
import type { AlarmRow } from './store.ts';

export interface StoredAlarm {
  readonly organisationId: OrganisationId;
  readonly subjectId: SubjectId;
  readonly view: AlarmView;
  readonly acknowledgedById: AccountId | undefined;
  readonly resolvedMs: number | undefined;
  /** How often it has called: raised, risen, called again. The picture with more calls is the newer. */
  readonly calls: number;
  /** It tells of something high that is long over: shown as medium (safety S5), and called for as what it was. */
  readonly isLateHigh: boolean;
}

type Detail = Pick<
  AlarmView,
  | 'direction'
  | 'limit'
  | 'unit'
  | 'openingValue'
  | 'extremeValue'
  | 'acknowledgedBy'
  | 'returnedMs'
  | 'endedBecause'
  | 'movedMs'
  | 'isWritten'
  | 'snooze'
  | 'calledAgainMs'
>;

export const alarmContext = (subjectId: string, id: string): string => `alarm/${subjectId}/${id}`;

export function rowOfAlarm(alarm: StoredAlarm, seal: Seal): AlarmRow {
  const { view } = alarm;
  const { direction, limit, unit, openingValue, extremeValue, acknowledgedBy } = view;
  const { returnedMs, endedBecause, movedMs, isWritten, snooze, calledAgainMs } = view;
  const detail: Detail = {
    ...{ direction, limit, unit, openingValue, extremeValue, acknowledgedBy },
    ...(returnedMs === undefined ? {} : { returnedMs }),
    ...(endedBecause === undefined ? {} : { endedBecause }),
    ...(movedMs === undefined ? {} : { movedMs }),
    ...(isWritten === undefined ? {} : { isWritten }),
    ...(snooze === undefined ? {} : { snooze }),
    ...(calledAgainMs === undefined ? {} : { calledAgainMs }),
  };
  const clear = new TextEncoder().encode(JSON.stringify(detail));
  return {
    organisation_id: alarm.organisationId,
    subject_id: alarm.subjectId,
    id: view.id,
    rule_key: view.ruleKey,
    metric: view.metric,
    priority: view.priority,
    condition: view.condition,
    episode: view.episode,
    opened_ms: view.openedMs,
    raised_ms: view.raisedMs,
    condition_ended_ms: view.conditionEndedMs,
    acknowledged_ms: view.acknowledgedMs,
    acknowledged_by: alarm.acknowledgedById ?? null,
    resolved_ms: alarm.resolvedMs ?? null,
    calls: alarm.calls,
    is_late_high: alarm.isLateHigh,
    detail_sealed: seal.seal(clear, alarmContext(view.subjectId, view.id)),
  };
}

/** A fault when its values do not open: what the row says in clear is not an alarm that can be judged. */
export function alarmOfRow(row: AlarmRow, seal: Seal): Result<StoredAlarm> {
  const opened = seal.open(
    row.detail_sealed ?? new Uint8Array(),
    alarmContext(row.subject_id, row.id),
  );
  if (!opened.ok) return opened;
  const detail = JSON.parse(new TextDecoder().decode(opened.value)) as Detail;
  const view: AlarmView = {
    id: row.id,
    subjectId: row.subject_id,
    ruleKey: row.rule_key,
    metric: row.metric,
    priority: row.priority,
    condition: row.condition,
    episode: row.episode,
    openedMs: row.opened_ms,
    raisedMs: row.raised_ms,
    conditionEndedMs: row.condition_ended_ms,
    acknowledgedMs: row.acknowledged_ms,
    notYetStored: false,
    ...detail,
  };
  return ok({
    organisationId: row.organisation_id,
    subjectId: row.subject_id,
    view,
    acknowledgedById: row.acknowledged_by ?? undefined,
    resolvedMs: row.resolved_ms ?? undefined,
    calls: row.calls,
    isLateHigh: row.is_late_high,
  });
}
