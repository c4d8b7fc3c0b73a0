// The baseline: the same broker library as it comes, in a process of its own: it takes every message and
// acknowledges it without doing anything with it. Nobody subscribes, nothing is decoded or kept.
import { createServer } from 'node:net';
import { Aedes } from 'aedes';

const broker = await Aedes.createBroker({
  authenticate: (_client, _name, _password, done) => done(null, true),
  authorizePublish: (_client, _packet, done) => done(null),
});

const server = createServer((socket) => {
  socket.setNoDelay(true);
  broker.handle(socket);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? (address?.port ?? 0) : 0);
});
process.on('disconnect', () => process.exit(0));
