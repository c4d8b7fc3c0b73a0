/** Snooze: seen, and to be called again; never of what is high, and never of somebody who is not watched. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { AlarmView } from '@ausculta/contract/alarms';
import { answerAlarm } from './support/nurse.ts';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './support/server.ts';

const MINUTE_MS = 60_000;
const REASON = 'paracetamol given';

describe('a snooze', () => {
  let here: ServerHere;
  let aheadMs = 0;
  const nowMs = () => Date.now() + aheadMs;

  before(async () => {
    here = await startServerHere({ config: { demo: true }, outside: { nowMs } });
  });
  after(() => here[Symbol.asyncDispose]());

  const measure = async (device: TestDevice, values: Record<string, number>) => {
    const message = JSON.stringify({ time: nowMs(), values });
    assert.equal((await here.server.send(device, message)).status, 202);
  };
  const fever = (device: TestDevice, value: number) =>
    measure(device, { 'body-temperature': value });
  const alarmsWhere = (device: TestDevice, isSo: (all: readonly AlarmView[]) => boolean) =>
    eventually('the alarms', async () => {
      const all = await here.server.alarms(device.subjectId);
      return isSo(all) ? all : undefined;
    });
  const snooze = (alarm: AlarmView | undefined, body: object = {}) =>
    answerAlarm(here.server.url, alarm, 'snooze', {
      subjectId: alarm?.subjectId,
      ...{ minutes: 15, reason: REASON, ...body },
    });

  test('holds through a fever that goes and comes back, and ends with what is worse', async () => {
    const device = await here.server.addPatient();
    await fever(device, 39.4);
    const [owed] = await alarmsWhere(device, (all) => all.length === 1);
    const answer = await snooze(owed);
    assert.equal(answer.status, 200);
    const seen = answer.body as AlarmView;
    assert.equal(seen.episode, 'acknowledged');
    assert.equal(seen.snooze?.reason, REASON);
    assert.equal((seen.snooze?.untilMs ?? 0) - (seen.acknowledgedMs ?? 0), 15 * MINUTE_MS);

    await fever(device, 38);
    await alarmsWhere(device, ([one]) => one?.episode === 'resolved');
    await fever(device, 39.4);
    const back = await alarmsWhere(device, (all) => all.length === 2);
    const [again] = back.filter(({ id }) => id !== owed?.id);
    assert.deepEqual([again?.episode, again?.snooze?.isCarriedOver], ['acknowledged', true]);
    assert.equal(again?.acknowledgedBy, seen.acknowledgedBy);

    await fever(device, 39.6);
    const worse = await alarmsWhere(device, (all) => all.some(({ extremeValue: v }) => v === 39.6));
    const [calling] = worse.filter(({ id }) => id === again?.id);
    assert.deepEqual([calling?.episode, calling?.acknowledgedBy], ['raised', null]);
    assert.equal(calling?.snooze, undefined);
  });

  test('calls again when its time is up, also after whoever snoozed it snoozes it once more', async () => {
    const device = await here.server.addPatient();
    await fever(device, 39.2);
    const [owed] = await alarmsWhere(device, (all) => all.length === 1);
    for (const calls of [1, 2]) {
      assert.equal((await snooze(owed)).status, 200);
      await alarmsWhere(device, ([one]) => one?.episode === 'acknowledged');
      aheadMs += 15 * MINUTE_MS;
      const [woken] = await alarmsWhere(device, ([one]) => one?.episode === 'raised');
      assert.ok((woken?.calledAgainMs ?? 0) >= (owed?.raisedMs ?? 0) + calls * 15 * MINUTE_MS);
    }
    const told = await eventually('each call in its record', async () => {
      const rows = await here.database.line<{ what: string }[]>`
        SELECT what FROM alarm_transition WHERE subject_id = ${device.subjectId} ORDER BY at_ms`;
      return rows.length >= 5 ? rows.map(({ what }) => what.replace(/[ @].*/, '')) : undefined;
    });
    assert.deepEqual(told, ['raised', 'snoozed', 'called-again', 'snoozed', 'called-again']);
  });

  test('is refused for what is high, over, not known, or without a reason or an end', async () => {
    const device = await here.server.addPatient();
    for (const rate of [190, 191, 192, 193, 194]) {
      await measure(device, { 'heart-rate': rate });
      aheadMs += 1_000;
    }
    const [high] = await alarmsWhere(device, ([one]) => one?.priority === 'high');
    const refused = await snooze(high);
    assert.equal(refused.status, 409);
    assert.match(JSON.stringify(refused.body), /SNOOZE_REFUSED.*high alarm is not snoozed/);
    for (const body of [{ minutes: 0 }, { minutes: 61 }, { minutes: 1.5 }, { reason: '  ' }])
      assert.equal((await snooze(high, body)).status, 400, JSON.stringify(body));
    const nobody = high && { ...high, id: 'limit/heart-rate/high@1' };
    assert.equal((await snooze(nobody)).status, 404);
    assert.equal((await alarmsWhere(device, (all) => all.length > 0))[0]?.episode, 'raised');
  });

  test('is a person’s: a program snoozes nothing', async () => {
    const device = await here.server.addPatient();
    await fever(device, 39.3);
    const [owed] = await alarmsWhere(device, (all) => all.length === 1);
    const path = `/api/alarms/${encodeURIComponent(owed?.id ?? '')}/snooze`;
    const body = { subjectId: device.subjectId, minutes: 5, reason: REASON };
    await assert.rejects(here.server.post(path, body), /403 .*NOT_PERMITTED/);
    assert.equal((await here.server.alarms(device.subjectId))[0]?.episode, 'raised');
  });
});
