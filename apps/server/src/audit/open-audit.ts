/** Keeps the audit in order for as long as the server runs. */
import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import type { Outside } from '../outside.ts';
import type { Ground } from '../parts.ts';
import type { Audit } from './audit.ts';
import { openHeadsFile } from './heads-file.ts';
import { InHouse } from './in-house.ts';
import { openHeadsHook } from './open-heads-hook.ts';
import { ReadJournal } from './read-journal.ts';
import { ReadLog } from './read-log.ts';
import { AuditRounds } from './rounds.ts';
import { Sequencer } from './sequencer.ts';
import { AuditVerification } from './verification.ts';

/** What was done is in its place, and signed, within this time. */
const ROUND_MS = 1_000;

export function auditHeadsPath({
  dataDir,
  auditHeadsFile,
}: Pick<Config, 'dataDir' | 'auditHeadsFile'>): string {
  return resolve(auditHeadsFile ?? join(dataDir, 'audit-heads.jsonl'));
}

export async function openAudit(
  stack: AsyncDisposableStack,
  { options, database, vault, inLane }: Pick<Ground, 'options' | 'database' | 'vault' | 'inLane'>,
): Promise<Audit> {
  const { config, outside } = options;
  const path = auditHeadsPath(config);
  const directory = join(resolve(config.dataDir), 'audit-reads');
  const inHouse = new InHouse(outside);
  const gather = (waiting: () => number) => inHouse.gather(waiting);
  const { journal, left } = await ReadJournal.open({ ...outside, directory, gather });
  stack.use(journal);
  const sql = database.line;
  const reads = await ReadLog.open({ ...outside, sql, journal, inHouse }, left);
  const key = vault.auditKey();
  const sequencer = new Sequencer({
    ...outside,
    ...{ sql, inLane, key },
    gather: () => reads.store(),
    openFile: () => openHeadsFile(path),
  });
  const rounds = new AuditRounds({ ...outside, round: () => sequencer.settle() });
  stack.defer(keepInOrder(rounds, outside));
  const verification = stack.use(new AuditVerification({ ...outside, sql, key, headsPath: path }));
  const { auditHook } = config;
  const hook = auditHook && openHeadsHook(stack, auditHook, { ...outside, sql });
  return { sequencer, rounds, reads, verification, hook, key };
}

/** Returns what stops it, once what was done has its place. */
function keepInOrder(rounds: AuditRounds, { every }: Pick<Outside, 'every'>) {
  let isUnderWay = false;
  const round = async (): Promise<void> => {
    if (isUnderWay) return;
    isUnderWay = true;
    await rounds.settle();
    isUnderWay = false;
  };
  const stop = every(ROUND_MS, () => void round());
  return async (): Promise<void> => {
    stop();
    await rounds.settle();
    rounds[Symbol.dispose]();
  };
}
