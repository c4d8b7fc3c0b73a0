/** What other limits would have done to stored history, and how many alarms there were: asked of a real server. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { AlarmStatistics } from '@ausculta/contract/alarm-statistics';
import { WhatIfAnswer } from '@ausculta/contract/what-if';
import { ADULT_WARD } from '@ausculta/rules/protocol/library';
import { acknowledge } from './support/nurse.ts';
import { otherOrganisation, type Person, signedIn } from './support/people.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';

const LOW = 'limit/spo2/low';
const COUNT = 45;

describe('what would have been', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  let device: TestDevice;
  /** A device is worn from a minute before it was added. */
  const startMs = Math.floor(Date.now() / 1000) * 1000 - 50_000;
  const span = { fromMs: startMs - 1_000, toMs: startMs + 3_600_000 };

  before(async () => {
    here = await startServerHere({ config: { demo: true } });
    server = here.server;
    device = await server.addPatient();
    const readings = Array.from({ length: COUNT }, (_, i) => ({
      time: startMs + i * 1000,
      // Twenty seconds at 90 %, from the tenth on.
      values: { spo2: i >= 10 && i < 30 ? 90 : 97, 'body-temperature': 37 },
    }));
    assert.equal((await server.send(device, JSON.stringify({ readings }))).status, 202);
    const [alarm] = await eventually('the alarm', async () => {
      const alarms = await server.alarms(device.subjectId);
      return alarms.length > 0 ? alarms : undefined;
    });
    assert.equal(await acknowledge(server.url, alarm), 200);
  });
  after(() => here[Symbol.asyncDispose]());

  const ask = (body: object, headers: Record<string, string> = {}) =>
    server.fetch('/api/what-if', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ ...span, ...body }),
    });
  const tuned = async (limit: number): Promise<WhatIfAnswer> => {
    const subjects = [device.subjectId];
    const answer = await ask({ subjects, tune: [{ rule: LOW, limit }] });
    assert.equal(answer.status, 200);
    return WhatIfAnswer.parse(await answer.json());
  };
  const statistics = async (query = '', headers: Record<string, string> = {}) => {
    const path = `/api/alarm-statistics?from=${span.fromMs}&to=${span.toMs}${query}`;
    return AlarmStatistics.parse(await (await server.fetch(path, { headers })).json());
  };

  test('a wider limit takes an alarm away, and names the one that somebody acted on', async () => {
    const found = await tuned(88);
    assert.deepEqual([found.before.total, found.after.total, found.patients], [1, 0, 1]);
    assert.deepEqual(found.before.byPriority, { high: 1, medium: 0, low: 0 });
    assert.equal(found.before.byHour.length, 24);
    assert.deepEqual(found.changes, [{ rule: LOW, kind: 'changed', isEssential: false }]);
    const fates = found.fates.map(({ alarm, subjectId, fate, isReproduced }) => {
      return { alarm, subjectId, fate, isReproduced };
    });
    assert.deepEqual(fates, [
      { alarm: LOW, subjectId: device.subjectId, fate: 'missed', isReproduced: true },
    ]);
    assert.deepEqual([found.actedOn, found.needsSecondClinician], [1, true]);
    // Of the temperature nothing is read, and of SpO2 only what lies beyond a limit is shown.
    assert.deepEqual([found.readings, found.shown], [COUNT, 21]);
  });

  test('on the edge: at 90 it still calls, at 89 it does not', async () => {
    const [at, below] = [await tuned(90), await tuned(89)];
    assert.deepEqual([at.after.total, at.fates, at.needsSecondClinician], [1, [], false]);
    assert.deepEqual([below.after.total, below.fates.length], [0, 1]);
  });

  test('a protocol of one’s own is compared with another, as both were written', async () => {
    const rules = ADULT_WARD.rules.map((rule) =>
      rule.key === LOW ? { ...rule, priority: 'medium' as const } : rule,
    );
    const answer = await ask({
      subjects: [device.subjectId],
      before: ADULT_WARD,
      after: { ...ADULT_WARD, version: 2, rules },
    });
    const found = WhatIfAnswer.parse(await answer.json());
    assert.deepEqual(found.after.byPriority, { high: 0, medium: 1, low: 0 });
    assert.deepEqual(
      found.fates.map(({ fate }) => fate),
      ['lowered'],
    );
    assert.equal(found.needsSecondClinician, false);
  });

  test('a score is asked of every reading', async () => {
    const rules = ADULT_WARD.rules.filter(({ key }) => key !== 'score/news2');
    const answer = await ask({ subjects: [device.subjectId], after: { ...ADULT_WARD, rules } });
    const found = WhatIfAnswer.parse(await answer.json());
    assert.deepEqual([found.readings, found.shown], [2 * COUNT, 2 * COUNT]);
    assert.deepEqual(found.changes, [{ rule: 'score/news2', kind: 'removed', isEssential: false }]);
  });

  const REFUSED = [
    {
      name: 'what is essential, without a medical lead',
      body: { tune: [{ rule: `${LOW}/outer`, limit: 79 }] },
      status: 403,
    },
    {
      name: 'a protocol without asystole',
      body: {
        after: {
          ...ADULT_WARD,
          rules: ADULT_WARD.rules.filter(({ key }) => key !== 'rhythm/asystole'),
        },
      },
      status: 403,
    },
    {
      name: 'a protocol that leaves the adults out',
      body: { after: { ...ADULT_WARD, categories: ['child'] } },
      status: 403,
    },
    {
      name: 'a delay that safety S6 forbids',
      body: { tune: [{ rule: 'limit/heart-rate/high', delayMs: 5_000 }] },
      status: 400,
    },
    {
      name: 'a rule that is not there',
      body: { tune: [{ rule: 'limit/none', limit: 1 }] },
      status: 400,
    },
    { name: 'neither a protocol nor a line', body: {}, status: 400 },
    { name: 'both', body: { tune: [{ rule: LOW, limit: 88 }], after: ADULT_WARD }, status: 400 },
    {
      name: 'a time without a length',
      body: { tune: [{ rule: LOW, limit: 88 }], toMs: span.fromMs },
      status: 400,
    },
    {
      name: 'a zone that is not there',
      body: { tune: [{ rule: LOW, limit: 88 }], zone: 'Mars/Gale' },
      status: 400,
    },
  ] as const;

  for (const { name, body, status } of REFUSED)
    test(`${name} is refused with ${status}`, async () => {
      assert.equal((await ask(body)).status, status);
    });

  test('many rules that call at every reading are refused as too much', async () => {
    const restless = await server.addPatient();
    const readings = Array.from({ length: 1_700 }, (_, i) => ({
      time: startMs + i * 25,
      values: { 'heart-rate': i % 2 === 0 ? 90 : 110 },
    }));
    for (let from = 0; from < readings.length; from += 400) {
      const body = JSON.stringify({ readings: readings.slice(from, from + 400) });
      const sent = await server.send(restless, body);
      assert.equal(sent.status, 202, await sent.text());
    }
    const rules = Array.from({ length: 64 }, (_, at) => ({
      ...{ key: `copy/${at}`, episodeKey: `copy/${at}`, priority: 'low', role: 'alarm' },
      source: 'test',
      detector: {
        ...{ kind: 'limit', vital: 'heart-rate', direction: 'high', limit: 100 },
        ...{ delayMs: 0, clearance: 0 },
      },
    }));
    const own = (count: number) => ({
      ...{ key: 'restless', version: 1, categories: ['adult'] },
      rules: rules.slice(0, count),
    });
    const of = { subjects: [restless.subjectId], before: own(1) };
    await eventually('the readings', async () => {
      const few = WhatIfAnswer.parse(await (await ask({ ...of, after: own(2) })).json());
      return few.readings === readings.length || undefined;
    });
    const refused = await ask({ ...of, after: own(64) });
    assert.equal(refused.status, 400);
    assert.match(await refused.text(), /more than 100000 beginnings and ends of alarms/);
  });

  test('nothing is run of a patient without limits, and it is said', async () => {
    const child = await server.addSubject('Young', 'child');
    const answer = await ask({ subjects: [child.id], tune: [{ rule: LOW, limit: 88 }] });
    const found = WhatIfAnswer.parse(await answer.json());
    assert.deepEqual(found.leftOut, [{ subjectId: child.id, why: 'other-category' }]);
    assert.deepEqual([found.patients, found.before.total], [0, 0]);
  });

  test('who asked is in the audit, and what was asked of is a read', async () => {
    const looksBy = async (): Promise<readonly string[]> => {
      const { entries } = await server.get<{ entries: { route?: string; subjectId?: string }[] }>(
        `/api/audit?subject=${device.subjectId}`,
      );
      return entries.flatMap(({ route }) => route ?? []);
    };
    await tuned(88);
    await eventually(
      'the entry',
      async () => (await looksBy()).includes('/api/what-if') || undefined,
    );
  });

  test('alarms are counted by patient-day and rule, and by who answered', async () => {
    const found = await eventually('the answer in the rows', async () => {
      const now = await statistics();
      return now.answers.acknowledged === 1 ? now : undefined;
    });
    assert.deepEqual([found.alarms, found.byPriority.high], [1, 1]);
    assert.ok(found.patientDays > 0, `${found.patientDays}`);
    // It was over before it could be told: nobody acted while it lasted.
    assert.deepEqual([found.answers.actedOn, found.floods, found.stale], [0, [], 0]);
    assert.deepEqual(
      found.rules.map(({ rule, alarms, patients }) => [rule, alarms, patients]),
      [[LOW, 1, 1]],
    );
    const [worst] = found.worst;
    // Ten seconds of it were told, and the answer came when it was over.
    const tried = { rule: LOW, why: 'seldom-acted-on', try: { rule: LOW, limit: 90 } };
    assert.deepEqual(worst, tried);
    assert.doesNotMatch(JSON.stringify(found), new RegExp(`${device.subjectId}|${device.id}`));
  });

  test('of a ward where nobody lies there is nothing', async () => {
    const found = await statistics('&ward=nowhere');
    assert.deepEqual([found.alarms, found.patients, found.perPatientDay], [0, 0, null]);
    const answer = await ask({ ward: 'nowhere', tune: [{ rule: LOW, limit: 88 }] });
    assert.equal(WhatIfAnswer.parse(await answer.json()).patients, 0);
  });

  test('whoever is no staff is refused, also of their own record', async () => {
    for (const role of ['patient', 'proxy', 'caregiver', 'supplier', 'manufacturer'] as const) {
      const { headers } = await signedIn(here, [role]);
      const answer = await ask(
        { subjects: [device.subjectId], tune: [{ rule: LOW, limit: 88 }] },
        { authorization: '', ...headers },
      );
      assert.equal(answer.status, 403, role);
    }
  });

  const nothingFor = async ({ headers }: Person): Promise<void> => {
    const theirs = { authorization: '', ...headers };
    const counted = await statistics('', theirs);
    assert.deepEqual([counted.alarms, counted.patients], [0, 0]);
    const all = await ask({ tune: [{ rule: LOW, limit: 88 }] }, theirs);
    assert.equal(WhatIfAnswer.parse(await all.json()).patients, 0);
    const named = await ask(
      { subjects: [device.subjectId], tune: [{ rule: LOW, limit: 88 }] },
      theirs,
    );
    const { patients, notFound } = WhatIfAnswer.parse(await named.json());
    assert.deepEqual([patients, notFound], [0, [device.subjectId]]);
  };

  test('whoever stands to nobody, and another house, are told of nobody', async () => {
    const elsewhere = await otherOrganisation(here, 'Elsewhere');
    await nothingFor(await signedIn(here, ['nurse']));
    await nothingFor(await signedIn(here, ['administrator']));
    await nothingFor(await signedIn(here, ['physician', 'nurse'], elsewhere));
  });
});
