/**
 * The fields of a control packet's body (MQTT 3.1.1, 1.5), read one after the other. A field that is not
 * whole, or text that MQTT forbids, is undefined, and so is everything after it.
 */
import { isUtf8 } from 'node:buffer';

const BROKEN = Number.POSITIVE_INFINITY;

export class Fields {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
  }

  /** Whether the body ended with the last field, and every field was what it should be. */
  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  byte(): number | undefined {
    return this.#take(1)?.[0];
  }

  uint16(): number | undefined {
    return this.#take(2)?.readUInt16BE();
  }

  /** A view, not a copy. */
  binary(): Buffer | undefined {
    const length = this.uint16();
    return length === undefined ? undefined : this.#take(length);
  }

  /** 1.5.3-1 and 1.5.3-2: neither ill-formed UTF-8 nor U+0000. */
  text(): string | undefined {
    const bytes = this.binary();
    if (bytes === undefined) return undefined;
    if (isUtf8(bytes) && !bytes.includes(0)) return bytes.toString('utf8');
    this.#at = BROKEN;
    return undefined;
  }

  #take(length: number): Buffer | undefined {
    const from = this.#at;
    this.#at = from + length <= this.#end ? from + length : BROKEN;
    return this.#at === BROKEN ? undefined : this.#bytes.subarray(from, this.#at);
  }
}
