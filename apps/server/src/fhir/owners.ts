/** Whose a resource is: the subjects that it names anywhere. */
import { parseReference } from '@ausculta/fhir/reference';
import { parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';

export interface Named {
  /** As patients of this server; in the order of their ids. */
  readonly here: readonly SubjectId[];
  /** By the whole address: perhaps of this server, by a name that it goes by somewhere. */
  readonly byAddress: readonly SubjectId[];
}

/**
 * Patients that are referred to, and those that lie in a Bundle. A reference that names no subject's
 * id is to a patient of somebody else.
 */
export function namedIn(resource: object): Named {
  const here = new Set<SubjectId>();
  const byAddress = new Set<SubjectId>();
  const note = (id: unknown, place: Set<SubjectId>): void => {
    const subject = typeof id === 'string' ? parseSubjectId(id) : undefined;
    if (subject !== undefined) place.add(subject);
  };
  visit(resource, (value, isContained) => {
    // What is contained has an id of the resource's own making.
    if (value['resourceType'] === 'Patient' && !isContained) note(value['id'], here);
    const { reference } = value;
    const target = typeof reference === 'string' ? parseReference(reference) : undefined;
    if (target?.type === 'Patient') note(target.id, target.base === undefined ? here : byAddress);
  });
  return { here: [...here].sort(), byAddress: [...byAddress].sort() };
}

type See = (object: Readonly<Record<string, unknown>>, isContained: boolean) => void;

function visit(value: unknown, see: See, isContained = false): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) visit(one, see, isContained);
    return;
  }
  const object = value as Readonly<Record<string, unknown>>;
  see(object, isContained);
  for (const key in object) visit(object[key], see, isContained || key === 'contained');
}
