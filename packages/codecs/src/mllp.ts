import type { Fault } from '@ausculta/vitals/fault';

/** HL7's Minimal Lower Layer Protocol: VT message FS CR. */
export const MLLP_START = 0x0b;
const END = 0x1c;
const AFTER_END = 0x0d;

/** A connection keeps so much room between messages: an ORU of a bedside monitor fits. */
const HELD_BETWEEN_MAX = 16 * 1024;

export type MllpEvent =
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  /** A message that was cut off by the next, or that is longer than is taken. */
  | { readonly kind: 'fault'; readonly fault: Fault };

/**
 * Takes a connection's bytes as they come and gives out whole messages. It holds at most one message
 * of at most `bytesMax`; octets between messages are line noise and are passed over.
 */
export class MllpParser {
  readonly #bytesMax: number;
  #held = new Uint8Array(0);
  #length = 0;
  #state: 'between' | 'inside' | 'too-long' = 'between';

  constructor({ bytesMax }: { readonly bytesMax: number }) {
    this.#bytesMax = bytesMax;
  }

  /** Octets of a message that has begun and not ended. */
  get heldBytes(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): MllpEvent[] {
    const events: MllpEvent[] = [];
    let from = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === MLLP_START) {
        if (this.#state === 'inside') events.push(malformed('a message was cut off by the next'));
        this.#begin();
        from = at + 1;
      } else if (byte === END && this.#state !== 'between') {
        if (this.#state === 'inside') this.#hold(bytes.subarray(from, at));
        events.push(this.#finish());
        from = at + 1;
      }
    }
    if (this.#state === 'inside') this.#hold(bytes.subarray(from));
    return events;
  }

  #begin(): void {
    this.#length = 0;
    this.#state = 'inside';
  }

  #hold(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length > this.#bytesMax) {
      this.#release();
      this.#state = 'too-long';
      return;
    }
    if (length > this.#held.length) {
      // Doubling keeps a message that comes octet by octet from being copied at each of them.
      const grown = new Uint8Array(Math.min(this.#bytesMax, Math.max(length, 2 * this.#length)));
      grown.set(this.#held.subarray(0, this.#length));
      this.#held = grown;
    }
    this.#held.set(part, this.#length);
    this.#length = length;
  }

  #finish(): MllpEvent {
    const isWhole = this.#state === 'inside';
    const bytes = this.#held.slice(0, this.#length);
    this.#release();
    this.#state = 'between';
    if (isWhole) return { kind: 'message', bytes };
    return { kind: 'fault', fault: { code: 'PAYLOAD_TOO_LARGE', detail: 'a framed message' } };
  }

  #release(): void {
    if (this.#held.length > HELD_BETWEEN_MAX) this.#held = new Uint8Array(0);
    this.#length = 0;
  }
}

function malformed(detail: string): MllpEvent {
  return { kind: 'fault', fault: { code: 'PAYLOAD_MALFORMED', detail } };
}

export function frameMllp(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(message.length + 3);
  framed[0] = MLLP_START;
  framed.set(message, 1);
  framed[message.length + 1] = END;
  framed[message.length + 2] = AFTER_END;
  return framed;
}
