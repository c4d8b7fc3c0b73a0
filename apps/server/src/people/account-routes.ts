/** Accounts over HTTP, for whoever administers the organisation. */
import {
  type AccountList,
  type AccountView,
  NewAccount,
  NewLink,
  NewRoles,
} from '@ausculta/contract/accounts';
import { fail, type Result } from '@ausculta/vitals/fault';
import { type AccountId, parseAccountId } from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, ofHouse } from './access.ts';
import type { Accounts, By } from './accounts.ts';
import { sendFault } from './problem.ts';
import { needsFreshProof } from './proof-age.ts';

interface One {
  readonly Params: { id: string };
}

const KEEPS_ACCOUNTS = { config: ofHouse('administer', 'accounts') };

export function accountRoutes(app: FastifyInstance, accounts: Accounts, nowMs: () => number): void {
  const fresh = { ...KEEPS_ACCOUNTS, preHandler: needsFreshProof(nowMs) };

  app.get('/api/accounts', KEEPS_ACCOUNTS, async (request): Promise<AccountList> => {
    return { accounts: await accounts.list(byOf(request)) };
  });

  app.post('/api/accounts', fresh, async (request, reply) => {
    const wanted = NewAccount.safeParse(request.body);
    if (!wanted.success) return await malformed(reply);
    const added = await accounts.add(byOf(request), wanted.data);
    if (added.ok) reply.code(201);
    return await answer(reply, added);
  });

  app.post<One>('/api/accounts/:id/roles', fresh, async (request, reply) => {
    const wanted = NewRoles.safeParse(request.body);
    if (!wanted.success) return await malformed(reply);
    return await act(request, reply, (by, id) => accounts.setRoles(by, id, wanted.data.roles));
  });

  app.post<One>('/api/accounts/:id/link', fresh, async (request, reply) => {
    const wanted = NewLink.safeParse(request.body ?? {});
    if (!wanted.success) return await malformed(reply);
    return await act(request, reply, (by, id) => accounts.link(by, id, wanted.data.resetsFactors));
  });

  app.post<One>('/api/accounts/:id/disable', fresh, async (request, reply) => {
    return await act(request, reply, (by, id) => accounts.disable(by, id));
  });

  app.post<One>('/api/accounts/:id/enable', fresh, async (request, reply) => {
    return await act<AccountView>(request, reply, (by, id) => accounts.enable(by, id));
  });
}

function byOf(request: FastifyRequest): By {
  const { organisationId, accountId } = callerOf(request);
  return { organisationId, actor: accountId };
}

async function act<T>(
  request: FastifyRequest<One>,
  reply: FastifyReply,
  work: (by: By, id: AccountId) => Promise<Result<T>>,
) {
  const id = parseAccountId(request.params.id);
  const done = id === undefined ? fail('NOT_FOUND') : await work(byOf(request), id);
  return await answer(reply, done);
}

async function answer<T>(reply: FastifyReply, done: Result<T>) {
  return done.ok ? await reply.send(done.value) : await sendFault(reply, done.fault);
}

async function malformed(reply: FastifyReply) {
  return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
}
