/**
 * A person's consent, compiled: a tree in which a provision holds for what its conditions name, and its
 * children are exceptions to it (FHIR R4 Consent.provision.provision). FHIR gives siblings no order: of
 * two that both hold, the one that denies counts.
 *
 * A question may be wider than a condition (all metrics, no known time of measurement). Then a denial
 * of a part denies the whole, and a permission of a part permits nothing: ask by metric to get a part.
 */

export type Effect = 'permit' | 'deny';

export interface CompiledConsent {
  readonly id: string;
  readonly subjectId: string;
  /** Undefined when it is withdrawn or was never given: then it says nothing. */
  readonly root: Provision | undefined;
  /** When its answer may change, in order. */
  readonly edgesMs: readonly number[];
  /** The same within a day, in the person's own time. */
  readonly edgesMinuteOfDay: readonly number[];
}

export interface Provision {
  /** Its place in the resource: '0' is the root, '0.2' its third exception. */
  readonly path: string;
  readonly effect: Effect;
  /** Bits of roles; with `references`, whoever is meant by either. Undefined means everybody. */
  readonly actors?: { readonly roles: number; readonly references: readonly string[] };
  readonly custodians?: readonly string[];
  readonly purposes?: number;
  readonly dataClasses?: number;
  readonly actions?: number;
  readonly metrics?: readonly string[];
  readonly labels?: readonly string[];
  readonly period?: Span;
  readonly dataPeriod?: Span;
  /** In the person's own time; over midnight when it ends before it begins. */
  readonly hours?: { readonly fromMinute: number; readonly untilMinute: number };
  readonly exceptions: readonly Provision[];
}

/** From, inclusive; until, exclusive. */
export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface ConsentQuestion {
  readonly nowMs: number;
  readonly role: number;
  /** With the codes above it. */
  readonly purposes: number;
  readonly dataClass: number;
  readonly action: number;
  readonly references: readonly string[];
  readonly custodian: string;
  readonly metric: string | undefined;
  readonly labels: readonly string[] | undefined;
  readonly data: Span | undefined;
  readonly minuteOfDay: number | undefined;
}

export interface ConsentAnswer {
  readonly effect: Effect;
  readonly path: string;
  /** Whether it names who or what for: a permission in general opens nothing that asks for one. */
  readonly isSpecific: boolean;
}

/** What one consent says; undefined when it says nothing about the question. */
export function askConsent(
  { root }: CompiledConsent,
  question: ConsentQuestion,
): ConsentAnswer | undefined {
  const answer = root === undefined ? undefined : ask(root, question, false);
  return answer?.isWhole === true || answer?.effect === 'deny' ? answer : undefined;
}

interface PartialAnswer extends ConsentAnswer {
  /** Whether the provision is about all that was asked, or about a part. */
  readonly isWhole: boolean;
}

function ask(
  provision: Provision,
  question: ConsentQuestion,
  isNamedAbove: boolean,
): PartialAnswer | undefined {
  const reach = reachOf(provision, question);
  if (reach === 'none') return undefined;
  const isWhole = reach === 'whole';
  const { effect, path, actors, purposes } = provision;
  const isSpecific = isNamedAbove || actors !== undefined || purposes !== undefined;
  let exception: PartialAnswer | undefined;
  for (const child of provision.exceptions) {
    const answer = ask(child, question, isSpecific);
    if (answer?.effect === 'deny') return answer;
    if (answer?.isWhole !== true) continue;
    if (exception === undefined || answer.isSpecific) exception = answer;
  }
  if (exception !== undefined) return { ...exception, isWhole };
  return { effect, path, isSpecific, isWhole };
}

type Reach = 'none' | 'part' | 'whole';

/** The narrowest of its conditions: each may be about none, a part or the whole of the question. */
function reachOf(provision: Provision, question: ConsentQuestion): Reach {
  if (!isAboutAct(provision, question) || !isAboutCaller(provision, question)) return 'none';
  const { period, hours } = provision;
  if (period !== undefined && !isInside(period, question.nowMs)) return 'none';
  const reaches = [
    hours === undefined ? 'whole' : hoursReach(hours, question.minuteOfDay),
    provision.metrics === undefined ? 'whole' : metricReach(provision.metrics, question.metric),
    provision.labels === undefined ? 'whole' : labelReach(provision.labels, question.labels),
    provision.dataPeriod === undefined ? 'whole' : dataReach(provision.dataPeriod, question.data),
  ];
  if (reaches.includes('none')) return 'none';
  return reaches.includes('part') ? 'part' : 'whole';
}

function isAboutAct(provision: Provision, question: ConsentQuestion): boolean {
  const { purposes, dataClasses, actions } = provision;
  if (purposes !== undefined && (purposes & question.purposes) === 0) return false;
  if (dataClasses !== undefined && (dataClasses & question.dataClass) === 0) return false;
  return actions === undefined || (actions & question.action) !== 0;
}

function isAboutCaller({ actors, custodians }: Provision, question: ConsentQuestion): boolean {
  if (custodians !== undefined && !custodians.includes(question.custodian)) return false;
  if (actors === undefined || (actors.roles & question.role) !== 0) return true;
  return actors.references.some((reference) => question.references.includes(reference));
}

function hoursReach(
  { fromMinute, untilMinute }: { readonly fromMinute: number; readonly untilMinute: number },
  minute: number | undefined,
): Reach {
  if (minute === undefined) return 'part';
  const isInDay = fromMinute <= minute && minute < untilMinute;
  const isOverMidnight = minute >= fromMinute || minute < untilMinute;
  return (fromMinute < untilMinute ? isInDay : isOverMidnight) ? 'whole' : 'none';
}

function metricReach(metrics: readonly string[], metric: string | undefined): Reach {
  if (metric === undefined) return 'part';
  return metrics.includes(metric) ? 'whole' : 'none';
}

function labelReach(labels: readonly string[], found: readonly string[] | undefined): Reach {
  if (found === undefined) return 'part';
  return labels.some((label) => found.includes(label)) ? 'whole' : 'none';
}

function dataReach(bounds: Span, data: Span | undefined): Reach {
  if (data === undefined) return 'part';
  if (data.untilMs <= bounds.fromMs || data.fromMs >= bounds.untilMs) return 'none';
  const isWithin = bounds.fromMs <= data.fromMs && data.untilMs <= bounds.untilMs;
  return isWithin ? 'whole' : 'part';
}

function isInside({ fromMs, untilMs }: Span, atMs: number): boolean {
  return fromMs <= atMs && atMs < untilMs;
}

/**
 * Stands for a consent that could not be understood: until a person has looked, it denies all that a
 * consent can deny. What no consent can close stays open.
 */
export function unreadableConsent(id: string, subjectId: string): CompiledConsent {
  const root: Provision = { path: '0', effect: 'deny', exceptions: [] };
  return { id, subjectId, root, edgesMs: [], edgesMinuteOfDay: [] };
}

const DAY_MINUTES = 1440;

/** When the answer of these consents may change next; infinite when it never does. */
export function nextEdgeMs(
  consents: readonly CompiledConsent[],
  { nowMs, minuteOfDay }: { readonly nowMs: number; readonly minuteOfDay: number | undefined },
): number {
  let nextMs = Number.POSITIVE_INFINITY;
  for (const { edgesMs, edgesMinuteOfDay } of consents) {
    const edgeMs = edgesMs.find((atMs) => atMs > nowMs);
    if (edgeMs !== undefined && edgeMs < nextMs) nextMs = edgeMs;
    if (minuteOfDay === undefined) continue;
    for (const edge of edgesMinuteOfDay) {
      const minutes = (edge - minuteOfDay + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES;
      nextMs = Math.min(nextMs, nowMs + Math.round(minutes * 60_000));
    }
  }
  return nextMs;
}
