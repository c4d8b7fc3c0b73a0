/** Whose number is whose, on real PostgreSQL: as it is corrected, exchanged, and said by others. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import {
  answered,
  create,
  documentAfter,
  type FhirHouse,
  fhirHouse,
  idsFound,
  performed,
  statusOf,
  update,
} from '../../../../tests/support/fhir-house.ts';

let house: FhirHouse;

before(async () => {
  house = await fhirHouse();
});
after(() => house[Symbol.asyncDispose]());

const OURS = 'urn:ausculta:record-number';
const MR = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] };
const theirs = (value: string) => ({ type: MR, system: 'http://hospital.example', value });
const patient = (...identifier: object[]) => ({
  resourceType: 'Patient',
  identifier,
  name: [{ family: 'Sample' }],
});
const numbered = (value: string) => patient({ system: OURS, value });
const holder = (number: string) => house.registry.subjectByNumber(house.organisationId, number)?.id;
const perform = async (...acts: Parameters<typeof house.repository.perform>[1]) =>
  statusOf(await house.repository.perform(house.organisationId, acts));

async function made(value: string): Promise<SubjectId> {
  const { id } = await documentAfter(house, create(numbered(value)));
  return id as SubjectId;
}

test('a number that was corrected leads to nobody, until somebody else is given it', async () => {
  const a = await made('C-1');
  await performed(house, update({ ...numbered('C-2'), id: a }));
  assert.equal(holder('C-1'), undefined);
  assert.equal(holder('C-2'), a);
  const b = await made('C-1');
  assert.equal(holder('C-1'), b);
  assert.equal(holder('C-2'), a);
  assert.deepEqual(await idsFound(house, 'Patient', `identifier=${OURS}|C-1`), [b]);
  assert.equal(await perform(update({ ...numbered('C-1'), id: a })), 409, 'nor back');
  assert.equal(holder('C-1'), b);
  house.registry.forget(a, house.clock.nowMs);
  assert.deepEqual([holder('C-1'), holder('C-2')], [b, undefined]);
});

test('the old number beside the new one, as one of the past, is corrected all the same', async () => {
  const a = await made('O-1');
  const both = patient(
    { use: 'old', system: OURS, value: 'O-1' },
    { use: 'usual', system: OURS, value: 'O-2' },
  );
  await performed(house, update({ ...both, id: a }));
  assert.deepEqual([holder('O-1'), holder('O-2')], [undefined, a]);
});

test('in one transaction no two are given one number; two may change theirs', async () => {
  const [a, b] = [await made('T-1'), await made('T-2')];
  const to = (id: string, number: string) => update({ ...numbered(number), id });
  assert.equal(await perform(to(a, 'T-3'), to(b, 'T-3')), 409);
  assert.equal(await perform(to(a, 'T-2'), to(b, 'T-2')), 409);
  assert.equal(await perform(to(a, 'T-2')), 409);
  assert.equal(await perform(to(a, 'T-3'), create(numbered('T-3'))), 409);
  assert.equal(await perform(to(a, 'T-4'), create(numbered('T-2'))), 409, 'b has it still');
  assert.deepEqual([holder('T-1'), holder('T-2'), holder('T-3')], [a, b, undefined]);

  assert.equal(await perform(to(a, 'T-2'), to(b, 'T-1')), 200);
  assert.deepEqual([holder('T-1'), holder('T-2')], [b, a]);
  const { id: c } = house.registry.subjects.get(b) ?? {};
  assert.equal(await perform(create(numbered('T-1')), to(b, 'T-5')), 200, 'whichever is first');
  assert.ok(holder('T-1') !== c && holder('T-1') !== undefined);
  assert.deepEqual([holder('T-2'), holder('T-5')], [a, b]);
});

test('of a clash the refusal names the act', async () => {
  const [a, b] = [await made('W-1'), await made('W-2')];
  const place = create({ resourceType: 'Location', name: 'W' });
  const acts = [
    place,
    update({ ...numbered('W-3'), id: a }),
    update({ ...numbered('W-3'), id: b }),
  ];
  const answer = await house.repository.perform(house.organisationId, acts);
  assert.equal(answer.ok ? undefined : answer.refusal.act, 2);
});

test('another hospital’s number is no correction of ours, and stands beside it', async () => {
  const a = await made('H-1');
  const { document } = await performed(house, update({ ...patient(theirs('X-9')), id: a }));
  assert.deepEqual([holder('H-1'), holder('X-9')], [a, undefined]);
  const told = JSON.parse(document?.text ?? 'null').identifier;
  assert.deepEqual(told, [theirs('X-9'), { type: MR, system: OURS, value: 'H-1' }]);
  const read = answered(
    await house.repository.read(house.organisationId, { type: 'Patient', id: a }),
  );
  assert.deepEqual([read.versionId, read.text], ['2', document?.text]);
  assert.deepEqual(await idsFound(house, 'Patient', `identifier=${OURS}|H-1`), [a]);

  // Of a new patient it is the first that is known, and is not written over later either.
  const { id } = await documentAfter(house, create(patient(theirs('X-8'))));
  assert.equal(holder('X-8'), id);
  await performed(house, update({ ...patient(theirs('X-8')), id }));
  assert.equal(holder('X-8'), id);
});

test('who was given one number before this was refused: each is found when the other is corrected', async () => {
  const { registry, organisationId } = house;
  const add = async () => {
    const id = parseSubjectId(randomUUID());
    assert.ok(id !== undefined);
    const identity = {
      familyName: 'Twice',
      givenName: '',
      sex: 'unknown',
      recordNumber: 'D-1',
    } as const;
    const known = { category: 'unknown', paced: 'unknown', identity } as const;
    await registry.addSubject({ organisationId, id, kind: 'patient', ...known });
    return id;
  };
  const [first, second] = [await add(), await add()];
  await performed(house, update({ ...numbered('D-2'), id: second }));
  assert.deepEqual([holder('D-1'), holder('D-2')], [first, second]);
});

test('a change of a patient is audited with it: who, and what it was before, sealed', async () => {
  const a = await made('L-1');
  const { database, organisationId, repository, clock } = house;
  const actor = randomUUID();
  const asker = { actor, baseUrl: undefined };
  const act = update({ ...numbered('L-2'), id: a });
  assert.equal(statusOf(await repository.perform(organisationId, [act], asker)), 200);
  const refused = [act, update({ resourceType: 'Location', id: 'none' }, '7')];
  assert.equal(statusOf(await repository.perform(organisationId, refused, asker)), 412);
  const leaves = await database.line`SELECT * FROM audit_leaf WHERE target = ${`subject/${a}`}`;
  assert.deepEqual(
    leaves.map(({ act, account_id, at_ms }) => [act, account_id, at_ms]),
    [['patient-updated', actor, clock.nowMs]],
    'an act that was not done has no entry',
  );
  assert.ok(!Buffer.from(leaves[0]?.detail_sealed ?? 'L-1').includes('L-1'));
});
