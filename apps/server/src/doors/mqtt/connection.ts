/**
 * One device's MQTT connection, from CONNECT to its end. A message is acknowledged once it is durable,
 * in the order of sending (MQTT 3.1.1, 4.6); what breaks a MUST of the standard ends the connection
 * (4.8), and so does a message that could not be made durable, for 3.1.1 has no other refusal.
 */
import type { Socket } from 'node:net';
import type { Packet } from 'mqtt-packet';
import type { RegisteredDevice } from '../../devices/known-device.ts';
import { MESSAGE_BYTES_MAX, MESSAGE_KINDS, type MessageKind } from '../decode.ts';
import type { Answer } from '../intake.ts';
import { FrameCutter } from './frame-cutter.ts';
import {
  acknowledgements,
  CONNACK,
  CONNACK_VERSION_5_REFUSED,
  type Connect,
  connack,
  PINGRESP,
  type Publish,
  readByLibrary,
  readPacketId,
  readPublish,
  SUBACK,
  suback,
  TYPE,
  unsuback,
} from './packets.ts';

/** Before it has proved itself a device may say this much: names, token and a will. */
const CONNECT_BYTES_MAX = 16 * 1024;

/** Topic, packet id and fixed header around the largest message. */
const AROUND_MESSAGE_BYTES = 1024;

/** A device that says nothing for this long after it connected is not one. */
const CONNECT_WITHIN_MS = 10_000;

/** Beyond this a connection is read again once half of it is durable: the network holds the rest. */
const WAITING_MESSAGES_MAX = 512;
const WAITING_BYTES_MAX = 2 * MESSAGE_BYTES_MAX;

/** A device that does not read its acknowledgements is let go before they fill the memory. */
const UNREAD_BYTES_MAX = 256 * 1024;

/** QoS 2 messages that are received and not yet released. */
const UNRELEASED_MAX = 1024;

export interface ConnectionPorts {
  /** The device of these credentials, or undefined. */
  readonly identify: (username?: string, password?: Uint8Array) => RegisteredDevice | undefined;
  /** The device has proved itself; `clientKey` is its client id under its own id. */
  readonly onOpen: (connection: Connection, device: RegisteredDevice, clientKey: string) => void;
  readonly onEnd: (connection: Connection) => void;
  readonly takeIn: (
    message: { device: RegisteredDevice; kind: MessageKind; bytes: Uint8Array },
    answer: (answer: Answer) => void,
  ) => void;
  /** A message that is larger than any may be: what has come of it is parked. */
  readonly parkOversize: (device: RegisteredDevice, beginning: Uint8Array) => void;
  readonly newClientId: () => string;
  readonly nowMs: () => number;
}

/** What says that a message of each QoS is durable; 0 for nothing. */
const ACKNOWLEDGED_BY = [0, TYPE.PUBACK, TYPE.PUBREC] as const;

/** A message on its way to being durable, in the order of sending. */
interface Waiting {
  readonly type: number;
  readonly packetId: number;
  readonly bytes: number;
  isDurable: boolean;
}

interface Will {
  readonly kind: MessageKind;
  readonly payload: Uint8Array;
}

export class Connection {
  readonly #socket: Socket;
  readonly #ports: ConnectionPorts;
  readonly #cutter: FrameCutter;
  readonly #topics = new Map<string, MessageKind>();
  #device: RegisteredDevice | undefined;
  #will: Will | undefined;
  #heardMs: number;
  #silentMaxMs = CONNECT_WITHIN_MS;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Acknowledgements to be written at the end of this turn. */
  #ackTypes: number[] = [];
  #ackIds: number[] = [];
  readonly #unreleased = new Set<number>();
  #isPaused = false;
  #isEnded = false;
  /** Whether the device listens to its errors topic. */
  hearsErrors = false;

  constructor(socket: Socket, ports: ConnectionPorts) {
    this.#socket = socket;
    this.#ports = ports;
    this.#heardMs = ports.nowMs();
    this.#cutter = new FrameCutter(CONNECT_BYTES_MAX, this.#onPacket);
    socket.on('data', this.#onData);
    socket.on('error', () => {});
    socket.on('close', () => this.#onClose());
  }

  /** Ends a connection whose device has been silent for longer than it said it would be (3.1.2-24). */
  look(nowMs: number): void {
    if (nowMs - this.#heardMs > this.#silentMaxMs && !this.#isPaused) this.end();
  }

  /** Ends it without a word; what is on its way to being durable stays so. */
  end(): void {
    this.#isEnded = true;
    this.#socket.destroy();
  }

  send(bytes: Buffer): void {
    this.#writeAcknowledgements();
    this.#write(bytes);
  }

  #write(bytes: Buffer): void {
    if (this.#isEnded) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > UNREAD_BYTES_MAX) this.end();
  }

  #onData = (chunk: Buffer): void => {
    if (this.#isEnded) return;
    this.#heardMs = this.#ports.nowMs();
    const fault = this.#cutter.push(chunk);
    if (fault === undefined) return;
    if (fault === 'TOO_LARGE' && this.#device !== undefined) {
      this.#ports.parkOversize(this.#device, this.#cutter.held);
    }
    this.end();
  };

  /** Every handler answers whether the connection goes on. */
  #onPacket = (header: number, bytes: Buffer, from: number, to: number): boolean => {
    const goesOn =
      this.#device === undefined
        ? this.#onFirst(header, bytes, from, to)
        : (header & 0xf0) === TYPE.PUBLISH
          ? this.#onPublish(this.#device, readPublish(header, bytes, from, to))
          : this.#onOther(header, bytes, from, to);
    if (!goesOn) this.end();
    return !this.#isEnded;
  };

  #onFirst(header: number, bytes: Buffer, from: number, to: number): boolean {
    const connect = header === TYPE.CONNECT ? readByLibrary(header, bytes, from, to) : undefined;
    if (connect?.cmd !== 'connect') return false;
    const { protocolVersion = 4, clientId, clean = true, username, password } = connect;
    if (protocolVersion === 5) return this.#refuse(CONNACK_VERSION_5_REFUSED);
    if (clientId === '' && !clean) return this.#refuse(connack(CONNACK.IDENTIFIER_REFUSED));
    const device = this.#ports.identify(username, password);
    if (device === undefined) return this.#refuse(connack(CONNACK.BAD_CREDENTIALS));
    this.#open(device, connect);
    return true;
  }

  #open(device: RegisteredDevice, connect: Connect): void {
    const { keepalive = 0, will, clientId } = connect;
    this.#device = device;
    for (const kind of MESSAGE_KINDS) this.#topics.set(`devices/${device.id}/${kind}`, kind);
    this.#silentMaxMs = keepalive === 0 ? Number.POSITIVE_INFINITY : keepalive * 1500;
    const willKind = will === undefined ? undefined : this.#topics.get(will.topic);
    // A will for a topic that is not the device's own is left aside: nobody would be told of it.
    if (will !== undefined && willKind !== undefined) {
      this.#will = { kind: willKind, payload: Buffer.from(will.payload) };
    }
    this.#cutter.allow(MESSAGE_BYTES_MAX + AROUND_MESSAGE_BYTES);
    // Under its own id, or a device could throw another out by borrowing its client id (3.1.4-2).
    this.#ports.onOpen(this, device, `${device.id}/${clientId || this.#ports.newClientId()}`);
    this.#write(connack(CONNACK.ACCEPTED));
  }

  /** 3.2.2.3: the answer leaves before the connection ends. */
  #refuse(answer: Buffer): true {
    this.#isEnded = true;
    this.#socket.end(answer);
    this.#socket.destroySoon();
    return true;
  }

  #onPublish(device: RegisteredDevice, publish: Publish | undefined): boolean {
    const kind = publish === undefined ? undefined : this.#topics.get(publish.topic);
    if (publish === undefined || kind === undefined) return false;
    const { qos, packetId, payload } = publish;
    if (qos === 2) {
      if (this.#unreleased.has(packetId)) return this.#answerAgain(packetId);
      if (this.#unreleased.size >= UNRELEASED_MAX) return false;
      this.#unreleased.add(packetId);
    }
    const type = ACKNOWLEDGED_BY[qos];
    const waiting: Waiting = { type, packetId, bytes: payload.length, isDurable: false };
    this.#waiting.push(waiting);
    this.#waitingBytes += payload.length;
    this.#ports.takeIn({ device, kind, bytes: payload }, ({ fault }) => {
      if (fault !== undefined) {
        this.end();
        return;
      }
      waiting.isDurable = true;
      if (this.#waiting[0] === waiting) this.#acknowledge();
    });
    this.#pauseWhenFull();
    return true;
  }

  #pauseWhenFull(): void {
    const isFull =
      this.#waiting.length >= WAITING_MESSAGES_MAX || this.#waitingBytes >= WAITING_BYTES_MAX;
    if (!isFull || this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** Sent again before its release: the first one is answered, once. */
  #answerAgain(packetId: number): true {
    const isOnItsWay = this.#waiting.some(
      (one) => one.type === TYPE.PUBREC && one.packetId === packetId,
    );
    if (!isOnItsWay) this.#note(TYPE.PUBREC, packetId);
    return true;
  }

  /** All that is durable from the oldest on. Written at the end of the turn: one commit answers many. */
  #acknowledge(): void {
    let count = 0;
    for (const { isDurable, type, packetId, bytes } of this.#waiting) {
      if (!isDurable) break;
      count += 1;
      this.#waitingBytes -= bytes;
      if (type !== 0) this.#note(type, packetId);
    }
    this.#waiting = count === this.#waiting.length ? [] : this.#waiting.slice(count);
    const isLow =
      this.#waiting.length <= WAITING_MESSAGES_MAX / 2 &&
      this.#waitingBytes <= WAITING_BYTES_MAX / 2;
    if (this.#isPaused && isLow) {
      this.#isPaused = false;
      this.#heardMs = this.#ports.nowMs();
      this.#socket.resume();
    }
  }

  #note(type: number, packetId: number): void {
    if (this.#ackIds.length === 0) queueMicrotask(this.#writeAcknowledgements);
    this.#ackTypes.push(type);
    this.#ackIds.push(packetId);
  }

  #writeAcknowledgements = (): void => {
    if (this.#ackIds.length === 0) return;
    const bytes = acknowledgements(this.#ackTypes, this.#ackIds);
    this.#ackTypes.length = 0;
    this.#ackIds.length = 0;
    this.#write(bytes);
  };

  #onOther(header: number, bytes: Buffer, from: number, to: number): boolean {
    switch (header & 0xf0) {
      case TYPE.PUBREL:
        return this.#onRelease(header, readPacketId(bytes, from, to));
      case TYPE.SUBSCRIBE:
      case TYPE.UNSUBSCRIBE:
        return this.#onSubscriptions(readByLibrary(header, bytes, from, to));
      case TYPE.PINGREQ:
        this.send(PINGRESP);
        return true;
      case TYPE.DISCONNECT:
        this.#will = undefined;
        return false;
      default:
        // A second CONNECT (3.1.0-2), or what only a server may send.
        return false;
    }
  }

  #onRelease(header: number, packetId: number | undefined): boolean {
    // 3.6.1-1: its flags are 0010.
    if (packetId === undefined || (header & 0x0f) !== 2) return false;
    this.#unreleased.delete(packetId);
    this.#note(TYPE.PUBCOMP, packetId);
    return true;
  }

  #onSubscriptions(packet: Packet | undefined): boolean {
    const errorsTopic = this.#device === undefined ? '' : errorsTopicOf(this.#device.id);
    if (packet?.cmd === 'subscribe') {
      const isErrors = packet.subscriptions.map(({ topic }) => topic === errorsTopic);
      if (isErrors.includes(true)) this.hearsErrors = true;
      const granted = isErrors.map((is) => (is ? SUBACK.QOS_0 : SUBACK.REFUSED));
      this.send(suback(packet.messageId ?? 0, granted));
      return true;
    }
    if (packet?.cmd !== 'unsubscribe') return false;
    if (packet.unsubscriptions.includes(errorsTopic)) this.hearsErrors = false;
    this.send(unsuback(packet.messageId ?? 0));
    return true;
  }

  #onClose(): void {
    this.#isEnded = true;
    this.#ports.onEnd(this);
    const will = this.#will;
    this.#will = undefined;
    if (will === undefined || this.#device === undefined) return;
    const message = { device: this.#device, kind: will.kind, bytes: will.payload };
    this.#ports.takeIn(message, () => {});
  }
}

/** Where a device hears what of its messages could not be placed. */
export const errorsTopicOf = (deviceId: string): string => `devices/${deviceId}/errors`;
