import { type Session, SignIn as SignInBody, type SignInInfo } from '@ausculta/contract/session';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import { callerOf, SESSION_COOKIE } from './access.ts';
import { addressKey } from './address-key.ts';
import { DEMO_LOGIN } from './first-start.ts';
import { sendFault } from './problem.ts';
import { SESSION_LIFE_MS, type SignIn } from './sign-in.ts';
import { SignInTries } from './sign-in-tries.ts';

/** From one address; a shift that begins behind one proxy nobody has named signs in within a minute. */
const SIGN_IN_RATE = { max: 30, timeWindow: 60_000 };

export interface PeopleRoutePorts {
  readonly signIn: SignIn;
  readonly demo: boolean;
  readonly nowMs: () => number;
}

export function peopleRoutes(app: FastifyInstance, ports: PeopleRoutePorts): void {
  const { signIn, demo, nowMs } = ports;
  const tries = new SignInTries();
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
      const { loginName, password } = body.data;
      const address = addressKey(request.ip);
      const waitMs = tries.take(loginName, address, nowMs());
      if (waitMs > 0) {
        reply.header('retry-after', String(Math.ceil(waitMs / 1000)));
        return await sendFault(reply, fail('RATE_EXCEEDED').fault);
      }
      const token = await signIn.start(loginName, password);
      if (token === undefined) return await sendFault(reply, fail('CREDENTIALS_REFUSED').fault);
      tries.succeeded(loginName, address);
      reply.setCookie(SESSION_COOKIE, token, { ...cookie, secure: request.protocol === 'https' });
      return await reply.code(204).send();
    },
  );

  app.get('/api/sign-in', { config: { access: 'public' } }, (): SignInInfo => {
    return { demoLogin: demo ? DEMO_LOGIN : null };
  });

  app.get('/api/session', { config: { access: 'clinician' } }, (request): Session => {
    const { accountId, displayName, roles, organisationName } = callerOf(request);
    return { accountId: accountId ?? '', displayName, roles: [...roles], organisationName, demo };
  });

  app.delete('/api/session', { config: { access: 'clinician' } }, async (request, reply) => {
    const token = request.cookies[SESSION_COOKIE];
    if (token !== undefined) await signIn.end(token);
    reply.clearCookie(SESSION_COOKIE, { path: '/' });
    return await reply.code(204).send();
  });
}
