/** What becomes of two records when they are one person's, and when they are not after all: pure. */
import type { SubjectId } from '@ausculta/vitals/identity';
import type { PacedState, PatientCategory } from '@ausculta/vitals/subject';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import type { Census, Merged, Stay, Whereabouts, WornSpan } from './census.ts';
import { identityAt, placedIdentity } from './person.ts';

/** Said after the family name, wherever the name stands. */
const MERGED = ' (merged)';

export interface Pair {
  /** The record that is no longer to be used, and the one that goes on. */
  readonly old: RegisteredSubject;
  readonly kept: RegisteredSubject;
}

export interface Record {
  readonly subject: RegisteredSubject;
  readonly stay: Stay;
}

export interface PairAfter {
  readonly old: Record;
  /** Undefined where it was erased. */
  readonly kept: Record | undefined;
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
export function asMerged(old: Record, kept: Record, merged: Merged): PairAfter {
  const { visit: _, ...apart } = old.stay;
  const { familyName } = old.subject.identity;
  const comesAlong = old.stay.visit?.isIn === true;
  const keptStay = comesAlong ? placedAs(kept.stay, old.stay) : kept.stay;
  const { category, paced } = kept.subject;
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
    kept: {
      subject: {
        ...placedAt(kept.subject, keptStay),
        category: categoryOfBoth(category, old.subject.category),
        paced: pacedOfBoth(paced, old.subject.paced),
      },
      stay: keptStay,
    },
  };
}

/** Where the person has been moved since, by a later message, they stay where they are. */
export function asBefore(old: Record, kept: Record | undefined, merged: Merged): PairAfter {
  const { merged: _, pending: __, ...apart } = old.stay;
  const { before, keptBefore } = merged;
  const cameAlong = before.visit?.isIn === true;
  const isAsItWas = cameAlong && kept?.stay.visit?.newestMs === before.visit?.newestMs;
  const back = isAsItWas || !cameAlong ? placedAs(apart, before) : { ...apart, place: undefined };
  const oldAfter: Record = {
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
  // What a person has said of them since stands.
  const isUntouched =
    kept.subject.category === categoryOfBoth(keptBefore.category, old.subject.category);
  const { category, paced } = isUntouched ? keptBefore : kept.subject;
  return { old: oldAfter, kept: { subject: { ...subject, category, paced }, stay: keptStay } };
}

/** Nobody loses their limits by being joined with a record that has none (safety S18). */
function categoryOfBoth(kept: PatientCategory, old: PatientCategory): PatientCategory {
  return kept === 'unknown' ? old : kept;
}

/** Two records that contradict each other: not known, which is treated as paced (safety S8). */
function pacedOfBoth(kept: PacedState, old: PacedState): PacedState {
  if (kept === old || old === 'unknown') return kept;
  return kept === 'unknown' && old === 'yes' ? 'yes' : 'unknown';
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
