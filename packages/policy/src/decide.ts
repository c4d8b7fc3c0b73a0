/**
 * Who may do what: the one place where it is decided, for routes, FHIR, live sockets, exports, jobs.
 *
 * A request is measured against each row of the table that is about its role, data and action. The
 * person's consent is asked last of all: whoever is refused before learns nothing of it, not even that
 * there is one. What a consent must permit is refused alike whether it denies or was never given.
 */
import { askConsent, type CompiledConsent, nextEdgeMs } from './consent.ts';
import { type Facts, factsOf, minuteOfDay, questionOf } from './facts.ts';
import { type Crossing, coveringGrant, coversUse, type Grant } from './grant.ts';
import { isFurther, type RefusalCode } from './refusals.ts';
import { type AccessRequest, type GlassFault, glassFault, isReadable } from './request.ts';
import { type CompiledRule, type Opening, slotOf } from './rule-index.ts';
import type { RuleId } from './rules.ts';
import { type SinkFault, sinkFault } from './sink.ts';
import { scopesAllow } from './smart-scope.ts';
import { DATA_CLASSES, type Obligation, type Purpose } from './vocabulary.ts';

export type Decision = Permit | Refusal;

export interface Permit {
  readonly isPermitted: true;
  readonly rule: RuleId;
  /** For what it is open. */
  readonly purpose: Purpose;
  readonly obligations: readonly Obligation[];
  /** Until then the answer holds while the facts do; then ask again. Absent when time changes nothing. */
  readonly askAgainAtMs?: number;
  readonly evidence: Evidence;
}

export interface Refusal {
  readonly isPermitted: false;
  readonly code: RefusalCode;
  readonly wouldOpen: readonly Opening[];
  readonly evidence: Evidence;
}

/** For the audit log, never for the caller: which papers decided. */
export interface Evidence {
  readonly consentId?: string;
  readonly provision?: string;
  readonly grantId?: string;
}

const NO_EVIDENCE: Evidence = {};
const NO_OPENINGS: readonly Opening[] = [];

export function decide(request: AccessRequest): Decision {
  if (!isReadable(request)) return refuse('REQUEST_UNREADABLE', NO_OPENINGS);
  const facts = factsOf(request);
  if (facts === undefined) return refuse('WORD_UNKNOWN', NO_OPENINGS);
  const { rules, openings } = slotOf(facts.role, facts.data, facts.action);
  let refusal: Failure = { code: 'ROLE_NEVER' };
  for (const rule of rules) {
    const outcome = tryRule(rule, request, facts);
    if ('code' in outcome) {
      if (isFurther(outcome.code, refusal.code)) refusal = outcome;
    } else return permit(rule, outcome, request, facts);
  }
  return refuse(refusal.code, openings, refusal.evidence);
}

interface Failure {
  readonly code: RefusalCode;
  readonly evidence?: Evidence;
}

/** What stands behind a row that opens. */
interface Basis {
  readonly grants: readonly Grant[];
  readonly evidence: Evidence;
}

function tryRule(rule: CompiledRule, request: AccessRequest, facts: Facts): Failure | Basis {
  if ((rule.purposes & (1 << facts.purpose)) === 0) return { code: 'PURPOSE_CLOSED' };
  if ((rule.relations & facts.relations) === 0) return { code: 'RELATION_MISSING' };
  const need = missingNeed(rule, request) ?? missingSubject(rule, request);
  if (need !== undefined) return { code: need };
  const grants = grantsBehind(rule, request, facts);
  if (grants === undefined) return { code: 'GRANT_MISSING' };
  const way = onwardFault(rule, request) ?? leavingFault(request) ?? scopeFault(request);
  if (way !== undefined) return { code: way };
  if (rule.consent === 'cannot-close' || rule.consent === 'not-asked') {
    return { grants, evidence: NO_EVIDENCE };
  }
  return consentOn(rule.consent, request, { facts, grants });
}

function missingNeed({ needs }: CompiledRule, request: AccessRequest): RefusalCode | undefined {
  const { target } = request;
  for (const need of needs) {
    switch (need) {
      case 'synthetic':
        if (target.isSynthetic !== true) return 'ONLY_SYNTHETIC';
        break;
      case 'de-identified':
        if (target.isDeIdentified !== true) return 'ONLY_DE_IDENTIFIED';
        break;
      case 'alarm-owed':
        if (target.isAlarmOwed !== true) return 'ALARM_NOT_OWED';
        break;
      case 'break-glass': {
        const fault: GlassFault | undefined = glassFault(request);
        if (fault !== undefined) return fault;
        break;
      }
      // Looked for with the other grants, below.
      case 'grant':
        break;
      default:
        need satisfies never;
    }
  }
  return undefined;
}

/** About nobody in particular one may search, follow a ward, enter somebody new, and take along whoever may be. */
const WITHOUT_SUBJECT: readonly string[] = ['search', 'stream', 'create', 'export'];

function isAboutPerson({ consent }: CompiledRule, { dataClass }: AccessRequest): boolean {
  return DATA_CLASSES[dataClass].person || consent === 'must-permit';
}

function missingSubject(rule: CompiledRule, request: AccessRequest): RefusalCode | undefined {
  if (request.target.subjectId !== undefined || !isAboutPerson(rule, request)) return undefined;
  return WITHOUT_SUBJECT.includes(request.action) ? undefined : 'SUBJECT_MISSING';
}

/** The grants without which it would not be open; undefined when one is missing. */
function grantsBehind(
  rule: CompiledRule,
  request: AccessRequest,
  { isLocal }: Facts,
): readonly Grant[] | undefined {
  const { actor, target, sink } = request;
  const found: Grant[] = [];
  const isNamed = rule.needs.includes('grant');
  if (!isLocal || isNamed) {
    const grants = isNamed ? request.grants.filter(isToOneActor) : request.grants;
    const grant = coveringGrant(grants, crossingTo(request, actor.organisationId));
    if (grant === undefined) return undefined;
    found.push(grant);
  }
  if (sink?.kind === 'organisation' && sink.organisationId !== target.organisationId) {
    const grant = coveringGrant(
      request.grants.filter((one) => !isToOneActor(one)),
      crossingTo(request, sink.organisationId),
    );
    if (grant === undefined) return undefined;
    found.push(grant);
  }
  return found;
}

function isToOneActor({ toActorId }: Grant): boolean {
  return toActorId !== undefined;
}

function crossingTo(request: AccessRequest, toOrganisationId: string): Crossing {
  const { actor, target, dataClass, action, purpose, nowMs } = request;
  return {
    fromOrganisationId: target.organisationId,
    toOrganisationId,
    actorId: actor.id,
    subjectId: target.subjectId,
    encounterId: target.encounterId,
    dataFromMs: target.dataFromMs,
    dataUntilMs: target.dataUntilMs,
    dataClass,
    action,
    purpose,
    nowMs,
  };
}

const LEAVING: readonly string[] = ['export', 'disclose'];

/** What was received under a grant stays within it, unless a law or the person stands above it. */
function onwardFault(
  { consent }: CompiledRule,
  { target, action, purpose, nowMs }: AccessRequest,
): RefusalCode | undefined {
  const { heldUnder } = target;
  if (heldUnder === undefined || consent === 'cannot-close') return undefined;
  if (!coversUse(heldUnder, { purpose, nowMs })) return 'ONWARD_SHARING';
  if (!LEAVING.includes(action)) return undefined;
  return heldUnder.onward === 'same-purpose' ? undefined : 'ONWARD_SHARING';
}

function leavingFault(request: AccessRequest): SinkFault | undefined {
  const isLeaving = LEAVING.includes(request.action) || request.sink !== undefined;
  return isLeaving ? sinkFault(request) : undefined;
}

function scopeFault({ smart, action, dataClass, target }: AccessRequest): RefusalCode | undefined {
  if (smart === undefined) return undefined;
  const act = { action, dataClass, subjectId: target.subjectId };
  return scopesAllow(smart, act) ? undefined : 'SCOPE_TOO_NARROW';
}

function consentOn(
  effect: 'may-close' | 'must-permit',
  request: AccessRequest,
  { facts, grants }: { readonly facts: Facts; readonly grants: readonly Grant[] },
): Failure | Basis {
  // Without a person the answer obliges to ask for each.
  if (request.target.subjectId === undefined) return { grants, evidence: NO_EVIDENCE };
  const question = questionOf(request, facts);
  let permitted: Evidence | undefined;
  for (const consent of request.consents) {
    const answer = askConsent(consent, question);
    if (answer === undefined) continue;
    const evidence = { consentId: consent.id, provision: answer.path };
    if (answer.effect === 'deny') {
      return { code: effect === 'may-close' ? 'CONSENT_DENIES' : 'CONSENT_MISSING', evidence };
    }
    if (answer.isSpecific) permitted ??= evidence;
  }
  if (effect === 'must-permit' && permitted === undefined) return { code: 'CONSENT_MISSING' };
  return { grants, evidence: permitted ?? NO_EVIDENCE };
}

function permit(
  rule: CompiledRule,
  { grants, evidence }: Basis,
  request: AccessRequest,
  facts: Facts,
): Permit {
  const [grant] = grants;
  const obligations = obligationsOf(rule, grants, request, facts);
  const untilMs = holdsUntilMs(rule, grants, request);
  return {
    isPermitted: true,
    rule: rule.id,
    purpose: request.purpose,
    obligations,
    ...(Number.isFinite(untilMs) ? { askAgainAtMs: untilMs } : {}),
    evidence: grant === undefined ? evidence : { ...evidence, grantId: grant.id },
  };
}

function obligationsOf(
  rule: CompiledRule,
  grants: readonly Grant[],
  request: AccessRequest,
  { isLocal }: Facts,
): readonly Obligation[] {
  const isForEach = request.target.subjectId === undefined && isAboutPerson(rule, request);
  if (grants.length === 0 && !isForEach) return rule.obligations;
  const all = new Set<Obligation>(rule.obligations);
  if (isForEach) all.add('ask-for-each');
  if (!isLocal && DATA_CLASSES[request.dataClass].person) all.add('ledger');
  for (const { onward } of grants) {
    all.add(onward === 'same-purpose' ? 'onward-same-purpose' : 'no-onward-sharing');
  }
  return [...all];
}

function holdsUntilMs(
  rule: CompiledRule,
  grants: readonly Grant[],
  request: AccessRequest,
): number {
  let untilMs = Number.POSITIVE_INFINITY;
  for (const grant of grants) untilMs = Math.min(untilMs, grant.untilMs);
  const { target, breakGlass, consents, sink, nowMs } = request;
  const isBound = rule.consent !== 'cannot-close';
  if (rule.needs.includes('break-glass') && breakGlass !== undefined) {
    untilMs = Math.min(untilMs, breakGlass.untilMs);
  }
  if (isBound && target.heldUnder !== undefined) {
    untilMs = Math.min(untilMs, target.heldUnder.untilMs);
  }
  // A licence that has ended and still did not matter will not matter later either.
  const licence = sink === undefined ? undefined : target.licence;
  if (licence !== undefined && licence.untilMs > nowMs)
    untilMs = Math.min(untilMs, licence.untilMs);
  if (!isBound || rule.consent === 'not-asked' || consents.length === 0) return untilMs;
  return Math.min(untilMs, nextConsentEdgeMs(consents, request));
}

function nextConsentEdgeMs(consents: readonly CompiledConsent[], request: AccessRequest): number {
  return nextEdgeMs(consents, { nowMs: request.nowMs, minuteOfDay: minuteOfDay(request) });
}

function refuse(
  code: RefusalCode,
  wouldOpen: readonly Opening[],
  evidence: Evidence = NO_EVIDENCE,
): Refusal {
  return { isPermitted: false, code, wouldOpen, evidence };
}
