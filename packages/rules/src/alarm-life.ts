/**
 * Condition and episode of one alarm: (life, event) → next. A high or medium episode stays owed until
 * a person has acknowledged it, even when its condition has ended (S10); a low one ends by itself.
 * Resolved is the end: what comes later is another alarm.
 */
import {
  type AlarmCondition,
  type AlarmEpisode,
  type AlarmPriority,
  priorityRank,
} from '@ausculta/vitals/alarm';

export interface AlarmLife {
  readonly priority: AlarmPriority;
  readonly condition: AlarmCondition;
  readonly episode: AlarmEpisode;
}

/**
 * 'condition-returned': the same condition again, before it was settled, or seen again after its data
 * had stopped. 'condition-lost': its data have stopped while it was present. 'called-again': what a person
 * has answered for some minutes only is not over.
 */
export type AlarmEvent =
  | 'condition-ended'
  | 'condition-returned'
  | 'condition-lost'
  | 'acknowledged'
  | 'called-again';

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
    case 'condition-returned': {
      if (life.condition === 'present' || life.episode === 'resolved') return life;
      return { ...life, condition: 'present' };
    }
    case 'condition-lost':
      return life.condition === 'present' ? { ...life, condition: 'unknown' } : life;
    case 'acknowledged': {
      if (life.episode !== 'raised') return life;
      const episode = life.condition === 'absent' ? 'resolved' : 'acknowledged';
      return { ...life, episode };
    }
    case 'called-again': {
      const isOver = life.episode !== 'acknowledged' || life.condition === 'absent';
      return isOver ? life : { ...life, episode: 'raised' };
    }
    default:
      return event satisfies never;
  }
}

/** A priority rises and never falls. Who acknowledged the lesser has not seen the greater: it calls again. */
export function afterRise(life: AlarmLife, priority: AlarmPriority): AlarmLife {
  const isHigher = priorityRank(priority) < priorityRank(life.priority);
  if (!isHigher || life.episode === 'resolved') return life;
  return { ...life, priority, episode: 'raised' };
}

/** Whether a person still has to do something. */
export function isOwed(life: AlarmLife): boolean {
  return life.episode === 'raised' && life.priority !== 'low';
}
