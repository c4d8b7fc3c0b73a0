/** How a subject's name is sealed, and what stands in its place where it cannot be opened. */
import type { SubjectId } from '@ausculta/vitals/identity';
import type { SubjectIdentity } from '@ausculta/vitals/subject';

export const identityContext = (organisationId: string, id: string): string =>
  `subject/${organisationId}/${id}/identity`;

/** Nobody is unmonitored for want of a name: it is watched, and shown as one whose name is damaged. */
export function nameless(id: SubjectId): SubjectIdentity {
  return {
    familyName: 'Name cannot be read',
    givenName: '',
    sex: 'unknown',
    recordNumber: id.slice(0, 8),
  };
}
