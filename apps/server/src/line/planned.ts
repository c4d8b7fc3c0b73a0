/**
 * One subject under a plan: the monitor of its protocol beside the line's own watch over silence, ranges
 * and calls. A fold like the rest of the line: what comes in by the log, in its order, gives the same
 * findings live, from a snapshot and in a replay. An override begins and ends at its time, before whatever
 * is received after it.
 */
import { Monitor, NOTHING_TOLD } from '@ausculta/rules/protocol/monitor';
import type { Input, MonitorSnapshot } from '@ausculta/rules/protocol/monitor-input';
import type { Assigned, Plan, PlannedRule } from '@ausculta/rules/protocol/plan';
import type { Detector, Protocol } from '@ausculta/rules/protocol/protocol';
import type { EventKind } from '@ausculta/vitals/event';
import type { Arrival } from './consume.ts';
import type { MovedEntry, Series } from './entry.ts';
import { alarmIdOf, type Finding } from './finding.ts';
import { assignedOf, type GivenPlan, runningPlan } from './given-plan.ts';
import { type Breach, findingsOf, type Looked, type TellingPorts } from './told-finding.ts';

export type PlannedPlace = Pick<Series, 'organisationId' | 'subjectId' | 'partition'>;

/** As it is kept with the checkpoint. */
export interface PlannedSnapshot {
  readonly place: PlannedPlace;
  readonly given: GivenPlan;
  readonly monitor: MonitorSnapshot;
  /** By rule and place: of limits that are broken; and how high scores were told to be. */
  readonly breaches: Readonly<Record<string, Breach>>;
}

const NOTHING: readonly Finding[] = [];

/** By less than this the clock goes back without a word: a delay is that much longer. */
const SET_BACK_MS = 1_000;

type LimitDetector = Extract<Detector, { kind: 'limit' }>;
type LimitRule = PlannedRule['rule'] & { readonly detector: LimitDetector };
type ScoreRule = PlannedRule['rule'] & {
  readonly detector: Extract<Detector, { kind: 'score' }>;
};

export class PlannedWatch {
  readonly place: PlannedPlace;
  #given: GivenPlan;
  #assigned: Assigned;
  #plan: Plan;
  readonly #monitor: Monitor;
  #breaches: Map<string, Breach>;
  /** By vital: the limits that call. */
  #limits: ReadonlyMap<string, readonly LimitRule[]>;
  /** The scores that call. */
  #scores: readonly ScoreRule[];
  readonly #telling: TellingPorts;

  /** Goes on as the one would that the snapshot was taken of. */
  constructor(snapshot: PlannedSnapshot, protocol: Protocol | undefined) {
    const { place, given, monitor, breaches } = snapshot;
    this.place = place;
    this.#given = given;
    this.#assigned = assignedOf(given, protocol);
    this.#plan = runningPlan(this.#assigned, monitor.heldMs);
    this.#monitor = Monitor.restore(this.#plan, monitor);
    this.#breaches = new Map(Object.entries(breaches));
    this.#limits = limitsByVital(this.#plan);
    this.#scores = scoresIn(this.#plan);
    this.#telling = {
      of: place,
      ruleOf: (key) => this.#plan.rules.find(({ rule }) => rule.key === key)?.rule,
      breachOf: (told) => this.#breachOf(told),
      explain: (key, nowMs) => this.#monitor.explain(key, nowMs),
    };
  }

  snapshot(): PlannedSnapshot {
    const { place } = this;
    const monitor = this.#monitor.snapshot();
    return { place, given: this.#given, monitor, breaches: Object.fromEntries(this.#breaches) };
  }

  copy(): PlannedWatch {
    return new PlannedWatch(this.snapshot(), this.#assigned.protocol);
  }

  get given(): GivenPlan {
    return this.#given;
  }

  get assigned(): Assigned {
    return this.#assigned;
  }

  get plan(): Plan {
    return this.#plan;
  }

  get monitor(): Monitor {
    return this.#monitor;
  }

  /** Nothing changes by the clock alone before this. */
  get dueMs(): number {
    return Math.min(this.#monitor.nextDueMs, this.#plan.changesAtMs ?? Number.POSITIVE_INFINITY);
  }

  read({ series, reading, timeMs, receivedMs }: Arrival): readonly Finding[] {
    const { metric, deviceId } = series;
    const changed = this.#follow(receivedMs);
    const told = this.#monitor.take({
      kind: 'reading',
      device: deviceId,
      metric: metric.key,
      atMs: timeMs,
      receivedAtMs: receivedMs,
      value: reading.value,
      flags: reading.flags,
    });
    if (told === NOTHING_TOLD) return changed;
    const looked: Looked = { metric, value: reading.value, atMs: Math.min(timeMs, receivedMs) };
    const raised = new Set(told.flatMap(({ kind, alarm }) => (kind === 'raised' ? [alarm] : [])));
    const worse = this.#noteBreaches(deviceId, looked, { receivedMs, raised });
    const findings = this.#findings(told, looked);
    return [...changed, ...findings, ...worse, ...this.#higherScores(receivedMs)];
  }

  happen(event: {
    readonly what: EventKind;
    readonly device: string;
    readonly atMs: number;
    readonly receivedAtMs: number;
  }): readonly Finding[] {
    return this.#take({ kind: 'event', ...event });
  }

  /** A person has answered what lasts until then. */
  answer(alarm: string, receivedAtMs: number): readonly Finding[] {
    return this.#take({ kind: 'answer', alarm, receivedAtMs });
  }

  takeAway({ deviceId: device, fromMs, untilMs, receivedMs }: MovedEntry): readonly Finding[] {
    for (const name of this.#breaches.keys())
      if (name.includes(`#${device}/`)) this.#breaches.delete(name);
    return this.#take({ kind: 'taken-away', device, fromMs, untilMs, receivedAtMs: receivedMs });
  }

  change(given: GivenPlan, protocol: Protocol | undefined, receivedMs: number): Finding[] {
    const changed = this.#follow(receivedMs);
    this.#given = given;
    this.#assigned = assignedOf(given, protocol);
    return [...changed, ...this.#turnTo(receivedMs)];
  }

  /** What the clock has brought about by now, where no reading came. */
  watchTime(nowMs: number): readonly Finding[] {
    // What was received last is newer by the breadth of a clock's tick, and by no more: it is not set back.
    const aheadMs = this.#monitor.heldMs - nowMs;
    if (aheadMs > 0 && aheadMs < SET_BACK_MS) return NOTHING;
    const changed = this.#follow(nowMs);
    if (this.#monitor.nextDueMs > nowMs) return changed;
    const told = this.#monitor.take({ kind: 'clock', receivedAtMs: nowMs });
    return [...changed, ...this.#findings(told, undefined)];
  }

  #take(input: Input): readonly Finding[] {
    const changed = this.#follow(input.receivedAtMs);
    return [...changed, ...this.#findings(this.#monitor.take(input), undefined)];
  }

  /** Overrides that have begun or ended by now. */
  #follow(nowMs: number): readonly Finding[] {
    const { changesAtMs } = this.#plan;
    if (changesAtMs === undefined || changesAtMs > nowMs) return NOTHING;
    return [...this.#turnTo(changesAtMs), ...this.#follow(nowMs)];
  }

  #turnTo(atMs: number): Finding[] {
    const plan = runningPlan(this.#assigned, atMs);
    const told = this.#monitor.take({ kind: 'plan', plan, receivedAtMs: atMs });
    const ended = told.filter(({ kind }) => kind === 'ended');
    // What ends is told by the rule that it had; what begins, by the one that it has.
    const findings = this.#findings(ended, undefined);
    this.#plan = plan;
    this.#limits = limitsByVital(plan);
    this.#scores = scoresIn(plan);
    const broken = [...this.#monitor.brokenLimits()].map(({ name, metric, value }) => {
      const begun = { metric, openingValue: value, extremeValue: value };
      return [name, this.#breaches.get(name) ?? begun] as const;
    });
    const scores = [...this.#breaches].filter(([name]) => name.endsWith(OF_SCORE));
    this.#breaches = new Map([...scores, ...broken]);
    const begun = told.filter(({ kind }) => kind !== 'ended');
    return [...findings, ...this.#findings(begun, undefined)];
  }

  #findings(told: ReturnType<Monitor['take']>, looked: Looked | undefined): Finding[] {
    for (const { kind, rule: key, atMs } of told) {
      const score = this.#scores.find((rule) => rule.key === key);
      // It says how high it is itself.
      if (score !== undefined && (kind === 'raised' || kind === 'risen'))
        this.#noteScore(score, atMs);
    }
    return told.flatMap((one) => findingsOf(this.#telling, one, looked));
  }

  /** What broke a limit, and how far it went: an alarm shows both. */
  #noteBreaches(
    device: string,
    { metric, value }: Looked,
    { receivedMs, raised }: { readonly receivedMs: number; readonly raised: ReadonlySet<string> },
  ): Finding[] {
    const findings: Finding[] = [];
    for (const { key, episodeKey, detector } of this.#limits.get(metric.vital) ?? []) {
      const name = `${key}#${device}/${metric.key}`;
      const before = this.#breaches.get(name);
      if ((this.#monitor.limitAt(name)?.phase ?? 'quiet') === 'quiet') {
        if (before !== undefined) this.#breaches.delete(name);
        continue;
      }
      if (before !== undefined && !isFurther(detector, value, before.extremeValue)) continue;
      const isNews = this.#isFurthest(episodeKey, detector, value);
      const begun = before ?? { metric: metric.key, openingValue: value };
      this.#breaches.set(name, { ...begun, extremeValue: value });
      const { condition, sinceMs } = this.#monitor.episodeOf(episodeKey);
      if (!isNews || condition !== 'present' || raised.has(episodeKey)) continue;
      const { organisationId, subjectId } = this.place;
      const series = { organisationId, subjectId, metric };
      const alarmId = alarmIdOf(episodeKey, sinceMs);
      findings.push({ kind: 'worsened', alarmId, series, value, atMs: receivedMs });
    }
    return findings;
  }

  /** A level says how urgent a score is, and not how high: each higher one is told, whoever has seen the last. */
  #higherScores(receivedMs: number): Finding[] {
    const { organisationId, subjectId } = this.place;
    return this.#scores.flatMap((rule): Finding[] => {
      const { condition, sinceMs } = this.#monitor.episodeOf(rule.episodeKey);
      if (condition !== 'present' || !this.#isHigher(rule, receivedMs)) return [];
      const { extremeValue: value } = this.#noteScore(rule, receivedMs);
      const series = { organisationId, subjectId, metric: undefined };
      const alarmId = alarmIdOf(rule.episodeKey, sinceMs);
      return [{ kind: 'worsened', alarmId, series, value, atMs: receivedMs }];
    });
  }

  #isHigher(rule: ScoreRule, nowMs: number): boolean {
    const before = this.#breaches.get(scoreName(rule));
    return before === undefined || this.#totalOf(rule, nowMs) > before.extremeValue;
  }

  #noteScore(rule: ScoreRule, nowMs: number): Breach {
    const value = this.#totalOf(rule, nowMs);
    const noted = { metric: rule.detector.score, openingValue: value, extremeValue: value };
    this.#breaches.set(scoreName(rule), noted);
    return noted;
  }

  #totalOf({ key }: ScoreRule, nowMs: number): number {
    return this.#monitor.explain(key, nowMs)[0]?.found?.total ?? 0;
  }

  /** Further than any other limit, on any other series, has seen in this episode. */
  #isFurthest(episodeKey: string, detector: LimitDetector, value: number): boolean {
    const ofEpisode = this.#limits.get(detector.vital) ?? [];
    return ofEpisode
      .filter((rule) => rule.episodeKey === episodeKey)
      .every(({ key }) =>
        [...this.#breaches].every(
          ([name, { extremeValue }]) =>
            !name.startsWith(`${key}#`) || isFurther(detector, value, extremeValue),
        ),
      );
  }

  /** Of several series the one that the alarm is named by. */
  #breachOf({ rule, sinceMs }: Parameters<TellingPorts['breachOf']>[0]): Breach | undefined {
    const own = [...this.#breaches].filter(([name]) => name.startsWith(`${rule}#`));
    const first = own.find(([name]) => this.#monitor.limitAt(name)?.sinceMs === sinceMs);
    return (first ?? own[0])?.[1];
  }
}

function isFurther({ direction }: LimitDetector, value: number, than: number): boolean {
  return direction === 'high' ? value > than : value < than;
}

function limitsByVital({ rules }: Plan): ReadonlyMap<string, readonly LimitRule[]> {
  const limits = rules.flatMap(({ rule, isOff }) => {
    const { detector } = rule;
    return detector.kind === 'limit' && !isOff ? [{ ...rule, detector }] : [];
  });
  return Map.groupBy(limits, ({ detector }) => detector.vital);
}

/** A limit's goes on with the series that broke it; a score has none. */
const OF_SCORE = '#';

function scoreName({ episodeKey }: ScoreRule): string {
  return `${episodeKey}${OF_SCORE}`;
}

function scoresIn({ rules }: Plan): readonly ScoreRule[] {
  return rules.flatMap(({ rule, isOff }) => {
    const { detector, role } = rule;
    return detector.kind === 'score' && role === 'alarm' && !isOff ? [{ ...rule, detector }] : [];
  });
}
