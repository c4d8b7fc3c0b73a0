/** Whose a resource is: the subjects that it names anywhere, in the order of their ids. */
import { parseReference } from '@ausculta/fhir/reference';
import { parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import type { Resource } from '@medplum/fhirtypes';

/**
 * Patients that are referred to here, and those that lie in a Bundle of ours. A reference that names
 * no subject's id is to a patient of somebody else.
 */
export function ownersOf(resource: Resource): SubjectId[] {
  const found = new Set<SubjectId>();
  const note = (id: string | undefined): void => {
    const subject = id === undefined ? undefined : parseSubjectId(id);
    if (subject !== undefined) found.add(subject);
  };
  visit(resource, (value) => {
    if (value['resourceType'] === 'Patient') note(textOf(value['id']));
    const reference = textOf(value['reference']);
    const target = reference === undefined ? undefined : parseReference(reference);
    if (target?.type === 'Patient' && target.base === undefined) note(target.id);
  });
  return [...found].sort();
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

function visit(value: unknown, see: (object: Readonly<Record<string, unknown>>) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) see(value as Readonly<Record<string, unknown>>);
  for (const one of Object.values(value)) visit(one, see);
}
