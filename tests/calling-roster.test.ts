/** Who is on, and who may be called: nobody leaves a duty empty unseen, and nobody keeps calls from others. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { CallTimeline, Roster, TurnView } from '@ausculta/contract/calling';
import { type GatewayReceiver, gatewayList, gatewayReceiver } from './support/gateway-receiver.ts';
import { Asking, type Person, signedIn } from './support/people.ts';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './support/server.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const TIMES = { afterSeconds: { high: 0, medium: 0 }, repeatSeconds: { high: 3600, medium: 3600 } };

describe('who is on', () => {
  let pager: GatewayReceiver;
  let directory: string;
  let here: ServerHere;
  let asking: Asking;
  let nurse: Person;
  before(async () => {
    pager = await gatewayReceiver();
    directory = await mkdtemp(join(tmpdir(), 'ausculta-roster-'));
    const callingFile = await gatewayList(directory, [{ name: 'pager', receiver: pager }]);
    here = await startServerHere({ config: { callingFile } });
    asking = new Asking(here.server);
    nurse = await signedIn(here, ['nurse']);
    await policy([toWard, toPager]);
  });
  after(async () => {
    await here?.[Symbol.asyncDispose]();
    await pager?.[Symbol.asyncDispose]();
    if (directory !== undefined) await rm(directory, { recursive: true });
  });

  const ask = (who: Person, method: string, path: string, body?: object) =>
    asking.as(who, path, {
      method,
      ...(body !== undefined && { headers: JSON_TYPE, body: JSON.stringify(body) }),
    });
  const toPager = { name: 'Pager', who: [{ kind: 'gateway', gateway: 'pager' }], ...TIMES };
  const toWard = {
    ...{ name: 'Ward', who: [{ kind: 'duty', duty: 'ward-nurse' }], ...TIMES },
    channels: ['gateway/pager'],
  };
  const policy = async (tiers: readonly object[]): Promise<void> => {
    const answer = await here.server.fetch('/api/calling/policy', {
      ...{ method: 'PUT', headers: JSON_TYPE },
      body: JSON.stringify({ routes: [{ name: 'All', units: [], tiers }] }),
    });
    assert.equal(answer.status, 200, await answer.text());
  };
  const raise = async (): Promise<TestDevice & { alarmId: string }> => {
    const device = await here.server.addPatient();
    await here.server.send(device, JSON.stringify({ time: Date.now(), values: { spo2: 71 } }));
    const [alarm] = await eventually('an alarm', async () => {
      const alarms = await here.server.alarms(device.subjectId);
      return alarms.length > 0 ? alarms : undefined;
    });
    assert.ok(alarm !== undefined);
    return { ...device, alarmId: alarm.id };
  };
  const timeline = ({ alarmId, subjectId }: Awaited<ReturnType<typeof raise>>) =>
    here.server.get<CallTimeline>(
      `/api/alarms/${encodeURIComponent(alarmId)}/calls?subject=${subjectId}`,
    );
  const testsOf = async (people: readonly Person[]): Promise<number> => {
    const targets = people.map(({ accountId }) => `account/${accountId}`);
    const { length } = await here.database.line`
      SELECT FROM audit_leaf WHERE act = 'test-call-made' AND target = ANY(${targets})`;
    return length;
  };

  test('who answers no alarm is called by nobody, and nobody tries it again and again', async () => {
    const path = '/api/me/calling';
    const number = { mail: null, number: '+49 30 1234' };
    const patient = await signedIn(here, ['patient']);
    assert.equal((await ask(patient, 'PUT', path, number)).status, 403);
    assert.equal((await ask(patient, 'POST', `${path}/test`)).status, 403);
    assert.equal((await ask(patient, 'PUT', path, { mail: null, number: null })).status, 200);
    assert.equal(pager.seen.length, 0);
    assert.equal((await ask(nurse, 'PUT', path, number)).status, 200);
    for (const status of [200, 200, 200, 429]) {
      const answer = await ask(nurse, 'POST', `${path}/test`);
      assert.equal(answer.status, status);
      if (status === 429) assert.ok(Number(answer.headers.get('retry-after')) > 60);
    }
    assert.equal(pager.taken.length, 3);
    assert.equal(await testsOf([nurse]), 3);
  });

  test('tests of as many as there are keep no alarm waiting', async () => {
    pager.answer = 'never';
    const seen = pager.seen.length;
    const people = await Promise.all(Array.from({ length: 9 }, () => signedIn(here, ['nurse'])));
    const waiting = people.map(async (person) => {
      await ask(person, 'PUT', '/api/me/calling', { mail: null, number: '+49 30 1' });
      return await ask(person, 'POST', '/api/me/calling/test');
    });
    await eventually('all tests to have begun', async () => {
      const isFull = pager.seen.length >= seen + 2;
      return isFull && (await testsOf(people)) === people.length ? true : undefined;
    });
    pager.answer = 200;
    const alarm = await raise();
    await eventually('the page', async () =>
      (await timeline(alarm)).notifications.find(({ state }) => state === 'sent'),
    );
    const tests = pager.seen.slice(seen).filter(({ type }) => type === 'call.test');
    assert.equal(tests.length, 2, 'the others wait behind those that hang');
    await pager.close();
    await pager.open();
    for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 200);
  });

  const on = (who: Person, body: object = {}) =>
    ask(who, 'POST', '/api/roster', { duty: 'ward-nurse', ...body });
  const turnOf = async (answer: Response): Promise<TurnView> => {
    assert.equal(answer.status, 201, await answer.clone().text());
    return (await answer.json()) as TurnView;
  };
  const reached = async (): Promise<Person> => {
    const person = await signedIn(here, ['nurse']);
    const addresses = { mail: null, number: '+49 30 5678' };
    assert.equal((await ask(person, 'PUT', '/api/me/calling', addresses)).status, 200);
    return person;
  };

  test('a turn is taken over as a whole, by somebody who is reached, or not at all', async () => {
    const house = await turnOf(await on(nurse));
    const [other, deaf] = [await reached(), await signedIn(here, ['nurse'])];
    const soon = new Date(Date.now() + 60_000).toISOString();
    for (const [who, less] of [
      [other, { unit: 'W5' }],
      [other, { until: soon }],
      [deaf, {}],
    ] as const) {
      const answer = await on(who, { ...less, after: house.id });
      assert.equal(answer.status, 409, JSON.stringify(less));
      assert.match(await answer.text(), /DUTY_WOULD_BE_EMPTY.*as a whole/);
    }
    const { turns } = await here.server.get<Roster>('/api/roster');
    assert.deepEqual(
      turns.map(({ id }) => id),
      [house.id],
    );
    const next = await turnOf(await on(other, { after: house.id }));
    const end = `/api/roster/${next.id}/end`;
    assert.equal((await ask(other, 'POST', end, { even: 'nobody' })).status, 204);
  });

  test('who is on for the house does not leave it to somebody of one ward unseen', async () => {
    const house = await turnOf(await on(nurse));
    const other = await reached();
    const ward = await turnOf(await on(other, { unit: 'W5' }));
    const end = ({ id }: TurnView, who: Person, body = {}) =>
      ask(who, 'POST', `/api/roster/${id}/end`, body);
    assert.deepEqual((await here.server.get<Roster>('/api/roster')).emptyAt, []);
    assert.equal((await end(house, nurse)).status, 409);
    assert.equal((await end(ward, other)).status, 204, 'the house covers the ward');
    const again = await turnOf(await on(other, { unit: 'W5' }));
    assert.equal((await end(house, nurse, { even: 'nobody' })).status, 204);
    const { empty, emptyAt } = await here.server.get<Roster>('/api/roster');
    assert.deepEqual([empty, emptyAt], [[], [{ duty: 'ward-nurse', unit: null }]]);
    assert.equal((await end(again, other, { even: 'nobody' })).status, 204);
  });

  test('who may not acknowledge the alarm keeps nobody else waiting, and the roster says so', async () => {
    const late = { afterSeconds: { high: 3600, medium: 3600 } };
    await policy([toWard, { ...toPager, ...late }]);
    const other = await reached();
    const turn = await turnOf(await on(other));
    assert.deepEqual([turn.isReached, turn.hasShift], [true, false]);
    const alarm = await raise();
    const path = `/api/alarms/${encodeURIComponent(alarm.alarmId)}/acknowledge`;
    const acknowledged = () => ask(other, 'POST', path, { subjectId: alarm.subjectId });
    assert.notEqual((await acknowledged()).status, 200);
    await eventually('both tiers to be called', async () => {
      const { notifications } = await timeline(alarm);
      return new Set(notifications.map(({ tier }) => tier)).size === 2 || undefined;
    });
    await here.server.post('/api/shifts', { accountId: other.accountId, unit: null });
    const { turns } = await here.server.get<Roster>('/api/roster');
    assert.equal(turns.find(({ id }) => id === turn.id)?.hasShift, true);
    assert.equal((await acknowledged()).status, 200);
    const next = await raise();
    await eventually('the first tier', async () =>
      (await timeline(next)).notifications.find(({ state }) => state === 'sent'),
    );
    const tiers = (await timeline(next)).notifications.map(({ tier }) => tier);
    assert.deepEqual(tiers, [0], 'whoever may answer has their time');
  });

  test('nothing went wrong meanwhile', () => {
    assert.deepEqual(here.problems, []);
  });
});
