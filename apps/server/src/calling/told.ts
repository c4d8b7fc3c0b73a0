/** What became of calls, as people see it. */
import type { NotificationView, PROOFS } from '@ausculta/contract/calling';
import { reportsKeys } from './gateways.ts';
import type { Reach } from './reach.ts';
import type { ToldRow } from './view-store.ts';

export const iso = (atMs: number): string => new Date(atMs).toISOString();
export const isoOrNull = (atMs: number | null): string | null => (atMs === null ? null : iso(atMs));

/** A relay's 250 and a gateway's 200 are no person; a key that was pressed is one (safety S10). */
export function proofOf(
  reach: Pick<Reach, 'gateway'>,
  { organisation_id, channel }: Pick<ToldRow, 'organisation_id' | 'channel'>,
): (typeof PROOFS)[number] {
  return reportsKeys(reach.gateway(organisation_id, channel)) ? 'key-press' : 'information-only';
}

export function toldView(row: ToldRow, reach: Pick<Reach, 'gateway'>): NotificationView {
  const { id, alarm_id, subject_id, tier, round, recipient, name, channel, state } = row;
  return {
    ...{ id, alarmId: alarm_id, subjectId: subject_id, tier, round, recipient, name, channel },
    ...{ proof: proofOf(reach, row), state, attempts: row.attempts, fault: row.fault },
    ...{ made: iso(row.made_ms), next: state === 'waiting' ? iso(row.next_ms) : null },
    ...{ sent: isoOrNull(row.sent_ms), seen: isoOrNull(row.seen_ms) },
    answered: isoOrNull(row.answered_ms),
  };
}
