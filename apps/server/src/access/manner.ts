/** What is done with what is seen, and for what: to take something along asks for more than to look at it. */
import type { Purpose } from '@ausculta/policy/vocabulary';

export interface Manner {
  readonly action: 'read' | 'export';
  /** Undefined: for what the caller's roles are there for. */
  readonly purposes?: readonly Purpose[] | undefined;
}

export const LOOKING: Manner = { action: 'read' };

/** A referral, a house's own move, a person's own copy: what a file of somebody's data may be made for. */
export const TAKEN_ALONG_FOR = ['TREAT', 'HOPERAT', 'PATRQT', 'FAMRQT'] as const;
