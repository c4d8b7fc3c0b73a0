import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { MESSAGE_BYTES_MAX } from './json-message.ts';

/** A device's message nests to three. */
const DEPTH_MAX = 16;

/**
 * CBOR, RFC 8949, as JavaScript's own values. Map keys become text: whole numbers through `labels`,
 * where a language has given them names, else as "#7". Tags are passed over but for decimal fractions
 * (4) and binary ones (5), which are numbers. What is too deep, too long or cut off is refused; a count
 * is not believed beyond the bytes that follow it.
 */
export function decodeCbor(
  bytes: Uint8Array,
  labels: ReadonlyMap<number, string> = new Map(),
): Result<unknown> {
  if (bytes.length > MESSAGE_BYTES_MAX) {
    return fail('PAYLOAD_TOO_LARGE', `more than ${MESSAGE_BYTES_MAX} bytes`);
  }
  const reader = new CborReader(bytes, labels);
  const value = reader.item(0);
  if (value === BREAK) return fail('PAYLOAD_MALFORMED', 'a break out of place');
  if (reader.fault !== undefined) return fail('PAYLOAD_MALFORMED', reader.fault);
  return reader.at === bytes.length ? ok(value) : fail('PAYLOAD_MALFORMED', 'bytes after the end');
}

const MAJOR = { UNSIGNED: 0, NEGATIVE: 1, BYTES: 2, TEXT: 3, ARRAY: 4, MAP: 5, TAG: 6 } as const;
const INDEFINITE = 31;
const BREAK = Symbol('break');
const DECIMAL_FRACTION = 4;
const BIG_FLOAT = 5;

class CborReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #labels: ReadonlyMap<number, string>;
  at = 0;
  fault: string | undefined;

  constructor(bytes: Uint8Array, labels: ReadonlyMap<number, string>) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#labels = labels;
  }

  item(depth: number): unknown {
    if (depth > DEPTH_MAX) return this.#refuse('nested too deeply');
    const head = this.#take(1);
    if (head === undefined) return undefined;
    const initial = this.#bytes[head] as number;
    const major = initial >> 5;
    const info = initial & 0x1f;
    if (major === 7) return this.#simple(info);
    const isIndefinite = info === INDEFINITE;
    const count = isIndefinite ? Number.POSITIVE_INFINITY : this.#argument(info);
    if (this.fault !== undefined) return undefined;
    if (isIndefinite && (major < MAJOR.BYTES || major === MAJOR.TAG)) {
      return this.#refuse('a length that cannot be left open');
    }
    switch (major) {
      case MAJOR.UNSIGNED:
        return count;
      case MAJOR.NEGATIVE:
        return -1 - count;
      case MAJOR.BYTES:
      case MAJOR.TEXT:
        return isIndefinite ? this.#pieces(major, depth) : this.#string(major, count);
      case MAJOR.ARRAY:
        return this.#array(count, depth);
      case MAJOR.MAP:
        return this.#map(count, depth);
      default:
        return this.#tagged(count, depth);
    }
  }

  #refuse(why: string): undefined {
    this.fault ??= why;
    return undefined;
  }

  /** Where the next `length` bytes begin. */
  #take(length: number): number | undefined {
    const at = this.at;
    if (length > this.#bytes.length - at) return this.#refuse('cut off');
    this.at = at + length;
    return at;
  }

  #argument(info: number): number {
    if (info < 24) return info;
    const octets = [1, 2, 4, 8][info - 24];
    const at = octets === undefined ? this.#refuse('a reserved length') : this.#take(octets);
    if (at === undefined) return 0;
    if (octets === 1) return this.#view.getUint8(at);
    if (octets === 2) return this.#view.getUint16(at);
    if (octets === 4) return this.#view.getUint32(at);
    return Number(this.#view.getBigUint64(at));
  }

  #simple(info: number): unknown {
    switch (info) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
        return null;
      case 23:
        return undefined;
      case 25:
        return this.#number(2, (at) => halfFloat(this.#view.getUint16(at)));
      case 26:
        return this.#number(4, (at) => shortest(this.#view.getFloat32(at)));
      case 27:
        return this.#number(8, (at) => this.#view.getFloat64(at));
      case INDEFINITE:
        return BREAK;
      default:
        return this.#refuse('a simple value that nobody has given a meaning');
    }
  }

  #number(octets: number, read: (at: number) => number): number | undefined {
    const at = this.#take(octets);
    return at === undefined ? undefined : read(at);
  }

  #string(major: number, length: number): unknown {
    const from = this.#take(length);
    if (from === undefined) return undefined;
    if (major === MAJOR.BYTES) return this.#bytes.slice(from, from + length);
    const text = readText(this.#bytes.subarray(from, from + length));
    return text ?? this.#refuse('text that is not UTF-8');
  }

  #pieces(major: number, depth: number): unknown {
    const pieces = this.#array(Number.POSITIVE_INFINITY, depth) ?? [];
    if (major === MAJOR.TEXT && pieces.every((piece) => typeof piece === 'string')) {
      return pieces.join('');
    }
    // No language here has use for bytes that came in pieces.
    return this.#refuse('a string in pieces of another kind');
  }

  #array(count: number, depth: number): unknown[] | undefined {
    const values: unknown[] = [];
    for (let index = 0; index < count; index++) {
      const value = this.item(depth + 1);
      if (this.fault !== undefined) return undefined;
      if (value === BREAK) {
        return count === Number.POSITIVE_INFINITY ? values : this.#refuse('a break out of place');
      }
      values.push(value);
    }
    return values;
  }

  #map(count: number, depth: number): unknown {
    // Without a prototype "__proto__" is a key like any other.
    const map: Record<string, unknown> = Object.create(null);
    for (let index = 0; index < count; index++) {
      const key = this.item(depth + 1);
      if (this.fault !== undefined) return undefined;
      if (key === BREAK && count === Number.POSITIVE_INFINITY) return map;
      const value = this.item(depth + 1);
      if (this.fault !== undefined) return undefined;
      const name = this.#nameOf(key);
      if (name === undefined || value === BREAK) return this.#refuse('a map that is none');
      if (Object.hasOwn(map, name)) return this.#refuse('a key that stands twice');
      map[name] = value;
    }
    return map;
  }

  #nameOf(key: unknown): string | undefined {
    if (typeof key === 'string') return key;
    return typeof key === 'number' ? (this.#labels.get(key) ?? `#${key}`) : undefined;
  }

  #tagged(tag: number, depth: number): unknown {
    const value = this.item(depth + 1);
    if (this.fault !== undefined) return undefined;
    if (value === BREAK) return this.#refuse('a break out of place');
    if (tag !== DECIMAL_FRACTION && tag !== BIG_FLOAT) return value;
    const [exponent, mantissa] = Array.isArray(value) ? value : [];
    if (typeof exponent !== 'number' || typeof mantissa !== 'number') {
      return this.#refuse('a fraction that is none');
    }
    // By its decimal text: 366 × 10⁻¹ is 36.6, not 36.6 and some dust.
    return tag === DECIMAL_FRACTION ? Number(`${mantissa}e${exponent}`) : mantissa * 2 ** exponent;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Names and units are short and plain: for these a decoder's call costs more than its work. */
const SHORT_OCTETS = 48;

function readText(bytes: Uint8Array): string | undefined {
  let text = '';
  const isShort = bytes.length <= SHORT_OCTETS;
  for (let at = 0; isShort && at < bytes.length; at++) {
    const octet = bytes[at] as number;
    if (octet > 0x7f) break;
    text += String.fromCharCode(octet);
  }
  if (isShort && text.length === bytes.length) return text;
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function halfFloat(word: number): number {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >> 10) & 0x1f;
  const fraction = word & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  const value =
    exponent === 0 ? fraction / 1024 / 2 ** 14 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return sign * value;
}

/** A sensor that sends 36.6 in 32 bits does not mean 36.599998474121094. */
function shortest(single: number): number {
  // The text of a zero would lose its sign.
  if (!Number.isFinite(single) || single === 0) return single;
  for (let digits = 6; digits <= 9; digits++) {
    const rounded = Number(single.toPrecision(digits));
    if (Math.fround(rounded) === single) return rounded;
  }
  return single;
}

/** Writes an array of maps whose values are numbers, text and arrays of these. */
export function encodeCborMaps(
  maps: readonly (readonly (readonly [key: number | string, value: unknown])[])[],
): Uint8Array {
  const out: number[] = [];
  writeHead(out, MAJOR.ARRAY, maps.length);
  for (const entries of maps) {
    writeHead(out, MAJOR.MAP, entries.length);
    for (const [key, value] of entries) {
      writeValue(out, key);
      writeValue(out, value);
    }
  }
  return Uint8Array.from(out);
}

function writeValue(out: number[], value: unknown): void {
  if (typeof value === 'number') writeNumber(out, value);
  else if (Array.isArray(value)) {
    writeHead(out, MAJOR.ARRAY, value.length);
    for (const each of value) writeValue(out, each);
  } else {
    const text = new TextEncoder().encode(String(value));
    writeHead(out, MAJOR.TEXT, text.length);
    out.push(...text);
  }
}

function writeNumber(out: number[], value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    if (value >= 0) writeHead(out, MAJOR.UNSIGNED, value);
    else writeHead(out, MAJOR.NEGATIVE, -1 - value);
    return;
  }
  const octets = new Uint8Array(9);
  const view = new DataView(octets.buffer);
  if (shortest(Math.fround(value)) === value) {
    octets[0] = 0xfa;
    view.setFloat32(1, value);
    out.push(...octets.subarray(0, 5));
  } else {
    octets[0] = 0xfb;
    view.setFloat64(1, value);
    out.push(...octets);
  }
}

function writeHead(out: number[], major: number, count: number): void {
  const initial = major << 5;
  const octets = new Uint8Array(9);
  const view = new DataView(octets.buffer);
  if (count < 24) out.push(initial | count);
  else if (count < 0x100) out.push(initial | 24, count);
  else if (count < 0x1_0000) out.push(initial | 25, count >> 8, count & 0xff);
  else if (count < 0x1_0000_0000) {
    view.setUint32(0, count);
    out.push(initial | 26, ...octets.subarray(0, 4));
  } else {
    view.setBigUint64(0, BigInt(count));
    out.push(initial | 27, ...octets.subarray(0, 8));
  }
}
