import { type MdcNumber, readFloat, readSfloat, writeFloat, writeSfloat } from './mdc-float.ts';

/**
 * The Medical Device Encoding Rules of IEEE 11073-20601, annex F: big-endian fields, lists as count
 * and length, octet strings as length and octets. Past its end the reader gives zeros and remembers.
 */
export class MderReader {
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
    if (this.at >= this.end) return this.#short();
    return this.bytes[this.at++] as number;
  }

  u16(): number {
    if (this.at + 2 > this.end) return this.#short();
    const { bytes, at } = this;
    this.at = at + 2;
    return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  }

  u32(): number {
    const high = this.u16();
    return ((high << 16) | this.u16()) >>> 0;
  }

  sfloat(): MdcNumber {
    return readSfloat(this.u16());
  }

  float(): MdcNumber {
    return readFloat(this.u32());
  }

  /** The next `length` octets as a reader of their own. */
  part(length: number): MderReader {
    const from = this.at;
    if (from + length > this.end) {
      this.#short();
      const empty = new MderReader(this.bytes, this.end, this.end);
      empty.isShort = true;
      return empty;
    }
    this.at = from + length;
    return new MderReader(this.bytes, from, from + length);
  }

  /** An octet string or an "any": its length comes first. */
  string(): MderReader {
    return this.part(this.u16());
  }

  rest(): Uint8Array {
    // A copy: the slice of a Buffer would go on sharing its memory with the network.
    return new Uint8Array(this.bytes.subarray(this.at, this.end));
  }

  /**
   * A list: its count and its length in octets, then the elements. The count is believed: devices get
   * the length wrong, and whoever reads to the end of the whole sees whether all has come out even.
   * No count can make it run on, since each element takes octets.
   */
  list<Element>(read: (element: MderReader) => Element): Element[] | undefined {
    const count = this.u16();
    this.u16();
    const elements: Element[] = [];
    for (let index = 0; index < count; index++) {
      if (this.left === 0) return undefined;
      elements.push(read(this));
      if (this.isShort) return undefined;
    }
    return elements;
  }

  #short(): number {
    this.isShort = true;
    this.at = this.end;
    return 0;
  }
}

export class MderWriter {
  readonly #bytes: number[] = [];

  u8(value: number): this {
    this.#bytes.push(value & 0xff);
    return this;
  }

  u16(value: number): this {
    return this.u8(value >> 8).u8(value);
  }

  u32(value: number): this {
    return this.u16(value >>> 16).u16(value);
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

  string(values: Uint8Array): this {
    return this.u16(values.length).bytes(values);
  }

  list<Element>(elements: readonly Element[], write: (into: MderWriter, element: Element) => void) {
    const body = new MderWriter();
    for (const element of elements) write(body, element);
    return this.u16(elements.length).string(body.finish());
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
