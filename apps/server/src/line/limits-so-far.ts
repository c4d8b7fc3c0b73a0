/**
 * A subject is given a plan while limits are broken, or about to be: what they have come to goes on in
 * the monitor, under the same names, and a plan that has other limits is then a change like any other.
 */
import type { EventEntry } from './entry.ts';
import type { GivenPlan } from './given-plan.ts';
import type { PlannedSnapshot } from './planned.ts';
import type { SubjectWatch } from './series-watch.ts';
import type { Breach } from './told-finding.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export function limitsSoFar(
  { id, series, episodes }: SubjectWatch,
  at: Pick<EventEntry, 'organisationId' | 'partition' | 'receivedMs'> & {
    readonly given: GivenPlan;
  },
): PlannedSnapshot {
  const { organisationId, partition, receivedMs, given } = at;
  const watches: Mutable<PlannedSnapshot['monitor']['watches']> = {};
  const breaches: Record<string, Breach> = {};
  const read: PlannedSnapshot['monitor']['series'][number][] = [];
  for (const { series: own, watches: rules } of series) {
    const { deviceId: device, metric } = own;
    const last = rules[0]?.state.last;
    if (last !== null && last !== undefined) read.push({ device, metric: metric.key, ...last });
    for (const { rule, state, settings, openingValue, episode } of rules) {
      if (settings === undefined) continue;
      const name = `${rule.key}#${device}/${metric.key}`;
      watches[name] = { kind: 'limit', state };
      if (state.phase === 'quiet') continue;
      const isRaised = episode.episode.condition === 'present';
      const extremeValue = isRaised ? episode.extremeValue : openingValue;
      breaches[name] = { metric: metric.key, openingValue, extremeValue };
    }
  }
  const told = episodes.map(({ key, episode }) => [key, episode] as const);
  return {
    place: { organisationId, subjectId: id, partition },
    given: { ...given, protocol: null, overrides: [] },
    monitor: { heldMs: receivedMs, watches, episodes: Object.fromEntries(told), series: read },
    breaches,
  };
}
