/** Admission messages over HL7 v2: who lies where, and whose the devices at the beds are. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RefusedAdmissionList } from '@ausculta/contract/admissions';
import type { ParkedList } from '@ausculta/contract/parked';
import { bed, code, fault, House, sendersFile } from './support/admission-house.ts';
import { freshDatabase, type TestDatabase } from './support/database.ts';
import { fields, heartRate, message } from './support/hl7-messages.ts';
import {
  eventually,
  type ServerUnderTest,
  startServerHere,
  temporaryDirectory,
} from './support/server.ts';

describe('an admission system', () => {
  let house: House;
  let server: ServerUnderTest;
  let database: TestDatabase;
  let freeBytes = Number.MAX_SAFE_INTEGER;

  before(async () => {
    const hl7 = { host: '127.0.0.1', port: 0, listFile: await sendersFile(), tls: undefined };
    const outside = { freeBytesAt: () => Promise.resolve(freeBytes) };
    const here = await startServerHere({ config: { hl7 }, outside });
    house = new House(here);
    ({ server } = house);
    ({ database } = here);
    await house.register();
  });
  after(async () => {
    house.end();
    assert.deepEqual(house.here.problems, []);
    await house.here[Symbol.asyncDispose]();
  });

  const NAMED = {
    familyName: 'Aalto',
    givenName: 'Anna',
    sex: 'female',
    birthDate: '1961-03-01',
  } as const;

  test('admits: a patient with name, number and bed, and the category of the ward', async () => {
    await house.done('admit', 'M1', { ...NAMED, location: bed('1') });
    const { identity, category, kind } = await house.patient('M1');
    assert.deepEqual(
      { ...identity, category, kind },
      { ...NAMED, recordNumber: 'M1', ward: 'ICU', bed: '1', category: 'adult', kind: 'patient' },
    );
    const [audited] = await database.line`
      SELECT act, account_id, detail_sealed FROM audit_leaf WHERE act = 'patient-admitted'`;
    assert.equal(audited?.account_id, null);
    assert.ok(!Buffer.from(audited?.detail_sealed ?? []).includes('Aalto'));
  });

  test('admits to another ward, or a child: no category is guessed', async () => {
    await house.done('admit', 'M2', { ...NAMED, location: bed('1', 'PEDS') });
    assert.equal((await house.patient('M2')).category, 'unknown');
    await house.done('admit', 'M3', { ...NAMED, birthDate: '2020', location: bed('3') });
    assert.equal((await house.patient('M3')).category, 'child');
  });

  test('tells of a new patient twice at once, with a monitor that names them: one patient', async () => {
    const clients = await Promise.all(Array.from({ length: 12 }, () => house.open()));
    const baseMs = Date.now();
    const asked = clients.map((client, i) => {
      const rows = [heartRate(60 + i)];
      const feed = {
        application: 'STATION',
        id: `F${i}`,
        bed: 'ICU^^4',
        pid: 'M4',
        atMs: baseMs - i,
      };
      return client.ask(
        i % 3 === 0
          ? message({ ...feed, rows })
          : house.write('admit', 'M4', { ...NAMED, location: bed('4'), recordedMs: baseMs }),
      );
    });
    assert.deepEqual(
      (await Promise.all(asked)).map(fault),
      clients.map(() => 'AA undefined'),
    );
    const { id, devices } = await house.patient('M4');
    assert.equal(devices.length, 1);
    const all = await Promise.all(
      [{ id }, ...(await house.unknownIn('4'))].map((s) => house.rates(s)),
    );
    assert.equal(all.flat().length, 4);
    const moved = await database.line`SELECT what FROM movement WHERE subject_id = ${id}`;
    assert.equal(moved.length, 8);
  });

  test('says the same message again: nothing changes', async () => {
    const told = house.write('admit', 'M5', { location: bed('5') });
    const client = await house.open();
    assert.equal(code(await client.ask(told)), 'AA');
    await house.done('transfer', 'M5', { location: bed('5b') });
    const count = async () => await database.line`SELECT count(*)::int AS count FROM audit_leaf`;
    const before = await count();
    assert.equal(code(await client.ask(told)), 'AA');
    assert.deepEqual(await count(), before);
    assert.equal((await house.patient('M5')).identity.bed, '5b');
  });

  test('names the unknown patient of a bed, from when it says that they came', async () => {
    const nowMs = Date.now();
    await house.measure('6', 61, nowMs - 40_000);
    await house.measure('6', 62, nowMs - 10_000);
    await house.done('admit', 'M6', { location: bed('6'), occurredMs: nowMs - 20_000 });
    await house.measure('6', 63);
    assert.deepEqual(await house.ratesOf('M6'), [62, 63]);
    const unknown = await house.unknownIn('6');
    assert.deepEqual(await Promise.all(unknown.map((one) => house.rates(one))), [[61]]);
  });

  test('transfers: the beds keep their devices, and a cancellation brings all back', async () => {
    await house.measure('7', 60, Date.now() - 5_000);
    await house.done('admit', 'M7', { location: bed('7'), occurredMs: Date.now() - 50_000 });
    await house.measure('8', 70);
    const movedMs = Date.now() - 1_000;
    await house.done('transfer', 'M7', {
      location: bed('8'),
      priorLocation: bed('7'),
      occurredMs: movedMs,
    });
    await house.measure('7', 61);
    await house.measure('8', 71);
    assert.deepEqual(await house.ratesOf('M7'), [60, 70, 71]);
    await house.done('cancel-transfer', 'M7');
    assert.equal((await house.patient('M7')).identity.bed, '7');
    await house.measure('7', 62);
    await house.measure('8', 72);
    assert.deepEqual(await house.ratesOf('M7'), [60, 61, 62]);
  });

  test('discharges: what is measured then is nobody’s whom we know, unless it is taken back', async () => {
    await house.measure('9', 60, Date.now() - 3_000);
    await house.done('admit', 'M9', { location: bed('9'), occurredMs: Date.now() - 50_000 });
    await house.done('discharge', 'M9', { occurredMs: Date.now() - 1_000 });
    assert.deepEqual((await house.patient('M9')).devices, []);
    await house.measure('9', 61);
    assert.deepEqual(await house.ratesOf('M9'), [60]);
    assert.equal((await house.unknownIn('9')).length > 0, true);
    await house.done('cancel-discharge', 'M9');
    await house.measure('9', 62);
    assert.deepEqual(await house.ratesOf('M9'), [60, 61, 62]);
  });

  test('does not undo what somebody at the bed has corrected since, however often it is said', async () => {
    await house.measure('14', 60, Date.now() - 20_000);
    await house.done('admit', 'M14', { location: bed('14'), occurredMs: Date.now() - 50_000 });
    await house.done('admit', 'M15');
    await correct(house, { from: 'M14', to: 'M15' });
    await house.measure('14', 61);
    await house.done('update', 'M14', { familyName: 'Berg' });
    await house.measure('14', 62);
    assert.deepEqual(await house.ratesOf('M15'), [60, 61, 62]);
    assert.deepEqual(await house.ratesOf('M14'), []);
    // A new statement is another matter.
    await house.done('transfer', 'M14', { location: bed('16') });
    await house.done('transfer', 'M14', { location: bed('14') });
    await house.measure('14', 63);
    assert.deepEqual(await house.ratesOf('M14'), [63]);
  });

  test('takes an admission back: what was measured was somebody’s whom nobody knows', async () => {
    await house.done('admit', 'M10', { location: bed('10') });
    await house.measure('10', 60);
    assert.deepEqual(await house.ratesOf('M10'), [60]);
    await house.done('cancel-admit', 'M10');
    assert.deepEqual(await house.ratesOf('M10'), []);
    const unknown = await house.unknownIn('10');
    assert.deepEqual(await Promise.all(unknown.map((one) => house.rates(one))), [[60]]);
  });

  test('updates a name; an older message does not bring the old one back', async () => {
    const recordedMs = Date.now();
    await house.done('admit', 'M11', { ...NAMED, recordedMs: recordedMs - 2 });
    await house.done('update', 'M11', { familyName: 'Berg', recordedMs });
    const late = await house.say('update', 'M11', {
      familyName: 'Zorn',
      recordedMs: recordedMs - 1,
    });
    assert.equal(fault(late), 'AE MOVEMENT_LATE');
    const { identity } = await house.patient('M11');
    assert.deepEqual([identity.familyName, identity.birthDate], ['Berg', NAMED.birthDate]);
  });

  test('contradicts itself: refused with its reason, kept, and taken once it is right', async () => {
    await house.done('admit', 'M12', { location: bed('12') });
    const client = await house.open();
    const told = house.write('admit', 'M13', { ...NAMED, location: bed('12') });
    const onScreens = async () => {
      const list = await server.get<RefusedAdmissionList>('/api/admissions/refused');
      return list.refused.filter(({ recordNumber }) => recordNumber === 'M13');
    };
    const refused = await client.ask(told);
    assert.equal(fault(refused), 'AE MOVEMENT_REFUSED');
    assert.match(fields(refused, 'ERR')[8] ?? '', /PV1-3: somebody else lies in this bed/);
    assert.ok(!refused.includes('M12') && !refused.includes('M13'), 'no number is told');
    const { parked } = await server.get<ParkedList>('/api/parked');
    assert.ok(parked.some((one) => one.fault === 'MOVEMENT_REFUSED' && one.bytes > 0));
    assert.equal((await house.subjects((s) => s.identity.recordNumber === 'M13')).length, 0);
    const { id: inBed } = await house.patient('M12');
    const [shown, ...more] = await onScreens();
    const { what, name, subjectId, bed: wanted } = shown ?? {};
    assert.deepEqual([what, name, subjectId, wanted?.bed], ['admit', 'Aalto, Anna', null, '12']);
    assert.deepEqual([shown?.inBed, more.length], [inBed, 0]);
    await house.done('discharge', 'M12');
    assert.equal(code(await client.ask(told)), 'AA');
    assert.deepEqual(await onScreens(), [], 'settled');
    assert.equal((await house.patient('M13')).identity.bed, '12');
  });

  const REFUSED: [string, () => string, string][] = [
    [
      'a transfer of nobody',
      () => house.write('transfer', 'M99', { location: bed('99') }),
      'PATIENT_UNKNOWN',
    ],
    ['an update of nobody', () => house.write('update', 'M99', NAMED), 'PATIENT_UNKNOWN'],
    ['a message without a number', () => house.write('admit', ''), 'PAYLOAD_MALFORMED'],
    [
      'an event that is not taken',
      () => house.write('admit', 'M99').replace('ADT^A01', 'ADT^A17'),
      'PAYLOAD_MALFORMED',
    ],
    [
      'a message about two',
      () => `${house.write('admit', 'M99')}PID|||M98^^^^MR\r`,
      'PAYLOAD_MALFORMED',
    ],
    [
      'a sender that may not admit',
      () => house.write('admit', 'M99').replace('|HIS|', '|STATION|'),
      'PAYLOAD_MALFORMED',
    ],
  ];
  for (const [name, told, why] of REFUSED) {
    test(`hears an error for ${name}`, async () => {
      assert.equal(fault(await (await house.open()).ask(told())), `AE ${why}`);
      assert.equal(
        (await house.subjects((s) => s.identity.recordNumber.startsWith('M9'))).length,
        1,
      );
    });
  }

  test('has to say it again when nothing could be written', async () => {
    const client = await house.open();
    const told = house.write('admit', 'M20', { location: bed('20') });
    const isReady = async (wanted: boolean) => {
      const { ready } = await server.get<{ ready: boolean }>('/api/status');
      return ready === wanted ? true : undefined;
    };
    freeBytes = 0;
    await eventually('a full disk', () => isReady(false));
    assert.equal(fault(await client.ask(told)), 'AR STORE_FULL');
    freeBytes = Number.MAX_SAFE_INTEGER;
    await eventually('room', () => isReady(true));
    assert.equal(fault(await client.ask(told)), 'AA undefined');
  });

  test('erased: nothing of where somebody lay is left', async () => {
    const told = house.write('admit', 'M21', { location: bed('21') });
    const merging = house.write('merge', 'M21', { mergedNumber: 'M11' });
    assert.equal(code(await (await house.open()).ask(told)), 'AA');
    const { id } = await house.patient('M21');
    await server.post(`/api/subjects/${id}/erasure`, { recordNumber: 'M21', stopMonitoring: true });
    for (const table of ['stay', 'movement']) {
      await eventually(`nothing in ${table}`, async () => {
        const rows =
          await database.line`SELECT 1 FROM ${database.line(table)} WHERE subject_id = ${id}`;
        return rows.length === 0 ? true : undefined;
      });
    }
    await house.done('admit', 'M22', { location: bed('21') });
    await house.done('discharge', 'M22');

    // A queue is played again: who was erased does not come back by it, but by coming back.
    for (const old of [told, told, merging])
      assert.equal(fault(await (await house.open()).ask(old)), 'AE MOVEMENT_LATE');
    assert.deepEqual(await house.subjects((s) => s.identity.recordNumber === 'M21'), []);
    await house.done('admit', 'M21', { location: bed('21') });
    assert.notEqual((await house.patient('M21')).id, id);
  });
});

/** Whoever is at the bed says that it was the other one, all along. */
async function correct(house: House, { from, to }: { from: string; to: string }): Promise<void> {
  const [worn] = (await house.patient(from)).devices;
  const { id: subjectId } = await house.patient(to);
  const span = { from: new Date(Date.now() - 120_000).toISOString(), until: null };
  await house.server.post(`/api/devices/${worn?.id}/correction`, { subjectId, ...span });
}

test('after a restart everybody lies where they lay, and what was done can be taken back', async () => {
  await using database = await freshDatabase();
  const config = {
    hl7: { host: '127.0.0.1', port: 0, listFile: await sendersFile(), tls: undefined },
    database: database.connection,
    dataDir: await temporaryDirectory(),
  };
  {
    await using here = await startServerHere({ config });
    const house = new House(here);
    await house.register();
    await house.measure('1', 60);
    await house.done('admit', 'R1', { location: bed('1'), occurredMs: Date.now() - 50_000 });
    await house.done('transfer', 'R1', { location: bed('2') });
    await house.done('admit', 'R3', { location: bed('3') });
    await house.measure('3', 80);
    await house.done('admit', 'R4');
    await correct(house, { from: 'R3', to: 'R4' });
    house.end();
  }
  await using here = await startServerHere({ config });
  const house = new House(here);
  assert.equal(
    fault(await house.say('admit', 'R2', { location: bed('2') })),
    'AE MOVEMENT_REFUSED',
  );
  await house.measure('2', 70);
  await house.done('cancel-transfer', 'R1');
  await house.measure('1', 61);
  assert.deepEqual(await house.ratesOf('R1'), [60, 61]);
  await house.measure('3', 81);
  assert.deepEqual(await house.ratesOf('R4'), [80, 81]);
  house.end();
  assert.deepEqual(here.problems, []);
});
