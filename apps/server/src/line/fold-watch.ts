/** What a step of one rule on one series makes of the episode that it is part of, and what is found by it. */
import type { AlarmRule } from '@ausculta/rules/alarm-rule';
import { foldEpisode } from '@ausculta/rules/episode';
import type { LimitStep } from '@ausculta/rules/limit';
import { outOfRangeRule } from '@ausculta/rules/out-of-range';
import { alarmIdOf, type Finding } from './finding.ts';
import type { Watch } from './series-watch.ts';

export function foldInto(
  findings: Finding[],
  watch: Watch,
  now: { step: LimitStep; value: number; atMs: number },
): void {
  const { episode: held, series } = watch;
  const { step, value, atMs } = now;
  if (step.transition?.kind === 'passed') {
    const { sinceMs } = step.transition;
    const alarmId = alarmIdOf(held.key, sinceMs);
    const { rule } = watch;
    const { priority } = rule;
    const told = { alarmId, series, rule, priority, sinceMs, openingValue: value, value, atMs };
    findings.push({ kind: 'passed', ...told });
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
    const { openingValue } = watch;
    const rule = ruleAt(watch, openingValue);
    const { sinceMs, priority } = episode;
    held.extremeValue = furthest(rule, openingValue, value);
    const told = { alarmId, series, rule, priority, sinceMs, openingValue, atMs };
    findings.push({ kind: 'raised', ...told, value: held.extremeValue });
    return;
  }
  if (transition === 'risen')
    findings.push({ kind: 'risen', alarmId, series, priority: episode.priority, atMs });
  if (step.state.phase !== 'raised') return;
  const extreme = furthest(ruleAt(watch, held.extremeValue), value, held.extremeValue);
  if (extreme === held.extremeValue) return;
  held.extremeValue = extreme;
  findings.push({ kind: 'worsened', alarmId, series, value, atMs });
}

/** A range is broken on either side: which of its bounds, the value says. */
function ruleAt({ rule, series }: Watch, value: number): AlarmRule {
  return rule.kind === 'out-of-range' ? outOfRangeRule(series.metric, value) : rule;
}

function furthest(rule: AlarmRule, a: number, b: number): number {
  return rule.direction === 'high' ? Math.max(a, b) : Math.min(a, b);
}
