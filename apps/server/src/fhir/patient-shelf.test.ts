/** Patients in memory: who is asked for by an id or a number is found without looking at everybody. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { SubjectId } from '@ausculta/vitals/identity';
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
import { eventually } from '../../../../tests/support/server.ts';

let house: FhirHouse;
const ids: string[] = [];
let walks = 0;

const patient = (number: string, family = 'Meyer') => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:other', value: number }],
  name: [{ family }],
});

before(async () => {
  house = await fhirHouse();
  for (let at = 0; at < 12; at += 1)
    ids.push((await documentAfter(house, create(patient(`N${at % 10}`)))).id);
  const { patients } = house;
  const all = patients.all.bind(patients);
  patients.all = (organisationId) => {
    walks += 1;
    return all(organisationId);
  };
});
after(() => house[Symbol.asyncDispose]());

const found = async (query: string) => (await idsFound(house, 'Patient', query)).sort();
const withNumber = (number: number) => ids.filter((_, at) => at % 10 === number).sort();

test('by id nobody else is looked at, and by number everybody once', async () => {
  assert.deepEqual(await found(`_id=${ids[3]},${ids[7]},nobody`), [ids[3], ids[7]].sort());
  assert.deepEqual(await found(`_id=${ids[3]}&family=other`), []);
  const condition = { resourceType: 'Condition', subject: { reference: `Patient/${ids[3]}` } };
  const { id } = await documentAfter(house, create(condition));
  const { repository, organisationId } = house;
  const asking = { isStrict: true, baseUrl: undefined };
  const query = `_id=${id}&_include=Condition:subject`;
  const parsed = await repository.parse('Condition', new URLSearchParams(query), asking);
  assert.ok(parsed.ok);
  const page = await repository.search(organisationId, parsed.value);
  assert.deepEqual(page.ok && page.value.included.map((one) => one.id), [ids[3]]);
  assert.equal(walks, 0);
  for (let time = 0; time < 3; time += 1) {
    assert.deepEqual(await found('identifier=N1'), withNumber(1));
    assert.deepEqual(await found('identifier=urn:other|N1,urn:else|N2'), withNumber(1));
    assert.deepEqual(await found('identifier=N2,N3'), [2, 3].flatMap(withNumber).sort());
    assert.deepEqual(await found('family=meyer'), ids.toSorted());
  }
  assert.equal(walks, 1);
  assert.deepEqual(await found('identifier:not=N1'), ids.filter((_, at) => at % 10 !== 1).sort());
  assert.deepEqual(await found('identifier=urn:other|'), ids.toSorted());
});

test('who is changed, comes or goes is in the next answer', async () => {
  const [id = '', ...others] = ids;
  assert.deepEqual(await found('identifier=N0'), withNumber(0));
  const read = await house.repository.read(house.organisationId, { type: 'Patient', id });
  const { versionId } = answered(read);
  await performed(house, update({ ...patient('M0', 'Schulz'), id }, versionId));
  assert.deepEqual(await found('identifier=M0'), [id]);
  assert.deepEqual(await found('family=schulz'), [id]);
  assert.deepEqual(
    await found('identifier=N0'),
    withNumber(0).filter((one) => one !== id),
  );
  const { id: fresh } = await documentAfter(house, create(patient('M0')));
  assert.deepEqual(await found('identifier=M0'), [id, fresh].sort());
  const subject = house.registry.subjects.get(id as SubjectId);
  assert.ok(subject !== undefined);
  const renamed = { ...subject, identity: { ...subject.identity, familyName: 'King' } };
  await house.database.line.begin((tx) => house.registry.rewrite(tx, renamed));
  house.registry.rewritten(renamed);
  assert.deepEqual([await found('family=king'), await found('family=schulz')], [[id], []]);
  house.shred(id);
  await house.repository.forget(id);
  assert.deepEqual(await found('identifier=M0'), [fresh]);
  assert.deepEqual(await found('_id:missing=false'), [...others, fresh].sort());
});

test('who is written or forgotten while the documents cannot be read ends nothing', async () => {
  await using other = await fhirHouse();
  const { repository, database, organisationId } = other;
  const { id } = await documentAfter(other, create(patient('N1', 'Before')));
  let searching: Promise<unknown> = Promise.resolve();
  await database.line.begin(async (tx) => {
    await tx`LOCK TABLE fhir_document IN ACCESS EXCLUSIVE MODE`;
    searching = assert.rejects(idsFound(other, 'Patient', 'identifier=N1'));
    const waiting = await eventually('the search', async () => {
      const [row] = await database.line<{ pid: number }[]>`
        SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0`;
      return row?.pid;
    });
    await repository.forget(id);
    await tx`SELECT pg_terminate_backend(${waiting})`;
    await searching;
  });
  await performed(other, update({ ...patient('N2', 'After'), id }));
  assert.deepEqual(await idsFound(other, 'Patient', 'identifier=N2'), [id]);
  assert.equal(statusOf(await repository.read(organisationId, { type: 'Patient', id })), 200);
});
