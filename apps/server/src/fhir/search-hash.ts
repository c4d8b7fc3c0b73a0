/** What can be searched, as numbers that say nothing to whoever lacks the key of the organisation. */
import { createHmac, createSecretKey } from 'node:crypto';

export type Hash = (text: string) => number;

/** Codes come again and again; a name does not. */
const REMEMBERED_MAX = 50_000;
const REMEMBERED_LENGTH_MAX = 200;

/**
 * 52 bits of an HMAC, which a number holds exactly. Of ten million different values, one question in
 * 400 million would find a document too many.
 */
export function searchHash(key: Uint8Array): Hash {
  const secret = createSecretKey(key);
  const remembered = new Map<string, number>();
  return (text) => {
    const known = remembered.get(text);
    if (known !== undefined) return known;
    const digest = createHmac('sha256', secret).update(text).digest();
    const made = digest.readUIntBE(0, 6) * 16 + ((digest[6] ?? 0) >> 4);
    if (text.length <= REMEMBERED_LENGTH_MAX) {
      if (remembered.size >= REMEMBERED_MAX) remembered.clear();
      remembered.set(text, made);
    }
    return made;
  };
}
