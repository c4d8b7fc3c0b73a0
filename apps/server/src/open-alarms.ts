import { AlarmBook } from './alarms/book.ts';
import { callFor } from './calling/calling.ts';
import type { Transaction } from './database/pool.ts';
import type { Registry } from './devices/registry.ts';
import type { Ground } from './parts.ts';
import { Library } from './protocols/library.ts';
import { holdLane } from './telemetry/postgres-log.ts';

/** The book of alarms; what is owed by them is called for in the transaction that writes them. */
export async function openAlarms(
  { options: { outside }, database, vault, owner }: Ground,
  registry: Registry,
): Promise<{ readonly alarms: AlarmBook; readonly library: Library }> {
  // First the protocols: what a checkpoint remembers is of one of their versions.
  const library = await Library.open({ ...outside, sql: database.line, keys: vault });
  const { protocolOf } = library;
  const writing = {
    holdLane: (tx: Transaction) => holdLane(tx, owner),
    onTakenOver: outside.onFatal,
    callFor: callFor(outside),
  };
  const { sealOf } = vault;
  const known = { sealOf, registry, protocolOf, sql: database.line };
  const alarms = await AlarmBook.open({ ...outside, ...writing, ...known });
  return { alarms, library };
}
