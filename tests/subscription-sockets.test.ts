/** Subscriptions over a WebSocket: bound by a token that is good once; who is cut catches up by `$events`. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { Parameters } from '@medplum/fhirtypes';
import { WebSocket } from 'ws';
import { type Notification, numbersOf, readNotification } from './support/hook-receiver.ts';
import { eventually, type ServerUnderTest, startServerHere } from './support/server.ts';
import { subscribed, written } from './support/subscription-sample.ts';

type Heard = Pick<Notification, 'type' | 'events'>;

async function tokenFor(server: ServerUnderTest, id: string) {
  const path = `/fhir/R4/Subscription/${id}/$get-ws-binding-token`;
  const { parameter = [] } = await server.get<Parameters>(path);
  const parameterOf = (name: string) => parameter.find((one) => one.name === name);
  return {
    token: parameterOf('token')?.valueString ?? '',
    url: parameterOf('websocket-url')?.valueUrl ?? '',
  };
}

async function opened(url: string) {
  const socket = new WebSocket(url);
  const heard: Heard[] = [];
  socket.on('message', (data) => heard.push(readNotification(String(data))));
  await once(socket, 'open');
  return { socket, heard, closed: once(socket, 'close') };
}

const TASK = { resourceType: 'Task', status: 'requested', intent: 'order' };

test('a socket that is bound hears of what is written, and another of what it missed', async () => {
  let turnedMs = 0;
  await using here = await startServerHere({ outside: { nowMs: () => Date.now() + turnedMs } });
  const { server } = here;
  const { id } = await subscribed(server, { topic: 'task', heartbeatS: 60 });
  await written(server, TASK);
  const { token, url } = await tokenFor(server, id);
  assert.equal(new URL(url).pathname, '/fhir/R4/subscriptions-ws');
  const first = await opened(url);
  first.socket.send(`bind-with-token ${token}`);
  await eventually('the handshake', () => first.heard[0]);
  assert.equal(first.heard[0]?.type, 'handshake');
  await written(server, TASK);
  await written(server, TASK);
  const numbers = await eventually('two events', () => {
    const told = numbersOf(first.heard);
    return told.length >= 2 ? told : undefined;
  });
  assert.deepEqual(numbers, [2, 3]);
  // From when the server knows what it has sent, which may be later than now.
  await eventually('a heartbeat', () => {
    turnedMs += 1_000;
    return first.heard.find(({ type }) => type === 'heartbeat');
  });

  const thief = await opened(url);
  thief.socket.send(`bind-with-token ${token}`);
  const [code] = await thief.closed;
  assert.equal(code, 1008, 'a token is good once');
  assert.deepEqual(thief.heard, []);

  first.socket.terminate();
  await written(server, TASK);
  const missed = await server.fetch(`/fhir/R4/Subscription/${id}/$events?eventsSinceNumber=4`);
  assert.deepEqual(numbersOf([readNotification(await missed.text())]), [4]);

  const late = await tokenFor(server, id);
  turnedMs += 61_000;
  const second = await opened(url);
  second.socket.send(`bind-with-token ${late.token}`);
  const [refused] = await second.closed;
  assert.equal(refused, 1008, 'a token is good for a minute');
  assert.deepEqual(here.problems, []);
});

test('a socket that says something else, or whose subscription ends, is closed', async () => {
  await using here = await startServerHere();
  const { server } = here;
  const subscription = await subscribed(server, { topic: 'task' });
  const { token, url } = await tokenFor(server, subscription.id);
  const stranger = await opened(url);
  stranger.socket.send('hello');
  assert.equal((await stranger.closed)[0], 1008);
  const bound = await opened(url);
  bound.socket.send(`bind-with-token ${token}`);
  await eventually('the handshake', () => bound.heard[0]);
  await written(server, { ...subscription, status: 'off' });
  assert.equal((await bound.closed)[0], 1008);
});
