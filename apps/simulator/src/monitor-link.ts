import mqtt, { type MqttClient } from 'mqtt';
import type { Outgoing } from './bedside.ts';
import { acknowledge, EMPTY_OUTBOX, enqueue, recall, takeForSending } from './outbox.ts';

/**
 * A monitor's connection: MQTT 3.1.1 at QoS 1, one client for each connection. When it breaks, it comes
 * back with growing pauses and sends again whatever was not acknowledged; the server knows a
 * repeated reading by its series and stamp.
 */
export interface MonitorLink extends AsyncDisposable {
  send(messages: readonly Outgoing[]): void;
}

export interface LinkOptions {
  readonly url: string;
  readonly deviceId: string;
  readonly token: string;
  /** Told once for each connection that was lost or refused, and once for each that came back. */
  readonly onChange: (state: 'connected' | 'lost' | 'refused') => void;
  readonly nowMs: () => number;
  /** The server's word on its own topic about a message that it could not take. */
  readonly onError: (text: string) => void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_S = 15;
/** CONNACK 4 and 5: bad user name or password, not authorised. */
const REFUSALS: ReadonlySet<unknown> = new Set([4, 5]);

/** How long to wait before the next try, after this many that failed: doubled, up to a limit. */
export function pauseAfter(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, failures - 1));
}

export function openMonitorLink(options: LinkOptions): MonitorLink {
  const { deviceId, onChange, onError } = options;
  let outbox = EMPTY_OUTBOX;
  let client: MqttClient | undefined;
  let isConnected = false;
  let failures = 0;
  let isClosed = false;
  let pause: NodeJS.Timeout | undefined;

  function connect(): void {
    const own = dial(options);
    client = own;
    let refusal: 'lost' | 'refused' = 'lost';
    own.on('connect', () => {
      isConnected = true;
      failures = 0;
      own.subscribe(`devices/${deviceId}/errors`, { qos: 1 }, () => {});
      onChange('connected');
      pump(own);
    });
    own.on('message', (_topic, payload) => onError(payload.toString('utf8').slice(0, 500)));
    own.on('error', (error: Error & { code?: unknown }) => {
      if (REFUSALS.has(error.code)) refusal = 'refused';
    });
    own.once('close', () => {
      if (client !== own) return;
      client = undefined;
      isConnected = false;
      outbox = recall(outbox);
      retire(own);
      if (isClosed) return;
      failures += 1;
      if (failures === 1 || refusal === 'refused') onChange(refusal);
      pause = setTimeout(connect, pauseAfter(failures));
    });
  }

  function pump(own: MqttClient): void {
    const taken = takeForSending(outbox);
    outbox = taken.outbox;
    for (const message of taken.toSend) {
      own.publish(
        `devices/${deviceId}/${message.kind}`,
        Buffer.from(message.encode(options.nowMs())),
        { qos: 1 },
        (error) => {
          if (error || client !== own) return;
          outbox = acknowledge(outbox, message);
          if (isConnected) pump(own);
        },
      );
    }
  }

  connect();
  return {
    send(messages) {
      outbox = enqueue(outbox, messages);
      if (client !== undefined && isConnected) pump(client);
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      clearTimeout(pause);
      await client?.endAsync(true).catch(() => {});
    },
  };
}

function dial({ url, deviceId, token }: LinkOptions): MqttClient {
  return mqtt.connect(url, {
    clientId: deviceId,
    username: deviceId,
    password: token,
    protocolVersion: 4,
    keepalive: KEEPALIVE_S,
    // Coming back is ours: a new connection each time, with what the old one had not settled.
    reconnectPeriod: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
  });
}

/** A late error of a dead connection must not end the process. */
function retire(client: MqttClient): void {
  client.removeAllListeners();
  client.on('error', () => {});
  client.end(true);
}
