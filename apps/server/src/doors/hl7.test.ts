import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { writeAdt } from '@ausculta/codecs/hl7-adt-writer';
import { frameMllp, MLLP_START } from '@ausculta/codecs/mllp';
import { ok } from '@ausculta/vitals/fault';
import { type DeviceId, type OrganisationId, parseDeviceId } from '@ausculta/vitals/identity';
import { RegisteredDevice } from '../devices/known-device.ts';
import { readSenders } from './hl7/senders.ts';
import { type Hl7Ports, openHl7Door } from './hl7.ts';
import type { Listening } from './listener.ts';

const NOW_MS = Date.UTC(2026, 10, 21);
const SENDER = { application: 'HIS', device: 'his', admits: true, addresses: ['127.0.0.1'] };

describe('what one sender may do to the others', () => {
  let answers = 0;
  let taken = 0;
  const device = new RegisteredDevice({
    id: parseDeviceId('his') as DeviceId,
    organisationId: 'o' as OrganisationId,
    model: 'unknown',
    tokenHash: new Uint8Array(32),
  });
  // What is taken here is admissions alone, and nothing else of the intake or of beds is asked for them.
  const ports = {
    intake: { isFull: () => false, contentId: () => 'id', onProblem: assert.fail },
    deviceById: () => device,
    desk: {
      take: () => {
        taken += 1;
        return Promise.resolve(ok(undefined));
      },
    },
    newId: () => {
      answers += 1;
      return 'x';
    },
    nowMs: () => NOW_MS,
  } as unknown as Hl7Ports;

  async function opened(): Promise<Listening> {
    const senders = readSenders(JSON.stringify({ senders: [SENDER] }));
    assert.ok(typeof senders !== 'string');
    return await openHl7Door({ host: '127.0.0.1', port: 0, senders, tls: undefined }, ports);
  }

  async function connected({ port }: Listening): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  }

  test('an admission system has an allowance: beyond it nothing is done, and it may come again', async () => {
    await using door = await opened();
    const socket = await connected(door);
    const told = writeAdt(
      { action: 'admit', recordNumber: 'M1', recordedMs: NOW_MS },
      { application: 'HIS', facility: '', controlId: '1' },
    );
    const ask = async (): Promise<string> => {
      socket.write(frameMllp(new TextEncoder().encode(told)));
      return String((await once(socket, 'data'))[0]);
    };
    assert.match(await ask(), /MSA\|AA\|/);
    while (device.allowance.take({ kind: 'nothing', bytes: 0 }, NOW_MS));
    assert.match(await ask(), /MSA\|AR\|[\s\S]*RATE_EXCEEDED/);
    assert.equal(taken, 1);
    socket.destroy();
  });

  test('who sends frames without anything in them is answered some of them, and sent away', async () => {
    await using door = await opened();
    const socket = await connected(door);
    socket.on('error', () => socket.destroy());
    answers = 0;
    socket.write(new Uint8Array(64 * 1024).fill(MLLP_START));
    socket.resume();
    await once(socket, 'close');
    assert.ok(answers > 0 && answers <= 1_024, `${answers} answers`);
  });
});
