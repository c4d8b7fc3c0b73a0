/** What becomes of two records when they are one person's, and when they are not after all: pure. */
import type { SubjectId } from '@ausculta/vitals/identity';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import type { Census, Merged, Stay, Whereabouts, WornSpan } from './census.ts';
import { limitsAgain, limitsOf, limitsOfBoth, withLimits } from './merged-limits.ts';
import { identityAt, placedIdentity } from './person.ts';

/** Said after the family name, wherever the name stands. */
const MERGED = ' (merged)';

export interface Pair {
  /** The record that is no longer to be used, and the one that goes on. */
  readonly old: RegisteredSubject;
  readonly kept: RegisteredSubject;
}

export interface MergeRecord {
  readonly subject: RegisteredSubject;
  readonly stay: Stay;
}

export interface PairAfter {
  readonly old: MergeRecord;
  /** Undefined where it was erased. */
  readonly kept: MergeRecord | undefined;
}

export function stayOf(
  { census }: { readonly census: Pick<Census, 'of'> },
  { id: subjectId, organisationId }: RegisteredSubject,
): Stay {
  return census.of(subjectId) ?? { subjectId, organisationId, isUnknown: false, place: undefined };
}

/** When it wore what. */
export function spansOf({ devices }: Pick<Registry, 'devices'>, subjectId: SubjectId): WornSpan[] {
  return [...devices.values()].flatMap((device) =>
    device.wearers
      .filter((worn) => worn.subjectId === subjectId)
      .map(({ fromMs, untilMs }) => ({ deviceId: device.id, fromMs, untilMs })),
  );
}

/** The one who lies somewhere goes on lying there, under the record that goes on. */
export function asMerged(old: MergeRecord, kept: MergeRecord, merged: Merged): PairAfter {
  const { visit: _, ...apart } = old.stay;
  const { familyName } = old.subject.identity;
  const comesAlong = old.stay.visit?.isIn === true;
  const keptStay = comesAlong ? placedAs(kept.stay, old.stay) : kept.stay;
  const { identity } = kept.subject;
  const both = { kept: limitsOf(kept), old: limitsOf(old) };
  const limits = limitsOfBoth(both, { identity, nowMs: merged.atMs });
  return {
    old: {
      subject: renamed(old.subject, `${familyName}${MERGED}`, undefined),
      stay: {
        ...apart,
        place: undefined,
        merged,
        pending: { from: old.subject.id, to: merged.into, spans: merged.spans },
      },
    },
    kept: withLimits({ subject: placedAt(kept.subject, keptStay), stay: keptStay }, limits),
  };
}

/** Where the person has been moved since, by a later message, they stay where they are. */
export function asBefore(
  old: MergeRecord,
  kept: MergeRecord | undefined,
  merged: Merged,
): PairAfter {
  const { merged: _, pending: __, ...apart } = old.stay;
  const { before, keptBefore } = merged;
  const cameAlong = before.visit?.isIn === true;
  const isAsItWas = cameAlong && kept?.stay.visit?.newestMs === before.visit?.newestMs;
  const back = isAsItWas || !cameAlong ? placedAs(apart, before) : { ...apart, place: undefined };
  const oldAfter: MergeRecord = {
    subject: renamed(old.subject, before.familyName, back.place),
    stay:
      kept === undefined
        ? back
        : { ...back, pending: { from: merged.into, to: old.subject.id, spans: merged.spans } },
  };
  if (kept === undefined) return { old: oldAfter, kept };
  const keptStay = isAsItWas ? placedAs(kept.stay, keptBefore) : kept.stay;
  const subject = isAsItWas
    ? renamed(kept.subject, kept.subject.identity.familyName, keptStay.place)
    : placedAt(kept.subject, keptStay);
  // What has been said of them since stands.
  const { identity, category } = kept.subject;
  const at = { identity, nowMs: merged.atMs };
  const joined = limitsOfBoth({ kept: keptBefore, old: limitsOf(old) }, at);
  const limits = category === joined.category ? limitsAgain(keptBefore, at) : limitsOf(kept);
  return { old: oldAfter, kept: withLimits({ subject, stay: keptStay }, limits) };
}

function placedAs(stay: Stay, { place, visit }: Whereabouts | Stay): Stay {
  const { visit: _, ...rest } = stay;
  return { ...rest, place, ...(visit !== undefined && { visit }) };
}

function placedAt(subject: RegisteredSubject, stay: Stay): RegisteredSubject {
  return { ...subject, identity: identityAt(subject.identity, stay) };
}

function renamed(
  subject: RegisteredSubject,
  familyName: string,
  place: Stay['place'],
): RegisteredSubject {
  return { ...subject, identity: placedIdentity({ ...subject.identity, familyName }, place) };
}
