import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { Aedes } from 'aedes';
import type { Outgoing } from './bedside.ts';
import { openMonitorLink } from './monitor-link.ts';

/** A broker that notes what it was given, and acknowledges it only while `acknowledges`. */
async function openBroker(port: number, acknowledges: boolean) {
  const heard: string[] = [];
  const broker = await Aedes.createBroker({
    authenticate: (_client, name, password, done) => {
      if (name === 'monitor-1' && password?.toString() === 'token') return done(null, true);
      done(Object.assign(new Error('refused'), { returnCode: 4 }) as never, false);
    },
    authorizePublish: (client, packet, done) => {
      if (client === null) return done(null);
      heard.push(`${packet.topic} ${packet.payload.toString()}`);
      if (acknowledges) done(null);
    },
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    broker.handle(socket);
  });
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  return {
    heard,
    port: (server.address() as { port: number }).port,
    async fall() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await new Promise<void>((closed) => broker.close(closed));
    },
  };
}

const message = (text: string): Outgoing => ({ kind: 'readings', encode: () => Buffer.from(text) });

async function until(isTrue: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 10_000;
  while (!isTrue()) {
    assert.ok(Date.now() < deadlineMs, 'this should have happened within ten seconds');
    await new Promise((done) => setTimeout(done, 20));
  }
}

test('what a fallen server had not acknowledged reaches the one that comes after it, in order', async () => {
  const first = await openBroker(0, false);
  const states: string[] = [];
  await using link = openMonitorLink({
    url: `mqtt://127.0.0.1:${first.port}`,
    deviceId: 'monitor-1',
    token: 'token',
    nowMs: () => 0,
    onChange: (state) => states.push(state),
    onError: () => assert.fail('nothing was refused'),
  });
  link.send([message('a'), message('b')]);
  await until(() => first.heard.length >= 1);
  await first.fall();
  link.send([message('c')]);
  await until(() => states.includes('lost'));
  const second = await openBroker(first.port, true);
  await until(() => second.heard.length >= 3);
  await link[Symbol.asyncDispose]();
  await second.fall();
  const topic = 'devices/monitor-1/readings';
  assert.deepEqual(second.heard, [`${topic} a`, `${topic} b`, `${topic} c`]);
  assert.deepEqual(states, ['connected', 'lost', 'connected']);
});

test('a wrong token is told as a refusal, and the link goes on trying', async () => {
  const broker = await openBroker(0, true);
  const states: string[] = [];
  const link = openMonitorLink({
    url: `mqtt://127.0.0.1:${broker.port}`,
    deviceId: 'monitor-1',
    token: 'another',
    nowMs: () => 0,
    onChange: (state) => states.push(state),
    onError: () => {},
  });
  await until(() => states.length === 2);
  await link[Symbol.asyncDispose]();
  await broker.fall();
  assert.deepEqual(states, ['refused', 'refused']);
});
