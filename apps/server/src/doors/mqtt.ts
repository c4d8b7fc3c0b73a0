/**
 * The MQTT door (3.1.1, aedes). A device signs in with its id as the user name and its token as the
 * password, publishes under its own id alone, and hears of what could not be placed on its own
 * `errors` topic. PUBACK is held back until the message is durable, parked included; where nothing
 * could be made durable the connection is closed, so that the device sends again.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Fault } from '@ausculta/vitals/fault';
import { parseDeviceId } from '@ausculta/vitals/identity';
import { Aedes, type AuthenticateError, type Client } from 'aedes';
import type { RegisteredDevice } from '../devices/known-device.ts';
import { decodeMessage, MESSAGE_BYTES_MAX, MESSAGE_KINDS, type MessageKind } from './decode.ts';
import { type Answer, type IntakePorts, takeIn } from './intake.ts';

/** MQTT 3.1.1, 3.2.2.3: bad user name or password. */
const BAD_CREDENTIALS = 4;

/** A device that says nothing for this long has gone; its own keep-alive may be shorter. */
const CONNECT_WITHIN_MS = 10_000;

/** Far beyond one site; each costs some ten kilobytes before it has said anything. */
const CONNECTIONS_MAX = 20_000;

/** Faults reported back in one message to the device. */
const REPORTED_FAULTS_MAX = 20;

export interface MqttPorts {
  readonly intake: IntakePorts;
  /** The device of these credentials, or undefined. */
  readonly deviceOf: (id: string, token: string) => RegisteredDevice | undefined;
  readonly nowMs: () => number;
}

export interface MqttDoor extends AsyncDisposable {
  readonly port: number;
  readonly connections: () => number;
}

/** What aedes hands to authorizePublish, as far as this door looks. */
interface Publication {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly retain?: boolean;
}

type DeviceClient = Client & { device?: RegisteredDevice };

export async function openMqttDoor(
  listen: { readonly host: string; readonly port: number },
  ports: MqttPorts,
): Promise<MqttDoor> {
  const broker = await Aedes.createBroker({
    connectTimeout: CONNECT_WITHIN_MS,
    preConnect: (_client, packet, done) => {
      // Nothing is kept for a device that is away, so its session need not outlive its connection;
      // a session that did would stay in memory for every client id that was ever used.
      packet.clean = true;
      done(null, true);
    },
    authenticate: (client, username, password, done) => {
      const device = identify(ports, username, password);
      if (device === undefined) return done(credentialsRefused(), null);
      (client as DeviceClient).device = device;
      // Under its own id, or a device could throw another out by borrowing its client id (3.1.4-2).
      client.id = `${device.id}/${client.id}`;
      return done(null, true);
    },
    authorizePublish: (client, packet, done) => {
      publish(client as DeviceClient | null, packet as Publication, { broker, ports, done });
    },
    authorizeSubscribe: (client, subscription, done) => {
      const device = (client as DeviceClient).device;
      const isOwn = device !== undefined && subscription.topic === errorsTopic(device.id);
      return done(null, isOwn ? subscription : null);
    },
  });
  // What devices publish goes to the log, never to other devices: nothing is left to route.
  const route = broker.publish.bind(broker);
  broker.publish = ((packet: Publication, client: unknown, done?: () => void) => {
    if (client instanceof Function || client === undefined || client === null) {
      return route(packet as never, client as never);
    }
    return done?.();
  }) as typeof broker.publish;

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    guardSize(broker.handle(socket), socket);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listening(server, listen);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : listen.port,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
      await new Promise<void>((resolve) => broker.close(resolve));
    },
  };
}

function identify(
  ports: MqttPorts,
  username: string | undefined,
  password: Uint8Array | undefined,
): RegisteredDevice | undefined {
  const id = parseDeviceId(username ?? '');
  if (id === undefined || password === undefined) return undefined;
  return ports.deviceOf(id, new TextDecoder().decode(password));
}

function credentialsRefused(): AuthenticateError {
  return Object.assign(new Error('credentials refused'), { returnCode: BAD_CREDENTIALS });
}

const errorsTopic = (deviceId: string): string => `devices/${deviceId}/errors`;

function publish(
  client: DeviceClient | null,
  packet: Publication,
  context: { broker: Aedes; ports: MqttPorts; done: (error?: Error | null) => void },
): void {
  const { broker, ports, done } = context;
  const device = client?.device;
  const kind = device === undefined ? undefined : kindOf(packet.topic, device.id);
  // MQTT 3.1.1 has no refusal for a PUBLISH: a foreign topic ends the connection (4.8).
  if (device === undefined || kind === undefined) {
    done(new Error('topic not permitted'));
    return;
  }
  const bytes =
    typeof packet.payload === 'string' ? new TextEncoder().encode(packet.payload) : packet.payload;
  const receivedMs = ports.nowMs();
  const decoded = decodeMessage(kind, bytes, receivedMs);
  takeIn({ device, door: 'mqtt', bytes, receivedMs, decoded }, ports.intake, (answer) => {
    if (answer.fault !== undefined) return done(new Error(answer.fault.code));
    if (answer.faults.length > 0) reportFaults(broker, device, answer);
    return done(null);
  });
}

/** `devices/{own id}/{kind}` and nothing else. */
function kindOf(topic: string, deviceId: string): MessageKind | undefined {
  const prefixLength = 'devices/'.length + deviceId.length + 1;
  if (!topic.startsWith(`devices/${deviceId}/`)) return undefined;
  const last = topic.slice(prefixLength);
  return MESSAGE_KINDS.find((kind) => kind === last);
}

function reportFaults(broker: Aedes, device: RegisteredDevice, answer: Answer): void {
  const faults = answer.faults.slice(0, REPORTED_FAULTS_MAX).map(({ index, fault }) => ({
    index,
    ...describe(fault),
  }));
  const payload = JSON.stringify({ stored: answer.stored, parked: answer.faults.length, faults });
  const topic = errorsTopic(device.id);
  broker.publish(
    { cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false } as never,
    () => {},
  );
}

function describe(fault: Fault): { fault: string; detail?: string } {
  return fault.detail === undefined
    ? { fault: fault.code }
    : { fault: fault.code, detail: fault.detail };
}

/**
 * The parser of aedes keeps an unfinished packet in memory however large it claims to be. Here its
 * connection is closed once more has gathered than any message may have.
 */
function guardSize(client: Client, socket: Socket): void {
  const parser = (client as unknown as { _parser: { parse: (bytes: Uint8Array) => number } })
    ._parser;
  const parse = parser.parse.bind(parser);
  parser.parse = (bytes) => {
    const unfinishedBytes = parse(bytes);
    if (unfinishedBytes > MESSAGE_BYTES_MAX) socket.destroy();
    return unfinishedBytes;
  };
}

async function listening(server: Server, listen: { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
