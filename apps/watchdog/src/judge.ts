/**
 * Whom to tell, and when: (state, outcome of a look, now) → next. One look that fails may be a cable; two are a
 * call, again and again until a look succeeds. Pure.
 */

import type { WatchdogStage as Stage } from '@ausculta/contract/watchdog';

export type Outcome =
  | { readonly isWell: true; readonly tookMs: number }
  | { readonly isWell: false; readonly stage: Stage };

export interface Judgement {
  /** Looks that failed, one after the other. */
  readonly failures: number;
  readonly failingSinceMs: number | undefined;
  /** When it was last told that it fails; undefined: not since it last was well. */
  readonly toldMs: number | undefined;
}

export const CALM: Judgement = { failures: 0, failingSinceMs: undefined, toldMs: undefined };

const FAILURES_TOLD = 2;
const TOLD_EVERY_MS = 10 * 60_000;

export type Call =
  | { readonly kind: 'failing'; readonly stage: Stage; readonly sinceMs: number }
  | { readonly kind: 'well-again'; readonly sinceMs: number };

export function judge(
  before: Judgement,
  outcome: Outcome,
  nowMs: number,
): { readonly judgement: Judgement; readonly call?: Call } {
  if (outcome.isWell) {
    const { toldMs, failingSinceMs: sinceMs } = before;
    if (toldMs === undefined || sinceMs === undefined) return { judgement: CALM };
    return { judgement: CALM, call: { kind: 'well-again', sinceMs } };
  }
  const failures = before.failures + 1;
  const failingSinceMs = before.failingSinceMs ?? nowMs;
  const next = { failures, failingSinceMs, toldMs: before.toldMs };
  const agoMs = before.toldMs === undefined ? Number.POSITIVE_INFINITY : nowMs - before.toldMs;
  // A clock that was set back does not keep anybody waiting.
  const isDue = failures >= FAILURES_TOLD && (agoMs >= TOLD_EVERY_MS || agoMs < 0);
  if (!isDue) return { judgement: next };
  const call = { kind: 'failing', stage: outcome.stage, sinceMs: failingSinceMs } as const;
  return { judgement: { ...next, toldMs: nowMs }, call };
}

const STAGE_WORDS: Readonly<Record<Stage, string>> = {
  reach: 'the server does not answer',
  store: 'the server takes readings and does not store them',
  alarm: 'readings are stored and no alarm arrives',
  end: 'an alarm does not end',
};

/** What is said to the technician: of nobody in particular, for it travels by anybody's mail. */
export function wordsOf(
  call: Call,
  url: string,
): { readonly subject: string; readonly text: string } {
  const since = new Date(call.sinceMs).toISOString();
  if (call.kind === 'well-again')
    return {
      subject: 'Ausculta: alarms arrive again',
      text: `Test alarms of ${url} arrive again. They had not since ${since}.`,
    };
  return {
    subject: 'Ausculta: alarms do not arrive',
    text: `Since ${since} ${STAGE_WORDS[call.stage]} (${url}). Patients are not watched by it. Tell the wards to rely on bedside monitors, and look at the server.`,
  };
}
