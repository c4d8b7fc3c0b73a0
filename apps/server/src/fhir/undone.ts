/** A transaction that is rolled back because what it was asked is refused. */
import { type Answer, MADE_MEANWHILE } from './answer.ts';

type Refused = Extract<Answer<never>, { ok: false }>;

/** Rolls a transaction back, with the reason. */
export class Undone extends Error {
  readonly refusal: Refused['refusal'];

  constructor(refusal: Refused['refusal']) {
    super('undone');
    this.refusal = refusal;
  }
}

/** Two that were made at once under one name: the second is told, and may look. */
const UNIQUE_VIOLATION = '23505';

export function undoneAnswer(error: unknown): Refused {
  if (error instanceof Undone) return { ok: false, refusal: error.refusal };
  if ((error as { code?: string }).code === UNIQUE_VIOLATION) return MADE_MEANWHILE;
  throw error;
}
