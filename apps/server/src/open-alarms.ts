import { AlarmBook } from './alarms/book.ts';
import { callFor } from './calling/calling.ts';
import type { Transaction } from './database/pool.ts';
import type { Registry } from './devices/registry.ts';
import type { Ground } from './parts.ts';
import { holdLane } from './telemetry/postgres-log.ts';

/** The book of alarms; what is owed by them is called for in the transaction that writes them. */
export async function openAlarms(
  { options: { outside }, database, vault, owner }: Ground,
  registry: Registry,
): Promise<AlarmBook> {
  const writing = {
    holdLane: (tx: Transaction) => holdLane(tx, owner),
    onTakenOver: outside.onFatal,
    callFor: callFor(outside),
  };
  const { sealOf } = vault;
  return await AlarmBook.open({ ...outside, ...writing, sealOf, registry, sql: database.line });
}
