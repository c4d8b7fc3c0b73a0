/**
 * Condition and episode of one alarm: (life, event) → next. A high or medium episode stays owed until
 * a person has acknowledged it, even when its condition has ended (S10); a low one ends by itself.
 */
import type { AlarmCondition, AlarmEpisode, AlarmPriority } from '@ausculta/vitals/alarm';

export interface AlarmLife {
  readonly priority: AlarmPriority;
  readonly condition: AlarmCondition;
  readonly episode: AlarmEpisode;
}

export type AlarmEvent = 'condition-ended' | 'acknowledged';

export function raise(priority: AlarmPriority): AlarmLife {
  return { priority, condition: 'present', episode: 'raised' };
}

/** The life after an event; the very same object when the event changes nothing. */
export function afterEvent(life: AlarmLife, event: AlarmEvent): AlarmLife {
  switch (event) {
    case 'condition-ended': {
      if (life.condition === 'absent') return life;
      const needsNobody = life.priority === 'low' || life.episode === 'acknowledged';
      const episode = needsNobody ? 'resolved' : life.episode;
      return { ...life, condition: 'absent', episode };
    }
    case 'acknowledged': {
      if (life.episode !== 'raised') return life;
      const episode = life.condition === 'absent' ? 'resolved' : 'acknowledged';
      return { ...life, episode };
    }
    default:
      return event satisfies never;
  }
}
