/**
 * Indicators on schedule, on the real server whose clock is turned by hand: a day is reported once it is over,
 * anew when something came late, and never of too few people; as a MeasureReport and as CSV.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Bundle, Measure, MeasureReport } from '@medplum/fhirtypes';
import { isError, validate } from '../packages/fhir/src/validation.ts';
import { consentOf, forPurpose } from './support/consents.ts';
import { freshDatabase } from './support/database.ts';
import { r4 } from './support/fhir.ts';
import { acknowledge } from './support/nurse.ts';
import { startServerProcess, urlOf } from './support/program.ts';
import {
  eventually,
  iso,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
  temporaryDirectory,
} from './support/server.ts';
import { written } from './support/subscription-sample.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** It is noon, so that the day does not end by itself. */
let shiftMs = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2 - Date.now();
const nowMs = (): number => Date.now() + shiftMs;
const day = iso(nowMs()).slice(0, 10);

let here: ServerHere;
let patients: TestDevice[];

before(async () => {
  here = await startServerHere({
    config: { demo: true, indicators: { period: 'day', zone: 'UTC', least: 3 } },
    outside: {
      nowMs,
      every: (periodMs, run) => {
        const timer = setInterval(run, Math.min(periodMs, 50));
        return () => clearInterval(timer);
      },
    },
  });
  patients = [];
  for (const name of ['One', 'Two', 'Three', 'Four'])
    patients.push(await here.server.addPatient(name));
});
after(async () => {
  const { problems } = here;
  await here[Symbol.asyncDispose]();
  assert.deepEqual(problems, []);
});

const send = async (at: number, time: number, values: object): Promise<void> => {
  const [device] = patients.slice(at);
  assert.ok(device);
  const body = JSON.stringify({ sent: nowMs(), readings: [{ time, values }] });
  assert.equal((await here.server.send(device, body)).status, 202);
};

async function reports(server = here.server): Promise<MeasureReport[]> {
  const bundle = await server.get<Bundle>('/fhir/R4/MeasureReport');
  return (bundle.entry ?? []).flatMap(({ resource }) =>
    resource?.resourceType === 'MeasureReport' ? [resource] : [],
  );
}

const version = (count: string): Promise<MeasureReport> =>
  eventually(`version ${count}`, async () =>
    (await reports()).find(({ meta }) => meta?.versionId === count),
  );

/** "indicator stratum measure": value, or "masked". */
async function csv(): Promise<Map<string, string>> {
  const response = await here.server.fetch(`/api/indicators/${day}`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/csv/);
  const lines = (await response.text()).trimEnd().split('\r\n').slice(1);
  return new Map(
    lines.map((line) => {
      const [, , , indicator, stratum, measure, value = '', , masked] = line.split(',');
      const name = [indicator, stratum, measure].filter(Boolean).join(' ');
      return [name, masked === 'yes' ? 'masked' : value];
    }),
  );
}

test('a day is reported once it is over, of the numbers that enough people stand behind', async () => {
  const atMs = nowMs() - 30_000;
  for (const [at] of patients.entries())
    await send(at, atMs, { 'heart-rate': 70, 'glucose-blood': at < 3 ? 60 : 100 });
  for (const at of [0, 1]) await send(at, atMs, { spo2: 97 });
  // A fifth has said no to figures about the public's health: nothing of theirs is counted.
  const fifth = await here.server.addPatient('Five');
  const provision = forPurpose('deny', 'PUBHLTH');
  await written(here.server, consentOf({ subjectId: fifth.subjectId, base: 'OPTIN', provision }));
  const body = {
    readings: [{ time: atMs, values: { 'heart-rate': 70, spo2: 97, 'nibp-systolic': 230 } }],
  };
  await here.server.send(fifth, JSON.stringify({ sent: nowMs(), ...body }));
  await eventually('the alarm of the fifth', async () =>
    (await here.server.alarms(fifth.subjectId)).length > 0 ? true : undefined,
  );
  // Three of four are alarmed about: those of one are answered.
  for (const at of [0, 1, 2]) {
    await send(at, atMs + 1_000, { 'nibp-systolic': 230 });
    const { subjectId } = patients[at] ?? { subjectId: '' };
    const [alarm] = await eventually('the alarm', async () => {
      const all = await here.server.alarms(subjectId);
      return all.some(({ ruleKey }) => ruleKey.includes('blood-pressure')) ? all : undefined;
    });
    if (at === 0) assert.equal(await acknowledge(here.server.url, alarm), 200);
  }
  assert.deepEqual(await reports(), []);
  assert.equal((await here.server.fetch(`/api/indicators/${day}`)).status, 404);
  shiftMs += DAY_MS + HOUR_MS;

  const report = await version('1');
  assert.deepEqual(validate(r4(), report).filter(isError), []);
  assert.equal(report.identifier?.[0]?.value, day);
  assert.deepEqual(
    [report.status, report.type, report.period.start],
    ['complete', 'summary', `${day}T00:00:00.000+00:00`],
  );
  const { entry = [] } = await here.server.get<Bundle>('/fhir/R4/Measure');
  assert.deepEqual(
    entry.map(({ resource }) => (resource as Measure).url),
    [report.measure.split('|')[0]],
  );
  const told = await csv();
  assert.equal(told.get('patients initial-population'), '4');
  assert.equal(told.get('devices initial-population'), '4');
  assert.equal(told.get('readings heart-rate initial-population'), '4');
  assert.equal(told.get('readings spo2 initial-population'), 'masked', 'two people');
  assert.equal(told.get('glucose-below score'), 'masked', 'all else is of one person');
  assert.equal(told.get('glucose-above score'), '0');
  assert.equal(told.get('alarms high initial-population'), '3');
  assert.equal(told.get('alarms high numerator'), 'masked', 'one person');
  assert.equal(told.get('alarms numerator'), 'masked');
  const text = JSON.stringify(report);
  for (const { id, subjectId } of patients)
    assert.ok(!text.includes(id) && !text.includes(subjectId));
});

test('what came late is in the next version, and what did not change is none', async () => {
  const noonMs = Date.parse(`${day}T12:00:00Z`);
  await send(2, noonMs - 1_000, { spo2: 95 });
  await eventually('the reading', async () =>
    (await here.server.readings(patients[2]?.subjectId ?? '', 'spo2')).length === 1
      ? true
      : undefined,
  );
  shiftMs += DAY_MS;
  const second = await version('2');
  assert.equal((await csv()).get('readings spo2 initial-population'), '3');
  shiftMs += 7 * DAY_MS;
  // The last look finds what the one before has found. A later day is reported meanwhile, if it has something.
  await send(0, nowMs() - 1_000, { 'heart-rate': 71 });
  shiftMs += DAY_MS + HOUR_MS;
  await eventually('the later day', async () => ((await reports()).length > 1 ? true : undefined));
  const [own, ...others] = (await reports()).filter(
    ({ identifier }) => identifier?.[0]?.value === day,
  );
  assert.deepEqual(others, []);
  assert.equal(own?.meta?.versionId, second.meta?.versionId);
});

test('nobody but an administrator fetches a file, and only one that there is', async () => {
  for (const [path, status] of [
    [`/api/indicators/${day}`, 200],
    ['/api/indicators/2019-01', 404],
    ['/api/indicators/2019-W01', 404],
    ["/api/indicators/2019'", 404],
  ] as const)
    assert.equal((await here.server.fetch(path)).status, status, path);
  const headers = { authorization: 'Bearer made-up' };
  assert.equal((await here.server.fetch(`/api/indicators/${day}`, { headers })).status, 401);
});

const dayAgo = (count: number): string => iso(Date.now() - count * DAY_MS).slice(0, 10);

/** Three, each with a device that has been worn for five days. */
async function wornFor5Days(server: ServerUnderTest): Promise<TestDevice[]> {
  const [from, until] = [iso(Date.now() - 5 * DAY_MS), iso(Date.now())];
  const worn: TestDevice[] = [];
  for (const name of ['One', 'Two', 'Three']) {
    const device = await server.addPatient(name);
    const { subjectId } = device;
    await server.post(`/api/devices/${device.id}/correction`, { subjectId, from, until });
    await server.settled(device);
    worn.push(device);
  }
  return worn;
}

async function measure(
  server: ServerUnderTest,
  devices: readonly TestDevice[],
  of: string,
): Promise<void> {
  for (const device of devices) {
    const readings = [{ time: Date.parse(`${of}T12:00:00Z`), values: { 'heart-rate': 70 } }];
    const body = JSON.stringify({ sent: Date.now(), readings });
    assert.equal((await server.send(device, body)).status, 202);
  }
}

const told = async (server: ServerUnderTest) =>
  (await reports(server)).map(({ identifier, meta }) => [identifier?.[0]?.value, meta?.versionId]);

const indicators = { period: 'day', zone: 'UTC', least: 3 } as const;

test('a server that is killed leaves what it has reported, and the next one tells none of it twice', async () => {
  await using database = await freshDatabase();
  const place = { dataDir: await temporaryDirectory(), database: database.connection };
  let worn: readonly TestDevice[] = [];
  {
    await using first = await startServerHere({ config: place });
    worn = await wornFor5Days(first.server);
    await measure(first.server, worn, dayAgo(3));
  }
  {
    const { server, program } = await startServerProcess(place.dataDir, {
      DATABASE_URL: urlOf(place.database),
      AUSCULTA_INDICATORS: 'day UTC 3',
    });
    await eventually('a report', async () => ((await told(server)).length > 0 ? true : undefined));
    await measure(server, worn, dayAgo(2));
    program.child.kill('SIGKILL');
    await program.ended;
  }
  await using again = await startServerHere({ config: { ...place, indicators } });
  // The oldest is looked at first.
  const all = await eventually('the later report', async () => {
    const found = await told(again.server);
    return found.length > 1 ? found : undefined;
  });
  assert.deepEqual(all.sort(), [
    [dayAgo(3), '1'],
    [dayAgo(2), '1'],
  ]);
});

test('of a day of which part does not open nothing is reported, and all of it once it opens', async () => {
  await using database = await freshDatabase();
  const place = { dataDir: await temporaryDirectory(), database: database.connection };
  let worn: readonly TestDevice[] = [];
  {
    await using first = await startServerHere({ config: place });
    worn = await wornFor5Days(first.server);
    await measure(first.server, worn, dayAgo(2));
  }
  const flip = async (): Promise<void> => {
    const { count } = await database.line`
      UPDATE chunk SET sealed = set_bit(sealed, 300, 1 - get_bit(sealed, 300))
      WHERE subject_id = ${worn[1]?.subjectId ?? ''}`;
    assert.ok(count > 0);
  };
  await flip();
  let laterMs = 0;
  await using again = await startServerHere({
    config: { ...place, indicators },
    outside: { nowMs: () => Date.now() + laterMs },
  });
  await eventually(
    'the problem',
    () =>
      again.problems.some(({ what }) => what === `report indicators of ${dayAgo(2)}`) || undefined,
  );
  assert.deepEqual(await told(again.server), []);
  await flip();
  laterMs = HOUR_MS;
  await eventually('the report', async () =>
    (await told(again.server)).length > 0 ? true : undefined,
  );
  assert.deepEqual(await told(again.server), [[dayAgo(2), '1']]);
});
