import type { SigningKey } from '../vault/receipt-proof.ts';
import type { ReadLog } from './read-log.ts';
import type { Sequencer } from './sequencer.ts';
import type { AuditVerification } from './verification.ts';

/** What keeps the audit while the server runs. */
export interface Audit {
  readonly sequencer: Sequencer;
  readonly reads: ReadLog;
  readonly verification: Pick<AuditVerification, 'of' | 'run'>;
  /** By which heads are signed. */
  readonly key: Pick<SigningKey, 'public'>;
}
