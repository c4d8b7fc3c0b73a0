import type { SigningKey } from '../vault/receipt-proof.ts';
import type { HeadsHook } from './heads-hook.ts';
import type { ReadLog } from './read-log.ts';
import type { AuditRounds } from './rounds.ts';
import type { Sequencer } from './sequencer.ts';
import type { AuditVerification } from './verification.ts';

/** What keeps the audit while the server runs. */
export interface Audit {
  readonly sequencer: Pick<Sequencer, 'contradicted' | 'isContradicted'>;
  readonly rounds: Pick<AuditRounds, 'settled'>;
  readonly reads: ReadLog;
  readonly verification: Pick<AuditVerification, 'of' | 'run'>;
  /** To a receiver elsewhere; undefined where there is none. */
  readonly hook: Pick<HeadsHook, 'receiver' | 'host'> | undefined;
  /** By which heads are signed. */
  readonly key: Pick<SigningKey, 'public'>;
}
