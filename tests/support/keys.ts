/** Keys for a test that needs no vault: one seal for all, unless it says otherwise. */
import { randomBytes, sign } from 'node:crypto';
import { createSeal, type Seal } from '../../apps/server/src/vault/seal.ts';
import type { Shredded } from '../../apps/server/src/vault/shred-list.ts';
import type { LogKeys, SubjectKeys, Vault } from '../../apps/server/src/vault/vault.ts';

/** What an erasure leaves in the list of destroyed keys, with a receipt that is signed as it should be. */
export function shreddedBy(
  vault: Pick<Vault, 'signingKey'>,
  subjectId: string,
): Omit<Shredded, 'owner'> {
  const signed = JSON.stringify({ subjectId });
  const signature = sign(null, Buffer.from(signed), vault.signingKey().secret).toString('base64');
  return { atMs: 1, receipt: { signed, signature } };
}

export function oneKey(seal: Seal = createSeal(randomBytes(32), randomBytes)) {
  return {
    sealOf: () => seal,
    keep: () => undefined,
    isShredded: () => false,
    legacy: undefined,
    toWrite: () => seal,
    toRead: () => seal,
    retireBefore: () => undefined,
  } satisfies SubjectKeys & LogKeys;
}
