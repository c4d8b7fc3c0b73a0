// The baseline: the same broker library, in a process of its own, that takes every message and
// acknowledges it without doing anything: no routing, no decoding, nothing kept.
import { createServer } from 'node:net';
import { Aedes } from 'aedes';

const broker = await Aedes.createBroker({
  authenticate: (_client, _name, _password, done) => done(null, true),
  authorizePublish: (_client, _packet, done) => done(null),
});
const route = broker.publish.bind(broker) as (...args: unknown[]) => void;
broker.publish = ((packet: unknown, client: unknown, done?: () => void) => {
  if (typeof client === 'object' && client !== null) return done?.();
  return route(packet, client);
}) as typeof broker.publish;

const server = createServer((socket) => {
  socket.setNoDelay(true);
  broker.handle(socket);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? (address?.port ?? 0) : 0);
});
process.on('disconnect', () => process.exit(0));
