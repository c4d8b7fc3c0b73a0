/**
 * Integers in as many bytes as they need: seven bits a byte, least significant first, the top bit
 * set on all but the last (LEB128). Signed ones go through zigzag: 0, -1, 1, -2 … become 0, 1, 2, 3 ….
 *
 * Both reach the whole safe range of a double. A zigzagged 53-bit integer has 54 bits, which a double
 * cannot hold, so the first byte is split off before the doubling could lose anything.
 */

/** 54 bits in sevens. */
export const VARINT_BYTES_MAX = 8;

/** Writes `value` (0 … 2^53 - 1) at `offset` and returns the offset behind it. */
export function putVarint(bytes: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  while (rest >= 0x10000000) {
    bytes[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  let low = rest | 0;
  while (low >= 0x80) {
    bytes[at++] = (low & 0x7f) | 0x80;
    low >>>= 7;
  }
  bytes[at++] = low;
  return at;
}

/** Writes `value` (-(2^53 - 1) … 2^53 - 1) at `offset` and returns the offset behind it. */
export function putZigzag(bytes: Uint8Array, offset: number, value: number): number {
  const sign = value < 0 ? 1 : 0;
  const magnitude = value < 0 ? -value - 1 : value;
  const head = (magnitude % 64) * 2 + sign;
  if (magnitude < 64) {
    bytes[offset] = head;
    return offset + 1;
  }
  bytes[offset] = head | 0x80;
  return putVarint(bytes, offset + 1, Math.floor(magnitude / 64));
}

/** The signed integer behind a zigzag code's first seven bits and the rest of it. */
export function zigzagValue(head: number, rest: number): number {
  const magnitude = rest * 64 + (head >>> 1);
  return (head & 1) === 1 ? -magnitude - 1 : magnitude;
}

/** Zigzag of a 32-bit integer, as an unsigned 32-bit one. */
export function zigzag32(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}
