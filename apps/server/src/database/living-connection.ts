import type postgres from 'postgres';

type Work = (tx: postgres.TransactionSql) => unknown;

/**
 * Transactions that survive the loss of their connection. The driver would send the rollback, or the
 * commit, into the connection that is gone, which ends the whole process. So work on such a connection is
 * left where it is: whoever began it hears of the loss from the driver, as of any other.
 */
export function beginOnLiving(sql: postgres.Sql): postgres.Sql['begin'] {
  const begin = sql.begin as (options: string, work: Work) => Promise<unknown>;
  const beginning = (...given: [Work] | [string, Work]): Promise<unknown> => {
    const [options, work] = given.length === 1 ? ['', given[0]] : given;
    let isOver = false;
    const outcome = begin(options, async (tx) => {
      try {
        const value = await work(tx);
        if (!isOver) return value;
      } catch (error) {
        if (!isOver && !isLoss(error)) throw error;
      }
      return await new Promise<never>(() => undefined);
    });
    outcome.catch(() => {
      isOver = true;
    });
    return outcome;
  };
  return beginning as postgres.Sql['begin'];
}

/** After an error that is fatal PostgreSQL ends the connection; the others are of the driver and the socket. */
function isLoss(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const severity: unknown = Reflect.get(error, 'severity');
  if (typeof severity === 'string') return severity !== 'ERROR';
  return LOSSES.has(String(Reflect.get(error, 'code')));
}

const LOSSES = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'ECONNRESET',
  'EPIPE',
]);
