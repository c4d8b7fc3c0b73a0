import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { PARTITIONS } from '../line/entry.ts';

/** FNV-1a over both ids, folded to the fixed number of partitions. Never changes: rows lie by it. */
export function partitionOf(organisationId: OrganisationId, subjectId: SubjectId): number {
  let hash = 0x811c9dc5;
  for (const text of [organisationId, subjectId]) {
    for (let i = 0; i < text.length; i += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
    }
  }
  return ((hash ^ (hash >>> 16)) >>> 0) % PARTITIONS;
}
