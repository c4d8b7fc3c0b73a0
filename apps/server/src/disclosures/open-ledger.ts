import type { Sql } from '../database/pool.ts';
import type { Outside } from '../outside.ts';
import { Ledger } from './ledger.ts';

/** How often something was disclosed is written this often; that it was, at once. */
const LEDGER_MS = 60_000;

export function openLedger(stack: AsyncDisposableStack, sql: Sql, outside: Outside): Ledger {
  const ledger = new Ledger({ ...outside, sql });
  const stop = outside.every(LEDGER_MS, () => void ledger.tick());
  stack.defer(async () => {
    stop();
    await ledger.tick();
  });
  return ledger;
}
