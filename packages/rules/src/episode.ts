import { type AlarmCondition, type AlarmPriority, priorityRank } from '@ausculta/vitals/alarm';
import type { LimitState } from './limit.ts';

/**
 * One breach seen by two devices, or by a limit and its outer limit, is one episode per (subject,
 * vital, direction). Each series has a state of its own for each rule; this fold makes one of them.
 */
export interface EpisodeMember {
  readonly seriesId: number;
  readonly priority: AlarmPriority;
  readonly state: Pick<LimitState, 'phase' | 'sinceMs'>;
}

export interface Episode {
  readonly condition: AlarmCondition;
  /** Stamp of the opening reading as first evaluated; with the rule key it is the episode's identity,
   * so it is never revised while the condition lasts. 0 while absent. */
  readonly sinceMs: number;
  /** The highest since the episode began: it may rise and never falls. */
  readonly priority: AlarmPriority;
  /** The series that are beyond their limit now, in ascending order. */
  readonly seriesIds: readonly number[];
}

export const NO_EPISODE: Episode = {
  condition: 'absent',
  sinceMs: 0,
  priority: 'low',
  seriesIds: [],
};

export interface EpisodeStep {
  readonly episode: Episode;
  readonly transition?: 'raised' | 'risen' | 'ended';
}

/** `members`: the states of every series and rule of one (subject, vital, direction). */
export function foldEpisode(previous: Episode, members: readonly EpisodeMember[]): EpisodeStep {
  const raised = members.filter((member) => member.state.phase === 'raised');
  if (raised.length === 0) {
    if (previous.condition === 'absent') return { episode: previous };
    return { episode: NO_EPISODE, transition: 'ended' };
  }
  const highest = raised.map((member) => member.priority).reduce(higher);
  const seriesIds = [...new Set(raised.map((member) => member.seriesId))].sort((a, b) => a - b);
  if (previous.condition === 'absent') {
    const sinceMs = Math.min(...raised.map((member) => member.state.sinceMs));
    const episode: Episode = { condition: 'present', sinceMs, priority: highest, seriesIds };
    return { episode, transition: 'raised' };
  }
  const priority = higher(previous.priority, highest);
  const episode: Episode = { ...previous, priority, seriesIds };
  return priority === previous.priority ? { episode } : { episode, transition: 'risen' };
}

function higher(one: AlarmPriority, other: AlarmPriority): AlarmPriority {
  return priorityRank(one) <= priorityRank(other) ? one : other;
}
