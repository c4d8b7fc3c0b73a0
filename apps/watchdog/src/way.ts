/**
 * The whole way of an alarm: a reading by MQTT, as any device sends it, and the alarm on a live socket, as any
 * screen hears it. What breaks is opened anew at the next look.
 */
import { LIVE_SUBPROTOCOL, LiveNotice } from '@ausculta/contract/live';
import { decodeFrame } from '@ausculta/contract/live-frame';
import type { WatchdogStage as Stage } from '@ausculta/contract/watchdog';
import type { AlarmCondition } from '@ausculta/vitals/alarm';
import { connectAsync, type MqttClient } from 'mqtt';
import { z } from 'zod';
import type { Canary } from './canary.ts';
import type { Outcome } from './judge.ts';

const RULE = 'limit/blood-pressure-systolic/high';
/** Far beyond the limit of any adult, and well within it. */
const HIGH_MMHG = 240;
const CALM_MMHG = 120;

export interface WayAccess {
  readonly url: string;
  readonly mqttUrl: string;
  readonly token: string;
  readonly canary: Canary;
  /** For each step. */
  readonly patienceMs: number;
  readonly nowMs: () => number;
}

class Stuck extends Error {
  readonly stage: Stage;

  constructor(stage: Stage) {
    super(stage);
    this.stage = stage;
  }
}

export class Way implements AsyncDisposable {
  readonly #access: WayAccess;
  #device: MqttClient | undefined;
  #screen: WebSocket | undefined;
  #condition: AlarmCondition = 'absent';
  #onCondition: () => void = () => {};

  constructor(access: WayAccess) {
    this.#access = access;
  }

  async look(): Promise<Outcome> {
    try {
      await this.#within('reach', this.#open());
      // Whatever an earlier look has left behind is over first.
      await this.#send(CALM_MMHG);
      await this.#within('end', this.#until('absent'));
      const startMs = this.#access.nowMs();
      await this.#send(HIGH_MMHG);
      await this.#within('alarm', this.#until('present'));
      const tookMs = Math.max(0, Math.round(this.#access.nowMs() - startMs));
      await this.#send(CALM_MMHG);
      await this.#within('end', this.#until('absent'));
      return { isWell: true, tookMs };
    } catch (error) {
      await this[Symbol.asyncDispose]();
      return { isWell: false, stage: error instanceof Stuck ? error.stage : 'reach' };
    }
  }

  async #open(): Promise<void> {
    this.#device ??= await this.#openDevice();
    if (!this.#device.connected) throw new Stuck('reach');
    this.#screen ??= await this.#openScreen();
    if (this.#screen.readyState !== WebSocket.OPEN) throw new Stuck('reach');
  }

  async #openDevice(): Promise<MqttClient> {
    const { mqttUrl, canary, patienceMs } = this.#access;
    const client = await connectAsync(mqttUrl, {
      clientId: canary.deviceId,
      username: canary.deviceId,
      password: canary.deviceToken,
      protocolVersion: 4,
      reconnectPeriod: 0,
      connectTimeout: patienceMs,
    });
    // Said by the next look: a late error must not end the process.
    client.on('error', () => undefined);
    return client;
  }

  async #openScreen(): Promise<WebSocket> {
    const { url, token, canary } = this.#access;
    const address = new URL('/api/live', url);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    // Node's own WebSocket takes headers; the type is that of browsers, which must not.
    const options: object = {
      protocols: [LIVE_SUBPROTOCOL],
      headers: { authorization: `Bearer ${token}` },
    };
    const socket = new WebSocket(address, options as string[]);
    socket.binaryType = 'arraybuffer';
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('message', ({ data }) => {
        if (this.#hear(new Uint8Array(data as ArrayBuffer))) resolve();
      });
      socket.addEventListener('open', () =>
        socket.send(JSON.stringify({ type: 'subscribe', subjects: [canary.subjectId] })),
      );
      socket.addEventListener('close', () => reject(new Stuck('reach')));
      socket.addEventListener('error', () => reject(new Stuck('reach')));
    });
    return socket;
  }

  /** True once the server has said that the canary is watched. */
  #hear(bytes: Uint8Array): boolean {
    const text = decodeFrame(bytes)?.noticesJson ?? '';
    const notices = text === '' ? [] : z.array(LiveNotice).parse(JSON.parse(text));
    for (const notice of notices) {
      if (notice.type !== 'alarms') continue;
      const alarm = notice.alarms.find(({ ruleKey }) => ruleKey === RULE);
      if (alarm === undefined) continue;
      this.#condition = alarm.condition;
      this.#onCondition();
    }
    const { subjectId } = this.#access.canary;
    return notices.some((one) => one.type === 'subscribed' && one.subjects.includes(subjectId));
  }

  async #send(systolic: number): Promise<void> {
    const { canary } = this.#access;
    const topic = `devices/${canary.deviceId}/readings`;
    const message = JSON.stringify({ values: { 'nibp-systolic': systolic } });
    await this.#within('store', this.#device?.publishAsync(topic, message, { qos: 1 }));
  }

  #until(wanted: AlarmCondition): Promise<void> {
    if (this.#condition === wanted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onCondition = () => {
        if (this.#condition === wanted) resolve();
      };
    });
  }

  async #within(stage: Stage, work: Promise<unknown> | undefined): Promise<void> {
    const { promise: isLate, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Stuck(stage)), this.#access.patienceMs);
    try {
      await Promise.race([work, isLate]);
    } catch (error) {
      throw error instanceof Stuck ? error : new Stuck(stage);
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const [device, screen] = [this.#device, this.#screen];
    this.#device = undefined;
    this.#screen = undefined;
    this.#condition = 'absent';
    screen?.close();
    await device?.endAsync(true).catch(() => undefined);
  }
}
