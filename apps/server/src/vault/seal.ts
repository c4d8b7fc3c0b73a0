import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
} from 'node:crypto';
import { expect } from '@ausculta/vitals/expect';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { RandomBytes } from '../outside.ts';

/**
 * Seals bytes with AES-256-GCM, so that what lies in the database, its log and its backups is noise
 * without the key. Whoever seals also names the place (`aad`: table, organisation, row): bytes
 * moved to another row do not open there.
 *
 *   version (1) | key id (4) | nonce (12) | ciphertext | tag (16)
 *
 * The key id is of the key itself, so that a later key can stand beside an older one.
 */
export interface Seal {
  readonly seal: (bytes: Uint8Array, aad: string) => Uint8Array;
  readonly open: (sealed: Uint8Array, aad: string) => Result<Uint8Array>;
  /** Whether it says of itself that this key sealed it. */
  readonly isOwn: (sealed: Uint8Array) => boolean;
}

const CIPHER = 'aes-256-gcm';
const VERSION = 1;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
/**
 * NIST SP 800-38D, 8.3: 96 random bits are safe for 2^32 messages under one key. The log alone could
 * seal 200 commits a second, so each purpose, and each hour of the log, has a derived key of its own.
 */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES;

/** What sealing adds to a message. */
export const SEAL_OVERHEAD_BYTES = HEAD_BYTES + TAG_BYTES;

export function createSeal(key: Uint8Array, randomBytes: RandomBytes): Seal {
  expect(key.length === KEY_BYTES, 'a sealing key has 32 bytes');
  const keyId = keyIdOf(key);
  const secret = createSecretKey(key);

  function seal(bytes: Uint8Array, aad: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES);
    expect(nonce.length === NONCE_BYTES, 'a nonce has 12 bytes');
    const cipher = createCipheriv(CIPHER, secret, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(aad, 'utf8'));
    const ciphertext = cipher.update(bytes);
    cipher.final();

    const sealed = new Uint8Array(bytes.length + SEAL_OVERHEAD_BYTES);
    sealed[0] = VERSION;
    sealed.set(keyId, 1);
    sealed.set(nonce, 1 + KEY_ID_BYTES);
    sealed.set(ciphertext, HEAD_BYTES);
    sealed.set(cipher.getAuthTag(), HEAD_BYTES + ciphertext.length);
    return sealed;
  }

  function open(sealed: Uint8Array, aad: string): Result<Uint8Array> {
    if (sealed.length < SEAL_OVERHEAD_BYTES) return fail('SEAL_BROKEN', 'too short');
    if (sealed[0] !== VERSION) return fail('SEAL_BROKEN', 'unknown version');
    if (!isOwn(sealed)) return fail('SEAL_BROKEN', 'another key');
    const tagStart = sealed.length - TAG_BYTES;
    const nonce = sealed.subarray(1 + KEY_ID_BYTES, HEAD_BYTES);
    const decipher = createDecipheriv(CIPHER, secret, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(aad, 'utf8'));
    decipher.setAuthTag(sealed.subarray(tagStart));
    const bytes = decipher.update(sealed.subarray(HEAD_BYTES, tagStart));
    try {
      decipher.final();
    } catch {
      return fail('SEAL_BROKEN', 'wrong place or damage');
    }
    return ok(bytes);
  }

  function isOwn(sealed: Uint8Array): boolean {
    return keyId.every((byte, index) => sealed[1 + index] === byte);
  }

  return { seal, open, isOwn };
}

/** Seals as the one, and opens what the older one sealed as well. */
export function openingAlso(seal: Seal, older: Seal | undefined): Seal {
  if (older === undefined) return seal;
  const opener = (sealed: Uint8Array): Seal => (seal.isOwn(sealed) ? seal : older);
  return { ...seal, open: (sealed, aad) => opener(sealed).open(sealed, aad) };
}

/** A key for one purpose (`chunk`, `log_2026112103`): knowing it tells nothing of any other. RFC 5869. */
export function deriveKey(masterKey: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', masterKey, '', `ausculta ${purpose}`, KEY_BYTES));
}

/** Tells keys apart and gives nothing of the key away: 32 bits of a hash made for this purpose alone. */
function keyIdOf(key: Uint8Array): Uint8Array {
  return createHash('sha256')
    .update('ausculta key id')
    .update(key)
    .digest()
    .subarray(0, KEY_ID_BYTES);
}
