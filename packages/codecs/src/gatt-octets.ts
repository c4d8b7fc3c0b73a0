import { fail, type Result } from '@ausculta/vitals/fault';
import { type MdcNumber, readFloat, readSfloat, writeFloat, writeSfloat } from './mdc-float.ts';

/**
 * Reads a characteristic's little-endian fields in order. Past the end it reads zeros and remembers
 * it: the caller asks `isShort` once, before it believes anything.
 */
export class OctetReader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  isShort = false;

  constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = from;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    if (this.at >= this.end) {
      this.isShort = true;
      return 0;
    }
    return this.bytes[this.at++] as number;
  }

  u16(): number {
    if (this.at + 2 > this.end) {
      this.isShort = true;
      this.at = this.end;
      return 0;
    }
    const { bytes, at } = this;
    this.at = at + 2;
    return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  }

  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  i16(): number {
    return (this.u16() << 16) >> 16;
  }

  u24(): number {
    const low = this.u16();
    return low | (this.u8() << 16);
  }

  u32(): number {
    const low = this.u16();
    return (low | (this.u16() << 16)) >>> 0;
  }

  sfloat(): MdcNumber {
    return readSfloat(this.u16());
  }

  float(): MdcNumber {
    return readFloat(this.u32());
  }
}

export class OctetWriter {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  u8(value: number): this {
    this.#bytes.push(value & 0xff);
    return this;
  }

  u16(value: number): this {
    return this.u8(value).u8(value >> 8);
  }

  u24(value: number): this {
    return this.u16(value).u8(value >> 16);
  }

  u32(value: number): this {
    return this.u16(value).u16(value >>> 16);
  }

  sfloat(value: MdcNumber): this {
    return this.u16(writeSfloat(value));
  }

  float(value: MdcNumber): this {
    return this.u32(writeFloat(value));
  }

  bytes(values: Iterable<number>): this {
    for (const value of values) this.u8(value);
    return this;
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

export const TRUNCATED = 'shorter than its flags or its form say';

export function truncated(): Result<never> {
  return fail('PAYLOAD_MALFORMED', TRUNCATED);
}

export function hasBit(word: number, bit: number): boolean {
  return ((word >>> bit) & 1) === 1;
}

/** A word with the bits set whose condition holds. */
export function bits(...conditions: readonly (readonly [bit: number, isSet: boolean])[]): number {
  let word = 0;
  for (const [bit, isSet] of conditions) if (isSet) word |= 1 << bit;
  return word >>> 0;
}

/** The names of the bits that are set; a bit without a name is reserved and told by its number. */
export function bitNames(word: number, names: readonly string[]): string[] {
  const set: string[] = [];
  for (let bit = 0; bit < 32; bit++) {
    if (hasBit(word, bit)) set.push(names[bit] || `bit${bit}`);
  }
  return set;
}
