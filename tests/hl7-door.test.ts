/** The HL7 v2 door, with real sockets: who is heard, what is stored, and how it is answered. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { decodeRuns } from '@ausculta/blocks/waveform-block';
import { writeObservations } from '@ausculta/codecs/hl7-writer';
import { frameMllp } from '@ausculta/codecs/mllp';
import type { SubjectView } from '@ausculta/contract/subjects';
import { runPeer } from './support/debian-peers.ts';
import { fields, heartRate, type MllpClient, message, openMllp } from './support/hl7-messages.ts';
import { missingMllpSend } from './support/hl7-peers.ts';
import {
  eventually,
  type ServerHere,
  startServerHere,
  type TestDevice,
  temporaryDirectory,
} from './support/server.ts';

const LOOPBACK = ['127.0.0.1'];

describe('the HL7 door', () => {
  let here: ServerHere;
  let monitor: TestDevice;
  let bed: TestDevice;
  let freeBytes = Number.MAX_SAFE_INTEGER;
  const clients: MllpClient[] = [];

  before(async () => {
    const directory = await temporaryDirectory();
    const file = join(directory, 'senders.json');
    const gateway = { application: 'GATEWAY', device: 'gateway-1', addresses: LOOPBACK };
    const senders = [
      { application: 'MONITOR', device: 'monitor-1', addresses: LOOPBACK },
      { ...gateway, speaksFor: ['icu-*'], checksPatient: false },
      { application: 'FAR', device: 'monitor-1', addresses: ['10.0.0.0/8'] },
      { application: 'GHOST', device: 'nobody', addresses: LOOPBACK },
      { application: 'RETIRED', device: 'icu-8', addresses: LOOPBACK },
    ];
    writeFileSync(file, JSON.stringify({ senders }));
    const hl7 = { host: '127.0.0.1', port: 0, listFile: file, tls: undefined };
    const outside = { freeBytesAt: () => Promise.resolve(freeBytes) };
    here = await startServerHere({ config: { hl7 }, outside });
    const patient = await here.server.addSubject('Door');
    monitor = await here.server.addDevice(patient.id, 'monitor-1');
    await here.server.addGateway('gateway-1');
    bed = await here.server.addDevice((await here.server.addSubject('Bed')).id, 'icu-7');
  });
  after(async () => {
    for (const client of clients) client.end();
    await here?.[Symbol.asyncDispose]();
  });

  async function open(): Promise<MllpClient> {
    const client = await openMllp(here.hl7Port);
    clients.push(client);
    return client;
  }

  const valuesOf = async ({ subjectId }: TestDevice) =>
    (await here.server.readings(subjectId, 'heart-rate')).map(({ value }) => value);

  test('a known monitor is acknowledged once its reading can be read back', async () => {
    const answer = await (await open()).ask(message({ id: 'A1', rows: [heartRate(61)] }));
    assert.deepEqual(fields(answer, 'MSA').slice(1), ['AA', 'A1']);
    assert.deepEqual(await valuesOf(monitor), [61]);
  });

  test('a waveform is acknowledged once its samples can be read back', async () => {
    const nowMs = Date.now();
    const samples = Int32Array.from({ length: 250 }, (_, i) => i % 50);
    const rate = { numerator: 250, denominator: 1 };
    const run = { metric: 'ecg-ii', startMs: nowMs, rate, samples, gain: 200, zero: 0, flags: 0 };
    const path = `/api/subjects/${monitor.subjectId}`;
    const { identity } = await here.server.get<SubjectView>(path);
    const wearer = { ...identity, location: { unit: '', room: '', bed: '', facility: '' } };
    const sender = { application: 'MONITOR', equipment: 'monitor-1', nowMs, controlId: 'W1' };
    const told = writeObservations({ readings: [], waveforms: [run] }, wearer, sender);
    assert.deepEqual(fields(await (await open()).ask(told), 'MSA').slice(1), ['CA', 'W1']);
    const span = `from=${nowMs - 1_000}&to=${nowMs + 2_000}`;
    const wave = await here.server.fetch(`${path}/waveforms?metrics=ecg-ii&${span}`);
    const found = decodeRuns(new Uint8Array(await wave.arrayBuffer()), NO_COMPRESSION);
    assert.deepEqual(found.ok && found.value.flatMap((each) => [...each.samples]), [...samples]);
  });

  test('in the enhanced mode a CA says that the message is safe', async () => {
    const answer = await (await open()).ask(
      message({ id: 'E1', modes: 'AL|NE', rows: [heartRate(62)] }),
    );
    assert.deepEqual(fields(answer, 'MSA').slice(1), ['CA', 'E1']);
  });

  test('a gateway speaks for the devices of OBX-18 that it may speak for', async () => {
    const client = await open();
    const rows = [heartRate(63, 'icu-7^^icu-7^EUI-64'), heartRate(64, 'monitor-1')];
    const answer = await client.ask(message({ application: 'GATEWAY', id: 'G1', rows }));
    // One row was stored; the other is parked, and no reason to send the message again.
    assert.equal(fields(answer, 'MSA')[1], 'AA');
    assert.deepEqual(await valuesOf(bed), [63]);
    assert.ok(!(await valuesOf(monitor)).includes(64));
    const refused = await client.ask(
      message({ application: 'GATEWAY', id: 'G2', rows: rows.slice(1) }),
    );
    assert.equal(fields(refused, 'MSA')[1], 'AE');
    assert.match(fields(refused, 'ERR')[7] ?? '', /DEVICE_UNKNOWN/);
  });

  test('a device that was taken out of use is heard no more, nor is it spoken for', async () => {
    const client = await open();
    await here.server.addDevice((await here.server.addSubject('Retired')).id, 'icu-8');
    const own = (id: string) => message({ application: 'RETIRED', id, rows: [heartRate(68)] });
    assert.equal(fields(await client.ask(own('D1')), 'MSA')[1], 'AA');
    await here.server.post('/api/devices/icu-8/unassignment', {});
    await here.server.post('/api/devices/icu-8/disable', {});
    const rows = [heartRate(69, 'icu-8^^icu-8^EUI-64')];
    const spokenFor = message({ application: 'GATEWAY', id: 'D2', rows });
    for (const asked of [own('D3'), spokenFor]) {
      assert.match(fields(await client.ask(asked), 'ERR')[7] ?? '', /DEVICE_UNKNOWN/);
    }
  });

  test("another patient's number keeps a reading out of the record", async () => {
    const client = await open();
    const other = await client.ask(message({ id: 'P1', pid: 'SOMEBODY', rows: [heartRate(65)] }));
    assert.equal(fields(other, 'MSA')[1], 'AE');
    assert.equal(fields(other, 'ERR')[7], 'PATIENT_DIFFERS');
    assert.ok(!other.includes('SOMEBODY'));
    const kept = await here.database.line<{ subject_id: string | null }[]>`
      SELECT subject_id FROM parked WHERE device_id = 'monitor-1' AND fault = 'PATIENT_DIFFERS'`;
    assert.deepEqual(
      [...kept],
      [{ subject_id: null }],
      'not under the key of whom it is not about',
    );
    const { identity } = await here.server.get<{ identity: { recordNumber: string } }>(
      `/api/subjects/${monitor.subjectId}`,
    );
    const own = await client.ask(
      message({ id: 'P2', pid: identity.recordNumber, rows: [heartRate(66)] }),
    );
    assert.equal(fields(own, 'MSA')[1], 'AA');
    const values = await valuesOf(monitor);
    assert.ok(values.includes(66) && !values.includes(65));
  });

  const REFUSED = [
    { name: 'a stranger', said: { application: 'STRANGER' }, fault: 'CREDENTIALS_REFUSED' },
    {
      name: "a sender from another's address",
      said: { application: 'FAR' },
      fault: 'CREDENTIALS_REFUSED',
    },
    {
      name: 'a sender whose device is not registered',
      said: { application: 'GHOST' },
      fault: 'DEVICE_UNKNOWN',
    },
    {
      name: 'a type of message that is not taken',
      said: { type: 'ADT^A01^ADT_A01' },
      fault: 'PAYLOAD_MALFORMED',
    },
    {
      name: 'a value that is none',
      said: { rows: [heartRate('fast')] },
      fault: 'PAYLOAD_MALFORMED',
    },
  ];
  for (const [index, { name, said, fault }] of REFUSED.entries()) {
    test(`${name} hears an error that names its reason`, async () => {
      const answer = await (await open()).ask(
        message({ id: `R${index}`, rows: [heartRate(67)], ...said }),
      );
      assert.deepEqual(fields(answer, 'MSA').slice(1), ['AE', `R${index}`]);
      assert.equal(fields(answer, 'ERR')[7], fault);
    });
  }

  test('nonsense in a frame is answered, and the connection lives on', async () => {
    const client = await open();
    assert.equal(fields(await client.ask('nonsense'), 'MSA')[1], 'AE');
    client.write(Uint8Array.of(65, 66, 67));
    assert.equal(
      fields(await client.ask(message({ id: 'N1', rows: [heartRate(68)] })), 'MSA')[1],
      'AA',
    );
  });

  test('a monitor without a patient, with rows that say nothing, is in order', async () => {
    const answer = await (await open()).ask(message({ id: 'X1', rows: [heartRate('')] }));
    assert.equal(fields(answer, 'MSA')[1], 'AA');
  });

  test('messages sent without waiting are answered each, in their order', async () => {
    const client = await open();
    const frames = Array.from({ length: 200 }, (_, i) =>
      frameMllp(
        new TextEncoder().encode(message({ id: `B${i}`, rows: [heartRate(70 + (i % 5))] })),
      ),
    );
    client.write(Buffer.concat(frames));
    await eventually('200 answers', () => Promise.resolve(client.answers[199]));
    assert.deepEqual(
      client.answers.map((answer) => fields(answer, 'MSA').slice(1).join()),
      frames.map((_, i) => `AA,B${i}`),
    );
  });

  test('what could not be made durable is an AR, and the same message is taken later', async () => {
    const told = message({ id: 'D1', rows: [heartRate(69)] });
    const client = await open();
    const isReady = async (wanted: boolean) => {
      const { ready } = await here.server.get<{ ready: boolean }>('/api/status');
      return ready === wanted ? true : undefined;
    };
    // Asked only once it is known: what is on its way when the room ends waits for its commit.
    freeBytes = 0;
    await eventually('a full disk', () => isReady(false));
    assert.equal(fields(await client.ask(told), 'MSA')[1], 'AR');
    freeBytes = Number.MAX_SAFE_INTEGER;
    await eventually('room', () => isReady(true));
    assert.equal(fields(await client.ask(told), 'MSA')[1], 'AA');
  });
});

describe('a sender that we did not write', { skip: missingMllpSend() ?? false }, () => {
  test('mllp_send sends its messages one after the other and hears AA for each', async () => {
    const directory = await temporaryDirectory();
    const sendersFile = join(directory, 'senders.json');
    const sender = { application: 'MONITOR', device: 'monitor-2', addresses: LOOPBACK };
    writeFileSync(sendersFile, JSON.stringify({ senders: [sender] }));
    const hl7 = { host: '127.0.0.1', port: 0, listFile: sendersFile, tls: undefined };
    await using here = await startServerHere({ config: { hl7 } });
    const subject = await here.server.addSubject();
    await here.server.addDevice(subject.id, 'monitor-2');
    const messages = [81, 82, 83].map((value, i) =>
      message({ id: `M${i}`, atMs: Date.now() - 1000 + i, rows: [heartRate(value)] }),
    );
    const file = join(directory, 'messages.hl7');
    writeFileSync(file, messages.map((text) => `\v${text}\x1c\r`).join(''));
    const args = ['--port', String(here.hl7Port), '--file', file, '127.0.0.1'];
    const { code, output } = await runPeer('mllp_send', args);
    assert.equal(code, 0, output);
    assert.equal(output.match(/MSA\|AA\|M\d/g)?.length, 3, output);
    const stored = await here.server.readings(subject.id, 'heart-rate');
    assert.deepEqual(
      stored.map(({ value }) => value),
      [81, 82, 83],
    );
  });
});

describe('the HL7 door over TLS', { skip: opensslIsMissing() }, () => {
  let directory = '';
  let here: ServerHere;

  before(async () => {
    // One that a test makes itself is gone when the suite's `before` is over.
    directory = mkdtempSync(join(tmpdir(), 'ausculta-test-'));
    makeCertificates(directory);
    const fingerprint = openssl(directory, 'x509 -in client.pem -noout -fingerprint -sha256');
    const certificate = fingerprint.split('=')[1]?.trim();
    const sendersFile = join(directory, 'senders.json');
    const sender = { application: 'MONITOR', device: 'monitor-3', certificate };
    writeFileSync(sendersFile, JSON.stringify({ senders: [sender] }));
    const file = (name: string) => join(directory, name);
    const tls = {
      setting: 'AUSCULTA_HL7_TLS',
      certFile: file('server.pem'),
      keyFile: file('server.key'),
      caFile: file('ca.pem'),
    };
    here = await startServerHere({
      config: { hl7: { host: '127.0.0.1', port: 0, listFile: sendersFile, tls } },
    });
    await here.server.addDevice((await here.server.addSubject()).id, 'monitor-3');
  });
  after(async () => {
    await here?.[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  /** What openssl s_client hears when it sends a message with this certificate. */
  async function send(certificate: string | undefined): Promise<string> {
    const own =
      certificate === undefined
        ? []
        : ['-cert', `${certificate}.pem`, '-key', `${certificate}.key`];
    const paths = own.map((arg) => (arg.startsWith('-') ? arg : join(directory, arg)));
    const args = [
      's_client',
      '-connect',
      `127.0.0.1:${here.hl7Port}`,
      '-quiet',
      '-CAfile',
      join(directory, 'ca.pem'),
    ];
    const said = `\v${message({ id: 'T1', rows: [heartRate(84)] })}\x1c\r`;
    return await talk(args.concat(paths), said);
  }

  test('openssl s_client with the certificate on the list is acknowledged', async () => {
    assert.match(await send('client'), /MSA\|AA\|T1/);
  });

  test('another certificate of the same authority, or none, hears nothing', async () => {
    assert.doesNotMatch(await send('other'), /MSA/);
    assert.doesNotMatch(await send(undefined), /MSA/);
  });
});

function opensslIsMissing(): string | false {
  const { error } = spawnSync('openssl', ['version'], { stdio: 'ignore' });
  return error === undefined ? false : 'no openssl here: install openssl to try it';
}

function openssl(directory: string, words: string): string {
  const { status, stdout, stderr } = spawnSync('openssl', words.split(' '), {
    cwd: directory,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

/** An authority, and what it signed: the server's, a sender's, and somebody else's. */
function makeCertificates(directory: string): void {
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2';
  openssl(directory, `req -x509 ${key} -keyout ca.key -out ca.pem -subj /CN=authority`);
  for (const name of ['server', 'client', 'other']) {
    openssl(directory, `req ${key} -keyout ${name}.key -out ${name}.csr -subj /CN=${name}`);
    openssl(
      directory,
      `x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out ${name}.pem`,
    );
  }
}

/** Runs openssl until it has heard an answer or its connection has ended. */
async function talk(args: readonly string[], said: string): Promise<string> {
  const child = spawn('openssl', args, { stdio: 'pipe', timeout: 10_000 });
  let heard = '';
  child.stdout.on('data', (bytes) => {
    heard += String(bytes);
    if (heard.includes('\x1c')) child.kill();
  });
  child.stdin.on('error', () => undefined);
  child.stdin.write(said);
  await once(child, 'close');
  return heard;
}
