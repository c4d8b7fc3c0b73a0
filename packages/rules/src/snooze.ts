/**
 * Snooze: a person has seen an alarm and wants to be called again in some minutes. Of medium and low alarms
 * only; it ends when its time is up or the condition gets worse, and it holds one condition in one direction
 * (safety S11). A condition that ends and comes back within the time has been answered all the same: a value
 * that dances around its limit does not undo what a person said.
 */
import { type AlarmPriority, alarmSubject, priorityRank } from '@ausculta/vitals/alarm';
import type { AlarmLife } from './alarm-life.ts';

const MINUTE_MS = 60_000;
export const SNOOZE_MINUTES_MAX = 60;

export interface Snooze {
  readonly fromMs: number;
  readonly untilMs: number;
  /** The furthest beyond the limit that whoever snoozed it could have seen. */
  readonly extremeValue: number;
}

/** `minutes`: a whole number from 1 to `SNOOZE_MINUTES_MAX`. */
export function snoozed(extremeValue: number, now: { nowMs: number; minutes: number }): Snooze {
  const { nowMs, minutes } = now;
  return { fromMs: nowMs, untilMs: nowMs + minutes * MINUTE_MS, extremeValue };
}

/** Why an alarm cannot be snoozed; undefined: it can. */
export type SnoozeRefusal = 'high' | 'technical' | 'happening' | 'over';

export function snoozeRefusal(
  life: AlarmLife & { readonly ruleKey: string },
): SnoozeRefusal | undefined {
  if (life.priority === 'high') return 'high';
  // A loss of monitoring, a battery, a sensor: somebody has to mend it, and waiting does not.
  if (life.ruleKey.startsWith('technical/')) return 'technical';
  if (isHappening(life.ruleKey)) return 'happening';
  return life.condition === 'absent' || life.episode === 'resolved' ? 'over' : undefined;
}

/** A rhythm or a call has no value that could get worse: the next one is worse, and nobody may sleep over it. */
function isHappening(ruleKey: string): boolean {
  const { kind } = alarmSubject(ruleKey);
  return kind === 'rhythm' || kind === 'call';
}

/** Only where a value says that it is no worse than what somebody saw. */
export function isCarriedOver(ruleKey: string): boolean {
  return !isHappening(ruleKey) && alarmSubject(ruleKey).kind !== 'composite';
}

/** Also where the clock was set back since: nobody is kept waiting for an hour that comes twice. */
export function isSnoozeOver({ fromMs, untilMs }: Snooze, nowMs: number): boolean {
  return nowMs >= untilMs || nowMs < fromMs;
}

/** Beyond anything that was there to see when somebody snoozed it. */
export function isWorse(
  { extremeValue }: Snooze,
  { value, direction }: { readonly value: number; readonly direction: 'high' | 'low' },
): boolean {
  return direction === 'high' ? value > extremeValue : value < extremeValue;
}

/** Whether the same condition, come back as another alarm, is what was snoozed. */
export function covers(
  before: { readonly snooze: Snooze; readonly priority: AlarmPriority },
  again: {
    readonly priority: AlarmPriority;
    readonly value: number;
    readonly direction: 'high' | 'low';
    readonly atMs: number;
  },
): boolean {
  return (
    !isSnoozeOver(before.snooze, again.atMs) &&
    priorityRank(again.priority) >= priorityRank(before.priority) &&
    !isWorse(before.snooze, again)
  );
}
