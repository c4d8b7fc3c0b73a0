/**
 * What one organisation has opened to another, or to one device: for these purposes, until then, and
 * whether it may go on from there. Nothing crosses organisations without one.
 */
import type { Action, DataClass, Purpose } from './vocabulary.ts';

export interface Grant {
  readonly id: string;
  readonly fromOrganisationId: string;
  readonly toOrganisationId: string;
  /** Only this account or device; undefined for all of the organisation that its rules open it to. */
  readonly toActorId?: string;
  /** Only these persons; undefined for all of a programme or a partnership. */
  readonly subjectIds?: readonly string[];
  readonly dataClasses: readonly DataClass[];
  readonly actions: readonly Action[];
  readonly purposes: readonly Purpose[];
  readonly fromMs: number;
  readonly untilMs: number;
  /** Only what belongs to one stay or course of treatment; undefined: of any time. */
  readonly episode?: Episode;
  /** Whether the receiver may pass it on. */
  readonly onward: 'none' | 'same-purpose';
}

export interface Episode {
  /** What names it belongs to it, whenever it was written. */
  readonly encounterId: string;
  /** What was measured from then on, and before. */
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Crossing {
  readonly fromOrganisationId: string;
  readonly toOrganisationId: string;
  readonly actorId: string;
  readonly subjectId: string | undefined;
  readonly encounterId: string | undefined;
  readonly dataFromMs: number | undefined;
  readonly dataUntilMs: number | undefined;
  readonly dataClass: DataClass;
  readonly action: Action;
  readonly purpose: Purpose;
  readonly nowMs: number;
}

/**
 * The one that covers it and lasts longest. Of two that last equally long the stricter one, then the
 * first by name, so that the order in which they are handed in says nothing.
 */
export function coveringGrant(grants: readonly Grant[], crossing: Crossing): Grant | undefined {
  let found: Grant | undefined;
  for (const grant of grants) {
    if (!covers(grant, crossing)) continue;
    if (found === undefined || isPreferred(grant, found)) found = grant;
  }
  return found;
}

function covers(grant: Grant, crossing: Crossing): boolean {
  return (
    grant.fromOrganisationId === crossing.fromOrganisationId &&
    grant.toOrganisationId === crossing.toOrganisationId &&
    (grant.toActorId === undefined || grant.toActorId === crossing.actorId) &&
    coversSubject(grant, crossing.subjectId) &&
    coversEpisode(grant, crossing) &&
    holds(grant.dataClasses, crossing.dataClass) &&
    holds(grant.actions, crossing.action) &&
    coversUse(grant, crossing)
  );
}

/** Whether what was received under the grant may be used so now. */
export function coversUse(
  grant: Grant,
  { purpose, nowMs }: { readonly purpose: Purpose; readonly nowMs: number },
): boolean {
  return holds(grant.purposes, purpose) && grant.fromMs <= nowMs && nowMs < grant.untilMs;
}

/** A grant about some persons does not open a question about everybody. */
function coversSubject({ subjectIds }: Grant, subjectId: string | undefined): boolean {
  if (subjectIds === undefined) return true;
  return subjectId !== undefined && holds(subjectIds, subjectId);
}

/** Who the person is belongs to every episode; a question that is wider than the episode to none. */
function coversEpisode({ episode }: Grant, crossing: Crossing): boolean {
  if (episode === undefined || crossing.dataClass === 'identity') return true;
  const { encounterId, dataFromMs, dataUntilMs } = crossing;
  if (encounterId !== undefined) return encounterId === episode.encounterId;
  if (dataFromMs === undefined || dataUntilMs === undefined) return false;
  return episode.fromMs <= dataFromMs && dataUntilMs <= episode.untilMs;
}

function isPreferred(grant: Grant, found: Grant): boolean {
  if (grant.untilMs !== found.untilMs) return grant.untilMs > found.untilMs;
  if (grant.onward !== found.onward) return grant.onward === 'none';
  return grant.id < found.id;
}

function holds<T>(list: readonly T[] | undefined, item: T): boolean {
  return Array.isArray(list) && list.includes(item);
}
