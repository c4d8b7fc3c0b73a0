/** What opens an account for good, such as a new passkey, is not done by whoever finds a screen unlocked. */
import { fail } from '@ausculta/vitals/fault';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from './access.ts';
import { sendFault } from './problem.ts';

const PROVED_WITHIN_MS = 10 * 60_000;

export const isFreshProof = (provedMs: number, nowMs: number): boolean =>
  nowMs - provedMs <= PROVED_WITHIN_MS;

/** As a `preHandler`. A program shows its token with each request. */
export function needsFreshProof(nowMs: () => number) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const { session } = callerOf(request);
    if (session === undefined || isFreshProof(session.provedMs, nowMs())) return undefined;
    return await sendFault(reply, fail('PROOF_NEEDED').fault);
  };
}
