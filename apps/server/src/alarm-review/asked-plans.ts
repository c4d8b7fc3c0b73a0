/** The two protocols of a what-if, as they came: each is checked as one that is saved. */
import type { WhatIfQuestion } from '@ausculta/contract/what-if';
import { ADULT_WARD } from '@ausculta/rules/protocol/library';
import {
  type ParsedProtocol,
  type Protocol,
  parseProtocol,
} from '@ausculta/rules/protocol/protocol';
import { tuned } from '@ausculta/rules/whatif/tuning';
import { fail, ok, type Result } from '@ausculta/vitals/fault';

export interface AskedPlans {
  readonly before: Protocol;
  readonly after: Protocol;
}

type Asked = Pick<WhatIfQuestion, 'before' | 'after' | 'tune'>;

export function askedPlans({ before: given, after: wanted, tune = [] }: Asked): Result<AskedPlans> {
  const before: ParsedProtocol =
    given === undefined ? { ok: true, protocol: ADULT_WARD } : parseProtocol(given);
  if (!before.ok) return refused('before', before);
  const after = wanted === undefined ? tuned(before.protocol, tune) : parseProtocol(wanted);
  if (!after.ok) return refused(wanted === undefined ? 'tune' : 'after', after);
  return ok({ before: before.protocol, after: after.protocol });
}

/** Where, and what is wrong there: never a value. */
function refused(where: string, { problems }: Extract<ParsedProtocol, { ok: false }>) {
  return fail('PAYLOAD_MALFORMED', `${where}: ${problems.slice(0, PROBLEMS_MAX).join('; ')}`);
}

const PROBLEMS_MAX = 5;
