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
  let nowMs = NOW_MS;
  let waits = 0;
  let answers = 0;
  let taken = 0;
  const device = new RegisteredDevice({
    id: parseDeviceId('his') as DeviceId,
    organisationId: 'o' as OrganisationId,
    model: 'unknown',
    tokenHash: new Uint8Array(32),
  });
  // What is taken here is admissions alone, and nothing else of the intake or of beds is asked for them.
  const unasked = (): never => assert.fail('it is asked');
  const ports: Hl7Ports = {
    intake: {
      ...{ append: unasked, registry: { provide: unasked }, parking: { park: unasked } },
      ...{ isFull: () => false, contentId: () => 'id', onProblem: assert.fail },
      ...{ pressure: unasked, watchRefused: unasked },
    },
    isMeant: unasked,
    beds: { introduce: unasked, settle: unasked, deviceOfBed: unasked },
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
    nowMs: () => nowMs,
    after: (delayMs: number, run: () => void) => {
      nowMs += delayMs;
      waits += 1;
      setImmediate(run);
    },
  };

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

  const told = (controlId: string): string =>
    writeAdt(
      { action: 'admit', recordNumber: 'M1', recordedMs: NOW_MS },
      { application: 'HIS', facility: '', controlId },
    );
  const frame = (text: string) => frameMllp(new TextEncoder().encode(text));
  const empty = (): void => {
    while (device.allowance.take({ kind: 'nothing', bytes: 0 }, nowMs));
  };

  /** Control ids and codes of the next answers, in their order. */
  async function answersOf(socket: Socket, count: number): Promise<string[]> {
    let text = '';
    for (;;) {
      text += String((await once(socket, 'data'))[0]);
      const found = [...text.matchAll(/MSA\|(\w\w)\|(\w+)/g)].map(
        ([, code, id]) => `${id} ${code}`,
      );
      if (found.length >= count) return found;
    }
  }

  test('beyond its allowance a message waits until there is room, and those behind it keep their order', async () => {
    await using door = await opened();
    const socket = await connected(door);
    socket.write(frame(told('1')));
    assert.deepEqual(await answersOf(socket, 1), ['1 AA']);
    empty();
    [waits, taken] = [0, 0];
    const ids = ['2', '3', '4'];
    socket.write(Buffer.concat(ids.map((id) => frame(told(id)))));
    assert.deepEqual(await answersOf(socket, 3), ['2 AA', '3 AA', '4 AA']);
    assert.equal(taken, 3);
    assert.ok(waits >= 1 && waits <= 5, `${waits} waits`);
    socket.destroy();
  });

  test('what has waited its time is refused, may come again, and nothing of it is done', async () => {
    await using door = await opened();
    const socket = await connected(door);
    const { allowance } = device;
    const take = allowance.take.bind(allowance);
    allowance.take = () => false;
    const startMs = nowMs;
    taken = 0;
    socket.write(Buffer.concat([frame(told('1')), frame(told('2'))]));
    assert.deepEqual(await answersOf(socket, 2), ['1 AR', '2 AR']);
    assert.equal(taken, 0);
    const waitedMs = nowMs - startMs;
    assert.ok(waitedMs >= 8_000 && waitedMs <= 8_500, `${waitedMs} ms for both, not for each`);
    allowance.take = take;
    socket.write(frame(told('1')));
    assert.deepEqual(await answersOf(socket, 1), ['1 AA']);
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
