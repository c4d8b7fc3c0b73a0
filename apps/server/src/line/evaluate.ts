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
  type LimitSettings,
  type LimitState,
  type LimitStep,
  onSample,
  onSilence,
  QUIET,
  silenceDueMs,
} from '@ausculta/rules/limit';
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { PatientCategory } from '@ausculta/vitals/subject';
import type { Arrival } from './consume.ts';
import type { Series } from './entry.ts';

/** What a detector says; the alarm book makes alarms of it. */
export type Finding =
  | {
      readonly kind: 'raised' | 'passed';
      readonly alarmId: string;
      readonly series: Series;
      readonly rule: LimitRule;
      readonly priority: AlarmPriority;
      readonly sinceMs: number;
      readonly openingValue: number;
      readonly value: number;
      /** When it was found: the receipt of the message, or the moment a silence was long enough. */
      readonly atMs: number;
    }
  | {
      readonly kind: 'risen';
      readonly alarmId: string;
      readonly series: Series;
      readonly priority: AlarmPriority;
      readonly atMs: number;
    }
  | {
      readonly kind: 'worsened';
      readonly alarmId: string;
      readonly series: Series;
      readonly value: number;
      readonly atMs: number;
    }
  | {
      readonly kind: 'ended';
      readonly alarmId: string;
      readonly series: Series;
      readonly endedMs: number;
      readonly atMs: number;
    };

/** One rule on one series. */
interface Watch {
  readonly series: Series;
  readonly rule: LimitRule;
  readonly settings: LimitSettings;
  readonly episode: EpisodeWatch;
  state: LimitState;
  openingValue: number;
}

/** All watches of one (subject, vital, direction). */
interface EpisodeWatch {
  readonly key: string;
  readonly watches: Watch[];
  episode: Episode;
  extremeValue: number;
}

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

const EMPTY: SubjectSnapshot = { states: {}, episodes: {} };

/** Alarm ids: rule key and the stamp of the opening reading as first evaluated; the subject stands beside. */
const alarmIdOf = (episodeKey: string, sinceMs: number): string => `${episodeKey}@${sinceMs}`;

export class Evaluator {
  readonly #categoryOf: (subjectId: SubjectId) => PatientCategory;
  readonly #bySeries = new Map<number, readonly Watch[]>();
  readonly #bySubject = new Map<SubjectId, Map<string, EpisodeWatch>>();
  readonly #pending = new Set<Watch>();
  /** No pending delay runs out in silence before this. */
  #nextDueMs = Number.POSITIVE_INFINITY;
  #touched = new Set<SubjectId>();

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
      if (series !== undefined) this.#watchesOf(series, snapshot);
    }
  }

  evaluate(arrival: Arrival): readonly Finding[] {
    const watches = this.#watchesOf(arrival.series);
    const isSilenceDue = arrival.receivedMs >= this.#nextDueMs;
    if (watches.length === 0 && !isSilenceDue) return NOTHING_FOUND;
    // Even a reading that finds nothing moves what is late and what is not.
    if (watches.length > 0) this.#touched.add(arrival.series.subjectId);
    const findings = isSilenceDue ? this.silences(arrival.receivedMs) : [];
    for (const watch of watches) this.#evaluateWatch(watch, arrival, findings);
    return findings;
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
      this.#touched.add(watch.series.subjectId);
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

  #watchesOf(series: Series, remembered: SubjectSnapshot = EMPTY): readonly Watch[] {
    const known = this.#bySeries.get(series.id);
    if (known !== undefined) return known;
    const rules = limitsOfMetric(readyLimits(this.#categoryOf(series.subjectId)), series.metric);
    const watches = rules.map((rule) => this.#startWatch(series, rule, remembered));
    this.#bySeries.set(series.id, watches);
    return watches;
  }

  #startWatch(series: Series, rule: LimitRule, remembered: SubjectSnapshot): Watch {
    const saved = remembered.states[`${rule.key}#${series.id}`];
    const watch: Watch = {
      series,
      rule,
      settings: settingsFor(rule, series.metric),
      episode: this.#episodeOf(series.subjectId, rule.episodeKey, remembered),
      state: saved?.state ?? QUIET,
      openingValue: saved?.openingValue ?? 0,
    };
    watch.episode.watches.push(watch);
    if (watch.state.phase === 'pending') this.#addPending(watch);
    return watch;
  }

  #episodeOf(subjectId: SubjectId, key: string, remembered: SubjectSnapshot): EpisodeWatch {
    let episodes = this.#bySubject.get(subjectId);
    if (episodes === undefined) {
      episodes = new Map();
      this.#bySubject.set(subjectId, episodes);
    }
    let held = episodes.get(key);
    if (held === undefined) {
      const saved = remembered.episodes[key];
      held = {
        key,
        watches: [],
        episode: saved?.episode ?? NO_EPISODE,
        extremeValue: saved?.extremeValue ?? 0,
      };
      episodes.set(key, held);
    }
    return held;
  }

  /** The states of subjects that changed since the last snapshot. */
  snapshot(): { subjectId: SubjectId; series: Series; snapshot: SubjectSnapshot }[] {
    const touched = [...this.#touched];
    this.#touched = new Set();
    return touched.flatMap((subjectId) => {
      const episodes = [...(this.#bySubject.get(subjectId)?.values() ?? [])];
      const watches = episodes.flatMap((held) => held.watches);
      const [first] = watches;
      if (first === undefined) return [];
      const states = Object.fromEntries(
        watches.map(({ rule, series, state, openingValue }) => [
          `${rule.key}#${series.id}`,
          { state, openingValue },
        ]),
      );
      const kept = Object.fromEntries(
        episodes.map(({ key, episode, extremeValue }) => [key, { episode, extremeValue }]),
      );
      return [{ subjectId, series: first.series, snapshot: { states, episodes: kept } }];
    });
  }

  /** A copy that can be led on without touching this one: for arrivals that are not yet durable. */
  fork(): Evaluator {
    const fork = new Evaluator(this.#categoryOf);
    for (const held of this.#bySubject.values())
      for (const episode of held.values()) fork.#copy(episode);
    return fork;
  }

  #copy(held: EpisodeWatch): void {
    for (const watch of held.watches) {
      const { series, rule, settings, state, openingValue } = watch;
      const episode = this.#episodeOf(series.subjectId, held.key, EMPTY);
      episode.episode = held.episode;
      episode.extremeValue = held.extremeValue;
      const copy: Watch = { series, rule, settings, state, openingValue, episode };
      episode.watches.push(copy);
      this.#bySeries.set(series.id, [...(this.#bySeries.get(series.id) ?? []), copy]);
      if (state.phase === 'pending') this.#addPending(copy);
    }
  }
}

function compareWatches(a: Watch, b: Watch): number {
  return a.series.id - b.series.id || (a.rule.key < b.rule.key ? -1 : 1);
}

function furthest(rule: LimitRule, a: number, b: number): number {
  return rule.direction === 'high' ? Math.max(a, b) : Math.min(a, b);
}
