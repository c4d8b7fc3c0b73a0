/** Who is on: "I am on", one tap, with a hand-over; and by which addresses somebody is called. */
import {
  CallAddresses,
  type CallTest,
  NewTurn,
  type Roster,
  TurnEnd,
  type TurnView,
} from '@ausculta/contract/calling';
import type { Role } from '@ausculta/policy/vocabulary';
import { onDuty } from '@ausculta/rules/calling/callees';
import { fail } from '@ausculta/vitals/fault';
import type { AccountId, OrganisationId } from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { InLane, Sql, Transaction } from '../database/pool.ts';
import { malformed } from '../devices/routes.ts';
import { callerOf, ofHouse } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { type AuditAct, appendAudit } from '../vault/audit.ts';
import type { Vault } from '../vault/vault.ts';
import { NO_ADDRESSES, openAddresses, sealAddresses } from './addresses.ts';
import type { Calling } from './calling.ts';
import type { Channels } from './channels.ts';
import { dutiesIn, isDutyReached } from './policy-doubts.ts';
import type { Reach } from './reach.ts';
import { iso, isoOrNull } from './told.ts';
import * as store from './view-store.ts';

export interface RosterRoutePorts {
  readonly calling: Pick<Calling, 'policyOf' | 'wake'>;
  readonly reach: Reach;
  readonly channels: Pick<Channels, 'send'>;
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly organisationSeal: Vault['organisationSeal'];
  readonly newId: () => string;
  readonly randomToken: () => string;
  readonly nowMs: () => number;
}

/** Those who may acknowledge whatever alarm there is. */
const ANSWERING: readonly Role[] = ['nurse', 'physician', 'primary-care', 'paramedic'];
const SIGNED_IN = { config: { access: 'signed-in' } } as const;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Me {
  readonly organisationId: OrganisationId;
  readonly accountId: AccountId;
}

/** A person at a browser, in their own house: no program is on for anything. */
function meOf(request: FastifyRequest): Me | undefined {
  const { accountId, session, organisationId, homeOrganisationId } = callerOf(request);
  const isHome = organisationId === homeOrganisationId;
  return session === undefined || accountId === undefined || !isHome
    ? undefined
    : { organisationId, accountId };
}

export function rosterRoutes(app: FastifyInstance, ports: RosterRoutePorts): void {
  listRoute(app, ports);
  onRoute(app, ports);
  offRoute(app, ports);
  addressRoutes(app, ports);
}

function listRoute(app: FastifyInstance, ports: RosterRoutePorts): void {
  app.get(
    '/api/roster',
    { config: ofHouse('search', 'directory') },
    async (request): Promise<Roster> => {
      const { organisationId, accountId } = callerOf(request);
      const turns = await turnViews(ports, organisationId, accountId);
      const house = ports.calling.policyOf(organisationId);
      const duties = house === undefined ? [] : dutiesIn(house.policy);
      const empty = duties.filter((duty) => !turns.some((turn) => turn.duty === duty));
      return { turns, duties, empty };
    },
  );
}

async function turnViews(
  { calling, reach, sql, nowMs }: RosterRoutePorts,
  organisationId: OrganisationId,
  mine: string | undefined,
): Promise<TurnView[]> {
  const rows = await store.turnsAt(sql, organisationId, nowMs());
  const accounts = rows.map(({ account_id }) => account_id);
  const within = await reach.within(sql, organisationId, accounts);
  const policy = calling.policyOf(organisationId)?.policy;
  return rows.map(({ id, account_id: accountId, name, duty, unit, from_ms, until_ms }) => ({
    ...{ id, accountId, name, duty, unit, from: iso(from_ms), until: isoOrNull(until_ms) },
    isMine: accountId === mine,
    isReached: isDutyReached(policy, { duty, accountId }, within),
  }));
}

function onRoute(app: FastifyInstance, ports: RosterRoutePorts): void {
  const { inLane, newId, nowMs, calling } = ports;
  app.post('/api/roster', SIGNED_IN, async (request, reply): Promise<TurnView> => {
    const me = meOf(request);
    const mayAnswer = callerOf(request).roles.some((role) => ANSWERING.includes(role));
    if (me === undefined || !mayAnswer) return await sendFault(reply, fail('NOT_PERMITTED').fault);
    const body = NewTurn.safeParse(request.body);
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    const { duty, unit, until, after } = body.data;
    const atMs = nowMs();
    const untilMs = until === null ? null : Date.parse(until);
    if (untilMs !== null && untilMs <= atMs)
      return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'until: is over').fault);
    const id = newId();
    const turn = { duty, unit, id, from_ms: atMs, until_ms: untilMs, after_id: after ?? null };
    const begun = await inLane((tx) => begin(tx, me, turn));
    if (!begun) return await sendFault(reply, fail('NOT_FOUND', 'after').fault);
    calling.wake();
    const turns = await turnViews(ports, me.organisationId, me.accountId);
    const mine = turns.find((view) => view.id === id);
    if (mine === undefined) throw new Error('broken invariant: who is on stands on the roster');
    return await reply.code(201).send(mine);
  });
}

type BegunTurn = Omit<store.TurnRow, 'organisation_id' | 'account_id'>;

/** False where there is no such turn to take over. In one step: at no moment is nobody on. */
async function begin(tx: Transaction, me: Me, turn: BegunTurn): Promise<boolean> {
  const { organisationId, accountId } = me;
  const atMs = turn.from_ms;
  if (turn.after_id !== null) {
    const before = await store.holdTurn(tx, { organisationId, id: turn.after_id, atMs });
    if (before?.duty !== turn.duty) return false;
    await store.endTurn(tx, before.id, atMs);
    await note(tx, me, { act: 'duty-ended', of: before.account_id, atMs });
  }
  await store.insertTurn(tx, { ...turn, organisation_id: organisationId, account_id: accountId });
  await note(tx, me, { act: 'duty-begun', of: accountId, atMs });
  return true;
}

interface Noted {
  readonly act: AuditAct;
  readonly of: string;
  readonly atMs: number;
}

function note(tx: Transaction, { organisationId, accountId }: Me, { act, of, atMs }: Noted) {
  const target = `account/${of}` as const;
  return appendAudit(tx, { organisationId, actor: accountId, act, target, atMs });
}

interface OfTurn {
  readonly Params: { readonly id: string };
}

function offRoute(app: FastifyInstance, { sql, inLane, nowMs }: RosterRoutePorts): void {
  app.post<OfTurn>('/api/roster/:id/end', SIGNED_IN, async (request, reply) => {
    const me = meOf(request);
    const body = TurnEnd.safeParse(request.body ?? {});
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    const { id } = request.params;
    const atMs = nowMs();
    if (me === undefined || !UUID.test(id)) return await sendFault(reply, fail('NOT_FOUND').fault);
    const rows = await store.turnsAt(sql, me.organisationId, atMs);
    const mine = rows.find((row) => row.id === id && row.account_id === me.accountId);
    if (mine === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
    const others = rows.filter((row) => row.id !== id).map(asTurn);
    const { duty, unit } = mine;
    const isLast =
      onDuty(duty, { turns: others, unit: unit ?? undefined, nowMs: atMs }).length === 0;
    if (isLast && body.data.even !== 'nobody')
      return await sendFault(reply, fail('DUTY_WOULD_BE_EMPTY').fault);
    await inLane(async (tx) => {
      if ((await store.holdTurn(tx, { ...me, id, atMs })) === undefined) return;
      await store.endTurn(tx, id, atMs);
      await note(tx, me, { act: 'duty-ended', of: me.accountId, atMs });
    });
    return await reply.code(204).send();
  });
}

const asTurn = (row: store.TurnRow) => ({
  ...{ accountId: row.account_id, duty: row.duty, unit: row.unit },
  ...{ fromMs: row.from_ms, untilMs: row.until_ms },
});

function addressRoutes(app: FastifyInstance, ports: RosterRoutePorts): void {
  const { sql, inLane, organisationSeal, nowMs, reach, channels, randomToken } = ports;

  const mineNow = async ({ organisationId, accountId }: Me): Promise<CallAddresses> => {
    const [row] = await store.addressesOf(sql, organisationId, [accountId]);
    return row === undefined ? NO_ADDRESSES : openAddresses(row, organisationSeal(organisationId));
  };

  app.get('/api/me/calling', SIGNED_IN, async (request, reply): Promise<CallAddresses> => {
    const me = meOf(request);
    return me === undefined
      ? await sendFault(reply, fail('NOT_PERMITTED').fault)
      : await mineNow(me);
  });

  app.put('/api/me/calling', SIGNED_IN, async (request, reply): Promise<CallAddresses> => {
    const me = meOf(request);
    const body = CallAddresses.safeParse(request.body);
    if (me === undefined) return await sendFault(reply, fail('NOT_PERMITTED').fault);
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    const of = { organisation_id: me.organisationId, account_id: me.accountId };
    const sealed = sealAddresses(body.data, of, organisationSeal(me.organisationId));
    await inLane(async (tx) => {
      await store.writeAddress(tx, sealed);
      await note(tx, me, { act: 'call-addresses-changed', of: me.accountId, atMs: nowMs() });
    });
    return body.data;
  });

  app.post('/api/me/calling/test', SIGNED_IN, async (request, reply): Promise<CallTest> => {
    const me = meOf(request);
    if (me === undefined) return await sendFault(reply, fail('NOT_PERMITTED').fault);
    const house = me.organisationId;
    const webhooks = reach.gatewaysOf(house).filter(({ kind }) => kind === 'webhook');
    const names = webhooks.map(({ name }) => `gateway/${name}`);
    const addresses = await mineNow(me);
    const tried = ['mail', ...names].map(async (channel) => {
      const why = reach.whyNot(house, channel, addresses);
      if (why !== undefined) return { channel, ok: false, why };
      const to = { organisation_id: house, recipient: `account/${me.accountId}`, channel };
      const sent = await channels.send({ ...to, id: randomToken(), alarm: undefined });
      return { channel, ok: sent.ok, why: sent.ok ? null : sent.reason };
    });
    return { tried: await Promise.all(tried) };
  });
}
