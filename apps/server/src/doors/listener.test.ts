import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { listen } from './listener.ts';
import { standingOf } from './peers.ts';

const OPTIONS = {
  ...{ host: '127.0.0.1', port: 0, tls: undefined, connectionsMax: 3 },
  list: [standingOf({ addresses: ['127.0.0.0/8'] })],
};

test('an address that opens connections and forgets them keeps nobody else out', async () => {
  await using door = await listen(OPTIONS, {
    onProblem: (error) => assert.fail(String(error)),
    open: (socket, _, onEnd) => {
      socket.on('close', onEnd);
      socket.write('welcome');
      const drop = () => void socket.destroy();
      return { drop, end: () => Promise.resolve(drop()) };
    },
  });
  const sockets: Socket[] = [];
  const come = async (localAddress: string): Promise<'welcome' | 'refused'> => {
    const socket = connect({ port: door.port, host: '127.0.0.1', localAddress });
    socket.on('error', () => socket.destroy());
    sockets.push(socket);
    const heard = once(socket, 'data').then(() => 'welcome' as const);
    return await Promise.race([heard, once(socket, 'close').then(() => 'refused' as const)]);
  };
  for (let i = 0; i < 3; i += 1) assert.equal(await come('127.0.0.2'), 'welcome');
  assert.equal(await come('127.0.0.2'), 'refused', 'it has all of them');
  assert.equal(await come('127.0.0.3'), 'welcome', 'in the place of the oldest');
  const [oldest, next] = sockets;
  if (oldest?.closed === false) await once(oldest, 'close');
  assert.equal(next?.destroyed, false);
  assert.equal(await come('127.0.0.3'), 'welcome');
  assert.equal(await come('127.0.0.3'), 'refused', 'now it is the one that has the most');
  for (const socket of sockets) socket.destroy();
});
