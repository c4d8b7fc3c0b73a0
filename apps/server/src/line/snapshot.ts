/**
 * What the detectors remember of a subject: kept with the checkpoint, given back after a restart, and
 * copied where something is to be tried that is not durable yet.
 */
import type { Episode } from '@ausculta/rules/episode';
import type { LimitState } from '@ausculta/rules/limit';
import { expect } from '@ausculta/vitals/expect';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Series } from './entry.ts';
import type { PlannedSnapshot } from './planned.ts';
import type { KeptFlow, LeadsState, Seen, SubjectWatch } from './series-watch.ts';

/** A subject's detector states, as they are kept with the checkpoint. */
export interface SubjectSnapshot {
  /** By watch key. */
  readonly states: Readonly<
    Record<string, { readonly state: LimitState; readonly openingValue: number }>
  >;
  readonly episodes: Readonly<
    Record<string, { readonly episode: Episode; readonly extremeValue: number }>
  >;
  /** By series id: all its rules are quiet, and this is the last that they have seen. */
  readonly calm?: Readonly<Record<string, Seen>>;
  /** By series id; a snapshot may be without. */
  readonly flows?: Readonly<Record<string, KeptFlow>>;
  /** By device; absent where none has ever said. */
  readonly leads?: Readonly<Record<string, LeadsState>>;
  /** Of whoever has been given one. */
  readonly plan?: PlannedSnapshot;
}

export const NOTHING_REMEMBERED: SubjectSnapshot = { states: {}, episodes: {} };

/** The state of one rule on one series stands under this key. */
export const watchKey = (ruleKey: string, seriesId: number): string => `${ruleKey}#${seriesId}`;

/** The series that a snapshot remembers: by their rules, or by their last reading or flow alone. */
export function seriesIdsOf({ states, calm = {}, flows = {} }: SubjectSnapshot): Set<number> {
  const byRules = Object.keys(states).map((key) => Number(key.slice(key.lastIndexOf('#') + 1)));
  const byId = [...Object.keys(calm), ...Object.keys(flows)];
  return new Set([...byRules, ...byId.map(Number)]);
}

/** One subject's part of a snapshot, and where it belongs. */
export interface SubjectState {
  readonly subjectId: SubjectId;
  readonly place: Pick<Series, 'organisationId' | 'partition'>;
  readonly snapshot: SubjectSnapshot;
}

/** What the detectors were at one moment. It can be read again and again, and is always the same. */
export class Moment implements Iterable<SubjectState> {
  readonly #states: Map<SubjectWatch, SubjectState | undefined>;

  constructor(subjects: readonly SubjectWatch[]) {
    this.#states = new Map(subjects.map((subject) => [subject, undefined]));
    for (const subject of subjects) {
      // A moment that nobody has read to its end yet still needs what was.
      subject.moment?.stateOf(subject);
      subject.isTouched = false;
      subject.moment = this;
    }
  }

  stateOf(subject: SubjectWatch): SubjectState {
    const known = this.#states.get(subject);
    if (known !== undefined) return known;
    const place = placeOf(subject);
    expect(place !== undefined, 'a subject that was touched has a series or a plan');
    const state = { subjectId: subject.id, place, snapshot: snapshotOf(subject) };
    this.#states.set(subject, state);
    subject.moment = undefined;
    return state;
  }

  *[Symbol.iterator](): Generator<SubjectState> {
    for (const subject of this.#states.keys()) yield this.stateOf(subject);
  }
}

/** Undefined of whom nothing has been measured, and who has no plan. */
export function placeOf({
  series: [first],
  plan,
}: SubjectWatch): SubjectState['place'] | undefined {
  return first?.series ?? plan?.place;
}

export function snapshotOf({ series, episodes, leads, plan }: SubjectWatch): SubjectSnapshot {
  const states: Record<string, SubjectSnapshot['states'][string]> = {};
  const calm: Record<string, Seen> = {};
  const flows: Record<string, KeptFlow> = {};
  for (const watch of series) {
    const { flow, isAhead, lastAtMs, lastValue, lastFlags, watches } = watch;
    const { id } = watch.series;
    if (isAhead) calm[id] = { atMs: lastAtMs, value: lastValue, flags: lastFlags };
    const isLastKept = isAhead || watches.length > 0;
    if (flow.run > 0) flows[id] = isLastKept ? flow : { ...flow, lastAtMs };
    if (isAhead) continue;
    for (const { rule, state, openingValue } of watches) {
      states[watchKey(rule.key, id)] = { state, openingValue };
    }
  }
  const kept = episodes.map(
    ({ key, episode, extremeValue }) => [key, { episode, extremeValue }] as const,
  );
  return {
    ...{ states, episodes: Object.fromEntries(kept), calm, flows },
    ...(leads.size > 0 && { leads: Object.fromEntries(leads) }),
    ...(plan !== undefined && { plan: plan.snapshot() }),
  };
}
