/** The quiet path against the plain rules: each rule asked at every reading, nothing spared. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADULT_LIMITS, limitsOfMetric, settingsFor } from '@ausculta/rules/adult-limits';
import type { AlarmRule } from '@ausculta/rules/alarm-rule';
import { quietAfter } from '@ausculta/rules/calm';
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
import { onRangeSample, outOfRangeRule } from '@ausculta/rules/out-of-range';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { arrivalOf, NOON, seriesSample } from '../../../../tests/support/line.ts';
import type { Arrival } from './consume.ts';
import type { Series } from './entry.ts';
import { Evaluator } from './evaluate.ts';
import type { Finding } from './finding.ts';
import type { SubjectSnapshot } from './snapshot.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const SERIES = [
  seriesSample({ id: 1 }),
  seriesSample({ id: 2, device: 'monitor-2' }),
  seriesSample({ id: 3, metric: 'spo2' }),
  seriesSample({ id: 4, metric: 'st-ii' }),
];

/** Mostly calm, or the quiet path would hardly be walked. */
const someArrivals = fc
  .array(
    fc.record({
      series: fc.constantFrom(...SERIES),
      value: fc.constantFrom(70, 95, 96, 92, 97, 99, 100, 40, 131, 129, 91, 80),
      flags: fc.constantFrom(
        0,
        0,
        0,
        0,
        0,
        FLAG.SIMULATED,
        FLAG.IMPLAUSIBLE,
        FLAG.QUESTIONABLE,
        FLAG.ABOVE,
        FLAG.BELOW,
      ),
      afterMs: fc.constantFrom(0, 200, 1000, 1000, 3000, 20_000),
      lateMs: fc.constantFrom(0, 0, 0, 0, 1500, 8000, -60_000),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((steps) => {
    let nowMs = NOON;
    return steps.map(({ series, value, flags, afterMs, lateMs }) => {
      nowMs += afterMs;
      return arrivalOf(series, { stampMs: nowMs - lateMs, value, flags, receivedMs: nowMs });
    });
  });

interface PlainWatch {
  readonly series: Series;
  readonly rule: AlarmRule;
  readonly settings: LimitSettings | undefined;
  state: LimitState;
}

/** Says of every finding what the rules decide of it: kind, name and time. */
class PlainRules {
  readonly watches: PlainWatch[] = [];
  readonly episodes = new Map<string, Episode>();

  evaluate(arrival: Arrival): string[] {
    const { series, reading, timeMs, receivedMs } = arrival;
    const said = this.#silences(receivedMs);
    const sample = { atMs: timeMs, receivedAtMs: receivedMs, ...reading };
    for (const watch of this.#watchesOf(series)) {
      const { state, settings } = watch;
      const step = settings ? onSample(state, sample, settings) : onRangeSample(state, sample);
      said.push(...this.#fold(watch, step, receivedMs));
    }
    return said;
  }

  #silences(nowMs: number): string[] {
    const due = this.watches.flatMap((watch) => {
      const dueMs = watch.settings && silenceDueMs(watch.state, watch.settings);
      return dueMs === undefined || dueMs > nowMs ? [] : [{ watch, dueMs }];
    });
    due.sort((a, b) => a.dueMs - b.dueMs || (nameOf(a.watch) < nameOf(b.watch) ? -1 : 1));
    return due.flatMap(({ watch, dueMs }) => {
      const { state, settings } = watch;
      return settings ? this.#fold(watch, onSilence(state, nowMs, settings), dueMs) : [];
    });
  }

  #fold(watch: PlainWatch, step: LimitStep, atMs: number): string[] {
    const { episodeKey: key } = watch.rule;
    const said: string[] = [];
    watch.state = step.state;
    if (step.transition?.kind === 'passed') said.push(`passed ${key}@${step.transition.sinceMs}`);
    const before = this.episodes.get(key) ?? NO_EPISODE;
    const members = this.watches
      .filter(({ rule }) => rule.episodeKey === key)
      .map(({ series, rule, state }) => ({
        seriesId: series.id,
        priority: rule.priority,
        state,
      }));
    const { episode, transition } = foldEpisode(before, members);
    this.episodes.set(key, episode);
    const { sinceMs } = transition === 'ended' ? before : episode;
    if (transition !== undefined) said.push(`${transition} ${key}@${sinceMs} at ${atMs}`);
    return said;
  }

  #watchesOf(series: Series): PlainWatch[] {
    const known = this.watches.filter((one) => one.series === series);
    if (known.length > 0) return known;
    const { metric } = series;
    const limits = limitsOfMetric(ADULT_LIMITS, metric);
    const made: PlainWatch[] = [
      ...limits.map((rule) => ({ rule, settings: settingsFor(rule, metric) })),
      { rule: outOfRangeRule(metric, 0), settings: undefined },
    ].map((what) => ({ ...what, series, state: QUIET }));
    this.watches.push(...made);
    return made;
  }
}

const nameOf = ({ rule, series }: PlainWatch): string => `${series.id} ${rule.key}`;

const sayingsOf = (findings: readonly Finding[]): string[] =>
  findings.flatMap(({ kind, alarmId, atMs }) => {
    if (kind === 'worsened') return [];
    return [kind === 'passed' ? `passed ${alarmId}` : `${kind} ${alarmId} at ${atMs}`];
  });

test('findings and snapshots are those of the plain rules, whenever the snapshots are taken', () => {
  fc.assert(
    fc.property(someArrivals, fc.nat(5), (arrivals, snapshotEvery) => {
      const evaluator = new Evaluator(() => 'adult');
      const plain = new PlainRules();
      for (const [index, arrival] of arrivals.entries()) {
        assert.deepEqual(sayingsOf(evaluator.evaluate(arrival)), plain.evaluate(arrival));
        if (snapshotEvery > 0 && index % snapshotEvery === 0) evaluator.snapshot();
      }
      assertSame(evaluator, plain);
    }),
    { numRuns: 500 },
  );
});

function assertSame(evaluator: Evaluator, plain: PlainRules): void {
  // One more reading, so that the subject is among those that have changed.
  const last = arrivalOf(SERIES[0] as Series, { stampMs: NOON + 1e9, value: 70 });
  evaluator.evaluate(last);
  plain.evaluate(last);
  const [subject] = evaluator.snapshot();
  assert.ok(subject !== undefined);
  const { snapshot } = subject;
  for (const { rule, series, state } of plain.watches) {
    assert.deepEqual(stateIn(snapshot, rule.key, series.id), state);
  }
  for (const [key, episode] of plain.episodes) {
    assert.deepEqual(snapshot.episodes[key]?.episode ?? NO_EPISODE, episode);
  }
}

/** Of a rule that has no state of its own the last calm reading says all. */
function stateIn(snapshot: SubjectSnapshot, ruleKey: string, seriesId: number): unknown {
  const calmly = snapshot.calm?.[seriesId];
  const own = snapshot.states[`${ruleKey}#${seriesId}`]?.state;
  assert.ok(calmly === undefined || own === undefined, 'one of both');
  return own ?? (calmly && quietAfter(calmly));
}

test('between calm readings nothing is remembered but the last one', () => {
  const evaluator = new Evaluator(() => 'adult');
  const rate = SERIES[0] as Series;
  for (let second = 0; second < 5; second += 1) {
    const stampMs = NOON + second * 1000;
    assert.deepEqual(evaluator.evaluate(arrivalOf(rate, { stampMs, value: 70 + second })), []);
  }
  const [subject] = evaluator.snapshot();
  assert.deepEqual(subject?.snapshot.states, {});
  assert.deepEqual(subject?.snapshot.calm, { 1: { atMs: NOON + 4000, value: 74, flags: 0 } });
});
