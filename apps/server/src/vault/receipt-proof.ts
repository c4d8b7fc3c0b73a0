/**
 * Whether an entry of the list of destroyed keys is of this installation: its receipt names the same
 * subject, and is signed with the key that lies in the key store. Whoever can write to the list, or to
 * its copy in the database, has neither.
 */
import { createPrivateKey, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Seal } from './seal.ts';
import type { Judge, Shredded } from './shred-list.ts';

/** How the store names the seed of the key that signs receipts and backups. */
export const RECEIPTS = 'signing/receipts';
/** And that of the key which signs the heads of the audit alone. */
export const AUDIT_HEADS = 'signing/audit';

/** RFC 8410: what stands before the 32 bytes of a private key. */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface SigningKey {
  readonly secret: KeyObject;
  readonly public: KeyObject;
}

export function signingKeyOf(seed: Uint8Array): SigningKey {
  const key = Buffer.concat([ED25519_PKCS8, seed]);
  const secret = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return { secret, public: createPublicKey(secret) };
}

/** What is wrapped in a store; undefined in one from before the first receipt. */
export function signingKeyIn(
  wrapped: Uint8Array | undefined,
  { root, context }: { readonly root: Seal; readonly context: string },
): SigningKey | undefined {
  const seed = wrapped && root.open(wrapped, context);
  return seed?.ok ? signingKeyOf(seed.value) : undefined;
}

export function isProven({ owner, receipt }: Shredded, key: KeyObject): boolean {
  const { signed, signature } = receipt;
  const isSigned = verify(null, Buffer.from(signed, 'utf8'), key, Buffer.from(signature, 'base64'));
  if (!isSigned) return false;
  const subjectId = subjectIn(signed);
  return subjectId !== undefined && owner === `subject/${subjectId}`;
}

/** The same key signs other things as well, which are no receipts. */
function subjectIn(signed: string): string | undefined {
  try {
    const { subjectId } = JSON.parse(signed) as { readonly subjectId?: unknown };
    return typeof subjectId === 'string' ? subjectId : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What has no proof destroys nothing, and is told of. Where the subject has no key here there is
 * nothing to destroy, and none is made again. A store without a key to prove by is from before the first
 * receipt: the list that lies beside it is believed, as whoever changes that could change the store.
 */
export function judgeBy({
  key,
  hasKey,
}: {
  readonly key: KeyObject | undefined;
  readonly hasKey: (owner: string) => boolean;
}): Judge {
  return (entry, origin) => {
    const isOurs = key === undefined ? origin === 'beside-the-store' : isProven(entry, key);
    if (isOurs) return 'applied';
    return hasKey(entry.owner) ? 'refused' : 'closed';
  };
}
