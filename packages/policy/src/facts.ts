/** A request in numbers: the places of its words, how its parts stand to each other, its time of day. */
import type { ConsentQuestion, Span } from './consent.ts';
import type { AccessRequest } from './request.ts';
import {
  actionPlace,
  bitsOf,
  dataPlace,
  PURPOSE_LINEAGE,
  purposePlace,
  relationPlace,
  rolePlace,
} from './word-bits.ts';

export interface Facts {
  readonly role: number;
  readonly data: number;
  readonly action: number;
  readonly purpose: number;
  readonly relations: number;
  readonly isLocal: boolean;
}

const NONE = bitsOf(['none'], relationPlace);
const ORGANISATION = bitsOf(['organisation'], relationPlace);

/** Undefined when a word of it is in no list. */
export function factsOf({
  actor,
  action,
  dataClass,
  purpose,
  target,
}: AccessRequest): Facts | undefined {
  const role = rolePlace(actor.role);
  const data = dataPlace(dataClass);
  const act = actionPlace(action);
  const aim = purposePlace(purpose);
  if (role === undefined || data === undefined || act === undefined || aim === undefined) {
    return undefined;
  }
  const isLocal = actor.organisationId === target.organisationId;
  let relations = NONE;
  for (const relation of actor.relations) {
    const place = relationPlace(relation);
    if (place === undefined) return undefined;
    relations |= 1 << place;
  }
  // Whether both belong to one organisation is seen here, whatever the caller's relations say.
  relations = isLocal ? relations | ORGANISATION : relations & ~ORGANISATION;
  return { role, data, action: act, purpose: aim, relations, isLocal };
}

export function questionOf(request: AccessRequest, facts: Facts): ConsentQuestion {
  const { nowMs, actor, target } = request;
  return {
    nowMs,
    role: 1 << facts.role,
    purposes: PURPOSE_LINEAGE[facts.purpose] ?? 0,
    dataClass: 1 << facts.data,
    action: 1 << facts.action,
    references: actor.references,
    custodian: `Organization/${target.organisationId}`,
    metric: target.metric,
    labels: target.labels,
    data: dataSpan(request),
    minuteOfDay: minuteOfDay(request),
  };
}

function dataSpan({ nowMs, action, target }: AccessRequest): Span | undefined {
  const { dataFromMs: fromMs, dataUntilMs: untilMs } = target;
  if (fromMs === undefined && untilMs === undefined) {
    return action === 'stream' ? { fromMs: nowMs, untilMs: nowMs + 1 } : undefined;
  }
  if (fromMs === undefined || untilMs === undefined) return undefined;
  return fromMs < untilMs ? { fromMs, untilMs } : undefined;
}

/** With the part of a minute, so that an edge is hit to the millisecond. */
export function minuteOfDay({ nowMs, target }: AccessRequest): number | undefined {
  const offset = target.utcOffsetMinutes;
  if (offset === undefined || !(Math.abs(offset) <= 14 * 60)) return undefined;
  const minutes = (nowMs / 60_000 + offset) % 1440;
  return minutes < 0 ? minutes + 1440 : minutes;
}
