import { type Session, SignIn as SignInBody } from '@ausculta/contract/session';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import { callerOf, SESSION_COOKIE } from './access.ts';
import { sendFault } from './problem.ts';
import { SESSION_LIFE_MS, type SignIn } from './sign-in.ts';

/** Ten tries a minute from one address; accounts get their own lockout with the roles. */
const SIGN_IN_RATE = { max: 10, timeWindow: 60_000 };

export function peopleRoutes(app: FastifyInstance, parts: { signIn: SignIn; demo: boolean }): void {
  const { signIn, demo } = parts;
  const cookie = {
    httpOnly: true,
    sameSite: 'strict',
    path: '/',
    maxAge: SESSION_LIFE_MS / 1000,
  } as const;

  app.post(
    '/api/session',
    { config: { access: 'public', rateLimit: SIGN_IN_RATE } },
    async (request, reply) => {
      const body = SignInBody.safeParse(request.body);
      if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
      const token = await signIn.start(body.data.loginName, body.data.password);
      if (token === undefined) return await sendFault(reply, fail('CREDENTIALS_REFUSED').fault);
      reply.setCookie(SESSION_COOKIE, token, { ...cookie, secure: request.protocol === 'https' });
      return await reply.code(204).send();
    },
  );

  app.get('/api/session', { config: { access: 'clinician' } }, (request): Session => {
    const { accountId, displayName, role, organisationName } = callerOf(request);
    return { accountId: accountId ?? '', displayName, role, organisationName, demo };
  });

  app.delete('/api/session', { config: { access: 'clinician' } }, async (request, reply) => {
    const token = request.cookies[SESSION_COOKIE];
    if (token !== undefined) await signIn.end(token);
    reply.clearCookie(SESSION_COOKIE, { path: '/' });
    return await reply.code(204).send();
  });
}
