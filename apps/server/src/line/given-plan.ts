/** What watches a subject, as people have decided it: a version of a protocol, and overrides. */
import { builtInRules, NO_PROTOCOL } from '@ausculta/rules/protocol/built-in';
import {
  type Assigned,
  type Override,
  type Patient,
  type Plan,
  planAt,
} from '@ausculta/rules/protocol/plan';
import type { Protocol, Rule } from '@ausculta/rules/protocol/protocol';
import type { OrganisationId } from '@ausculta/vitals/identity';

/** It travels in the log and in snapshots: a version is named, for it never changes. */
export interface GivenPlan {
  /** Null: what is built in, with overrides. */
  readonly protocol: { readonly key: string; readonly version: number } | null;
  readonly patient: Patient;
  readonly overrides: readonly Override[];
}

/** Undefined where there is no such version, which a restored database may bring about. */
export type ProtocolOf = (
  organisationId: OrganisationId,
  named: { readonly key: string; readonly version: number },
) => Protocol | undefined;

/** A version that is not there watches nobody: then what is built in does. */
export function assignedOf(given: GivenPlan, protocol: Protocol | undefined): Assigned {
  const { patient, overrides } = given;
  const builtIn = builtInRules(patient.category);
  return { protocol: protocol ?? NO_PROTOCOL, patient, overrides, builtIn };
}

/** As the line runs it. */
export function runningPlan(assigned: Assigned, nowMs: number): Plan {
  const plan = planAt(assigned, nowMs);
  const rules = plan.rules.map((planned) => ({ ...planned, rule: besideTheLine(planned.rule) }));
  return { ...plan, rules };
}

/**
 * Silence, electrodes and calls for help are watched for everybody, with a protocol and without one. Told
 * by a rule as well, they would be two alerts for one condition (safety S20): such a rule is only a part.
 */
export function isWatchedByTheLine({ detector }: Rule): boolean {
  if (detector.kind === 'event') return detector.event === 'button' || detector.event === 'fall';
  return detector.kind === 'device' && detector.condition !== 'poor-signal';
}

function besideTheLine(rule: Rule): Rule {
  return rule.role === 'alarm' && isWatchedByTheLine(rule) ? { ...rule, role: 'part' } : rule;
}
