import type { AlarmKind, AlarmPriority } from '@ausculta/vitals/alarm';

/** What every rule that can raise an alarm says of itself. */
export interface AlarmRule {
  readonly kind: AlarmKind;
  /** Stable, one a rule: state and snapshots are kept under it. */
  readonly key: string;
  /** Stable, one a condition: alarms are named by it, so an outer limit shares its inner's. */
  readonly episodeKey: string;
  readonly priority: AlarmPriority;
  /** The bound that is broken, and on which side of it the alarm lies. */
  readonly direction: 'high' | 'low';
  readonly limit: number;
}
