/** An entry of the ledger has no id of its own: it is known by its person, its day and a hash of the rest. */
import { sha256Hex } from '@ausculta/fhir/sha-256';
import { parseSubjectId } from '@ausculta/vitals/identity';
import type { DisclosureRow } from '../disclosures/store.ts';

const DAY_MS = 24 * 3_600_000;

export function disclosureId(row: DisclosureRow): string {
  const { subject_id, day_ms, way, recipient, purpose, basis, paper } = row;
  const rest = sha256Hex(JSON.stringify([way, recipient, purpose, basis, paper])).slice(0, 16);
  return `${subject_id}.${day_ms / DAY_MS}.${rest}`;
}

/** Whose and of which day one of this id is, if it is one. */
export function disclosureDay(id: string): { subjectId: string; dayMs: number } | undefined {
  const [, subject = '', day] = /^([0-9a-f-]{36})\.(\d{1,6})\.[0-9a-f]{16}$/.exec(id) ?? [];
  const subjectId = parseSubjectId(subject);
  return subjectId && { subjectId, dayMs: Number(day) * DAY_MS };
}
