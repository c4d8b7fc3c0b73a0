/**
 * Cuts the bytes of a connection into MQTT control packets (MQTT 3.1.1, 2.2): one byte of type and flags,
 * the remaining length in seven-bit groups, then that many bytes. What is unfinished is held, and
 * never more of it than a packet may have: the length is believed only up to there.
 */

export type CutFault = 'MALFORMED' | 'TOO_LARGE';

/** Takes a whole packet, its body lying in `bytes` from `from` up to `to`; false ends the cutting. */
export type TakePacket = (header: number, bytes: Buffer, from: number, to: number) => boolean;

const NOTHING = Buffer.alloc(0);
const HELD_FIRST_BYTES = 1024;

/** MQTT 2.2.3: the remaining length has at most four bytes. */
const LENGTH_BYTES_MAX = 4;

export class FrameCutter {
  readonly #take: TakePacket;
  #bytesMax: number;
  /** The beginning of a packet whose end has not come; its first `#heldBytes` bytes count. */
  #held: Buffer = NOTHING;
  #heldBytes = 0;
  #isPaused = false;

  constructor(bytesMax: number, take: TakePacket) {
    this.#bytesMax = bytesMax;
    this.#take = take;
  }

  /** How large a packet may be from the next one on. */
  allow(bytesMax: number): void {
    this.#bytesMax = bytesMax;
  }

  /** What has come of the packet that is not finished. */
  get held(): Buffer {
    return this.#held.subarray(0, this.#heldBytes);
  }

  /** From the next packet on nothing more is cut; the rest of the chunk is held. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Goes on with what is held. */
  resume(): CutFault | undefined {
    this.#isPaused = false;
    return this.push(NOTHING);
  }

  push(chunk: Buffer): CutFault | undefined {
    const bytes = this.#heldBytes === 0 ? chunk : this.#join(chunk);
    let at = 0;
    while (at + 1 < bytes.length && !this.#isPaused) {
      let length = 0;
      let bodyAt = at + 1;
      for (let more = true, unit = 1; more; unit *= 128, bodyAt += 1) {
        if (bodyAt > at + LENGTH_BYTES_MAX) return 'MALFORMED';
        if (bodyAt === bytes.length) return this.#hold(bytes, at);
        const byte = bytes[bodyAt] as number;
        length += (byte & 127) * unit;
        more = byte > 127;
      }
      const end = bodyAt + length;
      if (end - at > this.#bytesMax) {
        this.#hold(bytes, at);
        return 'TOO_LARGE';
      }
      if (end > bytes.length) break;
      if (!this.#take(bytes[at] as number, bytes, bodyAt, end)) return undefined;
      at = end;
    }
    return this.#hold(bytes, at);
  }

  /** The held bytes and the new ones as one; doubles its room, so that single bytes cost no more than many. */
  #join(chunk: Buffer): Buffer {
    const length = this.#heldBytes + chunk.length;
    if (length > this.#held.length) {
      const wider = Buffer.allocUnsafeSlow(Math.max(length, this.#held.length * 2));
      this.#held.copy(wider, 0, 0, this.#heldBytes);
      this.#held = wider;
    }
    chunk.copy(this.#held, this.#heldBytes);
    this.#heldBytes = length;
    return this.#held.subarray(0, length);
  }

  #hold(bytes: Buffer, from: number): undefined {
    const left = bytes.length - from;
    if (left === 0) {
      this.#held = NOTHING;
      this.#heldBytes = 0;
      return;
    }
    // Nothing was cut from the held bytes: they stay where they are.
    if (from === 0 && bytes.buffer === this.#held.buffer) return;
    const held = Buffer.allocUnsafeSlow(Math.max(left, HELD_FIRST_BYTES));
    bytes.copy(held, 0, from);
    this.#held = held;
    this.#heldBytes = left;
  }
}
