/**
 * Evaluate: every reading against the limits of its vital. Each series has a state of its own for
 * each rule; one breach seen by two devices is one episode. Plain states in, findings out: the same
 * arrivals give the same findings, whether they come live or from a replay.
 */

import {
  type LimitRule,
  limitsOfMetric,
  readyLimits,
  settingsFor,
} from '@ausculta/rules/adult-limits';
import { type Episode, foldEpisode, NO_EPISODE } from '@ausculta/rules/episode';
import {
  type LimitState,
  type LimitStep,
  onSample,
  onSilence,
  QUIET,
  silenceDueMs,
} from '@ausculta/rules/limit';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { PatientCategory } from '@ausculta/vitals/subject';
import type { Arrival } from './consume.ts';
import type { Series } from './entry.ts';
import { alarmIdOf, type Finding } from './finding.ts';
import {
  areQuiet,
  catchUp,
  type EpisodeWatch,
  passCalmly,
  placedMs,
  type SeriesWatch,
  type SubjectWatch,
  startSeriesWatch,
  type Watch,
} from './series-watch.ts';

/** A subject's detector states, as they are kept with the checkpoint. */
export interface SubjectSnapshot {
  readonly states: Readonly<
    Record<string, { readonly state: LimitState; readonly openingValue: number }>
  >;
  readonly episodes: Readonly<
    Record<string, { readonly episode: Episode; readonly extremeValue: number }>
  >;
}

const NOTHING_FOUND: readonly Finding[] = [];

const NOTHING_REMEMBERED: SubjectSnapshot = { states: {}, episodes: {} };

export class Evaluator {
  readonly #categoryOf: (subjectId: SubjectId) => PatientCategory;
  readonly #bySeries = new Map<number, SeriesWatch>();
  readonly #bySubject = new Map<SubjectId, SubjectWatch>();
  readonly #pending = new Set<Watch>();
  /** No pending delay runs out in silence before this. */
  #nextDueMs = Number.POSITIVE_INFINITY;
  #touched: SubjectWatch[] = [];

  constructor(categoryOf: (subjectId: SubjectId) => PatientCategory) {
    this.#categoryOf = categoryOf;
  }

  /**
   * What the checkpoint remembered of a subject, before its first arrival. All of it is watched from
   * now on: a delay runs out though its device stays silent, and another device's first reading does
   * not end an episode that this one holds open.
   */
  remember(snapshot: SubjectSnapshot, seriesById: (id: number) => Series | undefined): void {
    const ids = new Set(Object.keys(snapshot.states).map((key) => Number(key.split('#').at(-1))));
    for (const id of ids) {
      const series = seriesById(id);
      if (series !== undefined && !this.#bySeries.has(id)) this.#startSeries(series, snapshot);
    }
  }

  evaluate(arrival: Arrival): readonly Finding[] {
    const watch =
      this.#bySeries.get(arrival.series.id) ??
      this.#startSeries(arrival.series, NOTHING_REMEMBERED);
    const isSilenceDue = arrival.receivedMs >= this.#nextDueMs;
    // Even a reading that finds nothing moves what is late and what is not.
    if (!watch.subject.isTouched) this.#touch(watch.subject);
    if (passCalmly(watch, arrival)) {
      return isSilenceDue ? this.silences(arrival.receivedMs) : NOTHING_FOUND;
    }
    const findings = isSilenceDue ? this.silences(arrival.receivedMs) : [];
    catchUp(watch);
    for (const each of watch.watches) this.#evaluateWatch(each, arrival, findings);
    watch.isQuiet = areQuiet(watch.watches);
    watch.lastAtMs = Math.max(watch.lastAtMs, placedMs(arrival));
    return findings;
  }

  #touch(subject: SubjectWatch): void {
    subject.isTouched = true;
    this.#touched.push(subject);
  }

  #evaluateWatch(watch: Watch, arrival: Arrival, findings: Finding[]): void {
    const { reading, timeMs, receivedMs } = arrival;
    const { value, flags } = reading;
    const before = watch.state;
    const sample = { atMs: timeMs, receivedAtMs: receivedMs, value, flags };
    const step = onSample(before, sample, watch.settings);
    watch.state = step.state;
    const phase = step.state.phase;
    if (phase === 'quiet' && before.phase === 'quiet' && step.transition === undefined) return;
    if (before.phase === 'quiet' && phase !== 'quiet') watch.openingValue = value;
    if (phase === 'pending') this.#addPending(watch);
    else this.#pending.delete(watch);
    this.#foldInto(findings, watch, { step, value, atMs: receivedMs });
  }

  /** Delays that ran out in silence, as of `nowMs`: fired before whatever is received after it. */
  silences(nowMs: number): Finding[] {
    const findings: Finding[] = [];
    if (nowMs < this.#nextDueMs) return findings;
    this.#nextDueMs = Number.POSITIVE_INFINITY;
    const due: { watch: Watch; dueMs: number }[] = [];
    for (const watch of this.#pending) {
      const dueMs = silenceDueMs(watch.state, watch.settings) ?? Number.POSITIVE_INFINITY;
      if (dueMs > nowMs) this.#nextDueMs = Math.min(this.#nextDueMs, dueMs);
      else due.push({ watch, dueMs });
    }
    // Not in the order in which they began to wait: a restart does not know it.
    due.sort((a, b) => a.dueMs - b.dueMs || compareWatches(a.watch, b.watch));
    for (const { watch, dueMs } of due) {
      const step = onSilence(watch.state, nowMs, watch.settings);
      watch.state = step.state;
      this.#pending.delete(watch);
      const subject = this.#subjectOf(watch.series.subjectId);
      if (!subject.isTouched) this.#touch(subject);
      this.#foldInto(findings, watch, { step, value: watch.openingValue, atMs: dueMs });
    }
    return findings;
  }

  #addPending(watch: Watch): void {
    this.#pending.add(watch);
    const dueMs = silenceDueMs(watch.state, watch.settings) ?? Number.POSITIVE_INFINITY;
    this.#nextDueMs = Math.min(this.#nextDueMs, dueMs);
  }

  #foldInto(
    findings: Finding[],
    watch: Watch,
    now: { step: LimitStep; value: number; atMs: number },
  ): void {
    const { episode: held, series, rule } = watch;
    const { step, value, atMs } = now;
    if (step.transition?.kind === 'passed') {
      const { sinceMs } = step.transition;
      const alarmId = alarmIdOf(held.key, sinceMs);
      findings.push({
        kind: 'passed',
        alarmId,
        series,
        rule,
        priority: rule.priority,
        sinceMs,
        openingValue: value,
        value,
        atMs,
      });
    }
    const before = held.episode;
    const members = held.watches.map(({ series: { id: seriesId }, rule: { priority }, state }) => ({
      seriesId,
      priority,
      state,
    }));
    const { episode, transition } = foldEpisode(before, members);
    held.episode = episode;
    if (transition === 'ended') {
      const alarmId = alarmIdOf(held.key, before.sinceMs);
      findings.push({
        kind: 'ended',
        alarmId,
        series,
        endedMs: step.transition?.atMs ?? atMs,
        atMs,
      });
      return;
    }
    const alarmId = alarmIdOf(held.key, episode.sinceMs);
    if (transition === 'raised') {
      held.extremeValue = furthest(rule, watch.openingValue, value);
      const { sinceMs, priority } = episode;
      findings.push({
        kind: 'raised',
        alarmId,
        series,
        rule,
        priority,
        sinceMs,
        openingValue: watch.openingValue,
        value: held.extremeValue,
        atMs,
      });
      return;
    }
    if (transition === 'risen')
      findings.push({ kind: 'risen', alarmId, series, priority: episode.priority, atMs });
    if (
      step.state.phase === 'raised' &&
      furthest(rule, value, held.extremeValue) !== held.extremeValue
    ) {
      held.extremeValue = value;
      findings.push({ kind: 'worsened', alarmId, series, value, atMs });
    }
  }

  #startSeries(series: Series, remembered: SubjectSnapshot): SeriesWatch {
    const subject = this.#subjectOf(series.subjectId);
    const rules = limitsOfMetric(readyLimits(this.#categoryOf(series.subjectId)), series.metric);
    const watches = rules.map((rule) => this.#startWatch(series, rule, { subject, remembered }));
    const watch = startSeriesWatch(series, subject, watches);
    this.#bySeries.set(series.id, watch);
    return watch;
  }

  #startWatch(
    series: Series,
    rule: LimitRule,
    { subject, remembered }: { subject: SubjectWatch; remembered: SubjectSnapshot },
  ): Watch {
    const saved = remembered.states[`${rule.key}#${series.id}`];
    const watch: Watch = {
      series,
      rule,
      settings: settingsFor(rule, series.metric),
      episode: episodeOf(subject, rule.episodeKey, remembered),
      state: saved?.state ?? QUIET,
      openingValue: saved?.openingValue ?? 0,
    };
    watch.episode.watches.push(watch);
    if (watch.state.phase === 'pending') this.#addPending(watch);
    return watch;
  }

  #subjectOf(id: SubjectId): SubjectWatch {
    let subject = this.#bySubject.get(id);
    if (subject === undefined) {
      subject = { id, series: [], episodes: new Map(), isTouched: false };
      this.#bySubject.set(id, subject);
    }
    return subject;
  }

  /** The states of subjects that changed since the last snapshot. */
  snapshot(): { subjectId: SubjectId; series: Series; snapshot: SubjectSnapshot }[] {
    const touched = this.#touched;
    this.#touched = [];
    return touched.flatMap((subject) => {
      subject.isTouched = false;
      const first = subject.series.find(({ watches }) => watches.length > 0)?.series;
      if (first === undefined) return [];
      return [{ subjectId: subject.id, series: first, snapshot: snapshotOf(subject) }];
    });
  }

  /** A copy that can be led on without touching this one: for arrivals that are not yet durable. */
  fork(): Evaluator {
    const fork = new Evaluator(this.#categoryOf);
    for (const subject of this.#bySubject.values()) {
      const snapshot = snapshotOf(subject);
      for (const { series } of subject.series) fork.#startSeries(series, snapshot);
    }
    return fork;
  }
}

function snapshotOf({ series, episodes }: SubjectWatch): SubjectSnapshot {
  const states: Record<string, SubjectSnapshot['states'][string]> = {};
  for (const watch of series) {
    catchUp(watch);
    for (const { rule, state, openingValue } of watch.watches) {
      states[`${rule.key}#${watch.series.id}`] = { state, openingValue };
    }
  }
  const kept = [...episodes.values()].map(
    ({ key, episode, extremeValue }) => [key, { episode, extremeValue }] as const,
  );
  return { states, episodes: Object.fromEntries(kept) };
}

function episodeOf(
  { episodes }: SubjectWatch,
  key: string,
  remembered: SubjectSnapshot,
): EpisodeWatch {
  let held = episodes.get(key);
  if (held === undefined) {
    const { episode = NO_EPISODE, extremeValue = 0 } = remembered.episodes[key] ?? {};
    held = { key, watches: [], episode, extremeValue };
    episodes.set(key, held);
  }
  return held;
}

function compareWatches(a: Watch, b: Watch): number {
  return a.series.id - b.series.id || (a.rule.key < b.rule.key ? -1 : 1);
}

function furthest(rule: LimitRule, a: number, b: number): number {
  return rule.direction === 'high' ? Math.max(a, b) : Math.min(a, b);
}
