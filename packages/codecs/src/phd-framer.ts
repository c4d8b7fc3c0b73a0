import type { Fault } from '@ausculta/vitals/fault';
import { PHD_HEADER_OCTETS, PHD_OCTETS_MAX } from './phd-apdu.ts';

export type PhdFrame =
  | { readonly kind: 'apdu'; readonly bytes: Uint8Array }
  /** The stream is lost: nothing says where the next APDU begins. Close the connection. */
  | { readonly kind: 'fault'; readonly fault: Fault };

/**
 * Cuts a TCP stream into APDUs: choice (2 octets), length (2 octets), body. It holds one APDU at
 * most, and gives up for good on one that no agent may send.
 */
export class PhdFramer {
  readonly #held = new Uint8Array(PHD_OCTETS_MAX);
  #length = 0;
  #isLost = false;

  get heldBytes(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): PhdFrame[] {
    const frames: PhdFrame[] = [];
    let at = 0;
    while (at < bytes.length && !this.#isLost) {
      const wanted = this.#wanted();
      if (wanted === undefined) {
        this.#isLost = true;
        this.#length = 0;
        frames.push({ kind: 'fault', fault: { code: 'PAYLOAD_MALFORMED', detail: 'no APDU' } });
        break;
      }
      const part = bytes.subarray(at, at + wanted - this.#length);
      this.#held.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
      if (this.#length === this.#wanted()) {
        frames.push({ kind: 'apdu', bytes: this.#held.slice(0, this.#length) });
        this.#length = 0;
      }
    }
    return frames;
  }

  /** How long the APDU is, as far as is known; undefined when it is none. */
  #wanted(): number | undefined {
    if (this.#length < PHD_HEADER_OCTETS) return PHD_HEADER_OCTETS;
    const [high = 0, low = 0, lengthHigh = 0, lengthLow = 0] = this.#held;
    const isChoice = high >= 0xe2 && high <= 0xe7 && low === 0;
    const octets = PHD_HEADER_OCTETS + lengthHigh * 256 + lengthLow;
    return isChoice && octets <= PHD_OCTETS_MAX ? octets : undefined;
  }
}
