/** Keys for a test that needs no vault: one seal for all, unless it says otherwise. */
import { randomBytes } from 'node:crypto';
import { createSeal, type Seal } from '../../apps/server/src/vault/seal.ts';
import type { LogKeys, SubjectKeys } from '../../apps/server/src/vault/vault.ts';

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
