/** Protocols and plans as the API tells them. */
import type {
  AlarmExplanation,
  AssignmentView,
  OriginView,
  OverrideView,
  PlanView,
  ProtocolView,
} from '@ausculta/contract/protocols';
import { READY_PROTOCOLS } from '@ausculta/rules/protocol/library';
import type { Explained } from '@ausculta/rules/protocol/monitor-input';
import { type Assigned, type Origin, planAt, whyRefused } from '@ausculta/rules/protocol/plan';
import type { Protocol } from '@ausculta/rules/protocol/protocol';
import { isWatchedByTheLine } from '../line/given-plan.ts';
import { isReady, type KnownOverride, type Shelf } from './library.ts';
import type { AssignmentRow } from './store.ts';

const iso = (atMs: number): string => new Date(atMs).toISOString();
const isoOrNull = (atMs: number | undefined): string | null =>
  atMs === undefined ? null : iso(atMs);

/** Those of the house first, then the ready ones that nobody has yet. */
export function protocolViews(shelves: readonly Shelf[]): ProtocolView[] {
  const own = shelves.map(({ key, versions, followed }) => ({
    key,
    isReady: isReady(key),
    followed,
    versions: versions.map((one) => ({
      version: one.version,
      madeAt: iso(one.made_ms),
      madeBy: one.made_by,
      reason: one.reason,
    })),
  }));
  const others = READY_PROTOCOLS.filter(({ key }) => !shelves.some((one) => one.key === key));
  return [
    ...own,
    ...others.map(({ key }) => ({ key, isReady: true, followed: null, versions: [] })),
  ];
}

export function assignmentView(row: AssignmentRow): AssignmentView {
  const { id, key: protocol, subject_id, ward, category, spo2_scale: spo2Scale } = row;
  const since = iso(row.begun_ms);
  if (subject_id !== null) return { id, protocol, to: 'subject', name: null, spo2Scale, since };
  const to = ward === null ? 'category' : 'ward';
  return { id, protocol, to, name: ward ?? category, spo2Scale, since };
}

export function overrideView({ id, override }: KnownOverride, assigned: Assigned): OverrideView {
  const { ruleKey: rule, change, author, reason, fromMs, untilMs } = override;
  const refused = whyRefused(override, assigned) ?? null;
  return { id, rule, change, author, reason, from: iso(fromMs), until: iso(untilMs), refused };
}

export function planView(
  assigned: Assigned,
  {
    assignment,
    overrides,
    nowMs,
  }: {
    readonly assignment: AssignmentRow | undefined;
    readonly overrides: readonly KnownOverride[];
    readonly nowMs: number;
  },
): PlanView {
  const plan = planAt(assigned, nowMs);
  return {
    protocol: namedIn(assigned.protocol),
    assignment: assignment === undefined ? null : assignmentView(assignment),
    refusal: plan.refusal ?? null,
    rules: plan.rules.map(({ rule, origin, isOff }) => ({
      ...rule,
      origin: originView(origin),
      isOff,
      isWatchedForAll: isWatchedByTheLine(rule),
    })),
    overrides: overrides.map((one) => overrideView(one, assigned)),
    changesAt: isoOrNull(plan.changesAtMs),
  };
}

/** What has no rules of its own is what is built in. */
function namedIn({ key, version, rules }: Protocol): PlanView['protocol'] {
  return rules.length === 0 ? null : { key, version };
}

function originView(origin: Origin): OriginView {
  if (origin.from !== 'override') return origin;
  const { untilMs, ...rest } = origin;
  return { ...rest, until: iso(untilMs) };
}

export function explanationView(
  rule: string,
  explained: readonly Explained[],
  { atMs, showsMeasured }: { readonly atMs: number; readonly showsMeasured: boolean },
): AlarmExplanation {
  const places = explained.map(({ place, why, sinceMs, dueMs, origin, evidence, found }) => ({
    place,
    why,
    since: isoOrNull(sinceMs),
    due: isoOrNull(dueMs),
    origin: origin === undefined ? null : originView(origin),
    evidence: (showsMeasured ? evidence : []).map(({ atMs: measuredMs, value, flags, part }) => ({
      at: iso(measuredMs),
      value,
      flags,
      part: part ?? null,
    })),
    score:
      found === undefined || !showsMeasured
        ? null
        : { total: found.total, isComplete: found.isComplete },
  }));
  return { rule, at: iso(atMs), places };
}
