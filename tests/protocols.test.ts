/** Protocols on the real server: written, given to wards and patients, overridden, run by the line and explained. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { AlarmView } from '@ausculta/contract/alarms';
import type { AlarmExplanation, PlanView, ProtocolVersion } from '@ausculta/contract/protocols';
import type { SubjectView } from '@ausculta/contract/subjects';
import { freshDatabase } from './support/database.ts';
import { Asking, signedIn } from './support/people.ts';
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

const DAY_MS = 24 * 3_600_000;

/** A clock that goes on, and is put forward: days pass in a test that counts them. */
const clock = { aheadMs: -9 * DAY_MS };
const nowMs = (): number => Date.now() + clock.aheadMs;
const pass = (ms: number): void => {
  clock.aheadMs += ms;
};

/** What was read last breaks the limit that holds now: its delay is over, and nothing else came. */
const DELAY_IN_SILENCE_MS = 6_000;

const json = { 'content-type': 'application/json' };

type Values = Readonly<Record<string, number>>;

async function measure(server: ServerUnderTest, device: TestDevice, values: Values): Promise<void> {
  const answer = await server.send(device, JSON.stringify({ time: nowMs(), values }));
  assert.equal(answer.status, 202);
}

function alarmOf(
  server: ServerUnderTest,
  { subjectId }: Pick<TestDevice, 'subjectId'>,
  asked: { readonly rule: string; readonly is?: (alarm: AlarmView) => boolean },
): Promise<AlarmView> {
  const { rule, is = () => true } = asked;
  return eventually(`an alarm of ${rule}`, async () => {
    const alarms = await server.alarms(subjectId);
    return alarms.find((alarm) => alarm.id.startsWith(`${rule}@`) && is(alarm));
  });
}

const isOver = ({ condition }: AlarmView): boolean => condition === 'absent';
/** On a slow machine a device may seem silent: that is another alarm. */
const isOfLimit = ({ id }: AlarmView): boolean => id.startsWith('limit/');

/** Present, or unknown since nothing more came. */
const isPresent = (alarm: AlarmView): boolean => !isOver(alarm);

/** Beyond a limit for longer than its delay. */
async function race(server: ServerUnderTest, device: TestDevice, rate: number): Promise<void> {
  for (let beat = 0; beat < 3; beat += 1) {
    await measure(server, device, { 'heart-rate': rate });
    pass(2_000);
  }
}

describe('protocols', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  before(async () => {
    here = await startServerHere({ outside: { nowMs }, config: { timeZone: 'Europe/Paris' } });
    server = here.server;
  });
  after(() => here[Symbol.asyncDispose]());

  const patientIn = async (ward: string): Promise<TestDevice> => {
    const identity = { familyName: 'Sample', ward, invented: true };
    const subject = await server.post<SubjectView>('/api/subjects', {
      category: 'adult',
      identity,
    });
    return await server.addDevice(subject.id);
  };
  const planOf = ({ subjectId }: TestDevice) =>
    server.get<PlanView>(`/api/subjects/${subjectId}/protocol`);

  test('who has no protocol is watched by what is built in, and the plan says so', async () => {
    const device = await server.addPatient();
    const plan = await planOf(device);
    assert.equal(plan.protocol, null);
    const rate = plan.rules.find(({ key }) => key === 'limit/heart-rate/high');
    assert.deepEqual(rate?.origin, { from: 'built-in', source: 'NEWS2: pulse ≥ 131 scores 3' });
  });

  test('a ward is given NEWS2: what is measured of who lies there raises the score, and it is explained', async () => {
    const device = await patientIn('Ward 1');
    await server.post('/api/protocol-assignments', { protocol: 'adult-ward', ward: 'Ward 1' });
    const plan = await planOf(device);
    assert.deepEqual(plan.protocol, { key: 'adult-ward', version: 1 });
    assert.equal(plan.assignment?.to, 'ward');
    const values = { spo2: 92, 'heart-rate': 112, 'nibp-systolic': 100 };
    await measure(server, device, values);
    const path = `/api/subjects/${device.subjectId}/alarms/explain?rule=score/news2`;
    const waiting = await server.get<AlarmExplanation>(path);
    assert.deepEqual(waiting.places[0]?.score, { total: 6, isComplete: false });
    assert.equal(waiting.places[0]?.why, 'delay-running');
    pass(61_000);
    await measure(server, device, values);
    const alarm = await alarmOf(server, device, { rule: 'score/news2' });
    assert.deepEqual([alarm.priority, alarm.openingValue], ['medium', 6]);
    const told = await server.get<AlarmExplanation>(path);
    assert.equal(told.places[0]?.why, 'raised');
    assert.deepEqual(told.places[0]?.evidence.map(({ part }) => part).sort(), [
      'hr',
      'sbp',
      'spo2',
    ]);
    const before = iso(alarm.openedMs - 1);
    const then = await server.get<AlarmExplanation>(`${path}&at=${encodeURIComponent(before)}`);
    assert.equal(then.places[0]?.why, 'no-reading');
  });

  test('weights of days raise the rule of heart failure by the home feed, and the ward comes back after it', async () => {
    const device = await server.addPatient();
    const path = `/api/subjects/${device.subjectId}/protocol`;
    await server.post(path, { protocol: 'heart-failure-home' });
    for (const weight of [80, 80.4, 82.2]) {
      await measure(server, device, { weight });
      pass(DAY_MS);
    }
    const alarm = await alarmOf(server, device, { rule: 'trend/weight/high' });
    assert.equal(alarm.unit, 'kg');
    assert.ok(alarm.extremeValue >= 1.8);
    const limits = await server.get<{ limits: { ruleKey: string }[] }>(
      `/api/subjects/${device.subjectId}/limits`,
    );
    assert.ok(limits.limits.some(({ ruleKey }) => ruleKey === 'limit/heart-rate/high'));
    const ended = await server.fetch(`${path}/end`, { method: 'POST' });
    assert.equal(ended.status, 204);
    assert.equal((await planOf(device)).protocol, null);
    const over = await alarmOf(server, device, { rule: 'trend/weight/high', is: isOver });
    assert.deepEqual([over.endedBecause, over.episode], ['protocol-changed', 'raised']);
  });

  test('an override lifts a limit with a reason, ends by its time, and another is ended by a person', async () => {
    const device = await server.addPatient();
    const path = `/api/subjects/${device.subjectId}/overrides`;
    await race(server, device, 140);
    const first = await alarmOf(server, device, { rule: 'limit/heart-rate/high', is: isPresent });
    const override = {
      rule: 'limit/heart-rate/high',
      change: { kind: 'limit', limit: 150 },
      reason: 'atrial fibrillation, known',
      until: iso(nowMs() + 3_600_000),
    };
    await server.post(path, override);
    const over = await alarmOf(server, device, { rule: 'limit/heart-rate/high', is: isOver });
    assert.deepEqual([over.id, over.endedBecause], [first.id, 'protocol-changed']);
    const { rules, changesAt } = await planOf(device);
    const own = rules.find(({ key }) => key === override.rule);
    assert.deepEqual([own?.origin.from, changesAt], ['override', override.until]);
    await race(server, device, 149);
    assert.ok((await server.alarms(device.subjectId)).filter(isOfLimit).every(isOver));
    pass(3_600_000);
    await race(server, device, 149);
    await alarmOf(server, device, { rule: 'limit/heart-rate/high', is: isPresent });

    // Further than the clearance: nearer to its limit it would go on.
    const change = { kind: 'limit', limit: 160 };
    const again = { ...override, change, until: iso(nowMs() + 3_600_000) };
    const { id } = await server.post<{ id: string }>(path, again);
    await alarmOf(server, device, { rule: 'limit/heart-rate/high', is: isOver });
    const body = JSON.stringify({ reason: 'sinus rhythm' });
    const options = { method: 'POST', headers: json, body };
    assert.equal((await server.fetch(`${path}/${id}/end`, options)).status, 204);
    pass(DELAY_IN_SILENCE_MS);
    await alarmOf(server, device, { rule: 'limit/heart-rate/high', is: isPresent });
  });

  test('a version written in the middle of an episode ends it, and the earlier one brings it back', async () => {
    const ready = await server.get<ProtocolVersion>('/api/protocols/adult-ward/versions/1');
    const limitOf = (limit: number) =>
      ready.rules.map((rule) =>
        rule.key === 'limit/heart-rate/high'
          ? { ...rule, detector: { ...rule.detector, limit } }
          : rule,
      );
    const { categories } = ready;
    const write = (limit: number) =>
      server.post('/api/protocols/own-ward/versions', {
        ...{ categories, rules: limitOf(limit), reason: 'as the ward has decided' },
      });
    await write(120);
    const device = await server.addPatient();
    await server.post(`/api/subjects/${device.subjectId}/protocol`, { protocol: 'own-ward' });
    await race(server, device, 125);
    const raised = await alarmOf(server, device, { rule: 'limit/heart-rate/high' });
    assert.equal(raised.limit, 120);
    await write(130);
    await alarmOf(server, device, { rule: 'limit/heart-rate/high', is: isOver });
    await server.post('/api/protocols/own-ward/followed', { version: 1, reason: 'missed one' });
    pass(DELAY_IN_SILENCE_MS);
    await alarmOf(server, device, { rule: 'limit/heart-rate/high', is: isPresent });
    const { protocols } = await server.get<{ protocols: { key: string; followed: number }[] }>(
      '/api/protocols',
    );
    assert.equal(protocols.find(({ key }) => key === 'own-ward')?.followed, 1);
  });

  test('what cannot be is refused, with where and why, and changes nothing', async () => {
    const device = await server.addPatient();
    const subject = `/api/subjects/${device.subjectId}`;
    const until = iso(nowMs() + 3_600_000);
    const override = {
      rule: 'limit/spo2/low/outer',
      change: { kind: 'off' },
      reason: 'noise',
      until,
    };
    const rule = { key: 'a', episodeKey: 'a', priority: 'low', role: 'alarm', source: 's' };
    const detector = {
      kind: 'overdue',
      vital: 'weight',
      cadence: { kind: 'days', count: 1, days: 1 },
    };
    const version = { categories: ['adult'], rules: [{ ...rule, detector }], reason: 'to try' };
    const cases: [string, unknown, number, RegExp][] = [
      [`${subject}/overrides`, override, 400, /never-off/],
      [`${subject}/overrides`, { ...override, rule: 'limit/no/such' }, 400, /no-such-rule/],
      [`${subject}/overrides`, { ...override, reason: '' }, 400, /reason/],
      [`${subject}/overrides`, { ...override, until: undefined }, 400, /until/],
      [`${subject}/overrides`, { ...override, rule: 'limit/heart-rate/high' }, 400, /never-off/],
      [`${subject}/overrides`, { ...override, until: iso(nowMs() + 32 * DAY_MS) }, 400, /31 days/],
      [`${subject}/overrides`, { ...override, until: iso(nowMs() - 1) }, 400, /no-expiry/],
      [`${subject}/protocol`, { protocol: 'no-such' }, 404, /protocol/],
      ['/api/protocols/own/versions', version, 400, /overdue\/weight/],
      ['/api/protocols/adult-ward/versions', version, 400, /ready/],
      ['/api/protocols/own/versions', { ...version, rules: [] }, 400, /rules/],
      ['/api/protocols/own/followed', { version: 7, reason: 'to try' }, 404, /protocol/],
      ['/api/protocol-assignments', { protocol: 'adult-ward' }, 400, /ward|category/],
    ];
    for (const [path, body, status, why] of cases) {
      const options = { method: 'POST', headers: json, body: JSON.stringify(body) };
      const answer = await server.fetch(path, options);
      const text = await answer.text();
      assert.deepEqual([answer.status, why.test(text)], [status, true], `${path} ${text}`);
    }
    const bent = await server.fetch(`${subject}/alarms/explain?rule=x&at=yesterday`);
    assert.equal(bent.status, 400);
    assert.equal((await planOf(device)).assignment, null);
  });

  test('a physician of the patient overrides; a nurse reads the plan; who is elsewhere finds nobody', async () => {
    const device = await server.addPatient();
    const asking = new Asking(server);
    const [physician, nurse] = [
      await signedIn(here, ['physician']),
      await signedIn(here, ['nurse']),
    ];
    const stranger = await signedIn(here, ['physician']);
    for (const one of [physician, nurse]) await asking.relate(one, device, 'care-team');
    const path = `/api/subjects/${device.subjectId}`;
    const change = { rule: 'limit/heart-rate/high', change: { kind: 'limit', limit: 150 } };
    const body = JSON.stringify({ ...change, reason: 'known', until: iso(nowMs() + 60_000) });
    const options = { method: 'POST', headers: json, body };
    const statusOf = async (
      person: Parameters<Asking['as']>[0],
      where: string,
      how?: RequestInit,
    ) => (await asking.as(person, where, how)).status;
    assert.equal(await statusOf(nurse, `${path}/overrides`, options), 403);
    assert.equal(await statusOf(physician, `${path}/overrides`, options), 201);
    assert.equal(await statusOf(nurse, `${path}/protocol`), 200);
    assert.notEqual(await statusOf(stranger, `${path}/protocol`), 200);
    assert.notEqual(await statusOf(stranger, `${path}/overrides`, options), 201);
    assert.equal(await statusOf(nurse, '/api/protocols'), 200);
    const given = JSON.stringify({ protocol: 'adult-ward', category: 'neonate' });
    const giving = { method: 'POST', headers: json, body: given };
    assert.equal(await statusOf(nurse, '/api/protocol-assignments', giving), 403);
  });

  test('each change is in the audit, and an erasure takes what is of the person', async () => {
    const sql = here.database.line;
    const device = await server.addPatient();
    const { subjectId } = device;
    const path = `/api/subjects/${subjectId}`;
    await server.post(`${path}/protocol`, { protocol: 'adult-ward' });
    const change = { rule: 'limit/heart-rate/high', change: { kind: 'limit', limit: 150 } };
    const until = iso(nowMs() + DAY_MS);
    const { id } = await server.post<{ id: string }>(`${path}/overrides`, {
      ...{ ...change, reason: 'fibrillates', until },
    });
    const end = { method: 'POST', headers: json, body: JSON.stringify({ reason: 'no more' }) };
    await server.fetch(`${path}/overrides/${id}/end`, end);
    await server.post(`${path}/overrides`, { ...change, reason: 'fibrillates', until });
    const rows = await sql<{ act: string }[]>`
      SELECT act FROM audit_leaf WHERE target = ${`subject/${subjectId}`} AND act ~ '^(protocol|override)'
      ORDER BY id`;
    const acts = rows.map(({ act }) => act).sort();
    assert.deepEqual(acts, [
      'override-ended',
      'override-made',
      'override-made',
      'protocol-assigned',
    ]);
    const sealed = await sql<{ sealed: Uint8Array }[]>`
      SELECT sealed FROM protocol_override WHERE subject_id = ${subjectId}`;
    assert.ok(sealed.every((row) => !Buffer.from(row.sealed).includes('fibrillates')));
    await measure(server, device, { 'heart-rate': 80 });

    const { identity } = await server.get<SubjectView>(path);
    const order = { recordNumber: identity.recordNumber, stopMonitoring: true };
    await server.post(`${path}/erasure`, order);
    await eventually('nothing of the person', async () => {
      const [left] = await sql<{ count: number }[]>`
        SELECT (SELECT count(*) FROM protocol_override WHERE subject_id = ${subjectId})
          + (SELECT count(*) FROM protocol_assignment WHERE subject_id = ${subjectId})
          + (SELECT count(*) FROM detector_state WHERE subject_id = ${subjectId}) AS count`;
      return Number(left?.count) === 0 || undefined;
    });
    assert.equal((await server.fetch(`${path}/protocol`)).status, 404);
  });
});

test('a restart in the middle of a delay goes on with it, under the plan that holds', async () => {
  await using database = await freshDatabase();
  const config = { database: database.connection, dataDir: await temporaryDirectory() };
  const change = { kind: 'limit', limit: 93 };
  const [device, sinceMs] = await (async () => {
    await using here = await startServerHere({ config, outside: { nowMs } });
    const worn = await here.server.addPatient();
    const until = iso(nowMs() + DAY_MS);
    await here.server.post(`/api/subjects/${worn.subjectId}/overrides`, {
      ...{ rule: 'limit/spo2/low', change, reason: 'a shunt', until },
    });
    const atMs = nowMs();
    const answer = await here.server.send(
      worn,
      JSON.stringify({ time: atMs, values: { spo2: 93 } }),
    );
    assert.equal(answer.status, 202);
    return [worn, atMs] as const;
  })();
  pass(11_000);
  await using here = await startServerHere({ config, outside: { nowMs } });
  await measure(here.server, device, { spo2: 93 });
  const alarm = await alarmOf(here.server, device, { rule: 'limit/spo2/low' });
  assert.deepEqual([alarm.openedMs, alarm.limit, alarm.openingValue], [sinceMs, 93, 93]);
});

test('after kill -9 the log alone gives the same alarms, with plans where they were begun and ended', async () => {
  await using database = await freshDatabase();
  const dataDir = await temporaryDirectory();
  const settings = { DATABASE_URL: urlOf(database.connection) };
  const { line: sql } = database;
  const found = async (server: ServerUnderTest, { subjectId }: TestDevice) =>
    (await server.alarms(subjectId))
      .filter(isOfLimit)
      .map(({ condition: _, ...alarm }) => alarm)
      .sort((one, other) => (one.id < other.id ? -1 : 1));
  let device: TestDevice;
  let before: Awaited<ReturnType<typeof found>>;
  {
    await using running = await startServerProcess(dataDir, settings);
    const { server } = running;
    device = await server.addPatient();
    const say = async (values: Values): Promise<void> => {
      const time = Date.now();
      assert.equal((await server.send(device, JSON.stringify({ time, values }))).status, 202);
    };
    const subject = `/api/subjects/${device.subjectId}`;
    await say({ 'nibp-systolic': 85, spo2: 79, 'heart-rate': 80 });
    await server.post(`${subject}/protocol`, { protocol: 'adult-ward' });
    await say({ 'nibp-systolic': 120, spo2: 78, 'heart-rate': 80 });
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const change = { kind: 'limit', limit: 60 };
    const override = { rule: 'limit/blood-pressure-systolic/low', change, reason: 'known', until };
    await server.post(`${subject}/overrides`, override);
    await say({ 'nibp-systolic': 70, spo2: 97, 'heart-rate': 80 });
    await server.fetch(`${subject}/protocol/end`, { method: 'POST' });
    await say({ 'nibp-systolic': 59, spo2: 97, 'heart-rate': 80 });
    before = await eventually('the alarms', async () => {
      const alarms = await found(server, device);
      return alarms.some(({ extremeValue }) => extremeValue === 59) ? alarms : undefined;
    });
    await running.kill();
  }
  // What is not in the log is not there any more.
  await sql`DELETE FROM alarm_transition WHERE subject_id = ${device.subjectId}`;
  await sql`DELETE FROM alarm WHERE subject_id = ${device.subjectId}`;
  await using again = await startServerProcess(dataDir, settings);
  assert.deepEqual(await found(again.server, device), before);
});
