import type { ReadLog } from './read-log.ts';
import type { Sequencer } from './sequencer.ts';

/** What keeps the audit while the server runs. */
export interface Audit {
  readonly sequencer: Sequencer;
  readonly reads: ReadLog;
}
