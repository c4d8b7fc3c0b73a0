/** What a person does about their own account: password, second factor, where they are signed in. */
import {
  CodeShown,
  type MyAccount,
  type NewSecondFactor,
  PasswordChange,
  type RecoveryCodes,
  type SessionList,
} from '@ausculta/contract/me';
import { expect } from '@ausculta/vitals/expect';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Sql, Transaction } from '../database/pool.ts';
import { deleteGrantsOf } from '../oidc/app-store.ts';
import { type AuditAct, appendAudit } from '../vault/audit.ts';
import { callerOf } from './access.ts';
import * as factors from './factor-store.ts';
import { isShort, passwordProblem } from './password-rules.ts';
import type { PasswordWork } from './password-work.ts';
import { sendFault } from './problem.ts';
import { needsFreshProof } from './proof-age.ts';
import {
  newSecret,
  renewRecoveryCodes,
  type SecondFactorPorts,
  setSecondFactor,
  stepOf,
} from './second-factor.ts';
import type { SignIn } from './sign-in.ts';
import * as store from './store.ts';
import { Waiting } from './waiting.ts';

/** A secret that is on a screen waits so long for its first code. */
const SECRET_WAITS_MS = 10 * 60_000;

export interface MeRoutePorts extends SecondFactorPorts {
  readonly sql: Sql;
  readonly work: PasswordWork;
  readonly signIn: SignIn;
}

export interface Mine extends factors.Owner {
  readonly sessionId: string;
}

const SIGNED_IN = { config: { access: 'signed-in' } } as const;

export function meRoutes(app: FastifyInstance, ports: MeRoutePorts): void {
  app.get('/api/me', SIGNED_IN, async (request, reply) => {
    const mine = mineOf(request);
    if (mine === undefined) return await noPerson(reply);
    const account = await store.accountById(ports.sql, mine);
    const held = await factors.holdFactors(ports.sql, mine);
    expect(account !== undefined && held !== undefined, 'who is signed in has an account');
    const me: MyAccount = {
      loginName: account.login_name,
      displayName: account.display_name,
      hasSecondFactor: held.has_second_factor,
      recoveryCodesLeft: held.recovery_codes,
    };
    return me;
  });
  passwordRoute(app, ports);
  secondFactorRoutes(app, ports);
  mySessionRoutes(app, ports);
}

function passwordRoute(app: FastifyInstance, ports: MeRoutePorts): void {
  const { sql, work, signIn, nowMs } = ports;
  const fresh = { ...SIGNED_IN, preHandler: needsFreshProof(nowMs) };

  /** Every other session of the account ends, and every app that was let in. */
  app.post('/api/me/password', fresh, async (request, reply) => {
    const body = PasswordChange.safeParse(request.body);
    if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const mine = mineOf(request);
    const account = mine && (await store.accountById(sql, mine));
    const held = mine && (await factors.holdFactors(sql, mine));
    if (mine === undefined || account === undefined || held === undefined)
      return await noPerson(reply);
    const { password } = body.data;
    const hasFactor = held.has_second_factor || held.passkeys > 0;
    const wanted = { password, loginName: account.login_name, hasFactor };
    const problem = passwordProblem(wanted);
    if (problem !== undefined)
      return await sendFault(reply, fail('PASSWORD_REFUSED', problem).fault);
    const passwordHash = await work.hash(password);
    const ended = await sql.begin(async (tx) => {
      await store.writePassword(tx, { ...mine, passwordHash, isShort: isShort(password) });
      await auditMine(tx, mine, 'password-changed', nowMs());
      await deleteGrantsOf(tx, { ...mine, accountId: mine.id });
      return await store.deleteSessionsOf(tx, { ...mine, except: mine.sessionId });
    });
    signIn.forgetSessions(ended);
    return await reply.code(204).send();
  });
}

function secondFactorRoutes(app: FastifyInstance, ports: MeRoutePorts): void {
  const { sql, randomBytes, nowMs } = ports;
  const fresh = { ...SIGNED_IN, preHandler: needsFreshProof(nowMs) };
  const secrets = new Waiting<string>(SECRET_WAITS_MS);

  app.post('/api/me/second-factor/begin', fresh, async (request, reply) => {
    const mine = mineOf(request);
    const account = mine && (await store.accountById(sql, mine));
    if (account === undefined) return await noPerson(reply);
    const made: NewSecondFactor = newSecret(randomBytes, account.login_name);
    secrets.put(account.id, made.secret, nowMs());
    return made;
  });

  /** With a code of the app that took the secret: from here on each sign-in asks for one. */
  app.post('/api/me/second-factor', fresh, async (request, reply) => {
    const body = CodeShown.safeParse(request.body);
    if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const mine = mineOf(request);
    if (mine === undefined) return await noPerson(reply);
    const secret = secrets.get(mine.id, nowMs());
    const code = body.data.code.replace(/\s/g, '');
    const step = secret === undefined ? undefined : stepOf(secret, code, nowMs());
    if (secret === undefined || step === undefined)
      return await sendFault(reply, fail('SECOND_FACTOR_NEEDED').fault);
    secrets.take(mine.id, nowMs());
    const codes = await sql.begin(async (tx) => {
      await auditMine(tx, mine, 'second-factor-set', nowMs());
      return await setSecondFactor(tx, ports, { ...mine, secret, step });
    });
    const answer: RecoveryCodes = { codes };
    return answer;
  });

  app.post('/api/me/recovery-codes', fresh, async (request, reply) => {
    const mine = mineOf(request);
    if (mine === undefined) return await noPerson(reply);
    const codes = await sql.begin(async (tx) => {
      if ((await factors.secondFactorOf(tx, mine)) === undefined) return undefined;
      await auditMine(tx, mine, 'recovery-codes-made', nowMs());
      return await renewRecoveryCodes(tx, ports, mine);
    });
    if (codes === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
    const answer: RecoveryCodes = { codes };
    return answer;
  });

  app.delete('/api/me/second-factor', fresh, async (request, reply) => {
    const mine = mineOf(request);
    if (mine === undefined) return await noPerson(reply);
    const isKept = await sql.begin(async (tx) => {
      const held = await factors.holdFactors(tx, mine);
      if (held?.password_is_short === true && held.passkeys === 0) return true;
      if (await factors.deleteSecondFactor(tx, mine))
        await auditMine(tx, mine, 'second-factor-removed', nowMs());
      return false;
    });
    if (isKept) return await sendFault(reply, lastFactor());
    return await reply.code(204).send();
  });
}

function mySessionRoutes(app: FastifyInstance, ports: MeRoutePorts): void {
  const { sql, signIn, nowMs } = ports;

  app.get('/api/me/sessions', SIGNED_IN, async (request, reply) => {
    const mine = mineOf(request);
    if (mine === undefined) return await noPerson(reply);
    const rows = await store.sessionsOf(sql, { ...mine, now: new Date(nowMs()) });
    const list: SessionList = {
      sessions: rows.map((row) => ({
        id: row.id,
        method: row.method,
        browser: row.browser,
        beganAt: row.created_at.toISOString(),
        lastSeenAt: row.last_seen_at.toISOString(),
        isThis: row.id === mine.sessionId,
      })),
    };
    return list;
  });

  /** All but this one, and every app that was let in: whoever let it in may have been somebody else. */
  app.delete('/api/me/sessions', SIGNED_IN, async (request, reply) => {
    const mine = mineOf(request);
    if (mine === undefined) return await noPerson(reply);
    await endSessions(mine, { except: mine.sessionId });
    return await reply.code(204).send();
  });

  app.delete<{ Params: { id: string } }>(
    '/api/me/sessions/:id',
    SIGNED_IN,
    async (request, reply) => {
      const mine = mineOf(request);
      if (mine === undefined) return await noPerson(reply);
      const isId = /^[0-9a-f-]{36}$/.test(request.params.id);
      const ended = isId ? await endSessions(mine, { only: request.params.id }) : 0;
      if (ended === 0) return await sendFault(reply, fail('NOT_FOUND').fault);
      return await reply.code(204).send();
    },
  );

  async function endSessions(
    mine: Mine,
    which: { readonly only: string } | { readonly except: string },
  ): Promise<number> {
    const ended = await sql.begin(async (tx) => {
      const hashes = await store.deleteSessionsOf(tx, { ...mine, ...which });
      if ('except' in which) await deleteGrantsOf(tx, { ...mine, accountId: mine.id });
      if (hashes.length > 0) await auditMine(tx, mine, 'session-ended', nowMs());
      return hashes;
    });
    signIn.forgetSessions(ended);
    return ended.length;
  }
}

/** Undefined for a program: it has no account. */
export function mineOf(request: FastifyRequest): Mine | undefined {
  const { organisationId, accountId: id, session } = callerOf(request);
  if (id === undefined || session === undefined) return undefined;
  return { organisationId, id, sessionId: session.id };
}

export async function noPerson(reply: FastifyReply): Promise<FastifyReply> {
  return await sendFault(reply, fail('NOT_PERMITTED').fault);
}

export const lastFactor = () =>
  fail('PASSWORD_REFUSED', 'password: too short without a second factor or a passkey').fault;

export async function auditMine(
  tx: Transaction,
  { organisationId, id }: factors.Owner,
  act: AuditAct,
  atMs: number,
): Promise<void> {
  const target = `account/${id}` as const;
  await appendAudit(tx, { organisationId, actor: id, act, target, atMs });
}
