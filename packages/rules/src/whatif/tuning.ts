/** A protocol with some of its lines tuned, as somebody tries it: the same checks as for one that is saved. */
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import type { ParsedProtocol, Protocol, Rule } from '../protocol/protocol.ts';
import { parseProtocol } from '../protocol/protocol.ts';

/** What is not named stays as it is. */
export interface Tuning {
  readonly rule: string;
  readonly limit?: number | undefined;
  readonly delayMs?: number | undefined;
  readonly clearance?: number | undefined;
  readonly priority?: AlarmPriority | undefined;
}

export function tuned(protocol: Protocol, tunings: readonly Tuning[]): ParsedProtocol {
  const byKey = new Map(protocol.rules.map((rule) => [rule.key, rule]));
  const problems = tunings.flatMap((tuning, at) => {
    const problem = problemOf(byKey.get(tuning.rule), tuning);
    return problem === undefined ? [] : [`${at}: ${problem}`];
  });
  if (problems.length > 0) return { ok: false, problems };
  const byRule = new Map(tunings.map((tuning) => [tuning.rule, tuning]));
  const rules = protocol.rules.map((rule) => withTuning(rule, byRule.get(rule.key)));
  return parseProtocol({ ...protocol, rules });
}

function problemOf(rule: Rule | undefined, tuning: Tuning): string | undefined {
  if (rule === undefined) return 'no such rule';
  const lines = (['limit', 'delayMs', 'clearance'] as const).filter((line) => line in tuning);
  return lines.every((line) => line in rule.detector) ? undefined : 'it has no such line';
}

function withTuning(rule: Rule, tuning: Tuning | undefined): unknown {
  if (tuning === undefined) return rule;
  const { rule: _, priority = rule.priority, ...lines } = tuning;
  return { ...rule, priority, detector: { ...rule.detector, ...lines } };
}
