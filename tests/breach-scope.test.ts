/** A simulated leak: the scope names the exact records that were shown, to whom and how, and no other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BreachScope } from '@ausculta/contract/breach-scope';
import { Asking, signedIn } from './support/people.ts';
import { startServerHere } from './support/server.ts';

test('whoever was shown by a stolen account is listed, and whoever was not is not', async () => {
  await using here = await startServerHere();
  const { server } = here;
  const asking = new Asking(server);
  const patients = [];
  for (const name of ['Ada', 'Ben', 'Eve', 'Fay']) patients.push(await server.addPatient(name));
  const [ada, ben, eve, fay] = patients;
  assert.ok(ada && ben && eve && fay);
  const [thief, nurse] = [await signedIn(here, ['nurse']), await signedIn(here, ['nurse'])];
  for (const { accountId } of [thief, nurse])
    await server.post('/api/shifts', { accountId, unit: null });
  const look = async (who: typeof thief, { subjectId }: typeof ada, status = 200) =>
    assert.equal((await asking.as(who, `/api/subjects/${subjectId}`)).status, status);
  await look(thief, fay);
  const from = new Date().toISOString();
  await look(thief, ada);
  await look(thief, ben);
  await look(thief, ben);
  await look(nurse, eve);
  const refused = `/api/subjects/${eve.subjectId}/readings?metric=heart-rate&format=csv`;
  assert.equal((await asking.as(thief, refused)).status, 403);
  const to = new Date(Date.now() + 1).toISOString();
  // The clock has gone on before anybody looks again.
  while (Date.now() <= Date.parse(to)) await server.fetch('/livez');
  await look(thief, fay);

  const auditor = await signedIn(here, ['auditor']);
  const span = `from=${from}&to=${to}`;
  const discovered = '2026-11-22T12:00:00Z';
  const scope = await asking.json<BreachScope>(
    auditor,
    `/api/breach-scope?${span}&who=${thief.accountId}&discovered=${discovered}`,
  );
  assert.deepEqual(
    scope.exposed.map(({ subjectId, accesses, who }) => [subjectId, accesses, who]),
    [
      [ada.subjectId, 1, [thief.accountId]],
      [ben.subjectId, 2, [thief.accountId]],
    ].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );
  assert.deepEqual([scope.persons, scope.accesses, scope.mayBeSeen], [2, 3, 4]);
  const gdpr = scope.clocks.find(({ law }) => law.startsWith('GDPR'));
  assert.equal(gdpr?.until, '2026-11-25T12:00:00.000Z');
  const all = await asking.json<BreachScope>(auditor, `/api/breach-scope?${span}`);
  assert.equal(all.persons, 3, 'whoever it was');
  const route = encodeURIComponent('/fhir/R4/:type');
  const none = await asking.json<BreachScope>(auditor, `/api/breach-scope?${span}&route=${route}`);
  assert.equal(none.persons, 0);

  const table = await asking.as(auditor, `/api/breach-scope/table?${span}`);
  const lines = (await table.text()).trimEnd().split('\r\n');
  assert.equal(lines.length, 4);
  assert.ok(!lines.join().includes('Ada'), 'ids alone');
  assert.equal((await asking.as(nurse, `/api/breach-scope?${span}`)).status, 403);
  assert.equal((await asking.as(auditor, `/api/breach-scope?from=${to}&to=${from}`)).status, 400);
  const again = await asking.json<BreachScope>(auditor, `/api/breach-scope?${span}`);
  assert.deepEqual(
    again,
    { ...all, clocks: again.clocks },
    'whoever looks into it changes nothing',
  );
  assert.deepEqual(here.problems, []);
});
