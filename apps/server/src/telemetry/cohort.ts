/** Whom a question of many subjects is about: those that are named, or all of the caller's organisation. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { viewing } from '../database/viewing.ts';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import { subjectOf } from '../devices/routes.ts';

export interface Cohort {
  /** Each once. */
  readonly subjects: readonly RegisteredSubject[];
  /** Named, and none of the caller's organisation: whose they are, or that they are, is not said. */
  readonly notFound: string[];
}

export function subjectsOf(
  registry: Registry,
  organisationId: OrganisationId,
  named: readonly string[] | undefined,
): Cohort {
  if (named === undefined) {
    const all = [...registry.subjects.values()];
    const seen = (id: SubjectId) => viewing()?.sees(id) ?? true;
    const own = all.filter((one) => one.organisationId === organisationId && seen(one.id));
    return { subjects: own, notFound: [] };
  }
  const subjects = new Map<string, RegisteredSubject>();
  const notFound: string[] = [];
  for (const text of new Set(named)) {
    const subject = subjectOf(registry, organisationId, text);
    if (subject === undefined) notFound.push(text);
    else subjects.set(subject.id, subject);
  }
  return { subjects: [...subjects.values()], notFound };
}
