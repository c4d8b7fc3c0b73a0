/** Which records an entry of the audit of reads says to have been opened, and by whom. */
import { type AccountId, parseAccountId, parseSubjectId } from '@ausculta/vitals/identity';
import type { ReadEntry } from '../audit/read-entry.ts';
import type { Look } from './unusual.ts';

/** What is read of the audit itself tells nothing of anybody's health. */
const OF_AUDIT =
  /^\/api\/(audit|oversight|broken-glass|breach-scope)\b|\/(accesses|disclosures|guard|review)$/;

/** Screens of a ward show everybody who lies there: names and numbers, and nobody has opened a record. */
const OF_WARD =
  /^\/api\/(subjects|alarms|live|find-patients|directory|devices|admissions\/refused)$/;

/** Programs are held to their grants. */
export function looksOf(entry: ReadEntry): Look[] {
  const accountId = parseAccountId(entry.who);
  if (accountId === undefined || entry.status >= 400 || isOfAudit(entry)) return [];
  return OF_WARD.test(entry.route) ? [] : openedBy(entry, accountId);
}

const isOfAudit = ({ route, type }: ReadEntry): boolean =>
  type === 'AuditEvent' || OF_AUDIT.test(route);

function openedBy({ subjects, atMs, purpose }: ReadEntry, accountId: AccountId): Look[] {
  const isEmergency = purpose === 'ETREAT';
  return subjects.flatMap((id) => {
    const subjectId = parseSubjectId(id);
    return subjectId === undefined ? [] : [{ accountId, subjectId, atMs, isEmergency }];
  });
}
