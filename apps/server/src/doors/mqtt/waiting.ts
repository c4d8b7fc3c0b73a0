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

/**
 * Each leads to the one sent after it, until it is answered. Most connections wait for one message at a
 * time: a list of their own for each would be thrown away ten thousand times a second, old enough by then
 * to be found only by a full collection, with all it leads to.
 */
interface Link extends WaitingMessage {
  next: Link | undefined;
}

export class Waiting {
  #oldest: Link | undefined;
  #newest: Link | undefined;
  #count = 0;
  #bytes = 0;

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(header: number, packetId: number, bytes: number): WaitingMessage {
    const message: Link = { header, packetId, bytes, isDurable: false, next: undefined };
    if (this.#newest === undefined) this.#oldest = message;
    else this.#newest.next = message;
    this.#newest = message;
    this.#count += 1;
    this.#bytes += bytes;
    return message;
  }

  has(header: number, packetId: number): boolean {
    for (let message = this.#oldest; message !== undefined; message = message.next) {
      if (message.packetId === packetId && message.header === header) return true;
    }
    return false;
  }

  /** From the oldest on, all that are durable. */
  settle(acknowledge: (header: number, packetId: number) => void): void {
    let message = this.#oldest;
    while (message?.isDurable === true) {
      this.#oldest = message.next;
      if (this.#oldest === undefined) this.#newest = undefined;
      message.next = undefined;
      this.#count -= 1;
      this.#bytes -= message.bytes;
      if (message.header !== 0) acknowledge(message.header, message.packetId);
      message = this.#oldest;
    }
  }
}
