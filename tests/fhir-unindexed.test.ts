/** Searches beside the indexing of documents: what they cannot find is told, and no more than that. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bundle, OperationOutcome } from '@medplum/fhirtypes';
import { freshDatabase } from './support/database.ts';
import { holdRows } from './support/held-rows.ts';
import {
  eventually,
  type ServerUnderTest,
  startServerHere,
  temporaryDirectory,
} from './support/server.ts';
import { written } from './support/subscription-sample.ts';

test('until all is indexed a search says that something may be missing; what does not open is named', async () => {
  const dataDir = await temporaryDirectory();
  await using database = await freshDatabase();
  const config = { dataDir, database: database.connection };
  const ids: string[] = [];
  {
    await using before = await startServerHere({ config });
    for (const name of ['Damaged', 'Sound'])
      ids.push((await written(before.server, { resourceType: 'Organization', name })).id);
    const { id } = await written(before.server, { resourceType: 'Patient' });
    const subject = { reference: `Patient/${id}` };
    const visit = {
      resourceType: 'Encounter',
      status: 'finished',
      class: { code: 'AMB' },
      subject,
    };
    const code = { coding: [{ system: 'http://loinc.org', code: '8867-4' }] };
    const value = { resourceType: 'Observation', status: 'final', code, subject };
    for (const one of [visit, value]) ids.push((await written(before.server, one)).id);
  }
  const [damaged = '', sound = '', visit = '', value = ''] = ids;
  const { line } = database;
  await line`UPDATE fhir_document SET indexed = 0, tokens = '{}'`;
  await line`UPDATE fhir_document SET sealed = '\\x00'::bytea WHERE id = ${damaged}`;
  // Whoever indexes has to wait with the second one.
  const held = await holdRows(
    database,
    (tx) => tx`SELECT FROM fhir_document WHERE id = ${sound} FOR UPDATE`,
  );

  await using here = await startServerHere({ config });
  const asked = (search: string) => ask(here.server, search);
  const during = await asked('Organization?name=sound');
  assert.deepEqual(during.ids, []);
  assert.match(during.told.join(), /are being indexed/);
  // Who decides by what is found waits: it would be made a second time.
  const again = { resourceType: 'Organization', name: 'Sound' };
  const put = () => {
    const headers = { 'content-type': 'application/fhir+json' };
    const body = JSON.stringify(again);
    return here.server.fetch('/fhir/R4/Organization?name=sound', { method: 'PUT', headers, body });
  };
  assert.equal((await put()).status, 503);
  const claim = `/fhir/R4/Encounter/${visit}/$claim`;
  assert.equal((await here.server.fetch(claim)).status, 503);
  const loop = `/fhir/R4/Observation/${value}/$closed-loop`;
  assert.match(await (await here.server.fetch(loop)).text(), /are being indexed/);
  await held[Symbol.asyncDispose]();
  const after = await eventually('the index', async () => {
    const answer = await asked('Organization?name=sound');
    return answer.told.join().includes('being indexed') ? undefined : answer;
  });
  assert.deepEqual(after.ids, [sound]);
  assert.equal(after.told.length, 1);
  assert.ok(after.told[0]?.includes(`Organization/${damaged}`), after.told[0]);
  assert.equal((await put()).status, 200, 'it is the one that was there');
  assert.equal((await here.server.fetch(claim)).status, 422, 'it lacks much, and says so');
  assert.doesNotMatch(await (await here.server.fetch(loop)).text(), /are being indexed/);
  assert.deepEqual((await asked('DocumentReference')).told, []);
  const around = await asked('DocumentReference?custodian:Organization.name=sound');
  assert.ok(around.told.join().includes(`Organization/${damaged}`), 'what it depends on');
});

/** What is found, and what is said beside it. */
async function ask(server: ServerUnderTest, search: string) {
  const { entry = [] } = await server.get<Bundle>(`/fhir/R4/${search}`);
  const found = entry.filter((one) => one.search?.mode === 'match');
  const outcomes = entry.filter((one) => one.search?.mode === 'outcome');
  return {
    ids: found.map(({ resource }) => resource?.id),
    told: outcomes.flatMap(({ resource }) =>
      ((resource as OperationOutcome).issue ?? []).map(({ severity, details }) => {
        assert.equal(severity, 'warning');
        return details?.text ?? '';
      }),
    ),
  };
}
