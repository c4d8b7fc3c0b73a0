import { WatchdogCheck } from '@ausculta/contract/watchdog';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import { malformed } from '../devices/routes.ts';
import { callerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { WATCHDOG_ORGANISATION } from './store.ts';
import type { Watchdog } from './watchdog.ts';

/** Only the watchdog itself says that it has looked. */
export function watchdogRoutes(app: FastifyInstance, watchdog: Watchdog): void {
  app.post('/api/watchdog/checks', { config: { access: 'signed-in' } }, async (request, reply) => {
    const { organisationId } = callerOf(request);
    if (organisationId !== WATCHDOG_ORGANISATION)
      return await sendFault(reply, fail('NOT_PERMITTED').fault);
    const body = WatchdogCheck.safeParse(request.body);
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    watchdog.note(body.data);
    return await reply.code(204).send();
  });
}
