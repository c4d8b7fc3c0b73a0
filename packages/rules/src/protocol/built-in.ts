/**
 * What watches whoever has no protocol goes on where a protocol says nothing: nobody loses a limit by
 * being given another one. A protocol's limits of a vital, on their side, take the place of the ready
 * ones, so that one condition is one alert (safety S20), where one of them calls at least as urgently; what
 * is essential stays unless that one also calls as soon and as early, and nobody can switch it off.
 */
import { priorityRank } from '@ausculta/vitals/alarm';
import type { PatientCategory } from '@ausculta/vitals/subject';
import { readyLimits } from '../adult-limits.ts';
import { TECHNICAL_LIMITS } from '../technical-limits.ts';
import type { Detector, Protocol, Rule } from './protocol.ts';
import { ruleOfLimit } from './rule-forms.ts';

/** Has no rules of its own: what watches is what is built in. */
export const NO_PROTOCOL: Protocol = {
  key: 'built-in',
  version: 1,
  categories: ['adult', 'child', 'neonate', 'maternity'],
  rules: [],
};

const ofDevices = TECHNICAL_LIMITS.map(ruleOfLimit);
const known = new Map<PatientCategory, readonly Rule[]>();

export function builtInRules(category: PatientCategory): readonly Rule[] {
  const rules = known.get(category) ?? [...readyLimits(category).map(ruleOfLimit), ...ofDevices];
  known.set(category, rules);
  return rules;
}

/** Those of `builtIn` for which `own` has nothing; under another key where theirs is taken. */
export function uncovered(builtIn: readonly Rule[], own: readonly Rule[]): readonly Rule[] {
  const left = builtIn.filter((rule) => !own.some((one) => covers(one, rule)));
  return left.map((rule) => {
    const isTaken = own.some(({ key }) => key === rule.key);
    return isTaken ? { ...rule, key: `${rule.key}/built-in` } : rule;
  });
}

function covers({ detector, role, priority, isEssential }: Rule, other: Rule): boolean {
  const { detector: asked } = other;
  if (priorityRank(priority) > priorityRank(other.priority)) return false;
  if (detector.kind !== 'limit' || asked.kind !== 'limit' || role !== 'alarm') return false;
  if (detector.vital !== asked.vital || detector.direction !== asked.direction) return false;
  return other.isEssential !== true || (isEssential === true && !isWider(detector, asked));
}

/** Whether it calls later, or less. */
export function isWider(one: Detector, other: Detector): boolean {
  const delayed = 'delayMs' in one && 'delayMs' in other && one.delayMs > other.delayMs;
  if (one.kind !== 'limit' || other.kind !== 'limit') return delayed;
  const sign = other.direction === 'high' ? 1 : -1;
  return delayed || sign * (one.limit - other.limit) > 0;
}
