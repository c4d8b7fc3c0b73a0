/**
 * A person has pressed a key at a gateway. They come; nobody else is called meanwhile. They have not seen whose
 * alarm it is: it stays owed until it is acknowledged at a screen, and calls again if it is not (safety S13).
 */
import type { CallAnswered } from '@ausculta/contract/calling';
import { answered, type Call } from '@ausculta/rules/calling/ladder';
import type { InLane, Sql, Transaction } from '../database/pool.ts';
import { appendAudit } from '../vault/audit.ts';
import { reportsKeys } from './gateways.ts';
import type { Reach } from './reach.ts';
import { isoOrNull } from './told.ts';
import * as store from './view-store.ts';
import { isAnswerToken } from './words.ts';

/** As long as somebody needs to get there; so long an answer of somebody who does not come is believed. */
const HOLD_MS = { high: 3 * 60_000, medium: 10 * 60_000 } as const;

export interface AnswerPorts {
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly reach: Pick<Reach, 'gateway'>;
  readonly nowMs: () => number;
}

/** Undefined: no such call, or not by its token. */
export async function answerCall(
  ports: AnswerPorts,
  id: string,
  token: string,
): Promise<CallAnswered | undefined> {
  const row = await store.toldById(ports.sql, id);
  const gateway = row && ports.reach.gateway(row.organisation_id, row.channel);
  if (row === undefined || !reportsKeys(gateway)) return undefined;
  if (!isAnswerToken(token, id, gateway.secret)) return undefined;
  const atMs = ports.nowMs();
  return await ports.inLane((tx) => answer(tx, row, atMs));
}

async function answer(tx: Transaction, row: store.ToldRow, atMs: number): Promise<CallAnswered> {
  const held = await store.holdCall(tx, row);
  const isNew = await store.noteAnswered(tx, row.id, atMs);
  const call =
    held?.call === null || held === undefined ? undefined : (JSON.parse(held.call) as Call);
  if (call === undefined) return { isOwed: held !== undefined, heldUntil: null };
  const asBefore = { isOwed: true, heldUntil: isoOrNull(call.heldUntilMs ?? null) };
  // Said again it holds no longer: an answer is good once.
  if (!isNew) return asBefore;
  const [, actor] = row.recipient.split('/');
  const target = `subject/${row.subject_id}` as const;
  const entry = { organisationId: row.organisation_id, actor, target, atMs } as const;
  await appendAudit(tx, { ...entry, act: 'call-answered' });
  const { round } = row;
  const next = (await mayHold(tx, row))
    ? answered(call, { round, nowMs: atMs, holdMs: HOLD_MS[call.priority] })
    : undefined;
  if (next === undefined) return asBefore;
  await store.writeAnswered(tx, row, JSON.stringify(next));
  return { isOwed: true, heldUntil: isoOrNull(next.heldUntilMs ?? null) };
}

/** Of what was never taken nobody has heard, and somebody who has left does not come. */
async function mayHold(
  tx: Transaction,
  { state, organisation_id, recipient }: store.ToldRow,
): Promise<boolean> {
  if (state !== 'sent') return false;
  const [, accountId] = recipient.split('/');
  if (accountId === undefined) return true;
  return (await store.accountsInUse(tx, organisation_id, [accountId])).length > 0;
}
