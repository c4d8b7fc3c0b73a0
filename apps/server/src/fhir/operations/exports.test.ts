import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import {
  create,
  type FhirHouse,
  fhirHouse,
  holdWrites,
  performed,
  update,
} from '../../../../../tests/support/fhir-house.ts';
import { eventually } from '../../../../../tests/support/server.ts';
import { Exports } from './exports.ts';

function exportsOf(house: FhirHouse, problems: unknown[] = []): Exports {
  const { database, repository, registry, clock } = house;
  return new Exports({
    ...{ sql: database.line, people: database.people, read: database.read, repository, registry },
    nowMs: () => clock.nowMs,
    newId: () => randomUUID(),
    pause: () => Promise.resolve(),
    after: (_delayMs, run) => void setImmediate(run),
    onProblem: (_what, error) => void problems.push(error),
  });
}

const ALL = {
  request: '/$export',
  types: null,
  since_ms: null,
  of_patients: false,
  patients: null,
  typeFilters: [],
};

async function begun(exports: Exports, { organisationId }: FhirHouse): Promise<string> {
  const id = await exports.begin({ ...ALL, organisationId, actor: undefined });
  assert.ok(id !== undefined);
  return id;
}

async function namesIn(exports: Exports, house: FhirHouse, exportId: string): Promise<string[]> {
  const { organisationId } = house;
  await eventually('the export', async () =>
    (await exports.read(organisationId, exportId))?.is_ready === true ? true : undefined,
  );
  const names: string[] = [];
  for (const { file } of await exports.files(organisationId, exportId)) {
    const found = await exports.file(organisationId, { exportId, file });
    for (const id of found?.ids ?? []) names.push(`${found?.type}/${id}`);
  }
  return names;
}

const nameOf = async (house: FhirHouse, resource: object): Promise<string> => {
  const { document } = await performed(house, create(resource));
  return `${document?.type}/${document?.id}`;
};

const ORGANIZATION = { resourceType: 'Organization', name: 'Ward' };
const DEVICE = { resourceType: 'Device' };

test('what a stop leaves half prepared is prepared by the next start, each resource once', async () => {
  await using house = await fhirHouse();
  const made = [await nameOf(house, DEVICE), await nameOf(house, ORGANIZATION)];
  const first = exportsOf(house);
  const stopped = begun(first, house);
  const id = await stopped;
  await first.close();
  const row = await first.read(house.organisationId, id);
  assert.equal(row?.is_ready, false, 'it had no time to be prepared');
  const second = exportsOf(house);
  second.resume();
  assert.deepEqual((await namesIn(second, house, id)).sort(), made.sort());
  // As if it had stopped after the devices.
  const sql = house.database.line;
  await sql`DELETE FROM fhir_export_file WHERE export_id = ${id} AND type = 'Organization'`;
  await sql`
    UPDATE fhir_export SET is_ready = false, at_type = 'Device', at_doc = 9007199254740991
    WHERE id = ${id}`;
  const third = exportsOf(house);
  third.resume();
  assert.deepEqual((await namesIn(third, house, id)).sort(), made);
  await third.close();
  await second.close();
});

test('a document that does not open is named, and is in no file', async () => {
  await using house = await fhirHouse();
  const [good, bad] = [await nameOf(house, ORGANIZATION), await nameOf(house, DEVICE)];
  await house.database.line`
    UPDATE fhir_document SET sealed = '\\x00'::bytea WHERE type = 'Device'`;
  const exports = exportsOf(house);
  const id = await begun(exports, house);
  assert.deepEqual(await namesIn(exports, house, id), [good]);
  const row = await exports.read(house.organisationId, id);
  assert.deepEqual(row?.unreadable, [`${bad}/_history/1`]);
  await exports.close();
});

test('what moves to another patient while an export is prepared is told as it was', async () => {
  await using house = await fhirHouse();
  const patientOf = async () => (await nameOf(house, { resourceType: 'Patient' })).slice(8);
  const [before, now] = [await patientOf(), await patientOf()];
  const condition = (id: string) => {
    return { resourceType: 'Condition', subject: { reference: `Patient/${id}` } };
  };
  const moved = await nameOf(house, condition(before));
  const gone = await nameOf(house, condition(before));
  const stays = await nameOf(house, condition(now));
  const first = exportsOf(house);
  const { organisationId, repository, clock } = house;
  const ids: string[] = [];
  for (const patients of [[before], [now], null] as SubjectId[][]) {
    const asked = { ...ALL, of_patients: true, patients, types: ['Condition'] };
    const id = await first.begin({ ...asked, organisationId, actor: undefined });
    assert.ok(id !== undefined);
    ids.push(id);
  }
  await first.close();
  clock.nowMs += 1_000;
  await performed(house, update({ ...condition(now), id: moved.split('/')[1] }));
  const remove = { kind: 'delete', type: 'Condition', id: gone.split('/')[1] ?? '' } as const;
  assert.ok((await repository.perform(organisationId, [remove])).ok);
  const second = exportsOf(house);
  second.resume();
  const told: string[][] = [];
  for (const id of ids) told.push((await namesIn(second, house, id)).sort());
  assert.deepEqual(told, [[moved, gone].sort(), [stays], [moved, gone, stays].sort()]);
  await second.close();
});

test('an export waits for what was under way when it was asked for', async () => {
  await using house = await fhirHouse();
  const exports = exportsOf(house);
  const release = await holdWrites(house);
  const writing = nameOf(house, ORGANIZATION);
  house.clock.nowMs += 50;
  const id = await begun(exports, house);
  setTimeout(release, 100);
  assert.deepEqual(await namesIn(exports, house, id), [await writing]);
  await exports.close();
});

test('another organisation sees none of it, and what has had its day is gone', async () => {
  await using house = await fhirHouse();
  const exports = exportsOf(house);
  const id = await begun(exports, house);
  await namesIn(exports, house, id);
  const other = randomUUID() as OrganisationId;
  assert.equal(await exports.read(other, id), undefined);
  assert.equal(await exports.end(other, id), false);
  house.clock.nowMs += 24 * 3_600_000 - 1;
  assert.ok(await exports.read(house.organisationId, id));
  house.clock.nowMs += 1;
  assert.equal(await exports.read(house.organisationId, id), undefined);
  await exports.tidy();
  const rows = await house.database.line`SELECT FROM fhir_export`;
  assert.equal(rows.length, 0);
  await exports.close();
});

test('three are prepared for an organisation, and no fourth', async () => {
  await using house = await fhirHouse();
  const exports = exportsOf(house);
  await exports.close();
  for (let at = 0; at < 3; at++) await begun(exports, house);
  const { organisationId } = house;
  assert.equal(await exports.begin({ ...ALL, organisationId, actor: undefined }), undefined);
});
