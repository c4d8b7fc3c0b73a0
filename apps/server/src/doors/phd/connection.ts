/**
 * One connection of a health device: its messages are taken one after the other, each answered once
 * it is durable. While too many wait, the connection is not read.
 */
import type { Socket } from 'node:net';
import { encodePhd } from '@ausculta/codecs/phd-apdu';
import type { PhdObject } from '@ausculta/codecs/phd-event';
import { type PhdFrame, PhdFramer } from '@ausculta/codecs/phd-framer';
import {
  NEW_MANAGER,
  onPhdBytes,
  type PhdManager,
  type PhdStep,
} from '@ausculta/codecs/phd-manager';
import { expect } from '@ausculta/vitals/expect';
import type { Fault } from '@ausculta/vitals/fault';
import type { RegisteredDevice } from '../../devices/known-device.ts';
import { WHOLE_MESSAGE } from '../../line/entry.ts';
import { type Answer, type Decoded, type IntakePorts, takeIn } from '../intake.ts';
import type { PhdAgent } from './agents.ts';
import { isOwnPerson, partsOfReport } from './report-parts.ts';

/** The standard's time-out of association and configuration (table 12); no APDU takes longer either. */
const UNFINISHED_MS = 10_000;

/** Of an agent that does not wait for its answers. */
const WAITING_MAX = 32;

/** What is read at once holds some hundred messages at most; more are noise, and others wait for it. */
const READ_AT_ONCE_MAX = 1_024;

/** Answers that the other end does not read. */
const UNREAD_BYTES_MAX = 256 * 1024;

/**
 * Ours, as associations want one: locally administered, and the letters of our name. Agents show it at
 * most; what proves who we are is the certificate.
 */
const SYSTEM_ID = '0641555343554C54';

const ABORT = {
  undefined: encodePhd({ kind: 'abort', reason: 0 }),
  timeout: encodePhd({ kind: 'abort', reason: 2 }),
};
const RELEASE = encodePhd({ kind: 'release-request', reason: 0 });

interface Configured {
  readonly systemId: string;
  readonly configId: number;
  readonly objects: readonly PhdObject[];
}

export interface FoundAgent {
  readonly agent: PhdAgent;
  readonly device: RegisteredDevice;
}

export interface PhdConnectionPorts {
  readonly intake: IntakePorts;
  readonly nowMs: () => number;
  /** Who of the list tells this system id, and stands where it may. */
  readonly find: (systemId: string) => FoundAgent | undefined;
  readonly configurationOf: (
    agent: Omit<Configured, 'objects'>,
  ) => readonly PhdObject[] | undefined;
  readonly learn: (configured: Configured) => void;
  readonly onAssociated: (connection: PhdConnection, systemId: string) => void;
  readonly onEnd: (connection: PhdConnection) => void;
}

export class PhdConnection {
  readonly #socket: Socket;
  readonly #ports: PhdConnectionPorts;
  readonly #framer = new PhdFramer();
  #manager: PhdManager = NEW_MANAGER;
  #found: FoundAgent | undefined;
  /** The last message to be taken; the next one follows it. */
  #taken: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(socket: Socket, ports: PhdConnectionPorts) {
    this.#socket = socket;
    this.#ports = ports;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, UNFINISHED_MS);
    socket.setTimeout(UNFINISHED_MS);
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('timeout', () => this.#onSilence());
    // A broken line is the agent's to mend: what was not confirmed it sends again.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => ports.onEnd(this));
  }

  /** Ends once what waits has been answered. */
  async end(): Promise<void> {
    this.#socket.pause();
    await this.#taken;
    if (this.#manager.phase !== 'unassociated') this.#write(RELEASE);
    this.#socket.destroySoon();
  }

  drop(): void {
    this.#socket.destroy();
  }

  /** An agent that measures may be silent for hours; one that has begun something may not. */
  #onSilence(): void {
    const isIdle = this.#manager.phase === 'operating' && this.#framer.heldBytes === 0;
    if (isIdle || this.#waiting > 0) return;
    if (this.#manager.phase !== 'unassociated') this.#write(ABORT.timeout);
    this.#socket.destroySoon();
  }

  #read(bytes: Uint8Array): void {
    for (const frame of this.#framer.push(bytes)) {
      if (this.#waiting >= READ_AT_ONCE_MAX) {
        this.#socket.destroy();
        return;
      }
      const receivedMs = this.#ports.nowMs();
      this.#waiting += 1;
      this.#taken = this.#taken.then(() => this.#take(frame, receivedMs));
    }
    if (this.#waiting >= WAITING_MAX) this.#socket.pause();
  }

  /** Taken out of use, or off the list, since it associated. */
  #isRefusedNow(): boolean {
    const { find } = this.#ports;
    return this.#found !== undefined && find(this.#found.agent.systemId) === undefined;
  }

  async #take(frame: PhdFrame, receivedMs: number): Promise<void> {
    if (this.#isRefusedNow()) {
      this.#abort();
      this.#socket.destroySoon();
    } else if (frame.kind === 'apdu') {
      await this.#step(frame.bytes, receivedMs);
    } else {
      await this.#park(new Uint8Array(), { fault: frame.fault, receivedMs });
      this.#abort();
      this.#socket.destroySoon();
    }
    this.#waiting -= 1;
    if (this.#waiting < WAITING_MAX / 2) this.#socket.resume();
  }

  async #step(bytes: Uint8Array, receivedMs: number): Promise<void> {
    const { find, configurationOf, learn, onAssociated } = this.#ports;
    const { utcOffsetMinutes = 0, userSlot } = this.#found?.agent ?? {};
    const step = onPhdBytes(this.#manager, bytes, {
      receivedAtMs: receivedMs,
      utcOffsetMinutes,
      systemId: SYSTEM_ID,
      isAuthorised: (systemId) => find(systemId) !== undefined,
      isOwnPerson: (personId) => isOwnPerson(personId, userSlot),
      knownConfiguration: configurationOf,
    });
    const wasAssociated = this.#manager.phase !== 'unassociated';
    this.#manager = step.manager;
    if (step.manager.phase !== 'unassociated' && !wasAssociated) {
      this.#found = find(step.manager.systemId);
      onAssociated(this, step.manager.systemId);
    }
    for (const sent of step.send) this.#write(sent);
    if (step.learnt !== undefined) learn(step.learnt);
    if (step.fault !== undefined) await this.#park(bytes, { fault: step.fault, receivedMs });
    // We ask for no stored segments: to confirm one would let the agent forget it.
    if (step.segment !== undefined) this.#abort();
    else if (step.report !== undefined) await this.#store(step, bytes, receivedMs);
  }

  async #store(
    { report, reply, others = 0 }: PhdStep,
    bytes: Uint8Array,
    receivedMs: number,
  ): Promise<void> {
    const found = this.#found;
    expect(found !== undefined && report !== undefined, 'who measures is associated');
    const parts = partsOfReport(report, others);
    const answers = await Promise.all(
      parts.map((decoded) => this.#takeIn(found.device, { bytes, receivedMs, decoded })),
    );
    if (answers.some(({ fault }) => fault !== undefined)) this.#abort();
    else if (reply !== undefined) this.#write(reply);
  }

  async #park(
    bytes: Uint8Array,
    { fault, receivedMs }: { readonly fault: Fault; readonly receivedMs: number },
  ): Promise<void> {
    if (this.#found === undefined) return;
    const decoded: Decoded = { kind: 'nothing', faults: [{ index: WHOLE_MESSAGE, fault }] };
    await this.#takeIn(this.#found.device, { bytes, receivedMs, decoded });
  }

  #takeIn(
    device: RegisteredDevice,
    message: { bytes: Uint8Array; receivedMs: number; decoded: Decoded },
  ): Promise<Answer> {
    return new Promise((resolve) => {
      takeIn({ ...message, device, door: 'phd', waits: false }, this.#ports.intake, resolve);
    });
  }

  #abort(): void {
    this.#manager = NEW_MANAGER;
    this.#write(ABORT.undefined);
  }

  #write(bytes: Uint8Array): void {
    if (!this.#socket.writable) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > UNREAD_BYTES_MAX) this.#socket.destroy();
  }
}
