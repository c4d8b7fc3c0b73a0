/**
 * One device's MQTT connection, from CONNECT to its end. A message is acknowledged once it is durable,
 * in the order of sending (MQTT 3.1.1, 4.6); what breaks a MUST of the standard ends the connection
 * (4.8). One that cannot be taken now is held and offered again, and nothing more is read meanwhile: TCP
 * holds what the device has to say.
 */
import type { Socket } from 'node:net';
import type { Fault } from '@ausculta/vitals/fault';
import type { RegisteredDevice } from '../../devices/known-device.ts';
import type { SignedIn } from '../../pki/device-sign-in.ts';
import { MESSAGE_BYTES_MAX, type MessageKind } from '../decode.ts';
import type { Answer } from '../intake.ts';
import { plainAddress } from '../listener.ts';
import type { Connect, Will } from './connect.ts';
import { type Enrol, Enrolling } from './enrolling.ts';
import { type Identified, readFirst } from './first-packet.ts';
import { type CutFault, FrameCutter } from './frame-cutter.ts';
import { Hearing, type HearingPorts } from './hearing.ts';
import { type HeldMessage, Holding, type HoldingRoom } from './holding.ts';
import type { LeftMessage } from './left-behind.ts';
import { OwedAcknowledgements } from './owed-acknowledgements.ts';
import { kindOf } from './own-topic.ts';
import { PacketIds } from './packet-ids.ts';
import {
  bodyOf,
  CONNACK,
  connack,
  HEADER,
  isPublish,
  PINGRESP,
  type Publish,
  readPacketId,
  readPublish,
} from './packets.ts';
import { readSubscribe, readUnsubscribe } from './subscriptions.ts';
import { Waiting } from './waiting.ts';

/** Before it has proved itself a device may say this much: names, token and a will. */
const CONNECT_BYTES_MAX = 16 * 1024;

/** Topic, packet id and fixed header around the largest message. */
const AROUND_MESSAGE_BYTES = 1024;

/** A device that says nothing for this long after it connected is not one. */
const CONNECT_WITHIN_MS = 10_000;

/** With a claim code, from beginning to end: a small device takes some seconds to make a key. */
const ENROL_WITHIN_MS = 60_000;

/** Beyond this a connection is read again once half of it is durable: the network holds the rest. */
const WAITING_MESSAGES_MAX = 512;
const WAITING_BYTES_MAX = 2 * MESSAGE_BYTES_MAX;

/** A device that does not read its acknowledgements is let go before they fill the memory. */
const UNREAD_BYTES_MAX = 256 * 1024;

/** Pings and subscriptions between two looks: each is answered by itself, which a flood would make dear. */
const RARE_PACKETS_MAX = 100;

export interface ConnectionPorts {
  /** Who has shown this, or undefined. */
  readonly identify: (connect: Connect, socket: Socket) => Identified | undefined;
  readonly enrol: Enrol;
  /** What the device may hear of others, by this connection. */
  readonly hearingOf: (connection: Connection, device: RegisteredDevice) => HearingPorts;
  /** The device has proved itself. */
  readonly onOpen: (connection: Connection, opened: Opened) => void;
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

export interface Opened {
  readonly device: RegisteredDevice;
  /** Its client id under its own id. */
  readonly clientKey: string;
  /** By what it has proved itself. */
  readonly credential: string;
  /** From where. */
  readonly address: string;
}

/** What says that a message of each QoS is durable; 0 for nothing. */
const ACKNOWLEDGED_BY = [0, HEADER.PUBACK, HEADER.PUBREC] as const;

export class Connection {
  readonly #socket: Socket;
  readonly #ports: ConnectionPorts;
  readonly #cutter: FrameCutter;
  #device: RegisteredDevice | undefined;
  #hearing: Hearing | undefined;
  #enrolling: Enrolling | undefined;
  /** What it has proved itself by opens nothing from then on. */
  #endsMs = Number.POSITIVE_INFINITY;
  #will: { readonly kind: MessageKind; readonly payload: Uint8Array } | undefined;
  #heardMs: number;
  #silentMaxMs = CONNECT_WITHIN_MS;
  readonly #waiting = new Waiting();
  readonly #holding: Holding;
  readonly #owed = new OwedAcknowledgements((bytes) => this.#write(bytes));
  /** QoS 2 messages that are received and not yet released. */
  readonly #unreleased = new PacketIds();
  #rarePackets = 0;
  /** Whether the device has been told why its messages wait. */
  #isTold = false;
  #isPaused = false;
  #isLeaving = false;
  #isEnded = false;

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

  /**
   * Ends a connection whose device has been silent for longer than it said it would be (3.1.2-24), or
   * whose certificate has come to its end.
   */
  look(nowMs: number): void {
    this.#rarePackets = 0;
    if (!this.#holding.isEmpty) this.#offerHeld();
    const isSilent = nowMs - this.#heardMs > this.#silentMaxMs && !this.#isPaused;
    if (isSilent || nowMs >= this.#endsMs) this.end();
  }

  /** Its silence begins anew: nobody was listening, or the clock has been changed. */
  excuse(nowMs: number): void {
    this.#heardMs = nowMs;
  }

  /** Whether the device listens to its errors topic. */
  get hearsErrors(): boolean {
    return this.#hearing?.hearsErrors ?? false;
  }

  /** Ends it without a word; what is on its way to being durable stays so. */
  end(): void {
    this.#isEnded = true;
    this.#socket.destroy();
  }

  send(bytes: Buffer): void {
    this.#owed.writeNow();
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
        ? (this.#enrolling?.onPacket(header, bytes, from, to) ??
          this.#onFirst(header, bytes, from, to))
        : isPublish(header)
          ? this.#onPublish(this.#device, readPublish(header, bytes, from, to))
          : this.#onOther(header, bytes, from, to);
    if (!goesOn) this.end();
    return !this.#isEnded;
  };

  #onFirst(header: number, bytes: Buffer, from: number, to: number): boolean {
    const identify = (connect: Connect) => this.#ports.identify(connect, this.#socket);
    const entrance = readFirst({ header, bytes, from, to }, identify);
    if (entrance === undefined) return false;
    if (entrance.kind === 'refused') return this.#refuse(entrance.answer);
    const { who, connect } = entrance;
    if (who.kind === 'device') this.#open(who, connect);
    else this.#openForClaim(who);
    return true;
  }

  #open({ device, ...credential }: SignedIn, { keepAliveS, will, clientId }: Connect): void {
    this.#device = device;
    this.#hearing = new Hearing(errorsTopicOf(device.id), this.#ports.hearingOf(this, device));
    this.#endsMs = credential.untilMs;
    this.#silentMaxMs = keepAliveS === 0 ? Number.POSITIVE_INFINITY : keepAliveS * 1500;
    this.#heardMs = this.#ports.nowMs();
    if (will !== undefined) this.#keepWill(device, will);
    this.#cutter.allow(MESSAGE_BYTES_MAX + AROUND_MESSAGE_BYTES);
    // Under its own id, or a device could throw another out by borrowing its client id (3.1.4-2).
    const clientKey = `${device.id}/${clientId || this.#ports.newClientId()}`;
    const address = plainAddress(this.#socket.remoteAddress ?? '');
    this.#ports.onOpen(this, { device, clientKey, credential: credential.credential, address });
    this.#write(connack(CONNACK.ACCEPTED));
  }

  /** It stays a stranger, who makes room for others, and has this long in all. */
  #openForClaim(claimed: { readonly device: RegisteredDevice; readonly code: string }): void {
    const { enrol } = this.#ports;
    this.#enrolling = new Enrolling(claimed, { enrol, send: (bytes) => this.#write(bytes) });
    this.#silentMaxMs = ENROL_WITHIN_MS;
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
    if (!this.#waiting.has(HEADER.PUBREC, packetId)) this.#owed.note(HEADER.PUBREC, packetId);
    return true;
  }

  #settle(): void {
    this.#waiting.settle(this.#owed.note);
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

  #onOther(header: number, bytes: Buffer, from: number, to: number): boolean {
    if (header === HEADER.PUBREL) return this.#onRelease(readPacketId(bytes, from, to));
    this.#rarePackets += 1;
    if (this.#rarePackets > RARE_PACKETS_MAX) return false;
    switch (header) {
      case HEADER.SUBSCRIBE:
        return this.#answer(this.#hearing?.onSubscribe(readSubscribe(bytes, from, to)));
      case HEADER.UNSUBSCRIBE:
        return this.#answer(this.#hearing?.onUnsubscribe(readUnsubscribe(bytes, from, to)));
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

  #answer(bytes: Buffer | undefined): boolean {
    if (bytes !== undefined) this.send(bytes);
    return bytes !== undefined;
  }

  #onRelease(packetId: number | undefined): boolean {
    if (packetId === undefined) return false;
    this.#unreleased.delete(packetId);
    this.#owed.note(HEADER.PUBCOMP, packetId);
    return true;
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
