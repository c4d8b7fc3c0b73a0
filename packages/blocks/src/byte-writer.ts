import { expect } from '@ausculta/vitals/expect';
import { putVarint, putZigzag, VARINT_BYTES_MAX } from './varint.ts';

const CAPACITY_BYTES_DEFAULT = 256;
const encoder = new TextEncoder();

/**
 * A growable buffer that is written front to back. Hot paths keep one and `reset()` it: the memory
 * stays. Multi-byte numbers are little-endian.
 */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  #length = 0;

  constructor(capacityBytes: number = CAPACITY_BYTES_DEFAULT) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  reset(): void {
    this.#length = 0;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#length, value, true);
    this.#length += 2;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** 0 … 2^53 - 1. */
  varint(value: number): void {
    expect(Number.isSafeInteger(value) && value >= 0, 'a varint is a safe integer, not negative');
    this.#reserve(VARINT_BYTES_MAX);
    this.#length = putVarint(this.#bytes, this.#length, value);
  }

  /** -(2^53 - 1) … 2^53 - 1. */
  zigzag(value: number): void {
    expect(Number.isSafeInteger(value), 'a signed varint is a safe integer');
    this.#reserve(VARINT_BYTES_MAX);
    this.#length = putZigzag(this.#bytes, this.#length, value);
  }

  bytes(source: Uint8Array): void {
    this.#reserve(source.length);
    this.#bytes.set(source, this.#length);
    this.#length += source.length;
  }

  /** The text in UTF-8 behind its length in bytes. */
  utf8(text: string): void {
    // One UTF-16 unit becomes three bytes at most; short texts need a one-byte length.
    this.#reserve(text.length * 3 + VARINT_BYTES_MAX);
    if (text.length <= 42) {
      const { written } = encoder.encodeInto(text, this.#bytes.subarray(this.#length + 1));
      this.#bytes[this.#length] = written;
      this.#length += 1 + written;
      return;
    }
    const encoded = encoder.encode(text);
    this.varint(encoded.length);
    this.bytes(encoded);
  }

  /**
   * Lends `sizeMax` writable bytes at the end to a caller that fills them itself; `commit` then says
   * how many were used. The loan ends with the next write.
   */
  lend(sizeMax: number): Uint8Array<ArrayBuffer> {
    this.#reserve(sizeMax);
    return this.#bytes.subarray(this.#length, this.#length + sizeMax);
  }

  commit(size: number): void {
    expect(this.#length + size <= this.#bytes.length, 'no more is committed than was lent');
    this.#length += size;
  }

  /** What was written, without copying: valid until the next write or reset. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
