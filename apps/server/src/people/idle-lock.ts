/**
 * A locked session: its person has left the screen. Alarms go on being shown and sounded there, so what
 * reads goes on; nothing is done in the name of who left.
 */
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import { sendFault } from './problem.ts';
import type { Caller } from './sign-in.ts';
import { isWall } from './wall.ts';

/** The session itself: to prove who one is, or to leave. */
const OF_THE_SESSION = /^\/api\/session(\/|$)/;

export function holdLockedSessions(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.caller?.session?.isLocked !== true) return;
    if (request.method === 'GET' || request.method === 'HEAD') return;
    if (OF_THE_SESSION.test(request.routeOptions.url ?? '')) return;
    return await sendFault(reply, fail('SESSION_LOCKED').fault);
  });
}

/** Nobody's, on a wall: whoever walks by must see the alarms. */
export function idleLockMsOf(
  { roles, session }: Pick<Caller, 'roles' | 'session'>,
  settingMs: number | undefined,
): number | undefined {
  return session === undefined || isWall(roles) ? undefined : settingMs;
}
