import { type MdcNumber, readFloat, readSfloat, writeFloat, writeSfloat } from './mdc-float.ts';

/** Bluetooth sends the low octet first; the encoding rules of 11073-20601 (MDER) the high one. */
export type OctetOrder = 'little' | 'big';

/**
 * Reads fields in order. Past the end it reads zeros and remembers it: the caller asks `isShort` once,
 * before it believes anything.
 */
export class OctetReader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  isShort = false;
  readonly #isBig: boolean;

  constructor(bytes: Uint8Array, order: OctetOrder, from = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = from;
    this.end = end;
    this.#isBig = order === 'big';
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
    const first = bytes[at] as number;
    const second = bytes[at + 1] as number;
    this.at = at + 2;
    return this.#isBig ? (first << 8) | second : first | (second << 8);
  }

  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  i16(): number {
    return (this.u16() << 16) >> 16;
  }

  /** Bluetooth's alone, low octet first. */
  u24(): number {
    const low = this.u16();
    return low | (this.u8() << 16);
  }

  u32(): number {
    const first = this.u16();
    const second = this.u16();
    return (this.#isBig ? (first << 16) | second : first | (second << 16)) >>> 0;
  }

  sfloat(): MdcNumber {
    return readSfloat(this.u16());
  }

  float(): MdcNumber {
    return readFloat(this.u32());
  }

  /** The next `length` octets as a reader of their own. */
  part(length: number): OctetReader {
    const order = this.#isBig ? 'big' : 'little';
    const from = this.at;
    if (from + length > this.end) {
      this.#short();
      const empty = new OctetReader(this.bytes, order, this.end, this.end);
      empty.isShort = true;
      return empty;
    }
    this.at = from + length;
    return new OctetReader(this.bytes, order, from, from + length);
  }

  /** MDER's octet string or "any": its length comes first. */
  string(): OctetReader {
    return this.part(this.u16());
  }

  rest(): Uint8Array {
    // A copy: the slice of a Buffer would go on sharing its memory with the network.
    return new Uint8Array(this.bytes.subarray(this.at, this.end));
  }

  /**
   * MDER's list: its count and its length in octets, then the elements. The count is believed: devices
   * get the length wrong, and whoever reads to the end of the whole sees whether all has come out
   * even. No count can make it run on, since each element takes octets.
   */
  list<Element>(read: (element: OctetReader) => Element): Element[] | undefined {
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

export class OctetWriter {
  readonly #bytes: number[] = [];
  readonly #order: OctetOrder;

  constructor(order: OctetOrder) {
    this.#order = order;
  }

  get length(): number {
    return this.#bytes.length;
  }

  u8(value: number): this {
    this.#bytes.push(value & 0xff);
    return this;
  }

  u16(value: number): this {
    return this.#order === 'big' ? this.u8(value >> 8).u8(value) : this.u8(value).u8(value >> 8);
  }

  /** Bluetooth's alone, low octet first. */
  u24(value: number): this {
    return this.u16(value).u8(value >> 16);
  }

  u32(value: number): this {
    return this.#order === 'big'
      ? this.u16(value >>> 16).u16(value)
      : this.u16(value).u16(value >>> 16);
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

  list<Element>(
    elements: readonly Element[],
    write: (into: OctetWriter, element: Element) => void,
  ) {
    const body = new OctetWriter(this.#order);
    for (const element of elements) write(body, element);
    return this.u16(elements.length).string(body.finish());
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
