import type { AlarmPriority } from '@ausculta/vitals/alarm';
import type { LimitRule } from '../adult-limits.ts';
import type { DeviceCondition } from '../detectors/device-condition.ts';
import type { RhythmFinding } from '../detectors/rhythm.ts';
import { LEADS_OFF_AFTER_MS } from '../no-data.ts';
import type { Detector, Rule } from './protocol.ts';

/** How the rules of the ready protocols are written. */
export const MINUTE_MS = 60_000;

export function calling(
  key: string,
  priority: AlarmPriority,
  {
    detector,
    source,
    episodeKey = key,
  }: {
    readonly detector: Detector;
    readonly source: string;
    readonly episodeKey?: string;
  },
): Rule {
  return { key, episodeKey, priority, role: 'alarm', source, detector };
}

/** A technical condition that lasts longer than somebody needs to move an electrode. */
export function atOnce(key: string, condition: DeviceCondition, source: string): Rule {
  const detector = { kind: 'device', condition, afterMs: LEADS_OFF_AFTER_MS } as const;
  return calling(key, 'medium', { detector, source });
}

function rhythm(finding: RhythmFinding, priority: AlarmPriority, latching: boolean): Rule {
  const key = `rhythm/${finding}`;
  const detector = { kind: 'rhythm', finding, latching } as const;
  const rule = calling(key, priority, { detector, source: 'Safety S7: arrhythmia defaults' });
  return priority === 'high' ? { ...rule, isEssential: true } : rule;
}

/** High, without delay, latching, and nobody can switch them off (safety S7, S11). */
export const RHYTHMS: readonly Rule[] = [
  rhythm('asystole', 'high', true),
  rhythm('ventricular-fibrillation', 'high', true),
  rhythm('ventricular-tachycardia', 'high', true),
  rhythm('extreme-bradycardia', 'high', true),
  rhythm('extreme-tachycardia', 'high', true),
  rhythm('short-ventricular-run', 'medium', false),
];

/** A ready limit as a rule of a protocol. */
export function ruleOfLimit({ key, episodeKey, priority, source, ...limit }: LimitRule): Rule {
  const { vital, direction, delayMs, clearance } = limit;
  // An undelayed outer limit is the last line for whoever has a wider inner one (safety S1, S6).
  const isOuter = key !== episodeKey;
  return {
    key,
    episodeKey,
    priority,
    role: 'alarm',
    ...(isOuter && { isEssential: true as const }),
    source,
    detector: {
      kind: 'limit',
      vital,
      direction,
      limit: limit.limit,
      delayMs,
      clearance,
    },
  };
}
