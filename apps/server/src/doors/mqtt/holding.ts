/**
 * Messages that could not be taken yet: their device has sent more than it may, or the store is away or
 * has no room. MQTT 3.1.1 has no refusal, and a closed connection would only bring them again, so they
 * stay here, unacknowledged, and are offered again at each look. Numbers and events pass waveforms, for
 * they are what most alarms come from; otherwise the order of sending is kept.
 */
import type { RegisteredDevice } from '../../devices/known-device.ts';
import type { MessageKind } from '../decode.ts';
import type { WaitingMessage } from './waiting.ts';

export interface HeldMessage {
  readonly device: RegisteredDevice;
  readonly kind: MessageKind;
  readonly bytes: Uint8Array;
  readonly waiting: WaitingMessage;
}

/** What held waveforms may take of the memory, for all connections together. */
export class HoldingRoom {
  readonly #bytesMax: number;
  bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get isFull(): boolean {
    return this.bytes >= this.#bytesMax;
  }
}

/** Hands a message in; false when it was refused at once. */
type Offer = (message: HeldMessage) => boolean;

export class Holding {
  readonly #numbers: HeldMessage[] = [];
  readonly #waveforms: HeldMessage[] = [];
  readonly #room: HoldingRoom;

  constructor(room: HoldingRoom) {
    this.#room = room;
  }

  get isEmpty(): boolean {
    return this.#numbers.length + this.#waveforms.length === 0;
  }

  get hasNumbers(): boolean {
    return this.#numbers.length > 0;
  }

  /** Whether a message has to wait behind what is held. */
  holdsBack(kind: MessageKind): boolean {
    return this.#numbers.length > 0 || (kind === 'waveforms' && this.#waveforms.length > 0);
  }

  /** Bytes of its own: what was read together with a message must not stay in memory with it. */
  hold(message: HeldMessage): void {
    this.#room.bytes += message.bytes.length;
    this.#queueOf(message.kind).push({ ...message, bytes: new Uint8Array(message.bytes) });
  }

  /** The oldest first, until one is refused; waveforms once no number waits. */
  offerAll(offer: Offer): void {
    this.#offerFrom(this.#numbers, offer);
    if (this.#numbers.length === 0) this.#offerFrom(this.#waveforms, offer);
  }

  /** Each is handed out, and held no more. */
  empty(each: (message: HeldMessage) => void): void {
    const leave: Offer = (message) => {
      each(message);
      return true;
    };
    this.#offerFrom(this.#numbers, leave);
    this.#offerFrom(this.#waveforms, leave);
  }

  #offerFrom(queue: HeldMessage[], offer: Offer): void {
    for (let message = queue.shift(); message !== undefined; message = queue.shift()) {
      if (offer(message)) this.#room.bytes -= message.bytes.length;
      else {
        queue.unshift(message);
        return;
      }
    }
  }

  #queueOf(kind: MessageKind): HeldMessage[] {
    return kind === 'waveforms' ? this.#waveforms : this.#numbers;
  }
}
