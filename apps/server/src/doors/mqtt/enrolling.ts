/**
 * A connection that was opened with a claim code: the device sends its request for a certificate, hears
 * the answer, and reaches nothing else. It comes again with what it was given.
 */
import type { Result } from '@ausculta/vitals/fault';
import type { RegisteredDevice } from '../../devices/known-device.ts';
import {
  acknowledgement,
  acknowledgements,
  HEADER,
  isPublish,
  PINGRESP,
  publication,
  readPublish,
  SUBACK,
  suback,
  unsuback,
} from './packets.ts';
import { readSubscribe, readUnsubscribe, type Subscriptions } from './subscriptions.ts';

/** A few for what it came for, and pings while it makes its key. */
const PACKETS_MAX = 40;

export interface Certified {
  /** PEM, its own. */
  readonly certificate: string;
  /** PEM: who has signed it. */
  readonly authority: string;
}

/** Undefined where it could not be made durable: the device asks again. */
export type Enrol = (
  device: RegisteredDevice,
  asked: { readonly code: string; readonly request: Uint8Array },
) => Promise<Result<Certified> | undefined>;

interface EnrollingPorts {
  readonly enrol: Enrol;
  readonly send: (bytes: Buffer) => void;
}

/** Where it asks, and where it hears. */
export const requestTopicOf = (deviceId: string): string => `devices/${deviceId}/enrolment`;
export const certificateTopicOf = (deviceId: string): string => `devices/${deviceId}/certificate`;

export class Enrolling {
  readonly #device: RegisteredDevice;
  readonly #code: string;
  readonly #ports: EnrollingPorts;
  #packets = 0;
  #hears = false;
  #isAsking = false;

  constructor(
    { device, code }: { readonly device: RegisteredDevice; readonly code: string },
    ports: EnrollingPorts,
  ) {
    this.#device = device;
    this.#code = code;
    this.#ports = ports;
  }

  /** Whether the connection goes on. */
  onPacket(header: number, bytes: Buffer, from: number, to: number): boolean {
    this.#packets += 1;
    if (this.#packets > PACKETS_MAX) return false;
    if (isPublish(header)) return this.#onRequest(header, bytes, from, to);
    switch (header) {
      case HEADER.SUBSCRIBE:
        return this.#onSubscribe(readSubscribe(bytes, from, to));
      case HEADER.UNSUBSCRIBE:
        return this.#onUnsubscribe(readUnsubscribe(bytes, from, to));
      case HEADER.PINGREQ:
        this.#ports.send(PINGRESP);
        return from === to;
      default:
        return false;
    }
  }

  #onRequest(header: number, bytes: Buffer, from: number, to: number): boolean {
    const publish = readPublish(header, bytes, from, to);
    const isRequest = publish?.topic === requestTopicOf(this.#device.id) && publish.qos !== 2;
    // A code opens once: nobody may spend it who would not hear the answer.
    if (!isRequest || !this.#hears || this.#isAsking) return false;
    this.#isAsking = true;
    const { qos, packetId } = publish;
    const asked = { code: this.#code, request: new Uint8Array(publish.payload) };
    void this.#ports.enrol(this.#device, asked).then((result) => {
      this.#isAsking = false;
      if (result === undefined) return;
      const answer = result.ok
        ? result.value
        : { fault: result.fault.code, detail: result.fault.detail };
      const topic = certificateTopicOf(this.#device.id);
      this.#ports.send(publication(topic, JSON.stringify(answer)));
      if (qos === 1)
        this.#ports.send(acknowledgements([acknowledgement(HEADER.PUBACK, packetId)], 1));
    });
    return true;
  }

  #onSubscribe(subscribe: Subscriptions | undefined): boolean {
    if (subscribe === undefined) return false;
    const granted = subscribe.filters.map((filter) =>
      this.#isOwn(filter) ? SUBACK.QOS_0 : SUBACK.REFUSED,
    );
    if (granted.includes(SUBACK.QOS_0)) this.#hears = true;
    this.#ports.send(suback(subscribe.packetId, granted));
    return true;
  }

  #onUnsubscribe(unsubscribe: Subscriptions | undefined): boolean {
    if (unsubscribe === undefined) return false;
    if (unsubscribe.filters.some((filter) => this.#isOwn(filter))) this.#hears = false;
    this.#ports.send(unsuback(unsubscribe.packetId));
    return true;
  }

  #isOwn(filter: string): boolean {
    return filter === certificateTopicOf(this.#device.id);
  }
}
