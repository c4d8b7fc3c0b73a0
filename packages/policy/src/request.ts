/**
 * What a decision is asked about. The server finds the facts, the policy only judges them: whatever is
 * missing, unknown or ill-formed is refused.
 */
import { metricByKey } from '@ausculta/vitals/lookup';
import type { CompiledConsent } from './consent.ts';
import type { Grant } from './grant.ts';
import type { DataLicence, Sink } from './sink.ts';
import type { SmartAccess } from './smart-scope.ts';
import type { Action, DataClass, Purpose, Relation, Role } from './vocabulary.ts';

export interface AccessRequest {
  readonly nowMs: number;
  readonly actor: Actor;
  readonly action: Action;
  readonly dataClass: DataClass;
  readonly purpose: Purpose;
  readonly target: Target;
  /** All consents of the person asked about; empty when there is none, never left out. */
  readonly consents: readonly CompiledConsent[];
  /** All grants that may matter: towards the caller's organisation or device, and towards the sink's. */
  readonly grants: readonly Grant[];
  readonly breakGlass?: BreakGlass;
  /** Only when the caller came with a SMART token: it narrows, and never opens. */
  readonly smart?: SmartAccess;
  /** Where it goes to: required for export and disclosure, and for a model that is not our own. */
  readonly sink?: Sink;
}

export interface Actor {
  readonly id: string;
  /** The one role in which the caller acts now. */
  readonly role: Role;
  readonly organisationId: string;
  /** To what is asked for, as the server found them at this moment. */
  readonly relations: readonly Relation[];
  /** By what a consent may name the caller: 'Practitioner/7', 'Organization/a', 'CareTeam/3'. */
  readonly references: readonly string[];
}

export interface Target {
  readonly organisationId: string;
  /** Whose data; undefined for what is about nobody, or about many. */
  readonly subjectId?: string;
  /** Key of the catalogue; undefined asks for all metrics at once. */
  readonly metric?: string;
  /** When it was measured: from, inclusive; until, exclusive. A stream without them is live. */
  readonly dataFromMs?: number;
  readonly dataUntilMs?: number;
  /** The stay or visit that it names; a grant may be about one alone. */
  readonly encounterId?: string;
  /** Security labels of the data, as "system|code". */
  readonly labels?: readonly string[];
  readonly isSynthetic?: boolean;
  readonly isDeIdentified?: boolean;
  readonly isAlarmOwed?: boolean;
  /** Where the person is: minutes east of Greenwich. For consents by the hour of the day. */
  readonly utcOffsetMinutes?: number;
  /** Whose law the data stand under: 'DE', 'US'. */
  readonly jurisdiction?: string;
  readonly licence?: DataLicence;
  /** The grant under which this organisation holds what was another's. */
  readonly heldUnder?: Grant;
}

export interface BreakGlass {
  readonly actorId: string;
  /** Of one person; undefined only while looking for them. */
  readonly subjectId?: string;
  readonly reason: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Long enough for a resuscitation and a handover, too short to become a habit. */
export const BREAK_GLASS_MAX_MS = 4 * 3_600_000;

/** "chest pain" has ten letters; "asdf" is no reason. */
const REASON_LETTERS_MIN = 10;
const REASON_LETTERS_MAX = 1000;

export type GlassFault = 'BREAK_GLASS_NEEDED' | 'BREAK_GLASS_REASON' | 'BREAK_GLASS_TIME';

/** Undefined when the glass is rightly broken. */
export function glassFault({
  nowMs,
  actor,
  target,
  breakGlass,
}: AccessRequest): GlassFault | undefined {
  if (breakGlass === undefined) return 'BREAK_GLASS_NEEDED';
  const { actorId, subjectId, reason, fromMs, untilMs } = breakGlass;
  if (actorId !== actor.id || subjectId !== target.subjectId) return 'BREAK_GLASS_NEEDED';
  const letters = typeof reason === 'string' ? reason.trim().length : 0;
  if (letters < REASON_LETTERS_MIN || letters > REASON_LETTERS_MAX) return 'BREAK_GLASS_REASON';
  const isBounded = untilMs - fromMs <= BREAK_GLASS_MAX_MS;
  return isBounded && fromMs <= nowMs && nowMs < untilMs ? undefined : 'BREAK_GLASS_TIME';
}

/** What TypeScript promises, looked at once more: the words themselves are looked up by `decide`. */
export function isReadable(request: AccessRequest): boolean {
  if (!isObject(request) || !Number.isFinite(request.nowMs)) return false;
  const { actor, target, consents, grants, breakGlass, smart, sink } = request;
  if (!isObject(actor) || !isName(actor.id) || !isName(actor.organisationId)) return false;
  if (!isList(actor.relations) || !isList(actor.references)) return false;
  if (!isObject(target) || !isName(target.organisationId)) return false;
  if (!(isMissing(target.subjectId) || isName(target.subjectId))) return false;
  if (!(isMissing(target.encounterId) || isName(target.encounterId))) return false;
  if (!isMissing(target.labels) && !isList(target.labels)) return false;
  if (!(isMissing(target.licence) || isObject(target.licence))) return false;
  if (!(isMissing(target.heldUnder) || isObject(target.heldUnder))) return false;
  // A metric that nobody knows would slip by every consent about metrics.
  if (target.metric !== undefined && metricByKey(target.metric) === undefined) return false;
  if (!isList(consents) || !isList(grants)) return false;
  for (const consent of consents) {
    // A consent of somebody else would open or close the wrong record.
    if (!isObject(consent) || !isList(consent.edgesMs)) return false;
    if (!isName(consent.subjectId) || consent.subjectId !== target.subjectId) return false;
  }
  for (const grant of grants) if (!isObject(grant)) return false;
  if (!(isMissing(breakGlass) || isObject(breakGlass))) return false;
  if (!isMissing(smart) && !isSmart(smart)) return false;
  return isMissing(sink) || isObject(sink);
}

function isSmart(smart: AccessRequest['smart']): boolean {
  if (smart === undefined || !isObject(smart) || !isList(smart.scopes)) return false;
  const { resource } = smart;
  return resource === undefined || (isObject(resource) && isObject(resource.tokens));
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isMissing(value: unknown): boolean {
  return value === undefined;
}

function isList(value: unknown): boolean {
  return Array.isArray(value);
}
