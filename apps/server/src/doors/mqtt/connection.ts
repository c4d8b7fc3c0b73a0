/**
 * One device's MQTT connection, from CONNECT to its end. A message is acknowledged once it is durable,
 * in the order of sending (MQTT 3.1.1, 4.6); what breaks a MUST of the standard ends the connection
 * (4.8). One that cannot be taken now is held and offered again, and nothing more is read meanwhile: TCP
 * holds what the device has to say.
 */
import type { Socket } from 'node:net';
import type { Fault } from '@ausculta/vitals/fault';
import type { RegisteredDevice } from '../../devices/known-device.ts';
import { MESSAGE_BYTES_MAX, type MessageKind } from '../decode.ts';
import type { Answer } from '../intake.ts';
import { type Connect, readConnect, type Will } from './connect.ts';
import { type CutFault, FrameCutter } from './frame-cutter.ts';
import { type HeldMessage, Holding, type HoldingRoom } from './holding.ts';
import type { LeftMessage } from './left-behind.ts';
import { kindOf } from './own-topic.ts';
import { PacketIds } from './packet-ids.ts';
import {
  acknowledgement,
  acknowledgements,
  bodyOf,
  CONNACK,
  CONNACK_VERSION_5_REFUSED,
  connack,
  HEADER,
  isPublish,
  PINGRESP,
  type Publish,
  readPacketId,
  readPublish,
  SUBACK,
  suback,
  unsuback,
} from './packets.ts';
import { readSubscribe, readUnsubscribe, type Subscriptions } from './subscriptions.ts';
import { Waiting } from './waiting.ts';

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

/** Pings and subscriptions between two looks: each is answered by itself, which a flood would make dear. */
const RARE_PACKETS_MAX = 100;

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
  /** A message of a device that has gone and will not send it again. */
  readonly leave: (message: LeftMessage) => void;
  /** Where held messages are counted: while there is room, what is behind a waveform is read. */
  readonly holdingRoom: HoldingRoom;
  /** A message of the device has to wait: what is said to it on its errors topic. */
  readonly noticeOf: (device: RegisteredDevice, fault: Fault) => Buffer;
  /** A packet that is larger than any may be: what has come of it is parked. */
  readonly parkOversize: (device: RegisteredDevice, beginning: Uint8Array) => void;
  readonly newClientId: () => string;
  readonly nowMs: () => number;
}

/** What says that a message of each QoS is durable; 0 for nothing. */
const ACKNOWLEDGED_BY = [0, HEADER.PUBACK, HEADER.PUBREC] as const;

export class Connection {
  readonly #socket: Socket;
  readonly #ports: ConnectionPorts;
  readonly #cutter: FrameCutter;
  #device: RegisteredDevice | undefined;
  #will: { readonly kind: MessageKind; readonly payload: Uint8Array } | undefined;
  #heardMs: number;
  #silentMaxMs = CONNECT_WITHIN_MS;
  readonly #waiting = new Waiting();
  readonly #holding: Holding;
  /** Acknowledgements to be written at the end of this turn: the first `#ackCount` are. */
  readonly #acks: number[] = [];
  #ackCount = 0;
  /** QoS 2 messages that are received and not yet released. */
  readonly #unreleased = new PacketIds();
  #rarePackets = 0;
  /** Whether the device has been told why its messages wait. */
  #isTold = false;
  #isPaused = false;
  #isLeaving = false;
  #isEnded = false;
  /** Whether the device listens to its errors topic. */
  hearsErrors = false;

  constructor(socket: Socket, ports: ConnectionPorts) {
    this.#socket = socket;
    this.#ports = ports;
    this.#holding = new Holding(ports.holdingRoom);
    this.#heardMs = ports.nowMs();
    this.#cutter = new FrameCutter(CONNECT_BYTES_MAX, this.#onPacket);
    socket.on('data', this.#onData);
    socket.on('error', () => {});
    socket.on('close', () => this.#onClose());
  }

  /** Ends a connection whose device has been silent for longer than it said it would be (3.1.2-24). */
  look(nowMs: number): void {
    this.#rarePackets = 0;
    if (!this.#holding.isEmpty) this.#offerHeld();
    if (nowMs - this.#heardMs > this.#silentMaxMs && !this.#isPaused) this.end();
  }

  /** Its silence begins anew: nobody was listening, or the clock has been changed. */
  excuse(nowMs: number): void {
    this.#heardMs = nowMs;
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
    // Before it has proved itself its time runs from the beginning: drops of a CONNECT do not prolong it.
    if (this.#device !== undefined) this.#heardMs = this.#ports.nowMs();
    this.#onCut(this.#cutter.push(chunk));
  };

  #onCut(fault: CutFault | undefined): void {
    if (fault === undefined) return;
    if (fault === 'TOO_LARGE') this.#parkOversize(this.#cutter.held);
    this.end();
  }

  /** A message of its own, or one whose topic has not come; nothing else is worth a person's look. */
  #parkOversize(held: Buffer): void {
    const header = held[0];
    if (this.#device === undefined || header === undefined || !isPublish(header)) return;
    const publish = readPublish(header, held, bodyOf(held), held.length);
    if (publish !== undefined && kindOf(publish.topic, this.#device) === undefined) return;
    this.#ports.parkOversize(this.#device, held);
  }

  /** Every handler answers whether the connection goes on. */
  #onPacket = (header: number, bytes: Buffer, from: number, to: number): boolean => {
    const goesOn =
      this.#device === undefined
        ? this.#onFirst(header, bytes, from, to)
        : isPublish(header)
          ? this.#onPublish(this.#device, readPublish(header, bytes, from, to))
          : this.#onOther(header, bytes, from, to);
    if (!goesOn) this.end();
    return !this.#isEnded;
  };

  #onFirst(header: number, bytes: Buffer, from: number, to: number): boolean {
    const connect = header === HEADER.CONNECT ? readConnect(bytes, from, to) : undefined;
    if (connect === undefined) return false;
    if ('level' in connect) {
      // 3.1.2-2; a client of version 5 would not understand the answer of 3.1.1.
      const isVersion5 = connect.level === 5;
      return this.#refuse(
        isVersion5 ? CONNACK_VERSION_5_REFUSED : connack(CONNACK.PROTOCOL_REFUSED),
      );
    }
    const { clientId, isClean, username, password } = connect;
    // 3.1.3-8: without an id there is nothing that a session could be kept for.
    if (clientId === '' && !isClean) return this.#refuse(connack(CONNACK.IDENTIFIER_REFUSED));
    const device = this.#ports.identify(username, password);
    if (device === undefined) return this.#refuse(connack(CONNACK.BAD_CREDENTIALS));
    this.#open(device, connect);
    return true;
  }

  #open(device: RegisteredDevice, { keepAliveS, will, clientId }: Connect): void {
    this.#device = device;
    this.#silentMaxMs = keepAliveS === 0 ? Number.POSITIVE_INFINITY : keepAliveS * 1500;
    this.#heardMs = this.#ports.nowMs();
    if (will !== undefined) this.#keepWill(device, will);
    this.#cutter.allow(MESSAGE_BYTES_MAX + AROUND_MESSAGE_BYTES);
    // Under its own id, or a device could throw another out by borrowing its client id (3.1.4-2).
    this.#ports.onOpen(this, device, `${device.id}/${clientId || this.#ports.newClientId()}`);
    this.#write(connack(CONNACK.ACCEPTED));
  }

  /** A will for a topic that is not the device's own is left aside: nobody would be told of it. */
  #keepWill(device: RegisteredDevice, { topic, payload }: Will): void {
    const kind = kindOf(topic, device);
    if (kind !== undefined) this.#will = { kind, payload: Buffer.from(payload) };
  }

  /** 3.2.2.3: the answer leaves before the connection ends. */
  #refuse(answer: Buffer): true {
    this.#isEnded = true;
    this.#socket.end(answer);
    this.#socket.destroySoon();
    return true;
  }

  #onPublish(device: RegisteredDevice, publish: Publish | undefined): boolean {
    const kind = publish === undefined ? undefined : kindOf(publish.topic, device);
    if (publish === undefined || kind === undefined) return false;
    const { qos, packetId, payload } = publish;
    if (qos === 2) {
      if (this.#unreleased.has(packetId)) return this.#answerAgain(packetId);
      this.#unreleased.add(packetId);
    }
    const waiting = this.#waiting.add(ACKNOWLEDGED_BY[qos], packetId, payload.length);
    this.#offer({ device, kind, bytes: payload, waiting });
    const { count, bytes } = this.#waiting;
    if (count >= WAITING_MESSAGES_MAX || bytes >= WAITING_BYTES_MAX) this.#pause();
    return true;
  }

  #offer(message: HeldMessage): void {
    if (this.#holding.holdsBack(message.kind) || !this.#take(message)) this.#hold(message);
  }

  /** False when it was refused at once; one that is refused later is held then. */
  #take = (message: HeldMessage): boolean => {
    let isAtOnce = true;
    let isRefused = false;
    this.#ports.takeIn(message, ({ fault }) => {
      if (fault === undefined) {
        message.waiting.isDurable = true;
        this.#settle();
        return;
      }
      this.#tellWhy(message.device, fault);
      if (isAtOnce) isRefused = true;
      else this.#hold(message);
    });
    isAtOnce = false;
    return !isRefused;
  };

  /** Once, as it begins to hold: told of every message and at every look, a device would hear nothing else. */
  #tellWhy(device: RegisteredDevice, fault: Fault): void {
    if (this.#isTold || !this.hearsErrors) return;
    this.#isTold = true;
    this.send(this.#ports.noticeOf(device, fault));
  }

  #hold(message: HeldMessage): void {
    if (this.#isEnded) this.#leave(message);
    else this.#holding.hold(message);
    if (message.kind !== 'waveforms' || this.#ports.holdingRoom.isFull) this.#pause();
  }

  /** Whoever has gone sends again what was not acknowledged; what never is has been sent once. */
  #leave = (message: HeldMessage): void => {
    if (message.waiting.header === 0) this.#ports.leave(message);
  };

  #offerHeld(): void {
    this.#holding.offerAll(this.#take);
    if (this.#holding.isEmpty) this.#isTold = false;
    this.#resumeWhenRoom();
  }

  #pause(): void {
    if (this.#isPaused || this.#isLeaving || this.#isEnded) return;
    this.#isPaused = true;
    this.#cutter.pause();
    this.#socket.pause();
  }

  /** Sent again before its release: the first one is answered, once. */
  #answerAgain(packetId: number): true {
    if (!this.#waiting.has(HEADER.PUBREC, packetId)) this.#note(HEADER.PUBREC, packetId);
    return true;
  }

  #settle(): void {
    this.#waiting.settle(this.#note);
    this.#resumeWhenRoom();
  }

  #resumeWhenRoom(): void {
    if (!this.#isPaused || this.#isEnded || this.#holding.hasNumbers) return;
    if (!this.#holding.isEmpty && this.#ports.holdingRoom.isFull) return;
    const { count, bytes } = this.#waiting;
    if (count > WAITING_MESSAGES_MAX / 2 || bytes > WAITING_BYTES_MAX / 2) return;
    this.#isPaused = false;
    this.#heardMs = this.#ports.nowMs();
    this.#onCut(this.#cutter.resume());
    // What was held may have filled it again.
    if (!this.#isPaused) this.#socket.resume();
  }

  /** Written at the end of the turn: one commit answers many. */
  #note = (header: number, packetId: number): void => {
    if (this.#ackCount === 0) queueMicrotask(this.#writeAcknowledgements);
    this.#acks[this.#ackCount] = acknowledgement(header, packetId);
    this.#ackCount += 1;
  };

  #writeAcknowledgements = (): void => {
    if (this.#ackCount === 0) return;
    const bytes = acknowledgements(this.#acks, this.#ackCount);
    this.#ackCount = 0;
    this.#write(bytes);
  };

  #onOther(header: number, bytes: Buffer, from: number, to: number): boolean {
    if (header === HEADER.PUBREL) return this.#onRelease(readPacketId(bytes, from, to));
    this.#rarePackets += 1;
    if (this.#rarePackets > RARE_PACKETS_MAX) return false;
    switch (header) {
      case HEADER.SUBSCRIBE:
        return this.#onSubscribe(readSubscribe(bytes, from, to));
      case HEADER.UNSUBSCRIBE:
        return this.#onUnsubscribe(readUnsubscribe(bytes, from, to));
      case HEADER.PINGREQ:
        if (from !== to) return false;
        this.send(PINGRESP);
        return true;
      case HEADER.DISCONNECT:
        // 3.14.4-3: whoever says goodbye leaves no will.
        if (from === to) this.#will = undefined;
        return false;
      default:
        // A second CONNECT (3.1.0-2), flags that are not those of 2.2.2, or what only a server may send.
        return false;
    }
  }

  #onRelease(packetId: number | undefined): boolean {
    if (packetId === undefined) return false;
    this.#unreleased.delete(packetId);
    this.#note(HEADER.PUBCOMP, packetId);
    return true;
  }

  #onSubscribe(subscribe: Subscriptions | undefined): boolean {
    if (subscribe === undefined) return false;
    const granted = subscribe.filters.map((filter) =>
      this.#isErrorsTopic(filter) ? SUBACK.QOS_0 : SUBACK.REFUSED,
    );
    if (granted.includes(SUBACK.QOS_0)) this.hearsErrors = true;
    this.send(suback(subscribe.packetId, granted));
    return true;
  }

  #onUnsubscribe(unsubscribe: Subscriptions | undefined): boolean {
    if (unsubscribe === undefined) return false;
    if (unsubscribe.filters.some((filter) => this.#isErrorsTopic(filter))) this.hearsErrors = false;
    this.send(unsuback(unsubscribe.packetId));
    return true;
  }

  #isErrorsTopic(filter: string): boolean {
    return this.#device !== undefined && filter === errorsTopicOf(this.#device.id);
  }

  #onClose(): void {
    if (!this.#isEnded) {
      // It has gone by itself: what it said before and what was held back is still taken in.
      this.#isLeaving = true;
      this.#onCut(this.#cutter.resume());
    }
    this.#isEnded = true;
    this.#holding.empty(this.#leave);
    this.#ports.onEnd(this);
    const will = this.#will;
    this.#will = undefined;
    if (will === undefined || this.#device === undefined) return;
    const { takeIn, leave } = this.#ports;
    const message = { device: this.#device, kind: will.kind, bytes: will.payload };
    takeIn(message, ({ fault }) => (fault === undefined ? undefined : leave(message)));
  }
}

/** Where a device hears what of its messages could not be placed. */
export const errorsTopicOf = (deviceId: string): string => `devices/${deviceId}/errors`;
