/** A protocol with some of its lines tuned, as somebody tries it: the same checks as for one that is saved. */
import { z } from 'zod';
import type { ParsedProtocol, Protocol, Rule } from '../protocol/protocol.ts';
import { parseProtocol } from '../protocol/protocol.ts';

/** What is not named stays as it is. */
export const Tuning = z.strictObject({
  rule: z.string().max(100),
  limit: z.number().optional(),
  delayMs: z.number().int().nonnegative().optional(),
  clearance: z.number().nonnegative().optional(),
  priority: z.enum(['low', 'medium', 'high']).optional(),
});
export type Tuning = z.infer<typeof Tuning>;

export function tuned(protocol: Protocol, tunings: readonly Tuning[]): ParsedProtocol {
  const byRule = new Map(tunings.map((tuning) => [tuning.rule, tuning]));
  const keys = protocol.rules.map(({ key }) => key);
  const unknown = [...byRule.keys()].filter((key) => !keys.includes(key));
  const unfit = protocol.rules.filter((rule) => !fits(rule, byRule.get(rule.key)));
  const problems = [
    ...unknown.map((key) => `${key}: no such rule`),
    ...unfit.map(({ key }) => `${key}: it has no such line`),
  ];
  if (problems.length > 0) return { ok: false, problems };
  const rules = protocol.rules.map((rule) => withTuning(rule, byRule.get(rule.key)));
  return parseProtocol({ ...protocol, rules });
}

function fits({ detector }: Rule, tuning: Tuning | undefined): boolean {
  if (tuning === undefined) return true;
  return (['limit', 'delayMs', 'clearance'] as const).every(
    (line) => tuning[line] === undefined || line in detector,
  );
}

function withTuning(rule: Rule, tuning: Tuning | undefined): unknown {
  if (tuning === undefined) return rule;
  const { rule: _, priority = rule.priority, ...lines } = tuning;
  return { ...rule, priority, detector: { ...rule.detector, ...lines } };
}
