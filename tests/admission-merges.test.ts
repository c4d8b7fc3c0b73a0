/** Two records of one person: merged by an admission system (A40) or by a person, and apart again. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SubjectView } from '@ausculta/contract/subjects';
import { bed, code, fault, type House, housed } from './support/admission-house.ts';
import { freshDatabase, type TestDatabase } from './support/database.ts';
import { heartRate, message } from './support/hl7-messages.ts';
import { eventually, type ServerUnderTest, temporaryDirectory } from './support/server.ts';

describe('a merge', () => {
  let house: House;
  let server: ServerUnderTest;
  let database: TestDatabase;
  before(async () => {
    house = await housed();
    ({ server } = house);
    ({ database } = house.here);
    await house.register();
  });
  after(async () => {
    house.end();
    assert.deepEqual(house.here.problems, []);
    await house.here[Symbol.asyncDispose]();
  });

  /** Admitted a while ago, with one rate measured in the bed. */
  async function lying(number: string, place: string, rate: number): Promise<SubjectView> {
    await house.measure(place, rate, Date.now() - 2_000);
    const occurredMs = Date.now() - 50_000;
    await house.done('admit', number, { familyName: 'Berg', location: bed(place), occurredMs });
    return await house.patient(number);
  }

  const acts = async (subject: SubjectView) => {
    const target = `subject/${subject.id}`;
    const rows = await database.line`
      SELECT act FROM audit_leaf WHERE target = ${target} ORDER BY at_ms`;
    return rows.map(({ act }) => act as string);
  };

  test('by A40: readings, bed and devices go on under the other number', async () => {
    const old = await lying('G1', '1', 61);
    await house.done('admit', 'G2', {});
    await house.done('discharge', 'G2', {});
    await house.done('merge', 'G2', { mergedNumber: 'G1' });
    await house.measure('1', 62);
    assert.deepEqual([await house.ratesOf('G2'), await house.rates(old)], [[61, 62], []]);
    const kept = await house.patient('G2');
    assert.deepEqual([kept.identity.bed, kept.category], ['1', 'adult']);
    const { presence, mergedInto, identity, devices } = await house.patient('G1');
    assert.deepEqual(
      { presence, mergedInto, name: identity.familyName, bed: identity.bed, devices },
      {
        presence: 'merged',
        mergedInto: kept.id,
        name: 'Berg (merged)',
        bed: undefined,
        devices: [],
      },
    );
    assert.ok((await acts(old)).includes('patients-merged'));
    assert.ok((await acts(kept)).includes('patients-merged'));
  });

  test('the number of before still means the person, to a monitor and to an admission system', async () => {
    const rows = [heartRate(63)];
    const said = { application: 'STATION', id: 'g', bed: 'ICU^^1', pid: 'G1', rows };
    assert.equal(code(await (await house.open()).ask(message(said))), 'AA');
    await house.done('transfer', 'G1', { location: bed('1b'), priorLocation: bed('1') });
    assert.deepEqual(await house.ratesOf('G2'), [61, 62, 63]);
    assert.equal((await house.patient('G2')).identity.bed, '1b');
  });

  test('into a number that nobody had: a new record takes all over', async () => {
    const old = await lying('G3', '3', 64);
    await house.done('merge', 'G4', { familyName: 'Berg', mergedNumber: 'G3' });
    const kept = await house.patient('G4');
    assert.deepEqual([kept.category, kept.identity.bed], ['adult', '3']);
    assert.deepEqual([await house.ratesOf('G4'), await house.rates(old)], [[64], []]);
  });

  test('said again changes nothing, with the same bytes or others', async () => {
    const told = house.write('merge', 'G4', { mergedNumber: 'G3' });
    const client = await house.open();
    const kept = await house.patient('G4');
    const audited = (await acts(kept)).length;
    assert.equal(code(await client.ask(told)), 'AA');
    assert.equal(code(await client.ask(told)), 'AA');
    assert.equal((await acts(kept)).length, audited);
    assert.deepEqual(await house.ratesOf('G4'), [64]);
  });

  test('gives a record without a category the limits of the other; undone, it has none again', async () => {
    const bare = await server.post<SubjectView>('/api/subjects', {
      paced: 'no',
      identity: { familyName: 'Berg', recordNumber: 'G6' },
    });
    const old = await lying('G5', '5', 65);
    await house.done('merge', 'G6', { mergedNumber: 'G5' });
    const merged = await house.patient('G6');
    assert.deepEqual([merged.category, merged.paced], ['adult', 'no']);
    await server.post(`/api/subjects/${old.id}/unmerge`, {});
    const apart = await server.get<SubjectView>(`/api/subjects/${bare.id}`);
    assert.deepEqual([apart.category, apart.paced, apart.presence], ['unknown', 'no', 'here']);
  });

  test('undone by a person: all is where it was, and what came meanwhile with it', async () => {
    const old = await lying('G7', '7', 66);
    const { id: into } = await server.addSubject('Quick');
    await server.post(`/api/subjects/${old.id}/merge`, { into });
    await house.measure('7', 67);
    assert.deepEqual(await house.rates({ id: into }), [66, 67]);
    await server.post(`/api/subjects/${old.id}/unmerge`, {});
    await house.measure('7', 68);
    assert.deepEqual([await house.rates(old), await house.rates({ id: into })], [[66, 67, 68], []]);
    const { identity, presence } = await house.patient('G7');
    assert.deepEqual([identity.familyName, identity.bed, presence], ['Berg', '7', 'here']);
    assert.ok((await acts(old)).includes('merge-undone'));
  });

  test('claims an unknown patient of a bed, whose monitor goes on for the person', async () => {
    await house.measure('8', 69);
    const [unknown] = await house.unknownIn('8');
    assert.ok(unknown !== undefined);
    const { id: into } = await server.addSubject('Found');
    await server.post(`/api/subjects/${unknown.id}/merge`, { into });
    await house.measure('8', 70);
    assert.deepEqual(await house.rates({ id: into }), [69, 70]);
    const backwards = server.post(`/api/subjects/${into}/merge`, { into: unknown.id });
    await assert.rejects(backwards, /409.*MOVEMENT_REFUSED/);
  });

  test('is refused while both are admitted, and nothing changes', async () => {
    const one = await lying('G9', '9', 71);
    await house.done('admit', 'G10', { location: bed('10') });
    assert.equal(
      await house.refusal('merge', 'G10', { mergedNumber: 'G9' }),
      'AE MOVEMENT_REFUSED',
    );
    assert.deepEqual(
      [await house.rates(one), (await house.patient('G9')).presence],
      [[71], 'here'],
    );
  });

  test('is refused out of a record under a legal hold, whose reason no sender hears', async () => {
    const held = await lying('G11', '11', 72);
    await server.post(`/api/subjects/${held.id}/holds`, { reason: 'the case of her brother' });
    const answer = await house.say('merge', 'G12', { mergedNumber: 'G11' });
    assert.equal(fault(answer), 'AE LEGAL_HOLD');
    assert.ok(!answer.includes('brother'));
    assert.deepEqual(await house.rates(held), [72]);
    assert.equal((await house.subjects((s) => s.identity.recordNumber === 'G12')).length, 0);
  });

  test('of three records is taken apart from its end', async () => {
    const first = await lying('G13', '13', 73);
    await house.done('merge', 'G14', { mergedNumber: 'G13' });
    const second = await house.patient('G14');
    await house.done('merge', 'G15', { mergedNumber: 'G14' });
    assert.deepEqual(await house.ratesOf('G15'), [73]);
    const early = server.post(`/api/subjects/${first.id}/unmerge`, {});
    await assert.rejects(early, /409.*MOVEMENT_REFUSED/);
    await server.post(`/api/subjects/${second.id}/unmerge`, {});
    await server.post(`/api/subjects/${first.id}/unmerge`, {});
    assert.deepEqual(await house.rates(first), [73]);
    assert.equal((await house.patient('G13')).identity.bed, '13');
  });

  const REFUSED: [string, Parameters<House['write']>, string][] = [
    ['a merge that names no other number', ['merge', 'G9'], 'PAYLOAD_MALFORMED'],
    ['a merge of nobody', ['merge', 'G9', { mergedNumber: 'G99' }], 'PATIENT_UNKNOWN'],
    ['a second merge of one record', ['merge', 'G9', { mergedNumber: 'G1' }], 'MOVEMENT_REFUSED'],
  ];
  for (const [name, told, why] of REFUSED) {
    test(`hears an error for ${name}`, async () => {
      assert.equal(await house.refusal(...told), `AE ${why}`);
    });
  }

  test('a person is erased with all their records: the merged ones first', async () => {
    const old = await house.patient('G3');
    const kept = await house.patient('G4');
    const erase = ({ id, identity: { recordNumber } }: SubjectView) =>
      server.post(`/api/subjects/${id}/erasure`, { recordNumber, stopMonitoring: true });
    await assert.rejects(erase(kept), new RegExp(`409.*RECORDS_MERGED.*${old.id}`));
    await house.settled();
    await erase(old);
    await erase(kept);
    await assert.rejects(server.post(`/api/subjects/${old.id}/unmerge`, {}), /404/);
    await house.done('admit', 'G3', { location: bed('30') });
  });
});

test('after a restart two records are still one, and can be taken apart', async () => {
  await using database = await freshDatabase();
  const config = { database: database.connection, dataDir: await temporaryDirectory() };
  let old: SubjectView;
  {
    const house = await housed(config);
    await using here = house.here;
    await house.register();
    await house.measure('1', 60);
    await house.done('admit', 'R1', { location: bed('1'), occurredMs: Date.now() - 50_000 });
    old = await house.patient('R1');
    await house.done('merge', 'R2', { mergedNumber: 'R1' });
    await house.settled();
    house.end();
    assert.deepEqual(here.problems, []);
  }
  const house = await housed(config);
  await using here = house.here;
  assert.equal((await house.patient('R1')).presence, 'merged');
  await house.measure('1', 61);
  assert.deepEqual(await house.ratesOf('R2'), [60, 61]);
  await here.server.post(`/api/subjects/${old.id}/unmerge`, {});
  await eventually('the record of before', async () =>
    (await house.rates(old)).length === 2 ? true : undefined,
  );
  house.end();
  assert.deepEqual(here.problems, []);
});
