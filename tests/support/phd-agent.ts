/** A health device at a TCP port: the agent's side of IEEE 11073-20601, an oximeter unless told else. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { OctetWriter } from '@ausculta/codecs/octets';
import { AGENT, decodePhd, encodePhd, MDER, type PhdApdu } from '@ausculta/codecs/phd-apdu';
import type { PhdEvent } from '@ausculta/codecs/phd-event';
import { PhdFramer } from '@ausculta/codecs/phd-framer';
import { writeAbsoluteTime } from '@ausculta/codecs/phd-time';
import { eventually } from './server.ts';

/** Of the standard configuration of an oximeter (IEEE 11073-10404). */
const OXIMETER = 0x0190;
export const SPO2 = 1;
export const PULSE = 10;

const FIXED = { one: 0x0d1d, several: 0x0d1f };

export interface Measured {
  readonly personId?: number;
  /** By the handle of an object. */
  readonly values: Readonly<Record<number, number>>;
}

export class PhdAgentClient {
  readonly #socket: Socket;
  readonly #framer = new PhdFramer();
  readonly answers: PhdApdu[] = [];
  isEnded = false;
  #invoked = 0;

  static async open(port: number | undefined): Promise<PhdAgentClient> {
    const socket = connect(port ?? 0, '127.0.0.1');
    await once(socket, 'connect');
    return new PhdAgentClient(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.isEnded = true;
    });
    socket.on('data', (bytes) => {
      for (const frame of this.#framer.push(bytes)) {
        assert.equal(frame.kind, 'apdu');
        const decoded = frame.kind === 'apdu' ? decodePhd(frame.bytes) : undefined;
        assert.ok(decoded?.ok);
        this.answers.push(decoded.value);
      }
    });
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** What is answered next. */
  async ask(apdu: PhdApdu): Promise<PhdApdu> {
    const before = this.answers.length;
    this.write(encodePhd(apdu));
    return await eventually('an answer', () => this.answers[before]);
  }

  /** The result of the association; 0 is accepted. */
  async associate(systemId: string, configId = OXIMETER): Promise<number> {
    const request = {
      ...{ protocolVersion: 0x8000_0000, nomenclatureVersion: 0x8000_0000, functionalUnits: 0 },
      ...{ encodingRules: MDER, systemType: AGENT, systemId, configId, options: [] },
      ...{ dataRequestMode: 1, agentInitiated: 1, managerInitiated: 0 },
    };
    const answer = await this.ask({ kind: 'association-request', request });
    assert.ok(answer.kind === 'association-response');
    return answer.result;
  }

  /** A confirmed report; answers what the manager made of it. */
  async report(eventType: number, event: PhdEvent): Promise<PhdApdu> {
    this.#invoked += 1;
    const message = { kind: 'event-report', isConfirmed: true, handle: 0 } as const;
    const rest = { eventTime: 0xffff_ffff, eventType, event };
    return await this.ask({
      kind: 'data',
      invokeId: this.#invoked,
      message: { ...message, ...rest },
    });
  }

  async measure(...persons: readonly Measured[]): Promise<PhdApdu['kind']> {
    const isMultiPerson = persons.some(({ personId }) => personId !== undefined);
    const atMs = Math.floor(Date.now() / 10) * 10;
    const answer = await this.report(isMultiPerson ? FIXED.several : FIXED.one, {
      ...{ kind: 'fixed', requestId: 0xf000, reportNumber: 0, isMultiPerson },
      persons: persons.map(({ personId = 0, values }) => ({
        personId,
        scans: Object.entries(values).map(([handle, value]) => {
          const data = new OctetWriter('big').sfloat(value);
          writeAbsoluteTime(data, atMs);
          return { handle: Number(handle), data: data.finish() };
        }),
      })),
    });
    return answer.kind;
  }

  end(): void {
    this.#socket.destroy();
  }
}
