/** The repository on real PostgreSQL: versions, conditions, who is whose, and what an erasure leaves. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type OrganisationId, parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import type { Device } from '@medplum/fhirtypes';
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
import { deleteDocuments } from '../erasure/document-store.ts';
import { inLaneAsOf, PostgresLog, TakenOver } from '../telemetry/postgres-log.ts';

let house: FhirHouse;

before(async () => {
  house = await fhirHouse();
});
after(() => house[Symbol.asyncDispose]());

const CODE = { coding: [{ system: 'http://snomed.info/sct', code: '38341003' }] };

const patient = (family: string) => ({
  resourceType: 'Patient',
  name: [{ family, given: ['Ann'] }],
  address: [{ city: 'Kiel' }],
});

const condition = (patientId: string) => ({
  resourceType: 'Condition',
  subject: { reference: `Patient/${patientId}` },
  code: CODE,
});

const at = (type: string, id: string) => house.repository.read(house.organisationId, { type, id });
const parsed = (text: string | undefined) => JSON.parse(text ?? 'null');

test('what was created is read back, with its version and time', async () => {
  const sent = { resourceType: 'Organization', name: 'Ward 7', active: true };
  const { status, document } = await performed(house, create(sent));
  assert.equal(status, 201);
  const read = answered(await at('Organization', document?.id ?? ''));
  const { id, meta, ...rest } = parsed(read.text);
  assert.deepEqual(rest, sent);
  assert.equal(id, document?.id);
  assert.deepEqual(meta, { versionId: '1', lastUpdated: '2026-11-21T00:00:00.000Z' });
});

test('versions are kept: each is read by its number, and the history has them newest first', async () => {
  const { id } = await documentAfter(house, create({ resourceType: 'Organization', name: 'A' }));
  const organization = { resourceType: 'Organization', id };
  house.clock.nowMs += 1_000;
  const second = await performed(house, update({ ...organization, name: 'B' }));
  assert.equal(second.status, 200);
  assert.equal(second.document?.versionId, '2');
  house.clock.nowMs += 1_000;
  const { organisationId, repository } = house;
  const gone = await performed(house, { kind: 'delete', type: 'Organization', id });
  assert.equal(gone.status, 204);
  assert.equal(statusOf(await at('Organization', id)), 410);

  const version = (versionId: string) =>
    repository.readVersion(organisationId, { type: 'Organization', id, versionId });
  assert.equal(parsed(answered(await version('1')).text).name, 'A');
  assert.equal(parsed(answered(await version('2')).text).name, 'B');
  assert.equal(statusOf(await version('3')), 410);
  assert.equal(statusOf(await version('4')), 404);

  const question = { type: 'Organization', id, sinceMs: 0, after: undefined };
  const all = await repository.history(organisationId, { ...question, limit: 10 });
  assert.deepEqual(
    all.documents.map(({ versionId, text }) => [versionId, parsed(text)?.name]),
    [
      ['3', undefined],
      ['2', 'B'],
      ['1', 'A'],
    ],
  );
  const first = await repository.history(organisationId, { ...question, limit: 2 });
  assert.ok(first.isMore);
  const rest = await repository.history(organisationId, {
    ...question,
    after: first.last,
    limit: 2,
  });
  assert.deepEqual([rest.documents.map(({ versionId }) => versionId), rest.isMore], [['1'], false]);

  // It may come back under its id: the next version.
  const again = await performed(house, update({ ...organization, name: 'C' }));
  assert.deepEqual([again.status, again.document?.versionId], [201, '4']);
});

test('If-Match lets only the version be replaced that the client has seen', async () => {
  const { id } = await documentAfter(house, create({ resourceType: 'Location', name: 'A' }));
  const location = { resourceType: 'Location', id, name: 'B' };
  const { organisationId, repository } = house;
  const stale = await repository.perform(organisationId, [update(location, '2')]);
  assert.equal(statusOf(stale), 412);
  assert.equal(statusOf(await repository.perform(organisationId, [update(location, '1')])), 200);
  assert.equal(statusOf(await repository.perform(organisationId, [update(location, '1')])), 412);
  const noneThere = { ...location, id: 'none' };
  assert.equal(statusOf(await repository.perform(organisationId, [update(noneThere, '1')])), 412);
});

test('two who change the same version at once: one is refused', async () => {
  const { id } = await documentAfter(house, create({ resourceType: 'Location', name: 'A' }));
  const { organisationId, repository } = house;
  const answers = await Promise.all(
    ['B', 'C', 'D'].map((name) =>
      repository.perform(organisationId, [update({ resourceType: 'Location', id, name }, '1')]),
    ),
  );
  assert.deepEqual(answers.map(statusOf).sort(), [200, 412, 412]);
});

test('a conditional create makes one, however many ask at once', async () => {
  const value = randomUUID();
  const device = { resourceType: 'Device', identifier: [{ system: 'urn:serial', value }] };
  const act = { ...create(device), ifNoneExist: `identifier=urn:serial|${value}` };
  const answers = await Promise.all([1, 2, 3, 4].map(() => performed(house, act)));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 201]);
  assert.equal(new Set(answers.map(({ document }) => document?.id)).size, 1);
});

test('a conditional update and delete mean the one that is found, and refuse to choose', async () => {
  const value = randomUUID();
  const query = `identifier=urn:serial|${value}`;
  const resource: Device = {
    resourceType: 'Device',
    identifier: [{ system: 'urn:serial', value }],
  };
  const where = { type: 'Device', query, hasPrecise: false } as const;
  const act = { ...where, kind: 'update-where', resource } as const;
  const made = await performed(house, act);
  const changed = await performed(house, { ...act, resource: { ...resource, lotNumber: '7' } });
  assert.deepEqual([made.status, changed.status], [201, 200]);
  assert.equal(made.document?.id, changed.document?.id);
  const { organisationId, repository } = house;
  const elsewhere = { ...act, resource: { ...resource, id: 'another' } };
  assert.equal(statusOf(await repository.perform(organisationId, [elsewhere])), 400);

  await performed(house, create(resource));
  assert.equal(statusOf(await repository.perform(organisationId, [act])), 412);
  const remove = { kind: 'delete-where', type: 'Device', query } as const;
  assert.equal(statusOf(await repository.perform(organisationId, [remove])), 412);
  await performed(house, { kind: 'delete', type: 'Device', id: made.document?.id ?? '' });
  assert.equal((await performed(house, remove)).status, 204);
  assert.deepEqual(await idsFound(house, 'Device', query), []);
});

test('what is against R4 is refused with the element that is meant', async () => {
  const { organisationId, repository } = house;
  const bad = { ...condition('x'), code: { coding: [{ display: 7 }] } };
  const answer = await repository.perform(organisationId, [create(bad)]);
  assert.ok(!answer.ok);
  assert.equal(answer.refusal.status, 422);
  assert.deepEqual(answer.refusal.issues[0]?.expression, ['Condition.code.coding[0].display']);
});

test('of several acts all are done or none', async () => {
  const { organisationId, repository } = house;
  const name = randomUUID();
  const good = create({ resourceType: 'Organization', name });
  const bad = update({ resourceType: 'Organization', id: 'x', name }, '9');
  assert.equal(statusOf(await repository.perform(organisationId, [good, bad])), 412);
  assert.deepEqual(await idsFound(house, 'Organization', `name=${name}`), []);
});

function subjectOf(id: string) {
  const subjectId = parseSubjectId(id);
  return subjectId && house.registry.subjects.get(subjectId);
}

test('a long Bundle lets others in between its entries, and is refused for one that is wrong', async () => {
  const longOf = (last: object) =>
    create({
      ...{ resourceType: 'Bundle', type: 'collection' },
      entry: Array.from({ length: 500 }, (_, at) => ({
        fullUrl: `urn:uuid:${at}`,
        resource: at === 499 ? last : { resourceType: 'Organization', name: 'Ward' },
      })),
    });
  house.pauses.count = 0;
  const sound = longOf({ resourceType: 'Organization', name: 'Ward' });
  assert.equal(statusOf(await house.repository.perform(house.organisationId, [sound])), 200);
  assert.ok(house.pauses.count >= 50, `${house.pauses.count} pauses`);
  const wrong = longOf({ resourceType: 'Organization', name: 7 });
  const refused = await house.repository.perform(house.organisationId, [wrong]);
  assert.ok(!refused.ok);
  assert.match(JSON.stringify(refused.refusal.issues), /Bundle\.entry\[499\]\.resource\.name/);
});

test('a Patient and a subject are one', async () => {
  const { id } = await documentAfter(house, create(patient('Lovelace')));
  const subject = subjectOf(id);
  assert.equal(subject?.identity.familyName, 'Lovelace');
  assert.equal(subject?.category, 'unknown');
  const read = answered(await at('Patient', id));
  assert.equal(read.versionId, '1');
  assert.deepEqual(parsed(read.text).address, [{ city: 'Kiel' }]);

  // An admission system knows better.
  assert.ok(subject !== undefined);
  const renamed = { ...subject, identity: { ...subject.identity, familyName: 'King' } };
  await house.database.line.begin((tx) => house.registry.rewrite(tx, renamed));
  house.registry.rewritten(renamed);
  const later = answered(await at('Patient', id));
  assert.deepEqual(parsed(later.text).name, [{ family: 'King', given: ['Ann'] }]);
  assert.deepEqual(parsed(later.text).address, [{ city: 'Kiel' }]);
  assert.match(later.versionId, /^1\.[0-9a-f]{16}$/);
  assert.deepEqual(await idsFound(house, 'Patient', 'family=king'), [id]);
  assert.deepEqual(await idsFound(house, 'Patient', 'family=lovelace'), []);

  // Who has not seen the new name does not write over it.
  const { organisationId, repository } = house;
  const stale = update({ ...patient('Lovelace'), id }, '1');
  assert.equal(statusOf(await repository.perform(organisationId, [stale])), 412);
  await performed(house, update({ ...patient('Byron'), id }, later.versionId));
  assert.equal(subjectOf(id)?.identity.familyName, 'Byron');
  assert.equal(answered(await at('Patient', id)).versionId, '2');
});

test('a patient is not deleted, and no two have one record number', async () => {
  const numbered = {
    ...patient('Number'),
    identifier: [{ system: 'urn:ausculta:record-number', value: 'N-1' }],
  };
  const { id } = await documentAfter(house, create(numbered));
  const { organisationId, repository } = house;
  const remove = { kind: 'delete', type: 'Patient', id } as const;
  assert.equal(statusOf(await repository.perform(organisationId, [remove])), 405);
  assert.equal(statusOf(await repository.perform(organisationId, [create(numbered)])), 409);
  const both = [
    { ...numbered, identifier: [{ system: 'urn:ausculta:record-number', value: 'N-2' }] },
  ];
  const twice = await repository.perform(organisationId, [...both, ...both].map(create));
  assert.equal(statusOf(twice), 409);
});

test('a document of another organisation does not exist, whatever is asked', async () => {
  const { id } = await documentAfter(house, create(patient('Else')));
  const { id: own } = await documentAfter(house, create(condition(id)));
  const other = randomUUID() as OrganisationId;
  await house.database.line`INSERT INTO organisation (id, name) VALUES (${other}, 'Other')`;
  const { repository } = house;
  for (const [type, wanted] of [
    ['Patient', id],
    ['Condition', own],
  ] as const) {
    assert.equal(statusOf(await repository.read(other, { type, id: wanted })), 404);
  }
  const all = { type: undefined, id: undefined, sinceMs: 0, after: undefined, limit: 10 };
  assert.equal((await repository.history(other, all)).documents.length, 0);
  // Nor may it be written about there.
  assert.equal(statusOf(await repository.perform(other, [create(condition(id))])), 422);
  const asking = { isStrict: true, baseUrl: undefined };
  const query = await repository.parse('Condition', [], asking);
  assert.ok(query.ok);
  const page = await repository.search(other, query.value);
  assert.ok(page.ok && page.value.matches.length === 0);
});

test('with another key of the index everything is indexed anew, and found', async () => {
  const name = randomUUID();
  const { id } = await documentAfter(house, create({ resourceType: 'Organization', name }));
  const other = await house.withOtherIndexKey();
  const elsewhere = { ...house, repository: other };
  assert.deepEqual(await idsFound(elsewhere, 'Organization', `name=${name}`), [id]);
  assert.deepEqual(await idsFound(house, 'Organization', `name=${name}`), []);
});

test('two patients who are made at once do not get one record number', async () => {
  const identifier = [{ system: 'urn:ausculta:record-number', value: randomUUID() }];
  const { organisationId, repository } = house;
  const act = create({ ...patient('Twin'), identifier });
  const answers = await Promise.all([1, 2, 3].map(() => repository.perform(organisationId, [act])));
  assert.deepEqual(answers.map(statusOf).sort(), [200, 409, 409]);
});

test('an erased subject leaves no document, no version, no row of an index', async () => {
  const { id } = await documentAfter(house, create(patient('Erased')));
  const { id: companion } = await documentAfter(house, create(patient('Companion')));
  const { id: own } = await documentAfter(house, create(condition(id)));
  await performed(house, update({ ...condition(id), id: own, onsetDateTime: '2026-01-01' }));
  const shared = {
    resourceType: 'Group',
    type: 'person',
    actual: true,
    member: [id, companion].map((one) => ({ entity: { reference: `Patient/${one}` } })),
  };
  const { id: group } = await documentAfter(house, create(shared));
  house.shred(id);
  await house.repository.forget(id);
  assert.equal(statusOf(await at('Patient', id)), 404);
  assert.equal(statusOf(await at('Condition', own)), 404);

  const { line } = house.database;
  await line.begin((tx) => deleteDocuments(tx, id));
  assert.equal(statusOf(await at('Condition', own)), 404);
  // What is about somebody else too lives on under their key.
  assert.equal(answered(await at('Group', group)).versionId, '1');
  const left = await line`
    SELECT FROM fhir_document WHERE subject_id = ${id} UNION ALL
    SELECT FROM fhir_history WHERE subject_id = ${id} UNION ALL
    SELECT FROM fhir_copy WHERE subject_id = ${id} UNION ALL
    SELECT FROM fhir_reference WHERE target_id = ${id} UNION ALL
    SELECT FROM fhir_range WHERE doc NOT IN (SELECT doc FROM fhir_document)`;
  assert.equal(left.length, 0);
  const { organisationId, repository } = house;
  assert.equal(statusOf(await repository.perform(organisationId, [create(condition(id))])), 422);
});

test('a server that has been replaced writes nothing by FHIR, and believes nothing of it', async () => {
  await using replaced = await fhirHouse();
  const { id } = await documentAfter(replaced, create(patient('Aalto')));
  const before = replaced.registry.subjects.get(id as SubjectId);
  await PostgresLog.takeOver(replaced.database.line);

  const changed = update({ ...patient('Berg'), id });
  for (const act of [create(patient('Cohen')), changed, create({ resourceType: 'Organization' })])
    await assert.rejects(performed(replaced, act), TakenOver);

  assert.deepEqual([...replaced.registry.subjects.values()], [before]);
  const rows = await replaced.database.line`SELECT FROM fhir_document`;
  assert.equal(rows.length, 1);
});

test('whoever holds the lane for people sees their own organisation alone', async () => {
  await using other = await fhirHouse();
  const { database, organisationId } = other;
  const owner = await PostgresLog.takeOver(database.line);
  const inLaneAs = inLaneAsOf(database.people, { owner, onTakenOver: assert.fail });
  const [own, lanes] = await inLaneAs(organisationId, async (tx) => [
    await tx`SELECT id FROM organisation`,
    await tx`SELECT FROM lane`,
  ]);
  assert.deepEqual([own?.map(({ id }) => id), lanes?.length], [[organisationId], 0]);
});

test('what is being written of a patient while they are forgotten stays in no memory', async () => {
  const { organisationId, repository } = house;
  const { id } = await documentAfter(house, create(patient('Gone')));
  const living = patient('Stays');
  const { id: other } = await documentAfter(house, create(living));
  const inJena = (one: string) => ({ ...patient('Gone'), id: one, address: [{ city: 'Jena' }] });
  assert.ok((await idsFound(house, 'Patient', 'address-city=kiel')).includes(id));
  const writing = [id, other].map((one) =>
    repository.perform(organisationId, [update(inJena(one))]),
  );
  await repository.forget(id);
  assert.deepEqual((await Promise.all(writing)).map(statusOf), [200, 200]);
  // The registry has both still: what only the documents say is known of the other alone.
  assert.deepEqual(await idsFound(house, 'Patient', 'address-city=jena'), [other]);
});
