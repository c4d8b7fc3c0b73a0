/** Whose alarms a question that looks back is about. */
import type { Assignment } from '@ausculta/vitals/device';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Viewer } from '../access/viewer.ts';
import type { Census } from '../admissions/census.ts';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import { type Cohort, subjectsOf } from '../telemetry/cohort.ts';
import type { Span } from '../telemetry/merge.ts';

export interface ReviewPorts {
  readonly registry: Registry;
  readonly census: Pick<Census, 'of'>;
}

interface Asked {
  readonly subjects?: readonly string[] | undefined;
  readonly ward?: string | undefined;
}

interface Reviewed extends Cohort {
  /** Named, and seen, and their alarms are not. */
  readonly hidden: readonly RegisteredSubject[];
}

/** Those that are named, or all on a ward, or all; of them whose alarms the caller may see. */
export function reviewed(
  { registry, census }: ReviewPorts,
  who: { readonly organisationId: OrganisationId; readonly viewer: Viewer },
  { subjects, ward }: Asked,
): Reviewed {
  const cohort = subjectsOf(registry, who.organisationId, subjects);
  const isThere = ({ id, identity }: RegisteredSubject): boolean =>
    ward === undefined || (census.of(id)?.place?.bed.unit.trim() || identity.ward) === ward;
  const isSeen = ({ id }: RegisteredSubject): boolean => who.viewer.seesAlarmsOf(id);
  const [seen, hidden] = [
    cohort.subjects.filter(isSeen),
    cohort.subjects.filter((one) => !isSeen(one)),
  ];
  const isNamed = subjects !== undefined;
  return {
    subjects: seen.filter(isThere),
    hidden: isNamed ? hidden : [],
    notFound: cohort.notFound,
  };
}

const DAY_MS = 86_400_000;

/** For how many days they wore something, all together; two devices at a time are one. */
export function patientDays(
  devices: Iterable<{ readonly wearers: readonly Assignment[] }>,
  subjects: ReadonlySet<SubjectId>,
  { fromMs, toMs }: Span,
): number {
  const spans = [...devices]
    .flatMap(({ wearers }) => wearers)
    .filter(({ subjectId }) => subjects.has(subjectId))
    .map(({ subjectId, fromMs: from, untilMs = toMs }) => {
      return { subjectId, fromMs: Math.max(fromMs, from), toMs: Math.min(toMs, untilMs) };
    });
  let sumMs = 0;
  for (const own of Map.groupBy(spans, ({ subjectId }) => subjectId).values()) {
    let untilMs = fromMs;
    for (const span of own.sort((one, other) => one.fromMs - other.fromMs)) {
      sumMs += Math.max(0, span.toMs - Math.max(span.fromMs, untilMs));
      untilMs = Math.max(untilMs, span.toMs);
    }
  }
  return sumMs / DAY_MS;
}
