/**
 * The MQTT door (3.1.1), of our own: it takes from devices and gives to few, which is less than a
 * broker and faster (decisions/0003). A device signs in with its certificate, or with its id as the user
 * name and its token as the password, publishes under its own id alone, and hears of what could not be placed on its own
 * `errors` topic. PUBACK is held back until the message is durable, parked included; where nothing can be
 * made durable the message waits, and the device is read no further.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { type Fault, fail } from '@ausculta/vitals/fault';
import type { DeviceStreams, Listener } from '../device-streams/streams.ts';
import type { RegisteredDevice } from '../devices/known-device.ts';
import { WHOLE_MESSAGE } from '../line/entry.ts';
import { clientCertificateOf } from '../pki/client-certificate.ts';
import type { DeviceSignIn } from '../pki/device-sign-in.ts';
import type { TlsSource } from '../tls-source.ts';
import { decodeMessage } from './decode.ts';
import { type Answer, type IntakePorts, takeIn } from './intake.ts';
import { plainAddress } from './listener.ts';
import type { Connect } from './mqtt/connect.ts';
import { Connection, type ConnectionPorts, errorsTopicOf, type Opened } from './mqtt/connection.ts';
import type { Enrol } from './mqtt/enrolling.ts';
import type { Identified } from './mqtt/first-packet.ts';
import type { HearingPorts } from './mqtt/hearing.ts';
import { HoldingRoom } from './mqtt/holding.ts';
import { LeftBehind } from './mqtt/left-behind.ts';
import { publication } from './mqtt/packets.ts';
import { NO_TAKE_OVERS, onTakeOver, type TakeOvers, type TwoPlaces } from './mqtt/two-places.ts';
import { openFilesMax } from './open-files.ts';

/** Far beyond one site; each costs a few kilobytes before it has said anything. */
const CONNECTIONS_MAX = 20_000;

/** Of the files that may be open: the database's connections, the web's, the key store. */
const OTHER_FILES = 500;

/** Told as a problem, which names a step: whoever reads the log should find the mend in it. */
const PLACES_TAKEN =
  'take a connection: all are taken; if fewer than 20,000, raise the limit of open files (ulimit -n 65536)';

/** Devices say who they are at once: beyond this many that have not, the oldest makes room. */
const UNPROVEN_MAX = CONNECTIONS_MAX / 4;

/** A gateway may want a few; a device that forgets to close its own loses the oldest. */
const CONNECTIONS_PER_DEVICE_MAX = 8;

/** How often silent connections are looked for. */
const LOOK_MS = 1_000;

/** When a look is later than this the process has been held up, and what devices said is still unread. */
const LATE_LOOK_MS = 2 * LOOK_MS;

/** TCP asks a silent peer whether it is still there: a device without keep-alive may have lost its power. */
const PROBE_AFTER_MS = 60_000;

/** Waveforms that wait in us, of all connections: some seconds of a hospital; beyond it they wait with their senders. */
const HELD_BYTES_MAX = 32 * 1024 * 1024;

/** Faults reported back in one message to the device. */
const REPORTED_FAULTS_MAX = 20;

export interface MqttPorts {
  readonly intake: IntakePorts;
  readonly signIn: DeviceSignIn;
  /** Whether the code is the device's own, and open. */
  readonly claimOpens: (device: RegisteredDevice, code: string) => boolean;
  readonly enrol: Enrol;
  readonly devices: ReadonlyMap<string, RegisteredDevice>;
  readonly streams: Pick<DeviceStreams, 'follow' | 'unfollow' | 'leave' | 'look'>;
  /** Its identity is used from two places in turn. */
  readonly onTwoPlaces: (device: RegisteredDevice, because: TwoPlaces) => void;
  readonly newId: () => string;
  readonly nowMs: () => number;
  readonly every: (periodMs: number, run: () => void) => () => void;
  /** UNPROVEN_MAX unless a test has less patience. */
  readonly unprovenMax?: number;
}

export interface MqttDoor extends AsyncDisposable {
  readonly port: number;
  readonly connections: () => number;
  /** Of a device: those that were opened with one of these credentials, or all. */
  readonly endConnectionsOf: (deviceId: string, credentials?: readonly string[]) => void;
}

export async function openMqttDoor(
  listen: { readonly host: string; readonly port: number; readonly tls?: TlsSource | undefined },
  ports: MqttPorts,
): Promise<MqttDoor> {
  const connections = new Connections(ports);
  const leftBehind = new LeftBehind(takerOf(connections, ports));
  const connectionPorts = portsOfConnections(connections, leftBehind, ports);
  const server = serverOf(listen.tls, (socket) =>
    connections.add(new Connection(socket, connectionPorts)),
  );
  server.maxConnections = Math.min(CONNECTIONS_MAX, Math.max(1, openFilesMax() - OTHER_FILES));
  server.on('drop', () => ports.intake.onProblem(PLACES_TAKEN, new Error('no place is free')));
  await listening(server, listen);
  server.on('error', (error) => ports.intake.onProblem('take a connection', error));
  const stopLooking = watchSilence(connections, leftBehind, ports);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : listen.port,
    connections: () => connections.all.size,
    endConnectionsOf: (deviceId, credentials) => connections.endOf(deviceId, credentials),
    async [Symbol.asyncDispose]() {
      stopLooking();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const connection of connections.all) connection.end();
      });
    },
  };
}

function serverOf(tls: TlsSource | undefined, onOpen: (socket: Socket) => void): Server {
  const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS };
  if (tls === undefined) return createServer(options, onOpen);
  const server = createTlsServer({ ...options, ...tls.options }, onOpen);
  tls.follow(server);
  // A handshake that fails is the other end's: there is nobody yet to answer to.
  server.on('tlsClientError', (_, socket) => socket.destroy());
  return server;
}

/** Looks for silent connections; returns what stops it. */
function watchSilence(
  connections: Connections,
  leftBehind: LeftBehind,
  { nowMs, every, streams }: MqttPorts,
): () => void {
  let lookedMs = nowMs();
  return every(LOOK_MS, () => {
    const now = nowMs();
    const isExcused = now < lookedMs || now - lookedMs > LATE_LOOK_MS;
    lookedMs = now;
    for (const connection of connections.all) {
      if (isExcused) connection.excuse(now);
      connection.look(now);
    }
    leftBehind.look();
    streams.look();
  });
}

/** Who is connected, and under which client id. */
class Connections {
  readonly all = new Set<Connection>();
  /** Those that have not said who they are, the oldest first. */
  readonly #unproven = new Set<Connection>();
  readonly #byClient = new Map<string, Connection>();
  readonly #byDevice = new Map<string, Set<Connection>>();
  readonly #keys = new Map<Connection, Opened>();
  readonly #takeOvers = new Map<string, TakeOvers>();
  readonly #ports: Pick<MqttPorts, 'unprovenMax' | 'onTwoPlaces' | 'nowMs'>;

  constructor(ports: Pick<MqttPorts, 'unprovenMax' | 'onTwoPlaces' | 'nowMs'>) {
    this.#ports = ports;
  }

  add(connection: Connection): void {
    this.all.add(connection);
    this.#unproven.add(connection);
    const { unprovenMax = UNPROVEN_MAX } = this.#ports;
    if (this.#unproven.size > unprovenMax) this.#end(oldestOf(this.#unproven));
  }

  /** A client id has one connection, the newest (3.1.4-2). */
  open(connection: Connection, opened: Opened): void {
    const { clientKey } = opened;
    const deviceId = opened.device.id;
    this.#unproven.delete(connection);
    const before = this.#byClient.get(clientKey);
    if (before !== undefined) this.#noteTakeOver(before, opened);
    this.#end(before);
    this.#byClient.set(clientKey, connection);
    this.#keys.set(connection, opened);
    const ofDevice = this.#byDevice.get(deviceId) ?? new Set();
    this.#byDevice.set(deviceId, ofDevice.add(connection));
    if (ofDevice.size > CONNECTIONS_PER_DEVICE_MAX) this.#end(oldestOf(ofDevice));
  }

  #noteTakeOver(before: Connection, { device, address }: Opened): void {
    const fromAddress = this.#keys.get(before)?.address ?? address;
    const takeOver = { atMs: this.#ports.nowMs(), fromAddress, toAddress: address };
    const known = this.#takeOvers.get(device.id) ?? NO_TAKE_OVERS;
    const { takeOvers, told } = onTakeOver(known, takeOver);
    this.#takeOvers.set(device.id, takeOvers);
    if (told !== undefined) this.#ports.onTwoPlaces(device, told);
  }

  /** Its close comes later; its place is free at once. */
  #end(connection: Connection | undefined): void {
    if (connection === undefined) return;
    connection.end();
    this.remove(connection);
  }

  remove(connection: Connection): void {
    this.all.delete(connection);
    this.#unproven.delete(connection);
    const keys = this.#keys.get(connection);
    if (keys === undefined) return;
    this.#keys.delete(connection);
    if (this.#byClient.get(keys.clientKey) === connection) this.#byClient.delete(keys.clientKey);
    const ofDevice = this.#byDevice.get(keys.device.id);
    ofDevice?.delete(connection);
    if (ofDevice?.size === 0) this.#byDevice.delete(keys.device.id);
  }

  endOf(deviceId: string, credentials?: readonly string[]): void {
    for (const connection of [...this.ofDevice(deviceId)]) {
      const by = this.#keys.get(connection)?.credential ?? '';
      if (credentials === undefined || credentials.includes(by)) this.#end(connection);
    }
  }

  ofDevice(deviceId: string): Iterable<Connection> {
    return this.#byDevice.get(deviceId) ?? [];
  }
}

function oldestOf(connections: ReadonlySet<Connection>): Connection | undefined {
  const [oldest] = connections;
  return oldest;
}

function takerOf(
  connections: Connections,
  { intake, nowMs }: MqttPorts,
): ConnectionPorts['takeIn'] {
  return ({ device, kind, bytes }, answered) => {
    const receivedMs = nowMs();
    const decoded = decodeMessage(kind, bytes, receivedMs);
    const message = { device, door: 'mqtt', bytes, receivedMs, decoded, waits: true };
    takeIn(message, intake, (answer) => {
      answered(answer);
      if (answer.faults.length > 0) reportFaults(connections, device, answer);
    });
  };
}

function portsOfConnections(
  connections: Connections,
  { leave }: LeftBehind,
  ports: MqttPorts,
): ConnectionPorts {
  const { intake, nowMs } = ports;
  const listeners = new WeakMap<Connection, Listener>();
  return {
    identify: (connect, socket) => identify(connect, socket, ports),
    enrol: ports.enrol,
    onOpen: (connection, opened) => connections.open(connection, opened),
    hearingOf: (connection, device) => hearingOf(connection, device, listeners, ports.streams),
    onEnd: (connection) => {
      connections.remove(connection);
      const listener = listeners.get(connection);
      if (listener !== undefined) ports.streams.leave(listener);
    },
    takeIn: takerOf(connections, ports),
    leave,
    parkOversize: (device, bytes) => {
      const decoded = {
        kind: 'nothing',
        faults: [{ index: WHOLE_MESSAGE, fault: fail('PAYLOAD_TOO_LARGE').fault }],
      } as const;
      const message = { device, door: 'mqtt', bytes, receivedMs: nowMs(), decoded, waits: false };
      takeIn(message, intake, () => {});
    },
    holdingRoom: new HoldingRoom(HELD_BYTES_MAX),
    noticeOf,
    newClientId: ports.newId,
    nowMs,
  };
}

/** Other devices by this connection, which ends with what it hears. */
function hearingOf(
  connection: Connection,
  device: RegisteredDevice,
  listeners: WeakMap<Connection, Listener>,
  streams: MqttPorts['streams'],
): HearingPorts {
  const listener: Listener = {
    device,
    tell: (topic, payload) => connection.send(publication(topic, payload)),
    end: () => connection.end(),
  };
  listeners.set(connection, listener);
  return {
    follow: (topic) => streams.follow(listener, topic),
    unfollow: (topic) => streams.unfollow(listener, topic),
  };
}

/** By its certificate, which has to bear the client id too; by its token, or by a claim code. */
function identify(
  { clientId, username, password }: Connect,
  socket: Socket,
  { signIn, claimOpens, devices }: MqttPorts,
): Identified | undefined {
  const certificate = clientCertificateOf(socket);
  const secret = password && new TextDecoder().decode(password);
  const claimed = certificate === undefined ? devices.get(username ?? '') : undefined;
  if (claimed !== undefined && secret !== undefined && claimOpens(claimed, secret))
    return { kind: 'claim', device: claimed, code: secret };
  const names = [
    ...(certificate === undefined ? [] : [clientId]),
    ...(username === undefined ? [] : [username]),
  ];
  const address = plainAddress(socket.remoteAddress ?? '');
  const signedIn = signIn({ names, token: secret, certificate, door: 'mqtt', address });
  return signedIn && { kind: 'device', ...signedIn };
}

function reportFaults(connections: Connections, device: RegisteredDevice, answer: Answer): void {
  let report: Buffer | undefined;
  for (const connection of connections.ofDevice(device.id)) {
    if (!connection.hearsErrors) continue;
    report ??= reportOf(device, answer);
    connection.send(report);
  }
}

function reportOf(device: RegisteredDevice, answer: Answer): Buffer {
  const faults = answer.faults.slice(0, REPORTED_FAULTS_MAX).map(({ index, fault }) => ({
    index,
    ...describe(fault),
  }));
  const payload = JSON.stringify({ stored: answer.stored, parked: answer.faults.length, faults });
  return publication(errorsTopicOf(device.id), payload);
}

/** A message waits, neither stored nor parked: the device need not send it again. */
function noticeOf(device: RegisteredDevice, fault: Fault): Buffer {
  const faults = [{ index: WHOLE_MESSAGE, ...describe(fault) }];
  const payload = JSON.stringify({ stored: 0, parked: 0, waits: true, faults });
  return publication(errorsTopicOf(device.id), payload);
}

function describe(fault: Fault): { fault: string; detail?: string } {
  return fault.detail === undefined
    ? { fault: fault.code }
    : { fault: fault.code, detail: fault.detail };
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
