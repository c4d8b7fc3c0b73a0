/** Acts of the audit in words, and in what state the audit is. */
import type { AuditEntry, AuditFilter, AuditHeads } from '@ausculta/contract/audit';
import { type AuditAct, isAuditAct, READ_ACTS } from '@ausculta/vitals/audit-act';
import { accessWords } from './access-log-words.ts';

export const FILTER_WORDS: Readonly<Record<AuditFilter, string>> = {
  looking: 'Who has looked',
  'sign-in': 'Signing in and passwords',
  account: 'Accounts and roles',
  access: 'Teams, shifts, grants, apps',
  patient: 'Patients: admitted, moved, merged',
  device: 'Devices: worn, certified, described',
  outside: 'What was taken out or brought in',
  keeping: 'Erasures, holds, keys, restorations',
};

const ACT_WORDS: Readonly<Record<AuditAct, string>> = {
  'signed-in': 'Signed in',
  'session-ended': 'Ended a session',
  'sign-in-link-made': 'Made a sign-in link',
  'sign-in-link-used': 'Came in by a sign-in link',
  'password-reset': 'Reset a password',
  'password-changed': 'Changed the password',
  'second-factor-set': 'Set up a second factor',
  'second-factor-removed': 'Removed the second factor',
  'recovery-codes-made': 'Made recovery codes',
  'passkey-added': 'Added a passkey',
  'passkey-removed': 'Removed a passkey',
  'provider-linked': 'Linked a sign-on elsewhere',
  'provider-unlinked': 'Unlinked a sign-on elsewhere',
  'admin-token-renewed': 'Renewed the token of the command line',
  'watchdog-enrolled': 'Gave a watchdog its token',
  'account-made': 'Made an account',
  'account-roles-changed': 'Changed the roles of an account',
  'account-disabled': 'Disabled an account',
  'account-enabled': 'Enabled an account',
  'relation-begun': 'Put somebody on the team',
  'relation-ended': 'Took somebody off the team',
  'shift-begun': 'Began a shift',
  'shift-ended': 'Ended a shift',
  'grant-given': 'Opened something to another organisation',
  'grant-withdrawn': 'Withdrew a grant',
  'glass-broken': 'Opened the record in an emergency',
  'glass-reviewed': 'Reviewed an emergency access',
  'record-guarded': 'Guarded the record',
  'record-unguarded': 'Ended the guard of the record',
  'unusual-access-reviewed': 'Reviewed an unusual access',
  'call-policy-written': 'Wrote who is called for alarms',
  'call-addresses-changed': 'Changed by which addresses they are called',
  'test-call-made': 'Had themselves called for a test',
  'duty-begun': 'Went on duty',
  'duty-ended': 'Ended a turn of duty',
  'call-answered': 'Pressed a key for an alarm',
  'app-let-in': 'Let an app in',
  'app-withdrawn': 'Shut an app out',
  'app-opened': 'Opened an app for the patient',
  'client-added': 'Registered an app or program',
  'client-disabled': 'Disabled an app or program',
  'patient-admitted': 'Admitted the patient',
  'patient-transferred': 'Moved the patient',
  'patient-discharged': 'Discharged the patient',
  'patient-updated': 'Changed who the patient is',
  'admission-cancelled': 'Took an admission back',
  'transfer-cancelled': 'Took a move back',
  'discharge-cancelled': 'Took a discharge back',
  'patients-merged': 'Merged two records',
  'merge-undone': 'Took a merge apart',
  'protocol-written': 'Wrote a version of a protocol',
  'protocol-followed': 'Chose the version of a protocol',
  'protocol-assigned': 'Assigned a protocol',
  'protocol-unassigned': 'Ended the assignment of a protocol',
  'override-made': 'Overrode a limit for the patient',
  'override-ended': 'Ended an override',
  'device-assigned': 'Put a device on the patient',
  'device-unassigned': 'Took a device off the patient',
  'assignment-corrected': 'Corrected who wore a device',
  'device-described': 'Described a device',
  'device-token-renewed': 'Renewed the token of a device',
  'device-disabled': 'Disabled a device',
  'device-claim-made': 'Made a claim code for a device',
  'device-certified': 'Gave a device a certificate',
  'device-certificate-revoked': 'Revoked the certificate of a device',
  'device-refused': 'Refused a device at the door',
  'device-in-two-places': 'Saw a device in two places',
  'device-grant-given': 'Let a device hear another',
  'device-grant-withdrawn': 'Let a device no longer hear another',
  'identity-exported': 'Took along who it is',
  'organisation-exported': 'Exported the organisation',
  'records-exported': 'Exported records',
  'records-imported': 'Imported records',
  'write-back-begun': 'Began to send summaries',
  'write-back-ended': 'Stopped sending summaries',
  'summary-sent': 'Sent a summary',
  'subscription-written': 'Wrote a subscription',
  'subject-erased': 'Erased the record',
  'erasure-owed-by': 'Told a receiver of an erasure',
  'legal-hold-placed': 'Placed a legal hold',
  'legal-hold-released': 'Released a legal hold',
  'keys-rotated': 'Rotated the keys',
  'database-restored': 'Said that the database was put back',
};

export function entryWords({ act, route, type, who }: AuditEntry): string {
  if (isAuditAct(act)) return ACT_WORDS[act];
  const read = READ_ACTS.find((one) => one === act);
  if (read === undefined || route === null) return act;
  return accessWords({ act: read, route, type, who: who ?? '', app: null, appName: null });
}

export interface EntryLine {
  readonly key: string;
  readonly entry: AuditEntry;
  readonly words: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly count: number;
}

/** Apart by more than this it is another time. */
const APART_MS = 10 * 60_000;

/** A screen that asks every few seconds is one line, with how often and since when. */
export function groupEntries(entries: readonly AuditEntry[]): EntryLine[] {
  const lines: EntryLine[] = [];
  const last = new Map<string, number>();
  for (const entry of entries) {
    const words = entryWords(entry);
    const atMs = Date.parse(entry.at);
    const about = [entry.target, entry.people, ...entry.subjects, entry.status];
    const same = JSON.stringify([entry.who, words, about]);
    const at = last.get(same);
    const before = at === undefined ? undefined : lines[at];
    if (entry.kind === 'looking' && at !== undefined && before !== undefined) {
      if (before.fromMs - atMs <= APART_MS) {
        lines[at] = { ...before, fromMs: atMs, count: before.count + 1 };
        continue;
      }
    }
    last.set(same, lines.length);
    lines.push({ key: entry.id, entry, words, fromMs: atMs, untilMs: atMs, count: 1 });
  }
  return lines;
}

export interface AuditState {
  /** Nothing to do; not known yet; somebody must look. */
  readonly tone: 'well' | 'unknown' | 'wrong';
  readonly title: string;
  /** What is wrong, and what to do. */
  readonly problems: readonly string[];
  readonly calm: readonly string[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Once a day, with some hours for a long audit. */
const VERIFIED_WITHIN_MS = 30 * HOUR_MS;
/** An entry has its place within a second. */
const PLACED_WITHIN_MS = MINUTE_MS;
const COUNT = new Intl.NumberFormat('en-GB');

export function stateOf(heads: AuditHeads): AuditState {
  const nowMs = Date.parse(heads.now);
  const problems = [...orderProblems(heads, nowMs), ...sentProblems(heads.sent, nowMs)];
  const { newest, verified, sent } = heads;
  const entries = newest === null ? 'no entries yet' : counted(newest.entries, 'entry', 'entries');
  const head = newest === null ? [] : [`last head ${agoWords(newest.at, nowMs)}`];
  const checked =
    verified === null ? 'Not verified yet since the server was started' : verifiedWords(heads);
  const taken = sent?.last;
  const calm = [
    `${[checked, entries, ...head].join(', ')}.`,
    ...(sent !== null && taken
      ? [`${sent.to} took its last head ${agoWords(taken.at, nowMs)}.`]
      : []),
    ...(sent !== null && !taken ? [`${sent.to} has had no head yet.`] : []),
    ...(sent === null ? ['Heads are sent to no receiver elsewhere.'] : []),
  ];
  if (problems.length > 0)
    return { tone: 'wrong', title: 'The audit needs somebody to look', problems, calm };
  if (verified === null) return { tone: 'unknown', title: 'The audit is in order', problems, calm };
  return { tone: 'well', title: 'The audit is whole', problems, calm };
}

function verifiedWords({ verified, now }: AuditHeads): string {
  return verified === null ? '' : `Verified ${agoWords(verified.at, Date.parse(now))}`;
}

function orderProblems({ contradicted, waiting, verified }: AuditHeads, nowMs: number): string[] {
  const problems: string[] = [];
  if (contradicted)
    problems.push(
      'The database is not what its signed heads say. Nothing that is done now gets its place. Run ausculta audit verify.',
    );
  if (verified !== null && verified.faults > 0)
    problems.push(
      `${counted(verified.faults, 'fault was', 'faults were')} found ${agoWords(verified.at, nowMs)}. Keep the database and the file of heads as they are, and find out who could write to them.`,
    );
  const { since, entries } = waiting;
  if (!contradicted && since !== null && nowMs - Date.parse(since) > PLACED_WITHIN_MS)
    problems.push(
      `${counted(entries, 'entry has', 'entries have')} waited for a place for ${ageWords(since, nowMs)}.`,
    );
  if (verified !== null && nowMs - Date.parse(verified.at) > VERIFIED_WITHIN_MS)
    problems.push(`It was last verified ${agoWords(verified.at, nowMs)}.`);
  return problems;
}

function sentProblems(sent: AuditHeads['sent'], nowMs: number): string[] {
  const failing = sent?.failing;
  if (sent === null || !failing || nowMs - Date.parse(failing.since) < MINUTE_MS) return [];
  const waits = counted(sent.waiting, 'head waits', 'heads wait');
  return [
    `${sent.to} has taken no head for ${ageWords(failing.since, nowMs)}: ${failing.why}. ${waits}.`,
  ];
}

const counted = (count: number, one: string, many: string): string =>
  `${COUNT.format(count)} ${count === 1 ? one : many}`;

export const agoWords = (at: string, nowMs: number): string => `${ageWords(at, nowMs)} ago`;

function ageWords(at: string, nowMs: number): string {
  const ageMs = Math.max(0, nowMs - Date.parse(at));
  if (ageMs < MINUTE_MS) return `${Math.floor(ageMs / 1_000)} s`;
  if (ageMs < HOUR_MS) return `${Math.floor(ageMs / MINUTE_MS)} min`;
  if (ageMs < 48 * HOUR_MS) return `${Math.floor(ageMs / HOUR_MS)} h`;
  return `${Math.floor(ageMs / (24 * HOUR_MS))} days`;
}
