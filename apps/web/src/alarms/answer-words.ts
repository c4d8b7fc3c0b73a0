/** Who has answered an alarm, and for how long. */
import type { AlarmView } from '@ausculta/contract/alarms';

const MINUTES = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** "snoozed until 14:30 by K. Duarte: paracetamol given"; undefined while nobody has answered. */
export function answerText({ episode, acknowledgedBy, snooze }: AlarmView): string | undefined {
  if (episode === 'raised') return undefined;
  const by = acknowledgedBy ?? 'somebody';
  if (snooze === undefined) return `acknowledged by ${by}`;
  return `snoozed until ${MINUTES.format(snooze.untilMs)} by ${by}: ${snooze.reason}`;
}

/** "K. Duarte" or "snoozed until 14:30, K. Duarte": for a tile, which has room for no more. */
export function ownerText({ acknowledgedBy, snooze }: AlarmView): string | undefined {
  if (acknowledgedBy === null) return undefined;
  if (snooze === undefined) return acknowledgedBy;
  return `snoozed until ${MINUTES.format(snooze.untilMs)}, ${acknowledgedBy}`;
}

/** Why an alarm that was answered calls: whoever heard it before is not to take it for a new one. */
export function calledAgainText({ episode, calledAgainMs }: AlarmView): string | undefined {
  if (episode !== 'raised' || calledAgainMs === undefined) return undefined;
  return `calls again since ${MINUTES.format(calledAgainMs)}`;
}
