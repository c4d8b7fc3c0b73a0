/** A passkey that somebody else has left on an account, whose screen they found unlocked. */
import type { ServerHere } from './server.ts';

export async function leaveStrangersPasskey(
  { database: { line: sql } }: ServerHere,
  accountId: string,
): Promise<void> {
  const credential = `of a stranger, ${accountId}`;
  await sql`
    INSERT INTO passkey
      (organisation_id, account_id, credential_id, public_key, sign_count, transports, label)
    SELECT organisation_id, id, ${credential}, ${Buffer.alloc(32)}, 0, '{}', 'Stranger'
    FROM account WHERE id = ${accountId}`;
}
