/** By which addresses somebody is called, and whether that works. */
import { CallAddresses, type CallTest } from '@ausculta/contract/calling';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { InLane, Sql } from '../database/pool.ts';
import { malformed } from '../devices/routes.ts';
import { callerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { Vault } from '../vault/vault.ts';
import { NO_ADDRESSES, openAddresses, sealAddresses } from './addresses.ts';
import type { Calling } from './calling.ts';
import type { Channels } from './channels.ts';
import { ANSWERING, type Me, meOf, note, SIGNED_IN } from './me.ts';
import { accountsIn } from './policy-doubts.ts';
import type { Reach } from './reach.ts';
import { TestCalls } from './test-calls.ts';
import * as store from './view-store.ts';

export interface AddressRoutePorts {
  readonly calling: Pick<Calling, 'policyOf'>;
  readonly reach: Reach;
  /** By ways of their own: a test never stands before an alarm. */
  readonly testChannels: Pick<Channels, 'send'>;
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly organisationSeal: Vault['organisationSeal'];
  readonly randomToken: () => string;
  readonly nowMs: () => number;
}

export function addressRoutes(app: FastifyInstance, ports: AddressRoutePorts): void {
  const { inLane, organisationSeal, nowMs } = ports;

  app.get('/api/me/calling', SIGNED_IN, async (request, reply): Promise<CallAddresses> => {
    const me = meOf(request);
    return me === undefined
      ? await sendFault(reply, fail('NOT_PERMITTED').fault)
      : await addressesNow(ports, me);
  });

  app.put('/api/me/calling', SIGNED_IN, async (request, reply): Promise<CallAddresses> => {
    const me = meOf(request);
    const body = CallAddresses.safeParse(request.body);
    if (me === undefined) return await sendFault(reply, fail('NOT_PERMITTED').fault);
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    // Whoever is called no more may still take their addresses away.
    const isNone = body.data.mail === null && body.data.number === null;
    if (!isNone && !mayBeCalled(request, ports)) return await sendFault(reply, NOT_CALLED);
    const of = { organisation_id: me.organisationId, account_id: me.accountId };
    const sealed = sealAddresses(body.data, of, organisationSeal(me.organisationId));
    await inLane(async (tx) => {
      await store.writeAddress(tx, sealed);
      await note(tx, me, { act: 'call-addresses-changed', of: me.accountId, atMs: nowMs() });
    });
    return body.data;
  });

  testRoute(app, ports);
}

async function addressesNow(
  { sql, organisationSeal }: AddressRoutePorts,
  { organisationId, accountId }: Me,
): Promise<CallAddresses> {
  const [row] = await store.addressesOf(sql, organisationId, [accountId]);
  return row === undefined ? NO_ADDRESSES : openAddresses(row, organisationSeal(organisationId));
}

const NOT_CALLED = fail(
  'NOT_PERMITTED',
  'Only those are called who answer alarms, or whom the policy of the house names.',
).fault;

function mayBeCalled(
  request: FastifyRequest,
  { calling }: Pick<AddressRoutePorts, 'calling'>,
): boolean {
  const { roles, accountId, organisationId } = callerOf(request);
  const policy = calling.policyOf(organisationId)?.policy;
  const named = policy === undefined ? [] : accountsIn(policy);
  return (
    roles.some((role) => ANSWERING.includes(role)) ||
    (accountId !== undefined && named.includes(accountId))
  );
}

function testRoute(app: FastifyInstance, ports: AddressRoutePorts): void {
  const { inLane, nowMs } = ports;
  const tests = new TestCalls();
  app.post('/api/me/calling/test', SIGNED_IN, async (request, reply): Promise<CallTest> => {
    const me = meOf(request);
    if (me === undefined) return await sendFault(reply, fail('NOT_PERMITTED').fault);
    if (!mayBeCalled(request, ports)) return await sendFault(reply, NOT_CALLED);
    const atMs = nowMs();
    const waitMs = tests.begin(me.accountId, atMs);
    if (waitMs > 0) {
      reply.header('retry-after', String(Math.ceil(waitMs / 1_000)));
      return await sendFault(reply, fail('RATE_EXCEEDED', 'A test call was made just now.').fault);
    }
    try {
      await inLane((tx) => note(tx, me, { act: 'test-call-made', of: me.accountId, atMs }));
      return { tried: await callOnce(ports, me) };
    } finally {
      tests.end(me.accountId);
    }
  });
}

async function callOnce(ports: AddressRoutePorts, me: Me): Promise<CallTest['tried']> {
  const { reach, testChannels, randomToken } = ports;
  const house = me.organisationId;
  const webhooks = reach.gatewaysOf(house).filter(({ kind }) => kind === 'webhook');
  const names = webhooks.map(({ name }) => `gateway/${name}`);
  const addresses = await addressesNow(ports, me);
  const tried = ['mail', ...names].map(async (channel) => {
    const why = reach.whyNot(house, channel, addresses);
    if (why !== undefined) return { channel, ok: false, why };
    const to = { organisation_id: house, recipient: `account/${me.accountId}`, channel };
    const sent = await testChannels.send({ ...to, id: randomToken(), alarm: undefined });
    return { channel, ok: sent.ok, why: sent.ok ? null : sent.reason };
  });
  return await Promise.all(tried);
}
