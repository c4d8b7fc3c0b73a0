import type {
  MailState,
  Oversight,
  OversightWaiting,
  UnusualAccess,
} from '@ausculta/contract/oversight';

type Unusual = Pick<UnusualAccess, 'kind' | 'records' | 'usual'>;

/** What was done, after the name of whom did it. */
export function unusualWords({ kind, records, usual }: Unusual): string {
  switch (kind) {
    case 'guarded-record':
      return 'looked at a guarded record.';
    case 'same-name':
      return 'looked at the record of somebody with the same family name.';
    case 'off-shift':
      return 'looked at records while not on shift.';
    case 'guard-ended':
      return 'ended the guard of a record.';
    case 'two-networks':
      return 'was at work from two places within minutes. Somebody else may have the session.';
    case 'many-records': {
      const often = usual === null ? '' : `; in a busy hour it is ${usual}`;
      return `opened ${records ?? 'many'} records within an hour${often}.`;
    }
  }
}

/** Undefined: nothing waits. */
export function waitingWords({ emergencies, unusual }: OversightWaiting): string | undefined {
  const parts = [
    counted(emergencies, ['emergency access', 'emergency accesses']),
    counted(unusual, ['unusual access', 'unusual accesses']),
  ].filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  const isOne = emergencies + unusual === 1;
  return `${parts.join(' and ')} ${isOne ? 'waits' : 'wait'} for review.`;
}

const counted = (count: number, [one, more]: readonly [string, string]): string | undefined =>
  count === 0 ? undefined : `${count} ${count === 1 ? one : more}`;

/** Whether somebody who does not sit here is told as well; undefined: they are. */
export function mailWords(mail: MailState): string | undefined {
  if (mail === 'off')
    return 'Nobody is told by mail: the operator has set no AUSCULTA_PRIVACY_OFFICER.';
  if (mail === 'failing')
    return 'The mail about what waits cannot be sent. It is tried again; the operator’s log says why.';
  return undefined;
}

/** What was looked at within this time is looked at now. */
const LATE_MS = 60_000;

/** Undefined: everything is looked at. */
export function gapWords(
  { lookedUntil, unreadable }: Pick<Oversight, 'lookedUntil' | 'unreadable'>,
  nowMs: number,
): string | undefined {
  const isLate = lookedUntil === null || nowMs - Date.parse(lookedUntil) > LATE_MS;
  if (isLate) return 'Nobody looks for unusual access at the moment. The operator’s log says why.';
  if (unreadable === 0) return undefined;
  const pieces = unreadable === 1 ? 'A piece' : `${unreadable} pieces`;
  return `${pieces} of the audit cannot be read: nothing can be looked for in it.`;
}
