/** Bedside feeds over HL7 v2 whose patient nobody knows: stored, shown, watched, and named later. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { DeviceView } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import { readyLimits } from '@ausculta/rules/adult-limits';
import { freshDatabase } from './support/database.ts';
import { fields, heartRate, type MllpClient, message, openMllp } from './support/hl7-messages.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  temporaryDirectory,
} from './support/server.ts';

const HERE = { addresses: ['127.0.0.1'] };
const SENDERS = [
  {
    application: 'STATION',
    device: 'station-1',
    speaksFor: ['icu-*'],
    beds: { ICU: 'adult', '*': 'unknown' },
    ...HERE,
  },
  { application: 'MONITOR', device: 'monitor-7', beds: { ICU: 'adult' }, ...HERE },
  { application: 'WANDERER', device: 'monitor-9', beds: { ICU: 'adult' }, ...HERE },
  { application: 'DEAF', device: 'deaf-1', speaksFor: ['icu-*'], ...HERE },
];

describe('a bed whose patient nobody knows', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  let aheadMs = 0;
  const clients: MllpClient[] = [];

  before(async () => {
    const directory = await temporaryDirectory();
    const sendersFile = join(directory, 'senders.json');
    writeFileSync(sendersFile, JSON.stringify({ senders: SENDERS }));
    const config = { hl7: { host: '127.0.0.1', port: 0, listFile: sendersFile, tls: undefined } };
    here = await startServerHere({ config, outside: { nowMs: () => Date.now() + aheadMs } });
    server = here.server;
    for (const { device } of SENDERS)
      await server.addDevice((await server.addSubject(device)).id, device);
  });
  after(async () => {
    for (const client of clients) client.end();
    assert.deepEqual(here.problems, []);
    await here?.[Symbol.asyncDispose]();
  });

  const open = async (): Promise<MllpClient> => {
    const client = await openMllp(here.hl7Port);
    clients.push(client);
    return client;
  };

  let told = 0;
  const station = (bed: string, rate: number, more: object = {}) =>
    message({
      application: 'STATION',
      id: `S${told++}`,
      bed,
      atMs: Date.now() + aheadMs,
      rows: [heartRate(rate)],
      ...more,
    });

  const subjects = async () =>
    (await server.get<{ subjects: SubjectView[] }>('/api/subjects')).subjects;
  const inBed = async (bed: string) =>
    (await subjects()).filter(({ identity }) => identity.bed === bed);
  const code = (answer: string) => fields(answer, 'MSA')[1];
  const rates = async ({ id }: { id: string }) =>
    (await server.readings(id, 'heart-rate')).map(({ value }) => value);
  async function theOneIn(bed: string): Promise<SubjectView> {
    const [only, ...others] = await inBed(bed);
    assert.ok(only !== undefined && others.length === 0, `${others.length} others in bed ${bed}`);
    return only;
  }

  test('is an unknown patient of its own: stored, named after the bed, with the limits of its ward', async () => {
    assert.equal(code(await (await open()).ask(station('ICU^^7', 80))), 'AA');
    const unknown = await theOneIn('7');
    const { familyName, givenName, ward, birthDate } = unknown.identity;
    assert.deepEqual(
      [familyName, givenName, ward, birthDate],
      ['Bed 7', 'unknown', 'ICU', undefined],
    );
    assert.deepEqual([unknown.kind, unknown.category], ['bed', 'adult']);
    assert.deepEqual(await rates(unknown), [80]);
  });

  test('is watched: a rate beyond the limit calls', async () => {
    const client = await open();
    for (const back of [4_000, 3_000, 2_000, 1_000, 0]) {
      const atMs = Date.now() + aheadMs - back;
      assert.equal(code(await client.ask(station('ICU^^8', 170, { atMs }))), 'AA');
    }
    const { id } = await theOneIn('8');
    const alarm = await eventually('an alarm', async () =>
      (await server.alarms(id)).find(({ metric }) => metric === 'heart-rate'),
    );
    assert.equal(alarm.priority, 'high');
  });

  test('a monitor that names another bed again and again does not make patients without end', async () => {
    await server.post('/api/devices/monitor-9/unassignment', {});
    const client = await open();
    const answers: string[] = [];
    for (let i = 0; i < 16; i += 1) {
      const said = { application: 'WANDERER', atMs: Date.now() + aheadMs };
      answers.push(await client.ask(station(`ICU^^W${i % 2}`, 80, said)));
    }
    // The last bed that it was at is its own still.
    assert.deepEqual(answers.map(code), [...Array(12).fill('AA'), 'AE', 'AA', 'AE', 'AA']);
    assert.match(fields(answers[12] ?? '', 'ERR')[7] ?? '', /MOVEMENT_REFUSED/);
    assert.equal((await inBed('W0')).length + (await inBed('W1')).length, 12);
  });

  test('of a ward whose patients nobody has stated has no limits, and says so', async () => {
    await (await open()).ask(station('WARD 3^^1', 170));
    const unknown = await theOneIn('1');
    assert.equal(unknown.category, 'unknown');
    assert.deepEqual(readyLimits(unknown.category), []);
    assert.deepEqual(await rates(unknown), [170]);
  });

  test('messages that arrive together make one, and the name of the message is not believed', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, open));
    const baseMs = Date.now() + aheadMs;
    const asked = all.map((client, i) =>
      client.ask(station('ICU^^9', 60 + i, { pid: 'X-1', atMs: baseMs - i })),
    );
    assert.deepEqual(
      (await Promise.all(asked)).map(code),
      all.map(() => 'AA'),
    );
    const unknown = await theOneIn('9');
    assert.equal((await rates(unknown)).length, 12);
    assert.notEqual(unknown.identity.recordNumber, 'X-1');
  });

  test('a place without a bed, and a sender that is not believed, make nobody', async () => {
    const before = (await subjects()).length;
    const client = await open();
    const row = [heartRate(70, 'icu-nobody^^icu-nobody^EUI-64')];
    assert.equal(code(await client.ask(station('ICU^4^', 70, { rows: row }))), 'AE');
    const deaf = station('ICU^^10', 70, { application: 'DEAF', rows: row });
    const refused = await client.ask(deaf);
    assert.equal(fields(refused, 'ERR')[7], 'DEVICE_UNKNOWN');
    assert.equal((await subjects()).length, before);
  });

  test('a monitor that nobody wears any more goes on as its bed’s unknown patient', async () => {
    await server.post('/api/devices/monitor-7/unassignment', {});
    const client = await open();
    const say = (rate: number, more = {}) =>
      client.ask(station('ICU^^11', rate, { application: 'MONITOR', ...more }));
    assert.equal(code(await say(71)), 'AA');
    const unknown = await theOneIn('11');
    assert.deepEqual(
      unknown.devices.map(({ id }) => id),
      ['monitor-7'],
    );
    // It names a patient now: from here on it is theirs, and what was before is not guessed.
    const anna = await server.addSubject('Anna');
    assert.equal(code(await say(72, { pid: anna.identity.recordNumber })), 'AA');
    assert.deepEqual([await rates(unknown), await rates(anna)], [[71], [72]]);
    // The last patient's number, left in the monitor: refused, as everywhere.
    assert.equal(fields(await say(73, { pid: 'OTHER' }), 'ERR')[7], 'PATIENT_DIFFERS');
    assert.equal(code(await say(74)), 'AA');
    assert.deepEqual(await rates(anna), [72, 74]);
  });

  test('is named later: what was measured becomes the patient’s', async () => {
    await (await open()).ask(station('ICU^^12', 75));
    const unknown = await theOneIn('12');
    const cleo = await server.addSubject('Cleo');
    const [device] = unknown.devices;
    assert.ok(device !== undefined);
    const from = new Date(Date.now() + aheadMs - 120_000).toISOString();
    const path = `/api/devices/${device.id}`;
    await server.post(`${path}/correction`, { subjectId: cleo.id, from, until: null });
    await eventually('the move', async () => {
      const { reattributions } = await server.get<DeviceView>(path);
      return reattributions.every(({ stage }) => stage === 'done') ? true : undefined;
    });
    assert.equal(code(await (await open()).ask(station('ICU^^12', 76))), 'AA');
    assert.deepEqual([await rates(unknown), await rates(cleo)], [[], [75, 76]]);
  });

  test('after an hour of silence whoever lies there is another unknown patient', async () => {
    const client = await open();
    await client.ask(station('ICU^^13', 80));
    const first = await theOneIn('13');
    aheadMs += 59 * 60_000;
    await client.ask(station('ICU^^13', 81));
    assert.equal((await inBed('13')).length, 1, 'less than an hour');
    aheadMs += 61 * 60_000;
    await client.ask(station('ICU^^13', 82));
    const others = (await inBed('13')).filter(({ id }) => id !== first.id);
    assert.equal(others.length, 1);
    assert.deepEqual(await Promise.all(others.map(rates)), [[82]]);
  });

  test('erased: the next message makes a new one', async () => {
    await (await open()).ask(station('ICU^^15', 80));
    const unknown = await theOneIn('15');
    const { recordNumber } = unknown.identity;
    await server.post(`/api/subjects/${unknown.id}/erasure`, {
      recordNumber,
      stopMonitoring: true,
    });
    assert.equal(code(await (await open()).ask(station('ICU^^15', 81))), 'AA');
    const next = await theOneIn('15');
    assert.notEqual(next.id, unknown.id);
    assert.deepEqual(await rates(next), [81]);
  });
});

test('after a restart a bed goes on with the unknown patient that it had', async () => {
  const directory = await temporaryDirectory();
  const sendersFile = join(directory, 'senders.json');
  const [sender] = SENDERS;
  writeFileSync(sendersFile, JSON.stringify({ senders: [sender] }));
  await using database = await freshDatabase();
  const config = {
    hl7: { host: '127.0.0.1', port: 0, listFile: sendersFile, tls: undefined },
    database: database.connection,
    dataDir: await temporaryDirectory(),
  };
  const say = async (port: number | undefined, rate: number) => {
    const client = await openMllp(port);
    const said = { application: 'STATION', bed: 'ICU^^7', rows: [heartRate(rate)] };
    const answer = await client.ask(message({ id: String(rate), ...said }));
    client.end();
    assert.equal(fields(answer, 'MSA')[1], 'AA');
  };
  const inBed = async (server: ServerUnderTest) => {
    const { subjects } = await server.get<{ subjects: SubjectView[] }>('/api/subjects');
    return subjects.filter(({ identity }) => identity.bed === '7').map(({ id }) => id);
  };
  let before: string[] = [];
  {
    await using here = await startServerHere({ config });
    await here.server.addDevice((await here.server.addSubject()).id, 'station-1');
    await say(here.hl7Port, 80);
    before = await inBed(here.server);
    assert.equal(before.length, 1);
  }
  // Nothing of a place stands in the clear.
  const rows = await database.line`SELECT sealed FROM stay`;
  const beds = await database.line`SELECT bed_sealed FROM bed_device`;
  assert.deepEqual([rows.length, beds.length], [1, 1]);
  assert.ok(
    ![rows[0]?.sealed, beds[0]?.bed_sealed].some((sealed) => String(sealed).includes('ICU')),
  );
  await using again = await startServerHere({ config });
  await say(again.hl7Port, 81);
  assert.deepEqual(await inBed(again.server), before);
  assert.equal((await again.server.readings(before[0] ?? '', 'heart-rate')).length, 2);
});
