import { malformed } from './decode-error.ts';
import { zigzagValue } from './varint.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads bytes of unknown origin front to back and throws a `DecodeError` instead of ever reading
 * past `end`. Multi-byte numbers are little-endian.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #position: number;

  constructor(
    bytes: Uint8Array,
    range: { readonly from: number; readonly until: number } = { from: 0, until: bytes.length },
  ) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = range.from;
    this.#end = range.until;
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#end - this.#position;
  }

  /** For a hot loop that keeps its own offset: it may look behind `end`, but must `skip` what it used. */
  get view(): DataView {
    return this.#view;
  }

  u8(): number {
    return this.#bytes[this.#claim(1)] as number;
  }

  u16(): number {
    return this.#view.getUint16(this.#claim(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#claim(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#claim(8), true);
  }

  /** 0 … 2^53 - 1; a longer one is malformed. */
  varint(): number {
    let value = 0;
    let weight = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) break;
      weight *= 128;
      if (weight > 2 ** 49) throw malformed('An integer is longer than 53 bits.');
    }
    if (value > Number.MAX_SAFE_INTEGER) throw malformed('An integer is longer than 53 bits.');
    return value;
  }

  /** -(2^53 - 1) … 2^53 - 1. */
  zigzag(): number {
    const head = this.u8();
    if (head < 0x80) return zigzagValue(head, 0);
    const rest = this.varint();
    const value = zigzagValue(head & 0x7f, rest);
    if (!Number.isSafeInteger(value)) throw malformed('A signed integer is longer than 54 bits.');
    return value;
  }

  /** A view of the next bytes, not a copy. */
  bytes(size: number): Uint8Array {
    const from = this.#claim(size);
    return this.#bytes.subarray(from, from + size);
  }

  utf8(sizeMax: number): string {
    const size = this.varint();
    if (size > sizeMax) throw malformed('A text is longer than allowed.');
    try {
      return decoder.decode(this.bytes(size));
    } catch (cause) {
      throw cause instanceof TypeError ? malformed('A text is not UTF-8.') : cause;
    }
  }

  /** Steps over bytes that the caller read through `view`. */
  skip(size: number): void {
    this.#claim(size);
  }

  /** Nothing may follow: trailing bytes are as suspicious as missing ones. */
  expectEnd(): void {
    if (this.#position !== this.#end) throw malformed('Bytes follow after the end.');
  }

  #claim(size: number): number {
    const from = this.#position;
    if (size > this.#end - from) throw malformed('The bytes end too early.');
    this.#position = from + size;
    return from;
  }
}
