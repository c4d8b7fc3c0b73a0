/** A listening socket, with TLS or without: who connects is known by address and certificate. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { TlsSource } from '../tls-source.ts';
import { isExpected, type Peer, type Standing } from './peers.ts';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Undefined: plain TCP. */
  readonly tls: TlsSource | undefined;
  /** Who may connect at all. */
  readonly list: readonly Standing[];
  readonly connectionsMax: number;
}

/** What is open, and ends in good order when the door closes. */
interface Open {
  readonly end: () => Promise<void>;
  /** At once, whatever waits. */
  readonly drop: () => void;
}

export interface ListenPorts<Connection extends Open> {
  /** Calls `onEnd` once the connection is over. */
  readonly open: (socket: Socket, peer: Peer, onEnd: () => void) => Connection;
  readonly onProblem: (error: unknown) => void;
}

export interface Listening extends AsyncDisposable {
  readonly port: number;
}

export async function listen<Connection extends Open>(
  options: ListenOptions,
  ports: ListenPorts<Connection>,
): Promise<Listening> {
  const connections = new Map<Connection, string>();
  const server = serverOf(options.tls, (socket, certificate) => {
    const peer = { address: plainAddress(socket.remoteAddress ?? ''), certificate };
    const { connectionsMax, list } = options;
    const hasRoom = () => connections.size < connectionsMax || makeRoom(connections, peer.address);
    if (!isExpected(list, peer) || !hasRoom()) {
      socket.destroy();
      return;
    }
    const connection = ports.open(socket, peer, () => connections.delete(connection));
    connections.set(connection, peer.address);
  });
  // Strangers that have not finished their handshake have room beside those who have.
  server.maxConnections = 2 * options.connectionsMax;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', ports.onProblem);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...connections.keys()].map((connection) => connection.end()));
      await closed;
    },
  };
}

/**
 * Whoever opens connections and forgets them must not keep the others out: of the address that has the
 * most, the oldest goes. False where the newcomer's own address has as many as any.
 */
function makeRoom(connections: Map<Open, string>, newcomer: string): boolean {
  const counts = new Map<string, number>();
  for (const address of connections.values()) counts.set(address, (counts.get(address) ?? 0) + 1);
  let most = newcomer;
  for (const [address, count] of counts) if (count > (counts.get(most) ?? 0)) most = address;
  if (most === newcomer) return false;
  for (const [connection, address] of connections) {
    if (address !== most) continue;
    connections.delete(connection);
    connection.drop();
    return true;
  }
  return false;
}

function serverOf(
  tls: TlsSource | undefined,
  onOpen: (socket: Socket, certificate: string | undefined) => void,
): Server {
  if (tls === undefined) return createServer((socket) => onOpen(socket, undefined));
  const server = createTlsServer(tls.options);
  tls.follow(server);
  server.on('secureConnection', (socket) => onOpen(socket, fingerprintOf(socket)));
  // A handshake that fails is the other end's: there is nobody yet to answer to.
  server.on('tlsClientError', (_, socket) => socket.destroy());
  return server;
}

function fingerprintOf(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined;
  return socket.getPeerCertificate().fingerprint256?.replaceAll(':', '').toLowerCase();
}

/** A dual-stack listener shows IPv4 as ::ffff:10.0.0.5. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
