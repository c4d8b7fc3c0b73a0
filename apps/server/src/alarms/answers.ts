/** What a person says of an alarm. Pure: an alarm in, the changed alarm out. */
import { snoozed, snoozeRefusal } from '@ausculta/rules/snooze';
import type { AccountId, OrganisationId } from '@ausculta/vitals/identity';
import { lived, withView } from './alarm-change.ts';
import type { StoredAlarm } from './alarm-row.ts';

export interface Answerer {
  readonly accountId: AccountId;
  readonly displayName: string;
  readonly organisationId: OrganisationId;
}

/** They have seen it; or have seen it, and are to be called again after so many minutes. */
export type Answer =
  | { readonly kind: 'acknowledged' }
  | { readonly kind: 'snoozed'; readonly minutes: number; readonly reason: string };

/** Undefined: it has been answered already, is over, or is not to be snoozed. */
export function answered(
  alarm: StoredAlarm,
  answer: Answer,
  { who, nowMs }: { readonly who: Answerer; readonly nowMs: number },
): { readonly alarm: StoredAlarm; readonly what: string } | undefined {
  const { episode, snooze } = alarm.view;
  const isSnoozed = episode === 'acknowledged' && snooze !== undefined;
  const isRefused =
    answer.kind === 'acknowledged'
      ? episode !== 'raised' && !isSnoozed
      : snoozeRefusal(alarm.view) !== undefined;
  if (isRefused) return undefined;
  const by = { acknowledgedMs: nowMs, acknowledgedBy: who.displayName };
  const seen = withView(lived(withoutSnooze(alarm), 'acknowledged', nowMs), by);
  const told = { ...seen, acknowledgedById: who.accountId };
  if (answer.kind === 'acknowledged')
    return { alarm: told, what: `acknowledged by ${who.accountId}` };
  const { minutes, reason } = answer;
  const again = { ...snoozed(alarm.view.extremeValue, { nowMs, minutes }), reason };
  return { alarm: withView(told, { snooze: again }), what: `snoozed by ${who.accountId}` };
}

function withoutSnooze(alarm: StoredAlarm): StoredAlarm {
  const { snooze: _, ...view } = alarm.view;
  return { ...alarm, view };
}
