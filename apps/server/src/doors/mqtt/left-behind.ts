/**
 * What devices that have gone had sent once and for all: a message without acknowledgement (QoS 0), or
 * a last will. Nobody will send it again, so it waits until it can be taken, while there is room.
 */
import type { RegisteredDevice } from '../../devices/known-device.ts';
import type { MessageKind } from '../decode.ts';
import type { Answer } from '../intake.ts';

export interface LeftMessage {
  readonly device: RegisteredDevice;
  readonly kind: MessageKind;
  readonly bytes: Uint8Array;
}

type TakeIn = (message: LeftMessage, answer: (answer: Answer) => void) => void;

/** A minute of a ward's numbers. Beyond it QoS 0 is what it says: at most once. */
const MESSAGES_MAX = 10_000;
const BYTES_MAX = 4 * 1024 * 1024;

export class LeftBehind {
  readonly #takeIn: TakeIn;
  #messages: LeftMessage[] = [];
  #bytes = 0;

  constructor(takeIn: TakeIn) {
    this.#takeIn = takeIn;
  }

  get count(): number {
    return this.#messages.length;
  }

  /** Bytes of its own: what was read together with a message must not stay in memory with it. */
  leave = ({ device, kind, bytes }: LeftMessage): void => {
    const isFull = this.#messages.length >= MESSAGES_MAX || this.#bytes + bytes.length > BYTES_MAX;
    if (isFull) return;
    this.#bytes += bytes.length;
    this.#messages.push({ device, kind, bytes: new Uint8Array(bytes) });
  };

  /** The oldest first, until one is refused. */
  look(): void {
    const all = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    let isRefused = false;
    for (const message of all) {
      if (isRefused) this.leave(message);
      else {
        this.#takeIn(message, ({ fault }) => {
          if (fault === undefined) return;
          isRefused = true;
          this.leave(message);
        });
      }
    }
  }
}
