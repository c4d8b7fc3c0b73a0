/** What is written as FHIR is watched: alarms of what somebody typed in, on the real server over HTTP. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { AlarmView } from '@ausculta/contract/alarms';
import type { SubjectView } from '@ausculta/contract/subjects';
import { freshDatabase } from './support/database.ts';
import { acknowledge } from './support/nurse.ts';
import { startServerProcess, urlOf } from './support/program.ts';
import {
  eventually,
  iso,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  temporaryDirectory,
} from './support/server.ts';

const MINUTE_MS = 60_000;

interface Written {
  readonly subjectId: string;
  readonly value?: number;
  readonly unit?: string;
  readonly code?: string;
  readonly atMs?: number;
}

function spotCheck({ subjectId, value = 180, unit = '/min', code = '8867-4', atMs }: Written) {
  return {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code }] },
    subject: { reference: `Patient/${subjectId}` },
    effectiveDateTime: iso(atMs ?? Date.now() - MINUTE_MS),
    valueQuantity: { value, unit, system: 'http://unitsofmeasure.org', code: unit },
  };
}

async function ask(
  server: ServerUnderTest,
  [method, path]: readonly [method: string, path: string],
  body?: unknown,
): Promise<{ id: string }> {
  const headers = { 'content-type': 'application/fhir+json' };
  const given = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await server.fetch(`/fhir/R4${path}`, { method, headers, ...given });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return text === '' ? { id: '' } : JSON.parse(text);
}

const told = (alarms: readonly AlarmView[]) =>
  alarms.map(({ ruleKey, openingValue, condition, episode, priority, isWritten }) =>
    [ruleKey, openingValue, condition, episode, priority, ...(isWritten ? ['charted'] : [])].join(
      ' ',
    ),
  );

const HIGH = 'limit/heart-rate/high 180 absent raised high charted';

describe('what is written as FHIR', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  before(async () => {
    here = await startServerHere({ config: { demo: true } });
    server = here.server;
  });
  after(() => here[Symbol.asyncDispose]());

  const post = (written: Written) => ask(server, ['POST', '/Observation'], spotCheck(written));
  const noneLeft = async (): Promise<true | undefined> =>
    (await here.database.line`SELECT FROM fhir_untold`).length === 0 ? true : undefined;

  test('calls on every screen when it is beyond a limit, and once it is told nothing is left', async () => {
    const { id: subjectId } = await server.addSubject();
    const listener = server.listen([subjectId]);
    assert.ok(await listener.opened);
    await post({ subjectId });
    const heard = () =>
      listener.notices.flatMap((one) => (one.type === 'alarms' ? one.alarms : []));
    const alarms = await eventually('the alarm on the socket', () =>
      heard().length > 0 ? heard() : undefined,
    ).finally(listener.close);
    assert.deepEqual(told(alarms), [HIGH]);
    assert.deepEqual(told(await server.alarms(subjectId)), [HIGH]);
    await eventually('the outbox', noneLeft);
    const [row] = await here.database.line`SELECT FROM alarm WHERE subject_id = ${subjectId}`;
    assert.ok(row);
  });

  test('calls nobody within limits, of long ago, or of whom no limits are known', async () => {
    const [adult, child] = [await server.addSubject(), await server.addSubject('Young', 'child')];
    await post({ subjectId: adult.id, value: 130 });
    await post({ subjectId: adult.id, atMs: Date.now() - 25 * 60 * MINUTE_MS });
    await post({ subjectId: child.id });
    assert.deepEqual(await server.alarms(adult.id), []);
    assert.deepEqual(await server.alarms(child.id), []);
    // What nothing measures truthfully is somebody's to look at, whoever it is of.
    await post({ subjectId: child.id, value: 1800 });
    assert.deepEqual(told(await server.alarms(child.id)), [
      'technical/heart-rate/out-of-range 1800 absent raised medium charted',
    ]);
  });

  test('is judged in whatever unit it was measured', async () => {
    const { id: subjectId } = await server.addSubject();
    await post({ subjectId, value: 98.6, unit: '[degF]', code: '8310-5' });
    assert.deepEqual(await server.alarms(subjectId), []);
    await post({ subjectId, value: 104, unit: '[degF]', code: '8310-5' });
    assert.deepEqual(told(await server.alarms(subjectId)), [
      'limit/body-temperature/high 40 absent raised medium charted',
    ]);
  });

  test('calls however it is written: by update, by patch, in a transaction, in a batch, by import', async () => {
    const subjects = await Promise.all(
      ['A', 'B', 'C', 'D', 'E'].map((name) => server.addSubject(name)),
    );
    const [a, b, c, d, e] = subjects.map(({ id }) => id) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const within = await post({ subjectId: a, value: 80 });
    await ask(server, ['PUT', `/Observation/${within.id}`], {
      ...spotCheck({ subjectId: a }),
      id: within.id,
    });
    const patched = await post({ subjectId: b, value: 80 });
    const headers = { 'content-type': 'application/json-patch+json' };
    const body = JSON.stringify([{ op: 'replace', path: '/valueQuantity/value', value: 180 }]);
    const path = `/fhir/R4/Observation/${patched.id}`;
    assert.equal((await server.fetch(path, { method: 'PATCH', headers, body })).status, 200);
    const entry = (subjectId: string) => ({
      resource: spotCheck({ subjectId }),
      request: { method: 'POST', url: 'Observation' },
    });
    for (const [type, subjectId] of [
      ['transaction', c],
      ['batch', d],
    ] as const) {
      const bundle = { resourceType: 'Bundle', type, entry: [entry(subjectId)] };
      await ask(server, ['POST', ''], bundle);
    }
    const lines = `${JSON.stringify(spotCheck({ subjectId: e }))}\n`;
    const imported = await server.fetch('/fhir/R4/$import', {
      ...{ method: 'POST', body: lines },
      headers: { 'content-type': 'application/fhir+ndjson' },
    });
    assert.equal(imported.status, 200, await imported.text());
    for (const { id } of subjects) assert.deepEqual(told(await server.alarms(id)), [HIGH]);
  });

  test('is one alarm however often it is sent, which a worse correction makes worse and none takes back', async () => {
    const { id: subjectId } = await server.addSubject();
    const atMs = Date.now() - MINUTE_MS;
    const first = await post({ subjectId, atMs });
    await post({ subjectId, atMs });
    const put = (change: object) =>
      ask(server, ['PUT', `/Observation/${first.id}`], {
        ...spotCheck({ subjectId, atMs }),
        ...{ id: first.id, status: 'corrected', ...change },
      });
    await put(spotCheck({ subjectId, value: 190, atMs }));
    const worse = await server.alarms(subjectId);
    assert.deepEqual(told(worse), [HIGH]);
    assert.equal(worse[0]?.extremeValue, 190);
    await put({ status: 'entered-in-error' });
    await ask(server, ['DELETE', `/Observation/${first.id}`]);
    assert.deepEqual(told(await server.alarms(subjectId)), [HIGH]);
    assert.equal(await acknowledge(server.url, worse[0]), 200);
    await post({ subjectId, atMs });
    const [seen, ...others] = await server.alarms(subjectId);
    assert.deepEqual([seen?.episode, others], ['resolved', []]);
  });

  test('is refused of a patient whom nobody here knows, and calls nobody', async () => {
    const headers = { 'content-type': 'application/fhir+json' };
    const body = JSON.stringify(spotCheck({ subjectId: randomUUID() }));
    const response = await server.fetch('/fhir/R4/Observation', { method: 'POST', headers, body });
    assert.equal(response.status, 422);
    await eventually('the outbox', noneLeft);
  });

  test('is told in the record that goes on, where two were one person’s', async () => {
    const [old, kept] = [await server.addSubject('Twice'), await server.addSubject('Once')];
    await server.post(`/api/subjects/${old.id}/merge`, { into: kept.id });
    await post({ subjectId: old.id });
    assert.deepEqual(told(await server.alarms(kept.id)), [HIGH]);
    assert.deepEqual(await server.alarms(old.id), []);
  });
});

test('a server that is killed before it has told what was written tells it at its next start, once', async () => {
  await using database = await freshDatabase();
  const sql = database.line;
  const dataDir = await temporaryDirectory();
  const settings = { DATABASE_URL: urlOf(database.connection) };
  const config = { dataDir, database: database.connection };
  const untold = () => sql<{ sealed: Uint8Array }[]>`SELECT * FROM fhir_untold ORDER BY id`;
  const noneLeft = async () => ((await untold()).length === 0 ? true : undefined);
  let subjectId: string;
  // No alarm is durable while somebody else holds their table.
  const held = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let holding: Promise<unknown>;
  {
    const { server, program } = await startServerProcess(dataDir, settings);
    subjectId = (await server.addSubject()).id;
    holding = sql.begin(async (tx) => {
      await tx`LOCK TABLE alarm IN EXCLUSIVE MODE`;
      held.resolve();
      await released.promise;
    });
    await Promise.race([held.promise, holding]);
    await ask(server, ['POST', '/Observation'], spotCheck({ subjectId }));
    assert.deepEqual(told(await server.alarms(subjectId)), [HIGH], 'told before it is durable');
    program.child.kill('SIGKILL');
    await program.ended;
  }
  released.resolve();
  await holding;
  const left = await untold();
  assert.equal(left.length, 1);
  assert.doesNotMatch(Buffer.from(left[0]?.sealed ?? []).toString('latin1'), /heart|180/);
  for (let start = 1; start <= 2; start += 1) {
    await using again = await startServerHere({ config });
    await eventually('what was left to be told', noneLeft);
    assert.deepEqual(told(await again.server.alarms(subjectId)), [HIGH], `start ${start}`);
    // To tell it again is to tell it once: the alarm is the same.
    await sql`INSERT INTO fhir_untold ${sql(left)} ON CONFLICT DO NOTHING`;
  }
  await using last = await startServerHere({ config });
  const number = (await last.server.get<SubjectView>(`/api/subjects/${subjectId}`)).identity;
  await sql`INSERT INTO fhir_untold ${sql(left)} ON CONFLICT DO NOTHING`;
  const body = { recordNumber: number.recordNumber, stopMonitoring: true };
  await last.server.post(`/api/subjects/${subjectId}/erasure`, body);
  await eventually('the rows of the erased', noneLeft);
});
