/** Looks for what somebody should look at, for as long as the server runs. */
import { holdsAt, type Standing } from '../access/standing.ts';
import type { Config } from '../config.ts';
import type { Sql } from '../database/pool.ts';
import type { Registry } from '../devices/registry.ts';
import type { Outside } from '../outside.ts';
import { MailRelay } from '../subscriptions/mail-relay.ts';
import { GuardedRecords } from './guarded.ts';
import { OfficerMail } from './officer-mail.ts';
import { Oversight } from './oversight.ts';

/** An emergency access is told by mail, and unusual access found, within this time and some seconds. */
const ROUND_MS = 2_000;

export interface OpenedOversight {
  readonly oversight: Oversight;
  readonly guarded: GuardedRecords;
  readonly officerMail: OfficerMail;
}

interface OversightGround {
  readonly sql: Sql;
  readonly registry: Registry;
  readonly standing: Standing;
  readonly outside: Outside;
  readonly config: Config;
}

export async function openOversight(ground: OversightGround): Promise<OpenedOversight> {
  const { sql, registry, standing, outside, config } = ground;
  const guarded = await GuardedRecords.load(sql, outside.nowMs());
  const oversight = new Oversight({
    ...{ ...outside, sql, guarded },
    familyNameOf: (id) => registry.subjects.get(id)?.identity.familyName,
    isOnShift: (id, atMs) => {
      const shifts = standing.shiftsOf(id);
      return shifts.length === 0 ? undefined : shifts.some((shift) => holdsAt(shift, atMs));
    },
    isOwn: (id, subjectId) =>
      standing
        .relationsOf(id)
        .some((row) => row.subject_id === subjectId && OWN_KINDS.includes(row.kind)),
  });
  const relay = new MailRelay(config.subscriptions.mail);
  const { publicUrl } = config;
  const to = config.subscriptions.mail?.privacyOfficer;
  return {
    oversight,
    guarded,
    officerMail: new OfficerMail({ ...outside, sql, relay, to, publicUrl }),
  };
}

const OWN_KINDS: readonly string[] = ['self', 'proxy'];

/** Returns what stops it, once what is under way has ended. */
export function oversee(
  { oversight, officerMail }: OpenedOversight,
  { every }: Pick<Outside, 'every'>,
): () => Promise<void> {
  let underWay: Promise<void> | undefined;
  const round = async (): Promise<void> => {
    // Whatever keeps one waiting keeps no emergency untold.
    await Promise.all([officerMail.tick(), oversight.settle()]);
    underWay = undefined;
  };
  const stop = every(ROUND_MS, () => {
    underWay ??= round();
  });
  return async (): Promise<void> => {
    stop();
    await underWay;
  };
}
