/**
 * Messages on their way to being durable. They become so in any order and are acknowledged in the order
 * of sending (MQTT 3.1.1, 4.6): one that is slow holds back those behind it.
 */

/** One message; `header` begins its acknowledgement, 0 where there is none. */
export interface WaitingMessage {
  readonly header: number;
  readonly packetId: number;
  readonly bytes: number;
  isDurable: boolean;
}

/** What has been answered is let go in one go from here on; before, moving the rest would cost more. */
const ANSWERED_MAX = 256;

export class Waiting {
  #messages: WaitingMessage[] = [];
  /** The oldest that is not answered. */
  #first = 0;
  #bytes = 0;

  get count(): number {
    return this.#messages.length - this.#first;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(header: number, packetId: number, bytes: number): WaitingMessage {
    const message = { header, packetId, bytes, isDurable: false };
    this.#messages.push(message);
    this.#bytes += bytes;
    return message;
  }

  has(header: number, packetId: number): boolean {
    for (let i = this.#first; i < this.#messages.length; i += 1) {
      const message = this.#messages[i];
      if (message?.packetId === packetId && message.header === header) return true;
    }
    return false;
  }

  /** From the oldest on, all that are durable. */
  settle(acknowledge: (header: number, packetId: number) => void): void {
    let message = this.#messages[this.#first];
    while (message?.isDurable === true) {
      this.#first += 1;
      this.#bytes -= message.bytes;
      if (message.header !== 0) acknowledge(message.header, message.packetId);
      message = this.#messages[this.#first];
    }
    if (message === undefined) this.#messages = [];
    else if (this.#first < ANSWERED_MAX) return;
    else this.#messages = this.#messages.slice(this.#first);
    this.#first = 0;
  }
}
