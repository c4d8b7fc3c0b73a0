/** Who has got something of somebody: told with an erasure, for what lies there is theirs to erase (safety S29). */
import type { Erasure } from '@ausculta/contract/erasure';
import type { Sql } from '../database/pool.ts';
import type { Ledger } from './ledger.ts';
import { namesOfRecipients, recipientsOf } from './store.ts';

export type Recipients = (of: {
  readonly organisationId: string;
  readonly subjectId: string;
}) => Promise<Erasure['recipients']>;

export function recipientsBy(sql: Sql, ledger: Pick<Ledger, 'flush'>): Recipients {
  return async (of) => {
    await ledger.flush();
    const rows = await recipientsOf(sql, of);
    const names = await namesOfRecipients(
      sql,
      rows.map(({ recipient }) => recipient),
    );
    return rows.map(({ recipient, way, place, last_ms }) => ({
      ...{ recipient, name: names.get(recipient) ?? place, way },
      last: new Date(last_ms).toISOString(),
    }));
  };
}
