/** When a stay was, as its Encounter says. */
import { readDate } from '@ausculta/fhir/date-range';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Encounter } from '@medplum/fhirtypes';
import { viewAsPlatform } from '../database/viewing.ts';
import type { Repository } from './repository.ts';

export interface Stay {
  readonly fromMs: number;
  /** Undefined: it goes on. */
  readonly untilMs: number | undefined;
}

/** Undefined where there is no such stay of this person, or nobody has said when it began. */
export async function stayOf(
  repository: Pick<Repository, 'read' | 'behind'>,
  organisationId: OrganisationId,
  { encounterId, subjectId }: { readonly encounterId: string; readonly subjectId: SubjectId },
): Promise<Stay | undefined> {
  const read = await viewAsPlatform(() =>
    repository.read(organisationId, { type: 'Encounter', id: encounterId }),
  );
  return read.ok ? stayIn(read.value.text, { subjectId }, repository) : undefined;
}

/** As an Encounter's text says. */
export function stayIn(
  text: string | undefined,
  { subjectId }: { readonly subjectId: SubjectId },
  repository: Pick<Repository, 'behind'>,
): Stay | undefined {
  if (text === undefined) return undefined;
  const { subject, period } = JSON.parse(text) as Encounter;
  const records = [subjectId, ...repository.behind(subjectId)];
  if (!records.some((id) => subject?.reference === `Patient/${id}`)) return undefined;
  const from = readDate(period?.start ?? '');
  const until = period?.end === undefined ? undefined : readDate(period.end)?.untilMs;
  return from && { fromMs: from.fromMs, untilMs: until };
}
