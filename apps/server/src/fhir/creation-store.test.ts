/** New documents in one statement, on real PostgreSQL. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  create as creation,
  documentAfter,
  fhirHouse,
  update,
} from '../../../../tests/support/fhir-house.ts';
import { eventually } from '../../../../tests/support/server.ts';
import { lanesOfPeople, PostgresLog, TakenOver } from '../telemetry/postgres-log.ts';
import { createDocuments } from './creation-store.ts';

test('new documents are kept whole or not at all, and by whoever holds the lane alone', async () => {
  await using other = await fhirHouse();
  const { database, organisationId } = other;
  const { line, people } = database;
  const owner = await PostgresLog.takeOver(line);
  const takenOver: string[] = [];
  const lane = { owner, onTakenOver: (why: string) => void takenOver.push(why) };
  const { inLaneAtOnce } = lanesOfPeople(people, lane);
  let docs = 1_000;
  const created = (id: string) => {
    docs += 1;
    const name = { type: 'Basic', id, version: 1, updated_ms: 1, subject_id: null };
    const row = { ...name, doc: docs, sealed: Buffer.from(id), tokens: [7, docs] };
    const ranges = [{ name: 1, low: Number.NEGATIVE_INFINITY, high: 0.1 }];
    const references = [{ name: 2, targetType: 'Patient', targetId: 'null' }];
    return { row, entries: { tokens: row.tokens, ranges, references } };
  };
  const create = (...ids: string[]) =>
    inLaneAtOnce((sql, held) =>
      createDocuments(sql, organisationId, held, { created: ids.map(created), mark: 1 }),
    );
  const kept = async () => {
    const rows = await line<{ id: string; sealed: Buffer }[]>`
      SELECT id, sealed FROM fhir_document ORDER BY doc`;
    return rows.map(({ id, sealed }) => `${id} ${sealed.toString()}`);
  };

  await create('one', 'three');
  assert.deepEqual(await kept(), ['one one', 'three three']);
  const [range] = await line`SELECT low, high FROM fhir_range`;
  assert.deepEqual([range?.['low'], range?.['high']], [Number.NEGATIVE_INFINITY, 0.1]);
  assert.equal((await line`SELECT FROM fhir_reference WHERE target_id = 'null'`).length, 2);
  const tokens = await line`SELECT block, docs FROM fhir_token WHERE token = 7`;
  assert.deepEqual([...tokens], [{ block: 20, docs: 2 + 4 }]);

  await assert.rejects(create('four', 'no such id'), { code: '23514' });
  assert.equal((await kept()).length, 2);
  assert.equal((await line`SELECT FROM fhir_token WHERE token = 7`).length, 1);

  // Whoever takes the lane waits until whoever writes is done.
  const taking = await people.begin(async (tx) => {
    await tx`SELECT hold_lane_as(${organisationId}, ${owner.lane}, ${owner.fence})`;
    const taken = PostgresLog.takeOver(line);
    await eventually('the next owner', async () => {
      const waiting = await line`
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'`;
      return waiting.length > 0 ? true : undefined;
    });
    return { taken };
  });
  await taking.taken;
  await assert.rejects(create('five'), TakenOver);
  assert.equal((await kept()).length, 2);
  assert.equal(takenOver.length, 1);
});

test('a document has the same index, whichever way it was made', async () => {
  await using house = await fhirHouse();
  const { line } = house.database;
  const { id: subject } = await documentAfter(house, creation({ resourceType: 'Patient' }));
  const resource = {
    ...{ resourceType: 'Condition', onsetDateTime: '2026-01-01', note: [{ text: 'x' }] },
    subject: { reference: `Patient/${subject}` },
    code: { coding: [{ system: 'http://snomed.info/sct', code: '38341003' }] },
  };
  const { id } = await documentAfter(house, creation(resource));
  const other = 'of-its-own-name';
  await documentAfter(house, update({ ...resource, id: other }));
  const indexOf = async (one: string) => [
    await line`SELECT unnest(tokens) AS token FROM fhir_document WHERE id = ${one} ORDER BY 1`,
    await line`
      SELECT name, low, high FROM fhir_range JOIN fhir_document USING (doc) WHERE id = ${one} ORDER BY 1`,
    await line`
      SELECT name, target_type, target_id FROM fhir_reference JOIN fhir_document USING (doc)
      WHERE id = ${one} ORDER BY 1`,
  ];
  const index = await indexOf(id);
  assert.ok(index.every((rows) => rows.length > 0));
  assert.deepEqual(await indexOf(other), index);
});
