import type { AlarmView } from '@ausculta/contract/alarms';
import { type AlarmPriority, priorityRank } from '@ausculta/vitals/alarm';
import { alarmKey } from './alarm-order.ts';

/** IEC calls it AUDIO PAUSED. Two minutes is the longest that safety S11 allows. */
export const AUDIO_PAUSE_MS_MAX = 120_000;

/** Pauses on this workstation: subject → when the sound comes back by itself. */
export type AudioPauses = ReadonlyMap<string, number>;

export const NO_PAUSES: AudioPauses = new Map();

/** One bed at a time, never all at once (safety S11), and never longer than two minutes. */
export function pauseAudio(
  pauses: AudioPauses,
  bed: { subjectId: string; nowMs: number },
): AudioPauses {
  return new Map(pauses).set(bed.subjectId, bed.nowMs + AUDIO_PAUSE_MS_MAX);
}

export function resumeAudio(pauses: AudioPauses, subjectId: string): AudioPauses {
  const rest = new Map(pauses);
  rest.delete(subjectId);
  return rest;
}

/** Drops pauses that are over, and those of beds where a new high alarm broke in. */
export function keepPauses(
  pauses: AudioPauses,
  now: { readonly nowMs: number; readonly newHighSubjects: ReadonlySet<string> },
): AudioPauses {
  const kept = [...pauses].filter(
    ([subjectId, untilMs]) => untilMs > now.nowMs && !now.newHighSubjects.has(subjectId),
  );
  return kept.length === pauses.size ? pauses : new Map(kept);
}

/** An alarm is heard until somebody acknowledges it or its bed's sound is paused. */
export function isSounding(alarm: AlarmView, pauses: AudioPauses): boolean {
  return alarm.episode === 'raised' && !pauses.has(alarm.subjectId);
}

/** What the loudspeaker should say: the highest priority that is to be heard. */
export function soundingPriority(
  alarms: readonly AlarmView[],
  pauses: AudioPauses,
): AlarmPriority | undefined {
  let highest: AlarmPriority | undefined;
  for (const alarm of alarms) {
    if (!isSounding(alarm, pauses)) continue;
    if (highest === undefined || priorityRank(alarm.priority) < priorityRank(highest)) {
      highest = alarm.priority;
    }
  }
  return highest;
}

/** Nothing received for this long is a loss of monitoring, and is heard (safety S4). */
const LOSS_HEARD_AFTER_MS = 10_000;

/** A screen that hears nothing any more says so itself: medium, as on a ward. */
function lossPriority(quietMs: number): AlarmPriority | undefined {
  return quietMs > LOSS_HEARD_AFTER_MS ? 'medium' : undefined;
}

/** What is wrong with the platform itself is nobody's bed; its pause has a key that no subject has. */
export const DEGRADED = 'monitoring-degraded';

/**
 * What this station has to say of itself: high while the server cannot store what it receives
 * (safety S3), medium while it hears nothing from the server.
 */
export function stationPriority(station: {
  readonly isDegraded: boolean;
  readonly quietMs: number;
  readonly pauses: AudioPauses;
}): AlarmPriority | undefined {
  if (station.isDegraded && !station.pauses.has(DEGRADED)) return 'high';
  return lossPriority(station.quietMs);
}

/** High alarms that were not there before, or have become high. */
export function newHighSubjects(
  before: ReadonlySet<string>,
  alarms: readonly AlarmView[],
): { readonly seen: ReadonlySet<string>; readonly subjects: ReadonlySet<string> } {
  const high = alarms.filter((alarm) => alarm.priority === 'high' && alarm.episode === 'raised');
  const fresh = high.filter((alarm) => !before.has(alarmKey(alarm)));
  return {
    seen: new Set(high.map(alarmKey)),
    subjects: new Set(fresh.map((alarm) => alarm.subjectId)),
  };
}
