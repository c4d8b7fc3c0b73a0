/**
 * SHA-256 (FIPS 180-4), because ids are made where there is no crypto module and nothing may wait:
 * Web Crypto is asynchronous. For ids only; secrets belong to the vault.
 */
export function sha256Hex(text: string): string {
  const message = padded(new TextEncoder().encode(text));
  const words = new DataView(message.buffer);
  const hash = new Uint32Array(INITIAL);
  const schedule = new Uint32Array(64);
  for (let at = 0; at < message.length; at += 64) {
    for (let round = 0; round < 16; round++) schedule[round] = words.getUint32(at + round * 4);
    for (let round = 16; round < 64; round++) {
      const s0 = smallSigma(word(schedule, round - 15), 7, 18, 3);
      const s1 = smallSigma(word(schedule, round - 2), 17, 19, 10);
      schedule[round] = word(schedule, round - 16) + s0 + word(schedule, round - 7) + s1;
    }
    compress(hash, schedule);
  }
  return [...hash].map((value) => value.toString(16).padStart(8, '0')).join('');
}

/** Section 5.1.1: a one bit, zeros, and the length in bits, to a multiple of 64 bytes. */
function padded(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  message.set(bytes);
  message[bytes.length] = 0x80;
  const bits = new DataView(message.buffer);
  bits.setUint32(message.length - 8, Math.floor(bytes.length / 0x2000_0000));
  bits.setUint32(message.length - 4, bytes.length * 8);
  return message;
}

function compress(hash: Uint32Array, schedule: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
  for (let round = 0; round < 64; round++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const one = (h + s1 + choice + word(ROUNDS, round) + word(schedule, round)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + s0 + majority) | 0;
  }
  const state = [a, b, c, d, e, f, g, h];
  for (let index = 0; index < 8; index++) hash[index] = word(hash, index) + (state[index] ?? 0);
}

function rotate(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits));
}

function smallSigma(value: number, one: number, two: number, shift: number): number {
  return rotate(value, one) ^ rotate(value, two) ^ (value >>> shift);
}

function word(words: Uint32Array, index: number): number {
  return words[index] as number;
}

/**
 * The first 32 bits of the fractional parts of the square and cube roots of the first primes (section
 * 4.2.2, 5.3.3), in whole numbers: Math.cbrt may differ in its last bit from engine to engine.
 */
const PRIMES = firstPrimes(64);
const INITIAL = Uint32Array.from(PRIMES.slice(0, 8), (prime) => rootFraction(prime, 2));
const ROUNDS = Uint32Array.from(PRIMES, (prime) => rootFraction(prime, 3));

function rootFraction(prime: number, degree: 2 | 3): number {
  const scaled = BigInt(prime) << BigInt(32 * degree);
  // No root of the first 64 primes reaches 2^5, so 37 bits hold it.
  let root = 0n;
  for (let bit = 36n; bit >= 0n; bit--) {
    const candidate = root | (1n << bit);
    if (candidate ** BigInt(degree) <= scaled) root = candidate;
  }
  return Number(root & 0xffff_ffffn);
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < count; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes;
}
