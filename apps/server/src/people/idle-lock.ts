/**
 * A locked session: its person has left the screen. Alarms go on being shown by bed and sounded there;
 * nothing else is read with what they left behind, and nothing is done in their name: by no app either that
 * they let in for as long as they are signed in, whose page lies open beside.
 */
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import { sendFault } from './problem.ts';
import type { Caller } from './sign-in.ts';
import { isWall } from './wall.ts';

/** The session itself: to prove who one is, or to leave. */
const OF_THE_SESSION = /^\/api\/session(\/|$)/;

/** By which a locked screen goes on hearing alarms and knows their beds: who lies there is left out. */
const OF_THE_ALARMS: readonly (string | undefined)[] = ['/api/live', '/api/subjects'];

export function holdLockedSessions(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const { caller } = request;
    if (caller?.session?.isLocked !== true && caller?.isBesideLocked !== true) return;
    const { access } = request.routeOptions.config;
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    // The application's own files are for everybody.
    if (access === 'public' || access === undefined) return;
    if (isRead && OF_THE_ALARMS.includes(request.routeOptions.url)) return;
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
