/** SQL of what people write at once: by the server that has the lane, and to its end. */
import { expect } from '@ausculta/vitals/expect';
import type postgres from 'postgres';

type Transaction = postgres.TransactionSql;

/** What `hold_lane_as` says to a server that no longer has the lane. */
export const LANE_LOST = 'AUL01';

/** Holds the lane as one organisation from here on; an error where it is not ours. Sent at once. */
export function holdLaneAs(
  tx: Transaction,
  organisationId: string,
  { lane, fence }: { lane: number; fence: number },
): PromiseLike<unknown> {
  return tx`SELECT hold_lane_as(${organisationId}, ${lane}, ${fence})`.execute();
}

/**
 * Behind what was sent before it. What it says is ROLLBACK where some of that has failed. The driver ends a
 * transaction itself: it finds another one, in which nothing was done.
 */
export async function commit(tx: Transaction): Promise<void> {
  const { command } = await tx`COMMIT AND CHAIN`.execute();
  expect(command === 'COMMIT', 'a transaction whose statements were done is committed');
}
